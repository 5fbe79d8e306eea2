# SPDX-License-Identifier: Apache-2.0

"""Moves long stretches of a device while the caller makes or looks at bytes.

A device waits for its storage and the caller for its processor; done in turn,
each would idle while the other works.
"""

import collections.abc
import typing as ty
from concurrent import futures

from extend_conformance import exceptions
from extend_conformance.cloud import device

_Content = ty.TypeVar('_Content')


class TransferFailed(exceptions.WorkFailed):
    """The device refused a transfer; the kernel's error is the cause."""


def read_ahead(
    opened: device.OpenDevice,
    offset: int,
    length: int,
    portion: int,
) -> collections.abc.Iterator[tuple[int, bytes]]:
    """Read a stretch in order, one portion ahead of the caller.

    :param offset: where to begin, ``length``: how much to read, and
        ``portion``: how much at a time, all in bytes and aligned.
    :returns: offset and content of each portion.
    :raises TransferFailed: the device refused, or ended before.
    """
    with futures.ThreadPoolExecutor(1, 'device-read') as reader:
        ahead: tuple[int, futures.Future[bytes]] | None = None
        for begin in range(offset, offset + length, portion):
            size = min(portion, offset + length - begin)
            following = begin, reader.submit(opened.read_at, begin, size)
            if ahead is not None:
                yield ahead[0], _result(ahead[1], 'read', ahead[0])
            ahead = following
        if ahead is not None:
            yield ahead[0], _result(ahead[1], 'read', ahead[0])


def write_behind(
    opened: device.OpenDevice,
    portions: collections.abc.Iterable[tuple[int, device.Buffer]],
) -> None:
    """Write portions, each while the next one is made; then flush.

    :param portions: offset and content of each; both aligned.
    :raises TransferFailed: the device refused, or took less.
    """
    with futures.ThreadPoolExecutor(1, 'device-write') as writer:
        behind: tuple[int, futures.Future[None]] | None = None
        for offset, content in portions:
            if behind is not None:
                _result(behind[1], 'write', behind[0])
            behind = offset, writer.submit(opened.write_at, offset, content)
        if behind is not None:
            _result(behind[1], 'write', behind[0])
        try:
            opened.flush()
        except OSError as error:
            raise TransferFailed(f'A flush failed: {error}') from error


def _result(
    pending: futures.Future[_Content], what: str, offset: int
) -> _Content:
    try:
        return pending.result()
    except (OSError, device.ShortTransfer) as error:
        raise TransferFailed(
            f'A {what} at byte {offset} failed: {error}'
        ) from error
