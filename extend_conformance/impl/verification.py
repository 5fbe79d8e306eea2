# SPDX-License-Identifier: Apache-2.0

"""Reads an image volume back and says whether it holds what it should.

From the device, never from the page cache. Only reads: the volume and its
metadata stay as they are.
"""

import collections.abc
import contextlib
import dataclasses
import threading

from extend_conformance import exceptions
from extend_conformance.cloud import device as devices
from extend_conformance.cloud import resources as resource_owner
from extend_conformance.cloud import views
from extend_conformance.impl import pipeline
from extend_conformance.impl import sizes

#: Names of the metadata under which the writer leaves size and checksums.
SIZE_KEY = 'image_size'
CHECKSUM_KEY = 'checksum'
HASH_ALGO_KEY = 'os_hash_algo'
HASH_KEY = 'os_hash_value'


class NotTheImage(exceptions.WorkFailed):
    """The volume does not hold the image.

    :param offset: of the first byte that differs, where that is known.
    """

    def __init__(
        self,
        what: str,
        *,
        volume_id: str,
        wanted: str,
        last: str,
        offset: int | None = None,
    ) -> None:
        self.offset = offset
        super().__init__(
            what, resource=f'volume {volume_id}', wanted=wanted, last=last
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class VerifiedImage:
    """An image volume that holds what it should.

    :param compared_with: ``file`` or ``metadata``.
    """

    volume_id: str
    size_bytes: int
    checksum: str
    os_hash_algo: str
    os_hash_value: str
    compared_with: str


class DeviceSource:
    """The first bytes of a device, as a source of a pipeline.

    The pipeline reads in a thread of its own, which may be in the middle of
    a read when the comparison is over; after :meth:`close` it is not, so
    that the device can be closed.
    """

    def __init__(self, opened: devices.OpenDevice, size_bytes: int) -> None:
        self._opened = opened
        self._left_bytes = size_bytes
        self._offset = 0
        self._reading = threading.Lock()

    def read(self, size: int, /) -> bytes:
        """Read on; ``size`` is a multiple of the device's unit or rest."""
        with self._reading:
            wanted = min(size, self._left_bytes)
            if wanted <= 0:
                return b''
            unit = devices.ALIGNMENT_BYTES
            whole = -(-wanted // unit) * unit
            content = self._opened.read_at(self._offset, whole)[:wanted]
            self._offset += wanted
            self._left_bytes -= wanted
            return content

    def close(self) -> None:
        """Wait for a read that is going on, and end here."""
        with self._reading:
            self._left_bytes = 0


def verify(
    resources: resource_owner.Resources,
    volume_id: str,
    source: pipeline.Source | None = None,
    progress: collections.abc.Callable[[int], None] | None = None,
) -> VerifiedImage:
    """Compare an image volume with a file, or with its own checksums.

    :param source: what the volume has to hold; by default the checksums in
        its metadata are what its content has to have.
    :param progress: called with the number of bytes compared so far.
    :raises NotTheImage: it does not hold it.
    :raises exceptions.UsageError: the volume says nothing to compare with.
    """
    volume = resources.storage.get_volume(volume_id)
    size_bytes = _size(volume)
    promised = _promised(volume) if source is None else None
    attached = resources.attach(volume_id, 'ro')
    try:
        found = attached.device.size_bytes()
        if found < size_bytes:
            raise NotTheImage(
                'The device is smaller than the image',
                volume_id=volume_id,
                wanted=f'{size_bytes} bytes',
                last=f'{found} bytes',
            )
        algorithm = promised.os_hash_algo if promised else 'sha512'
        with (
            attached.device.open_direct() as opened,
            contextlib.closing(DeviceSource(opened, size_bytes)) as content,
        ):
            digests = _read(
                volume_id,
                content,
                algorithm,
                source,
                progress,
            )
    finally:
        resources.detach(attached)
    if promised is not None and digests != promised:
        raise NotTheImage(
            'The volume does not have the checksums of its metadata',
            volume_id=volume_id,
            wanted=f'md5 {promised.md5}, '
            f'{promised.os_hash_algo} {promised.os_hash}',
            last=f'md5 {digests.md5}, {algorithm} {digests.os_hash}',
        )
    return VerifiedImage(
        volume_id=volume_id,
        size_bytes=size_bytes,
        checksum=digests.md5,
        os_hash_algo=digests.os_hash_algo,
        os_hash_value=digests.os_hash,
        compared_with='metadata' if source is None else 'file',
    )


def _read(
    volume_id: str,
    device: DeviceSource,
    algorithm: str,
    source: pipeline.Source | None,
    progress: collections.abc.Callable[[int], None] | None,
) -> pipeline.Digests:
    done = 0
    with pipeline.Pipeline(device, algorithm) as line:
        for chunk in line.chunks():
            if source is not None:
                _must_be_equal(volume_id, done, chunk, source)
            done += len(chunk)
            if progress is not None:
                progress(done)
        digests = line.digests()
    if source is not None and source.read(1):
        raise NotTheImage(
            'The file goes on after the end of the image',
            volume_id=volume_id,
            wanted=f'more than {done} bytes',
            last=f'{done} bytes',
            offset=done,
        )
    return digests


def _must_be_equal(
    volume_id: str, offset: int, chunk: memoryview, source: pipeline.Source
) -> None:
    position = 0
    while position < len(chunk):
        part = source.read(len(chunk) - position)
        if not part:
            raise NotTheImage(
                'The file ends before the image',
                volume_id=volume_id,
                wanted=f'{offset + position} bytes',
                last=f'{offset + len(chunk)} bytes at least',
                offset=offset + position,
            )
        # As bytes: views are compared one byte after the other.
        held = bytes(chunk[position : position + len(part)])
        if held != part:
            first = next(
                index
                for index, pair in enumerate(zip(held, part, strict=True))
                if pair[0] != pair[1]
            )
            where = offset + position + first
            raise NotTheImage(
                f'The volume differs from the file at byte {where}',
                volume_id=volume_id,
                wanted=f'0x{part[first]:02x}',
                last=f'0x{held[first]:02x}',
                offset=where,
            )
        position += len(part)


def _size(volume: views.Volume) -> int:
    text = volume.metadata.get(SIZE_KEY, '')
    if not text.isdecimal():
        raise exceptions.UsageError(
            'This is not an image volume: it does not say how large its '
            'image is',
            resource=f'volume {volume.id}',
            wanted=f'metadata {SIZE_KEY}',
            last=text or 'none',
        )
    size_bytes = int(text)
    if size_bytes > volume.size_gib * sizes.GIB:
        raise NotTheImage(
            'The volume is smaller than its image',
            volume_id=volume.id,
            wanted=f'{size_bytes} bytes',
            last=f'{volume.size_gib} GiB',
        )
    return size_bytes


def _promised(volume: views.Volume) -> pipeline.Digests:
    missing = [
        key
        for key in (CHECKSUM_KEY, HASH_ALGO_KEY, HASH_KEY)
        if key not in volume.metadata
    ]
    if missing:
        raise exceptions.UsageError(
            'The volume has no checksums in its metadata',
            resource=f'volume {volume.id}',
            wanted=', '.join(missing),
            next_step='Name the file that it should hold.',
        )
    return pipeline.Digests(
        volume.metadata[CHECKSUM_KEY],
        volume.metadata[HASH_ALGO_KEY],
        volume.metadata[HASH_KEY],
    )
