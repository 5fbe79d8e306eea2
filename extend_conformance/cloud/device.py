# SPDX-License-Identifier: Apache-2.0

"""A volume as this host sees it: its identity, its real size, its bytes.

The device is the judge: sizes are read from it, and bytes go past the page
cache. How it came to this host is left to
:mod:`extend_conformance.cloud.host`.
"""

import abc
import collections.abc
import contextlib
import dataclasses
import errno
import fcntl
import mmap
import os
import pathlib
import queue
import stat
import threading
import typing as ty

from extend_conformance import exceptions

#: From ``linux/fs.h``: forget what the kernel's buffer cache holds.
_BLKFLSBUF = 0x1261

#: Direct I/O on every device in use is possible in units of this size.
ALIGNMENT_BYTES = 4096

#: How much is moved at once.
_SCRATCH_BYTES = 4 * 1024 * 1024

#: Where sysfs has it: of SCSI disks, of NVMe namespaces, of multipath maps.
_WORLD_WIDE_IDS = ('device/wwid', 'wwid', 'dm/uuid')

Buffer: ty.TypeAlias = bytes | bytearray | memoryview | mmap.mmap


class ShortTransfer(exceptions.WorkFailed):
    """The device took or gave fewer bytes than asked for."""


@dataclasses.dataclass(frozen=True)
class DeviceIdentity:
    """Which device it is; names are reused at once, these numbers are not.

    :param diskseq: counts every disk since the start of the host; ``None``
        where the kernel (before 5.15) or the kind of device has none.
    :param inode: of a regular file, where ``major`` and ``minor`` are its
        file system's.
    """

    major: int
    minor: int
    diskseq: int | None = None
    inode: int | None = None

    def __str__(self) -> str:
        facts = [f'{self.major}:{self.minor}']
        if self.diskseq is not None:
            facts.append(f'diskseq {self.diskseq}')
        if self.inode is not None:
            facts.append(f'inode {self.inode}')
        return f'device {" ".join(facts)}'


class OpenDevice(abc.ABC):
    """A device that is open; closes at the end of a ``with``.

    Several threads may read and write at once, at different places.
    """

    @abc.abstractmethod
    def size_bytes(self) -> int:
        """The size, as seen through what was opened."""

    @abc.abstractmethod
    def read_at(self, offset: int, length: int) -> bytes:
        """Read exactly these bytes.

        :param offset: and ``length``, in bytes: multiples of
            :data:`ALIGNMENT_BYTES`.
        :raises OSError: the device refused.
        :raises ShortTransfer: it ended before.
        """

    @abc.abstractmethod
    def write_at(self, offset: int, content: Buffer) -> None:
        """Write exactly these bytes.

        :param offset: in bytes, and the length of ``content``: multiples of
            :data:`ALIGNMENT_BYTES`.
        :raises OSError: the device refused, for example for its end.
        :raises ShortTransfer: it took less.
        """

    @abc.abstractmethod
    def flush(self) -> None:
        """Return when everything written is on the storage."""

    @abc.abstractmethod
    def close(self) -> None:
        """Close; a second time does nothing."""

    def __enter__(self) -> ty.Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class DirectDescriptor(OpenDevice):
    """A descriptor, opened with ``O_DIRECT`` where that is possible.

    :param path: for errors.
    """

    def __init__(self, descriptor: int, path: str) -> None:
        self._descriptor: int | None = descriptor
        self._path = path
        # As many as there were transfers at once, each idle one in here.
        self._scratches: queue.SimpleQueue[mmap.mmap] = queue.SimpleQueue()

    @property
    def descriptor(self) -> int:
        """The descriptor itself.

        :raises ValueError: it was closed.
        """
        if self._descriptor is None:
            raise ValueError(f'{self._path} was closed')
        return self._descriptor

    def size_bytes(self) -> int:
        return os.lseek(self.descriptor, 0, os.SEEK_END)

    def read_at(self, offset: int, length: int) -> bytes:
        _must_be_aligned(offset, length)
        parts = []
        with self._scratch() as scratch:
            for begin, size in _extents(offset, length):
                with scratch[:size] as buffer:
                    count = os.preadv(self.descriptor, [buffer], begin)
                    if count != size:
                        raise self._short('gave', count, begin, size)
                    parts.append(bytes(buffer))
        return b''.join(parts)

    def write_at(self, offset: int, content: Buffer) -> None:
        with (
            memoryview(content) as source,
            self._scratch() as scratch,
        ):
            _must_be_aligned(offset, len(source))
            for begin, size in _extents(offset, len(source)):
                with (
                    scratch[:size] as buffer,
                    source[begin - offset : begin - offset + size] as part,
                ):
                    buffer[:] = part
                    count = os.pwritev(self.descriptor, [buffer], begin)
                    if count != size:
                        raise self._short('took', count, begin, size)

    def flush(self) -> None:
        os.fsync(self.descriptor)

    def close(self) -> None:
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.close(descriptor)

    @contextlib.contextmanager
    def _scratch(self) -> collections.abc.Iterator[memoryview]:
        """Lend memory as direct I/O needs it.

        An anonymous map begins at a page.
        """
        try:
            scratch = self._scratches.get_nowait()
        except queue.Empty:
            scratch = mmap.mmap(-1, _SCRATCH_BYTES)
        with memoryview(scratch) as lent:
            yield lent
        self._scratches.put(scratch)

    def _short(
        self, verb: str, count: int, offset: int, length: int
    ) -> ShortTransfer:
        return ShortTransfer(
            f'The device {verb} only a part',
            resource=f'{self._path} at byte {offset}',
            wanted=f'{length} bytes',
            last=f'{count} bytes, size {self.size_bytes()}',
        )


class Device(abc.ABC):
    """A volume that is connected to this host."""

    @abc.abstractmethod
    def identity(self) -> DeviceIdentity | None:
        """Which device it is; ``None`` for what is none of the kernel's."""

    def world_wide_id(self) -> str | None:
        """What the storage itself calls the volume, if the host can see it.

        The same on every host, for every path and after every attach.
        """
        return None

    @abc.abstractmethod
    def open_direct(self, write: bool = False) -> OpenDevice:
        """Open it anew, past the page cache.

        :param write: also for writing.
        """

    @property
    @abc.abstractmethod
    def name(self) -> str:
        """What a person would call it."""

    def size_bytes(self) -> int:
        """The size at this moment, through a descriptor opened for it."""
        with self.open_direct() as opened:
            return opened.size_bytes()

    def read_direct(self, offset: int, length: int) -> bytes:
        """Read, see :meth:`OpenDevice.read_at`."""
        with self.open_direct() as opened:
            return opened.read_at(offset, length)

    def write_direct(self, offset: int, content: Buffer) -> None:
        """Write and flush, see :meth:`OpenDevice.write_at`."""
        with self.open_direct(write=True) as opened:
            opened.write_at(offset, content)
            opened.flush()

    def flush(self) -> None:
        """Have everything on the storage that anybody here has written."""
        with self.open_direct() as opened:
            opened.flush()


class BlockDevice(Device):
    """A device, or a file, that has a path.

    :param path: as the connector gave it; a link is followed at each use.
    :param lend: makes this user the node's owner; called when opening it is
        not allowed.
    """

    def __init__(
        self,
        path: str,
        lend: collections.abc.Callable[[], None] | None = None,
    ) -> None:
        self.path = path
        self._lend = lend

    @property
    def name(self) -> str:
        return self.path

    def identity(self) -> DeviceIdentity:
        found = os.stat(self.path)
        if not stat.S_ISBLK(found.st_mode):
            return DeviceIdentity(
                os.major(found.st_dev),
                os.minor(found.st_dev),
                inode=found.st_ino,
            )
        major, minor = os.major(found.st_rdev), os.minor(found.st_rdev)
        sysfs = pathlib.Path(f'/sys/dev/block/{major}:{minor}/diskseq')
        diskseq = None
        with contextlib.suppress(OSError, ValueError):
            diskseq = int(sysfs.read_text())
        return DeviceIdentity(major, minor, diskseq)

    def world_wide_id(self) -> str | None:
        found = self.identity()
        if found.inode is not None:
            return None
        sysfs = pathlib.Path(f'/sys/dev/block/{found.major}:{found.minor}')
        for attribute in _WORLD_WIDE_IDS:
            with contextlib.suppress(OSError):
                return (sysfs / attribute).read_text().strip() or None
        return None

    def open_direct(self, write: bool = False) -> DirectDescriptor:
        flags = os.O_RDWR if write else os.O_RDONLY
        try:
            descriptor = self._open(flags)
        except PermissionError:
            if self._lend is None:
                raise
            self._lend()
            descriptor = self._open(flags)
        return DirectDescriptor(descriptor, self.path)

    def flush(self) -> None:
        super().flush()
        with self.open_direct() as opened:
            try:
                fcntl.ioctl(opened.descriptor, _BLKFLSBUF)
            except OSError as error:
                # Needs CAP_SYS_ADMIN, and a block device; what was written
                # is on the storage without it.
                if error.errno not in (
                    errno.EACCES,
                    errno.EPERM,
                    errno.ENOTTY,
                ):
                    raise

    def _open(self, flags: int) -> int:
        flags |= os.O_CLOEXEC
        try:
            return os.open(self.path, flags | os.O_DIRECT)
        except OSError as error:
            # Some file systems know no direct I/O.
            if error.errno != errno.EINVAL:
                raise
            return os.open(self.path, flags)


class HandleDevice(Device):
    """A volume that its connector gives as an open handle, as librbd's.

    The handle is the connector's: it stays open when an
    :class:`OpenDevice` of it is closed.
    """

    def __init__(self, handle: ty.Any, name: str) -> None:
        self._handle = handle
        self._name = name
        # The handle has one position, whoever uses it.
        self._position = threading.RLock()

    @property
    def name(self) -> str:
        return self._name

    def identity(self) -> None:
        return None

    def open_direct(self, write: bool = False) -> OpenDevice:
        return _OpenHandle(self._handle, self._name, self._position)


class _OpenHandle(OpenDevice):
    def __init__(
        self, handle: ty.Any, name: str, position: threading.RLock
    ) -> None:
        self._handle = handle
        self._name = name
        self._position = position

    def size_bytes(self) -> int:
        with self._position:
            # librbd's wrapper returns nothing from seek().
            self._handle.seek(0, os.SEEK_END)
            return int(self._handle.tell())

    def read_at(self, offset: int, length: int) -> bytes:
        _must_be_aligned(offset, length)
        with self._position:
            self._handle.seek(offset)
            content = bytes(self._handle.read(length))
        if len(content) != length:
            raise ShortTransfer(
                'The device gave only a part',
                resource=f'{self._name} at byte {offset}',
                wanted=f'{length} bytes',
                last=f'{len(content)} bytes',
            )
        return content

    def write_at(self, offset: int, content: Buffer) -> None:
        with memoryview(content) as source, self._position:
            _must_be_aligned(offset, len(source))
            if offset + len(source) > self.size_bytes():
                # librbd writes a first part and then raises an error that
                # is no OSError.
                raise OSError(
                    errno.ENOSPC, 'The write passes the end', self._name
                )
            self._handle.seek(offset)
            self._handle.write(bytes(source))

    def flush(self) -> None:
        self._handle.flush()

    def close(self) -> None:
        pass


def _must_be_aligned(offset: int, length: int) -> None:
    if offset % ALIGNMENT_BYTES or length % ALIGNMENT_BYTES:
        raise ValueError(
            f'{length} bytes at {offset}: '
            f'not in units of {ALIGNMENT_BYTES} bytes'
        )


def _extents(
    offset: int, length: int
) -> collections.abc.Iterator[tuple[int, int]]:
    for begin in range(offset, offset + length, _SCRATCH_BYTES):
        yield begin, min(_SCRATCH_BYTES, offset + length - begin)
