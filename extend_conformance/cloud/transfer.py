# SPDX-License-Identifier: Apache-2.0

"""Moves long stretches of a device while the caller makes or looks at bytes.

A device waits for its storage and the caller for its processor; done in turn,
each would idle while the other works. A storage, too, does better with more
than one request at hand.
"""

import collections
import collections.abc
import typing as ty
from concurrent import futures

from extend_conformance import exceptions
from extend_conformance.cloud import device

#: How many requests of full size the storage has at hand.
_AT_ONCE = 2
#: How many reads, where they are small: each waits for the storage, and the
#: more of them wait together, the sooner all are there.
_READS_AT_ONCE = 8

_Content = ty.TypeVar('_Content')


class TransferFailed(exceptions.WorkFailed):
    """The device refused a transfer; the kernel's error is the cause."""


def read_ahead(
    opened: device.OpenDevice,
    stretches: collections.abc.Iterable[tuple[int, int]],
    portion: int,
) -> collections.abc.Iterator[tuple[int, bytes]]:
    """Read stretches in order, some portions ahead of the caller.

    :param stretches: offset and length of each, in bytes and aligned.
    :param portion: how many bytes to read at a time, aligned.
    :returns: offset and content of each portion.
    :raises TransferFailed: the device refused, or ended before.
    """
    with futures.ThreadPoolExecutor(_READS_AT_ONCE, 'device-read') as readers:
        ahead: collections.deque[tuple[int, futures.Future[bytes]]]
        ahead = collections.deque()
        sizes: collections.deque[int] = collections.deque()
        try:
            for begin, size in _portions(stretches, portion):
                while ahead and (
                    len(ahead) > _READS_AT_ONCE
                    or sum(sizes) > _AT_ONCE * portion
                ):
                    sizes.popleft()
                    yield _first(ahead, 'read')
                reading = readers.submit(opened.read_at, begin, size)
                ahead.append((begin, reading))
                sizes.append(size)
            while ahead:
                yield _first(ahead, 'read')
        finally:
            for _, pending in ahead:
                pending.cancel()


def _portions(
    stretches: collections.abc.Iterable[tuple[int, int]], portion: int
) -> collections.abc.Iterator[tuple[int, int]]:
    for offset, length in stretches:
        for begin in range(offset, offset + length, portion):
            yield begin, min(portion, offset + length - begin)


class WriteBehind:
    """Writes while the caller goes on; a context manager.

    At its end everything is written, unless the caller raised; then what is
    under way is waited for, so that the device can be closed.
    """

    def __init__(self, opened: device.OpenDevice) -> None:
        self._opened = opened
        self._writers = futures.ThreadPoolExecutor(_AT_ONCE, 'device-write')
        self._behind: collections.deque[tuple[int, futures.Future[None]]]
        self._behind = collections.deque()
        # In turn: by the time that one comes round, it was written.
        self._rooms = collections.deque(bytearray() for _ in range(_AT_ONCE))

    def __enter__(self) -> ty.Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self.drain()
        finally:
            self.close()

    def write(self, offset: int, content: device.Buffer) -> None:
        """Write soon; waits while too much is under way.

        :param content: is copied; the caller may change it at once.
        :raises TransferFailed: an earlier write failed.
        """
        if len(self._behind) == _AT_ONCE:
            _first(self._behind, 'write')
        copy = self._copy(content)
        self._behind.append(
            (offset, self._writers.submit(self._opened.write_at, offset, copy))
        )

    def _copy(self, content: device.Buffer) -> memoryview:
        # Memory that is used again: pages that the kernel has to clear first
        # cost six times the copy.
        room = self._rooms.popleft()
        with memoryview(content) as source:
            length = len(source)
            if len(room) < length:
                room = bytearray(length)
            self._rooms.append(room)
            copy = memoryview(room)[:length]
            copy[:] = source
        return copy

    def drain(self) -> None:
        """Wait until everything is written.

        :raises TransferFailed: something was not.
        """
        while self._behind:
            _first(self._behind, 'write')

    def close(self) -> None:
        """Wait for what is under way, whatever comes of it."""
        self._writers.shutdown(cancel_futures=True)
        self._behind.clear()


def write_behind(
    opened: device.OpenDevice,
    portions: collections.abc.Iterable[tuple[int, device.Buffer]],
) -> None:
    """Write portions, some while the next ones are made; then flush.

    :param portions: offset and content of each; both aligned.
    :raises TransferFailed: the device refused, or took less.
    """
    with WriteBehind(opened) as behind:
        for offset, content in portions:
            behind.write(offset, content)
    try:
        opened.flush()
    except OSError as error:
        raise TransferFailed(f'A flush failed: {error}') from error


def _first(
    pending: collections.deque[tuple[int, futures.Future[_Content]]],
    what: str,
) -> tuple[int, _Content]:
    """Wait for the oldest transfer."""
    offset, transfer = pending.popleft()
    try:
        return offset, transfer.result()
    except (OSError, device.ShortTransfer) as error:
        raise TransferFailed(
            f'A {what} at byte {offset} failed: {error}'
        ) from error
