# SPDX-License-Identifier: Apache-2.0

"""Moves long extents of a device while the caller makes or looks at bytes.

A device waits for its storage and the caller for its processor; done in turn,
each would idle while the other works. A storage, too, does better with more
than one request at hand.
"""

import collections
import collections.abc
import concurrent.futures
import contextlib
import typing as ty

from extend_conformance import exceptions
from extend_conformance.cloud import device as devices

#: How many requests of full size the storage has at hand.
_AT_ONCE = 2
#: How many reads, where they are small: each waits for the storage, and the
#: more of them wait together, the sooner all are there.
_READS_AT_ONCE = 8
#: How long to wait for one transfer, in seconds: longer than the kernel tries
#: a request to a SCSI disk that gives no answer, six times 30 seconds.
_PATIENCE_S = 240.0

_Content = ty.TypeVar('_Content')


class TransferFailed(exceptions.WorkFailed):
    """The device refused a transfer; the kernel's error is the cause."""


class NoAnswer(TransferFailed):
    """The device neither does nor refuses it, and nobody can take it back."""


class _UnderWay(ty.Generic[_Content]):
    """Transfers that were begun, each in a thread; the oldest comes first.

    :param what: they are, for errors.
    """

    def __init__(self, threads: int, what: str) -> None:
        self._pool = concurrent.futures.ThreadPoolExecutor(
            threads, f'device-{what}'
        )
        self._what = what
        self._begun: collections.deque[
            tuple[int, concurrent.futures.Future[_Content]]
        ] = collections.deque()
        self._answers = True

    def __len__(self) -> int:
        return len(self._begun)

    def begin(
        self,
        offset: int,
        transfer: collections.abc.Callable[..., _Content],
        *arguments: ty.Any,
    ) -> None:
        self._begun.append((offset, self._pool.submit(transfer, *arguments)))

    def end_of_oldest(self) -> tuple[int, _Content]:
        """Wait for the oldest, and return its offset and what it returned.

        :raises TransferFailed: it failed, or does not end.
        """
        offset, transfer = self._begun.popleft()
        try:
            return offset, _end(transfer, f'A {self._what} at byte {offset}')
        except NoAnswer:
            self._answers = False
            raise

    def close(self) -> None:
        """Wait for what was begun, whatever comes of it.

        So that the device can be closed; not where it gives no answer.
        """
        for _, transfer in self._begun:
            transfer.cancel()
        if self._answers:
            begun = [transfer for _, transfer in self._begun]
            self._answers = not concurrent.futures.wait(
                begun, _PATIENCE_S
            ).not_done
        self._pool.shutdown(wait=self._answers, cancel_futures=True)
        self._begun.clear()


def read_ahead(
    opened: devices.OpenDevice,
    extents: collections.abc.Iterable[tuple[int, int]],
    portion: int,
) -> collections.abc.Iterator[tuple[int, bytes]]:
    """Read extents in order, some portions ahead of the caller.

    :param extents: offset and length of each, in bytes and aligned.
    :param portion: how many bytes to read at a time, aligned.
    :returns: offset and content of each portion.
    :raises TransferFailed: the device refused, or ended before.
    """
    ahead = _UnderWay[bytes](_READS_AT_ONCE, 'read')
    sizes: collections.deque[int] = collections.deque()
    with contextlib.closing(ahead):
        for begin, size in _portions(extents, portion):
            while ahead and (
                len(ahead) > _READS_AT_ONCE or sum(sizes) > _AT_ONCE * portion
            ):
                sizes.popleft()
                yield ahead.end_of_oldest()
            ahead.begin(begin, opened.read_at, begin, size)
            sizes.append(size)
        while ahead:
            yield ahead.end_of_oldest()


def _portions(
    extents: collections.abc.Iterable[tuple[int, int]], portion: int
) -> collections.abc.Iterator[tuple[int, int]]:
    for offset, length in extents:
        for begin in range(offset, offset + length, portion):
            yield begin, min(portion, offset + length - begin)


class WriteBehind:
    """Writes while the caller goes on; a context manager.

    At its end everything is written, unless the caller raised; then what is
    under way is waited for, so that the device can be closed.
    """

    def __init__(self, opened: devices.OpenDevice) -> None:
        self._opened = opened
        self._behind = _UnderWay[None](_AT_ONCE, 'write')
        # In turn: by the time that one comes round, it was written.
        self._buffers = collections.deque(bytearray() for _ in range(_AT_ONCE))

    def __enter__(self) -> ty.Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self.drain()
        finally:
            self.close()

    def write(self, offset: int, content: devices.Buffer) -> None:
        """Write soon; waits while too much is under way.

        :param content: is copied; the caller may change it at once.
        :raises TransferFailed: an earlier write failed.
        """
        if len(self._behind) == _AT_ONCE:
            self._behind.end_of_oldest()
        copy = self._copy(content)
        self._behind.begin(offset, self._opened.write_at, offset, copy)

    def _copy(self, content: devices.Buffer) -> devices.Buffer:
        if isinstance(content, bytes):
            # Nobody can change it.
            return content
        # Memory that is used again: pages that the kernel has to clear first
        # cost six times the copy.
        buffer = self._buffers.popleft()
        with memoryview(content) as source:
            length = len(source)
            if len(buffer) < length:
                buffer = bytearray(length)
            self._buffers.append(buffer)
            copy = memoryview(buffer)[:length]
            copy[:] = source
        return copy

    def drain(self) -> None:
        """Wait until everything is written.

        :raises TransferFailed: something was not.
        """
        while self._behind:
            self._behind.end_of_oldest()

    def close(self) -> None:
        """Wait for what is under way, whatever comes of it."""
        self._behind.close()


def write_behind(
    opened: devices.OpenDevice,
    portions: collections.abc.Iterable[tuple[int, devices.Buffer]],
) -> None:
    """Write portions, some while the next ones are made; then flush.

    :param portions: offset and content of each; both aligned.
    :raises TransferFailed: the device refused, or took less.
    """
    with WriteBehind(opened) as behind:
        for offset, content in portions:
            behind.write(offset, content)
    flush(opened)


def flush(opened: devices.OpenDevice | devices.Device) -> None:
    """Return when everything written is on the storage.

    :raises TransferFailed: the device refused, or gives no answer.
    """
    pool = concurrent.futures.ThreadPoolExecutor(1, 'device-flush')
    try:
        _end(pool.submit(opened.flush), 'A flush')
    finally:
        pool.shutdown(wait=False)


def _end(transfer: concurrent.futures.Future[_Content], what: str) -> _Content:
    """Wait for a transfer, and return what it returned."""
    if concurrent.futures.wait([transfer], _PATIENCE_S).not_done:
        raise NoAnswer(f'{what} has no answer after {_PATIENCE_S:g} s')
    try:
        return transfer.result()
    except (OSError, devices.ShortTransfer) as error:
        raise TransferFailed(f'{what} failed: {error}') from error
