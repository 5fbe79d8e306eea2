# SPDX-License-Identifier: Apache-2.0

"""Drivers that lose, mix up or show data, each in one way.

Each class is one defect that the checks of data and of I/O must catch. Files
are changed behind the loop device: its direct I/O sees that at once.
"""

import collections
import contextlib
import ctypes
import fcntl
import mmap
import os
import pathlib
import platform
import struct
import time
import typing as ty

import eventlet
from cinder import interface
from eventlet import tpool
from oslo_utils import units

from extend_conformance.sandbox import loopdevices
from extend_conformance.sandbox.drivers import loop

BLOCK_BYTES = 4096

#: From ``linux/fs.h``: make a block device read-only, or not.
_BLKROSET = 0x125D
#: From ``linux/loop.h``, with the place of ``lo_sizelimit`` in its
#: ``struct loop_info64``.
_LOOP_SET_STATUS64 = 0x4C04
_LOOP_GET_STATUS64 = 0x4C05
_LOOP_INFO64_BYTES = 232
_SIZE_LIMIT = struct.Struct('<32xQ')
#: The system call ``userfaultfd``, which the C library does not have, and
#: what is asked of it. From ``linux/userfaultfd.h``.
_USERFAULTFD = {'aarch64': 282, 'x86_64': 323}
_UFFDIO_API = 0xC018AA3F
_UFFDIO_REGISTER = 0xC020AA00
_UFFD_API = 0xAA
_REGISTER_MISSING = 1


def _read(path: str, offset: int, length: int) -> bytes:
    with pathlib.Path(path).open('rb') as file:
        file.seek(offset)
        return file.read(length)


def _write(path: str, offset: int, content: bytes) -> None:
    with pathlib.Path(path).open('r+b') as file:
        file.seek(offset)
        file.write(content)


def _alias(path: str, source: int, target: int, length: int) -> None:
    """Let what was written at one place show at another one too."""
    for begin in range(0, length, BLOCK_BYTES):
        block = _read(path, source + begin, BLOCK_BYTES)
        if any(block):
            _write(path, target + begin, block)


def _set_read_only(device: str, value: int) -> None:
    opened = os.open(device, os.O_RDONLY)
    try:
        fcntl.ioctl(opened, _BLKROSET, struct.pack('i', value))
    finally:
        os.close(opened)


def _limit(device: str, size_bytes: int) -> None:
    """Let an attached loop device be shorter than its file; 0 ends it."""
    info = bytearray(_LOOP_INFO64_BYTES)
    opened = os.open(device, os.O_RDWR)
    try:
        fcntl.ioctl(opened, _LOOP_GET_STATUS64, info)
        _SIZE_LIMIT.pack_into(info, 0, size_bytes)
        fcntl.ioctl(opened, _LOOP_SET_STATUS64, bytes(info))
    finally:
        os.close(opened)


@contextlib.contextmanager
def _locked(path: str, offset: int) -> ty.Iterator[None]:
    """Let every read and write of a file wait.

    A write keeps its file locked while it copies from memory. Here it copies
    a page that nobody gives it; at the end, or when the process is killed, it
    gets zeros.

    :param offset: where it writes that page.
    """
    with contextlib.ExitStack() as ends:
        page = ends.enter_context(mmap.mmap(-1, BLOCK_BYTES))
        opened = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        ends.callback(os.close, opened)
        missing = ctypes.CDLL(None, use_errno=True).syscall(
            _USERFAULTFD[platform.machine()], os.O_CLOEXEC
        )
        if missing < 0:
            raise OSError(ctypes.get_errno(), 'userfaultfd')
        with os.fdopen(missing, 'rb', 0):
            address = ctypes.addressof(ctypes.c_char.from_buffer(page))
            for request, *fields in (
                (_UFFDIO_API, _UFFD_API, 0, 0),
                (
                    *(_UFFDIO_REGISTER, address, BLOCK_BYTES),
                    *(_REGISTER_MISSING, 0),
                ),
            ):
                fcntl.ioctl(
                    missing, request, struct.pack(f'{len(fields)}Q', *fields)
                )
            writing = eventlet.spawn(
                tpool.execute, os.pwrite, opened, page, offset
            )
            ends.callback(writing.wait)
            yield


class _Neighbours(loop.LoopDriver):
    """Knows the other volumes of its backend."""

    def _others(self, volume: ty.Any) -> list[str]:
        own = self._path(volume)
        return [
            str(path)
            for path in sorted(self._volumes.glob('volume-*'))
            if path != own
        ]


class _AfterExtend(loop.LoopDriver):
    """Acts at each detach that follows an online extend."""

    def __init__(self, *args: ty.Any, **kwargs: ty.Any) -> None:
        super().__init__(*args, **kwargs)
        self._old_ends: dict[str, int] = {}
        self._detaches: dict[str, int] = {}

    def _on_extended(self, volume: ty.Any, new_size: int) -> None:
        self._old_ends.setdefault(volume.id, volume.size * units.Gi)
        self._detaches[volume.id] = 0

    def _on_detached(self, volume: ty.Any) -> None:
        if volume.id in self._old_ends:
            self._detaches[volume.id] += 1
            self._act(
                volume, self._old_ends[volume.id], self._detaches[volume.id]
            )

    def _act(self, volume: ty.Any, old_end: int, detaches: int) -> None:
        """Do it.

        :param old_end: bytes that it had before the first such extend.
        :param detaches: how many there were since the last one.
        """
        raise NotImplementedError


# Data of before the extend


@interface.volumedriver
class LosesLastBlock(loop.LoopDriver):
    """An online extend zeroes the last block of the old area."""

    def _on_extended(self, volume: ty.Any, new_size: int) -> None:
        end = volume.size * units.Gi
        _write(self.local_path(volume), end - BLOCK_BYTES, bytes(BLOCK_BYTES))


@interface.volumedriver
class LosesMiddleBlock(loop.LoopDriver):
    """An online extend zeroes one block in the middle of the old area."""

    def _on_extended(self, volume: ty.Any, new_size: int) -> None:
        offset = volume.size * units.Gi // 2 + 77 * BLOCK_BYTES
        _write(self.local_path(volume), offset, bytes(BLOCK_BYTES))


@interface.volumedriver
class SwapsBlocks(loop.LoopDriver):
    """An online extend swaps two blocks of the old area."""

    def _on_extended(self, volume: ty.Any, new_size: int) -> None:
        path = self.local_path(volume)
        one, other = 300 * units.Mi, 700 * units.Mi + 5 * BLOCK_BYTES
        content = _read(path, one, BLOCK_BYTES)
        _write(path, one, _read(path, other, BLOCK_BYTES))
        _write(path, other, content)


@interface.volumedriver
class TearsBlock(loop.LoopDriver):
    """An online extend loses three sectors inside of one block."""

    def _on_extended(self, volume: ty.Any, new_size: int) -> None:
        offset = 900 * units.Mi + 11 * BLOCK_BYTES + 1024
        _write(self.local_path(volume), offset, bytes(3 * 512))


# Data of the new area


@interface.volumedriver
class BoundaryOffByOne(_AfterExtend):
    """The first new block and the last old one are the same."""

    def _act(self, volume: ty.Any, old_end: int, detaches: int) -> None:
        _alias(
            self.local_path(volume),
            old_end,
            old_end - BLOCK_BYTES,
            BLOCK_BYTES,
        )


@interface.volumedriver
class NewAreaReadsZeros(_AfterExtend):
    """A MiB in the middle of the new area reads zeros when attached again."""

    def _act(self, volume: ty.Any, old_end: int, detaches: int) -> None:
        offset = old_end + 512 * units.Mi
        _write(self.local_path(volume), offset, bytes(units.Mi))


@interface.volumedriver
class NewAreaAliasesOld(_AfterExtend):
    """What is written to the last new MiB shows in the old area too."""

    def _act(self, volume: ty.Any, old_end: int, detaches: int) -> None:
        path = self.local_path(volume)
        last = old_end + 1023 * units.Mi
        _alias(path, last, 256 * units.Mi, units.Mi)


@interface.volumedriver
class LosesNewArea(_AfterExtend):
    """Writes past the old end are lost at detach."""

    def _act(self, volume: ty.Any, old_end: int, detaches: int) -> None:
        path = self.local_path(volume)
        size = os.stat(path).st_size
        os.truncate(path, old_end)
        os.truncate(path, size)


@interface.volumedriver
class ReadOnlyAfterExtend(loop.LoopDriver):
    """The device takes no writes any more, until it is attached again."""

    def _grow_device(self, volume: ty.Any, device: str) -> None:
        super()._grow_device(volume, device)
        _set_read_only(device, 1)


@interface.volumedriver
class ShowsDeletedData(loop.LoopDriver):
    """New area holds what a volume held that was deleted before."""

    _remains = b''

    def delete_volume(self, volume: ty.Any) -> None:
        """Keep some of what the volume holds."""
        with contextlib.suppress(OSError):
            path = self.local_path(volume)
            self._remains = _read(path, 400 * units.Mi, units.Mi)
        super().delete_volume(volume)

    def _on_extended(self, volume: ty.Any, new_size: int) -> None:
        offset = volume.size * units.Gi + 600 * units.Mi
        _write(self.local_path(volume), offset, self._remains)


@interface.volumedriver
class ShowsDeletedLater(ShowsDeletedData):
    """Does so from the second extend on."""

    def _on_extended(self, volume: ty.Any, new_size: int) -> None:
        if volume.size > 1:
            super()._on_extended(volume, new_size)


@interface.volumedriver
class DamagesBeyondOneGib(loop.LoopDriver):
    """An online extend of 2 GiB or more zeroes a MiB of the second GiB."""

    def _on_extended(self, volume: ty.Any, new_size: int) -> None:
        if volume.size >= 2:
            offset = 3 * units.Gi // 2
            _write(self.local_path(volume), offset, bytes(units.Mi))


@interface.volumedriver
class LosesRewritten(_AfterExtend):
    """What is written again to the old area after an extend is lost."""

    def __init__(self, *args: ty.Any, **kwargs: ty.Any) -> None:
        super().__init__(*args, **kwargs)
        self._before: dict[str, bytes] = {}

    def _on_extended(self, volume: ty.Any, new_size: int) -> None:
        super()._on_extended(volume, new_size)
        path = self.local_path(volume)
        self._before[volume.id] = _read(path, 333 * units.Mi, units.Mi)

    def _act(self, volume: ty.Any, old_end: int, detaches: int) -> None:
        before = self._before[volume.id]
        _write(self.local_path(volume), 333 * units.Mi, before)


# Detach


@interface.volumedriver
class DropsWriteCache(loop.LoopDriver):
    """At detach an extent is again what it was at attach."""

    def __init__(self, *args: ty.Any, **kwargs: ty.Any) -> None:
        super().__init__(*args, **kwargs)
        self._before: dict[str, bytes] = {}

    def initialize_connection(
        self, volume: ty.Any, connector: ty.Any
    ) -> dict[str, ty.Any]:
        """Attach, and remember what the extent holds."""
        found: dict[str, ty.Any] = super().initialize_connection(
            volume, connector
        )
        path = self.local_path(volume)
        self._before[volume.id] = _read(path, 128 * units.Mi, units.Mi)
        return found

    def _on_detached(self, volume: ty.Any) -> None:
        before = self._before.pop(volume.id, b'')
        _write(self.local_path(volume), 128 * units.Mi, before)


@interface.volumedriver
class DamagesAtSecondDetach(_AfterExtend):
    """The second detach after an online extend zeroes a block."""

    def _act(self, volume: ty.Any, old_end: int, detaches: int) -> None:
        if detaches == 2:
            path = self.local_path(volume)
            _write(path, 640 * units.Mi, bytes(BLOCK_BYTES))


# I/O while the volume is extended


@interface.volumedriver
class ReadOnlyWhileExtending(loop.LoopDriver):
    """The device takes no writes for a second and a half."""

    def _on_extend(self, volume: ty.Any, new_size: int, device: str) -> None:
        _set_read_only(device, 1)
        try:
            time.sleep(1.5)
        finally:
            _set_read_only(device, 0)


@interface.volumedriver
class GoneWhileExtending(loop.LoopDriver):
    """The device has nearly no size for a second and a half."""

    def _on_extend(self, volume: ty.Any, new_size: int, device: str) -> None:
        _limit(device, BLOCK_BYTES)
        try:
            time.sleep(1.5)
        finally:
            _limit(device, 0)


@interface.volumedriver
class WriteErrorWhileExtending(loop.LoopDriver):
    """For half a second the upper half of the device refuses I/O."""

    def _on_extend(self, volume: ty.Any, new_size: int, device: str) -> None:
        _limit(device, volume.size * units.Gi // 2)
        try:
            time.sleep(0.5)
        finally:
            _limit(device, 0)


@interface.volumedriver
class StallsWhileExtending(loop.LoopDriver):
    """The device answers nothing for eleven seconds, and then goes on."""

    def _on_extend(self, volume: ty.Any, new_size: int, device: str) -> None:
        with _locked(self.local_path(volume), volume.size * units.Gi):
            time.sleep(11)


@interface.volumedriver
class LosesWritesWhileExtending(loop.LoopDriver):
    """What is written to one place while the volume is extended is lost."""

    def __init__(self, *args: ty.Any, **kwargs: ty.Any) -> None:
        super().__init__(*args, **kwargs)
        # Two may be extended at once.
        self._before: dict[str, bytes] = {}

    def _on_extend(self, volume: ty.Any, new_size: int, device: str) -> None:
        path = self.local_path(volume)
        self._before[volume.id] = _read(path, 512 * units.Mi, units.Mi)
        time.sleep(0.5)

    def _on_extended(self, volume: ty.Any, new_size: int) -> None:
        before = self._before.pop(volume.id)
        _write(self.local_path(volume), 512 * units.Mi, before)


# Neighbours


@interface.volumedriver
class TouchesNeighbour(_Neighbours):
    """An online extend zeroes a block of every other volume."""

    def _on_extended(self, volume: ty.Any, new_size: int) -> None:
        for path in self._others(volume):
            _write(path, 333 * units.Mi + BLOCK_BYTES, bytes(BLOCK_BYTES))


@interface.volumedriver
class TouchesNeighbourAtDetach(_AfterExtend, _Neighbours):
    """The detach after an online extend zeroes a block of other volumes."""

    def _act(self, volume: ty.Any, old_end: int, detaches: int) -> None:
        for path in self._others(volume):
            _write(path, 5 * BLOCK_BYTES, bytes(BLOCK_BYTES))


@interface.volumedriver
class ShowsNeighbour(_Neighbours):
    """New area holds what another volume holds."""

    def _on_extended(self, volume: ty.Any, new_size: int) -> None:
        for path in self._others(volume):
            content = _read(path, 200 * units.Mi, units.Mi)
            offset = volume.size * units.Gi + 700 * units.Mi
            _write(self.local_path(volume), offset, content)


@interface.volumedriver
class TouchesDetachedNeighbour(_Neighbours):
    """An online extend zeroes one block of volumes not attached."""

    def _on_extended(self, volume: ty.Any, new_size: int) -> None:
        for path in self._others(volume):
            if not loopdevices.devices_of(pathlib.Path(path)):
                _write(path, 333 * units.Mi + BLOCK_BYTES, bytes(BLOCK_BYTES))


@interface.volumedriver
class TouchesNeighbourLater(_Neighbours):
    """The third online extend of a volume zeroes a MiB of all others."""

    def __init__(self, *args: ty.Any, **kwargs: ty.Any) -> None:
        super().__init__(*args, **kwargs)
        self._extends: collections.Counter[str] = collections.Counter()

    def _on_extended(self, volume: ty.Any, new_size: int) -> None:
        self._extends[volume.id] += 1
        if self._extends[volume.id] == 3:
            for path in self._others(volume):
                _write(path, 512 * units.Mi, bytes(units.Mi))


@interface.volumedriver
class SharesNewArea(_AfterExtend, _Neighbours):
    """New areas of two extended volumes have some storage in common."""

    def _act(self, volume: ty.Any, old_end: int, detaches: int) -> None:
        offset = old_end + 100 * units.Mi
        content = _read(self.local_path(volume), offset, units.Mi)
        for path in self._others(volume):
            if os.stat(path).st_size > old_end:
                _write(path, offset, content)


@interface.volumedriver
class DamagesWhenTwoExtend(loop.LoopDriver):
    """Two extends at the same time damage both volumes."""

    def __init__(self, *args: ty.Any, **kwargs: ty.Any) -> None:
        super().__init__(*args, **kwargs)
        self._under_way: set[str] = set()

    def _on_extend(self, volume: ty.Any, new_size: int, device: str) -> None:
        self._under_way.add(volume.id)
        time.sleep(1)

    def _on_extended(self, volume: ty.Any, new_size: int) -> None:
        if len(self._under_way) > 1:
            offset = 333 * units.Mi
            _write(self.local_path(volume), offset, bytes(units.Mi))
        time.sleep(1)
        self._under_way.discard(volume.id)
