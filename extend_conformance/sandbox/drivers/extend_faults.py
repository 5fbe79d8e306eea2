# SPDX-License-Identifier: Apache-2.0

"""Drivers whose extend, or its failure, leaves something wrong in Cinder.

Each class is one defect, as in ``faults``. A pool that is smaller than what
Cinder lets people ask for is no defect: it is how an extend comes to fail on
a backend that can extend.
"""

import os
import pathlib
import sys
import time
import typing as ty

from cinder import exception
from cinder import interface
from oslo_concurrency import processutils
from oslo_utils import units

from extend_conformance.sandbox import loopdevices
from extend_conformance.sandbox.drivers import loop

#: Of a block that is nowhere near a border.
_ODD_BYTES = 700 * units.Mi + 20 * units.Ki


def _zero(path: str, offset_bytes: int, length_bytes: int = units.Mi) -> None:
    with pathlib.Path(path).open('r+b') as file:
        file.seek(offset_bytes)
        file.write(bytes(length_bytes))


def _zero_others(path: pathlib.Path) -> None:
    for other in path.parent.glob('volume-*'):
        if other != path:
            _zero(str(other), _ODD_BYTES, 4 * units.Ki)


def _refuse(volume: ty.Any) -> ty.NoReturn:
    raise exception.ExtendVolumeError(reason=f'{volume.name} is attached')


@interface.volumedriver
class Hangs(loop.LoopDriver):
    """Never returns from the extend of an attached volume."""

    def _on_extend(self, volume: ty.Any, new_size: int, device: str) -> None:
        while True:
            time.sleep(60)


@interface.volumedriver
class Uninitialised(loop.LoopDriver):
    """Is not initialised whenever an extend is asked for.

    Cinder looks before it calls the driver, and does not say for what; the
    stack does.
    """

    def _is_uninitialised_for(self, volume: ty.Any) -> bool:
        return True

    @property
    def initialized(self) -> bool:
        """Whether Cinder may use the driver."""
        asking = sys._getframe(2)
        if asking.f_code.co_name != 'extend_volume':
            return bool(super().initialized)
        return not self._is_uninitialised_for(asking.f_locals['volume'])


@interface.volumedriver
class UninitialisedInMidLife(Uninitialised):
    """Is not initialised any more once a volume has grown before."""

    def _is_uninitialised_for(self, volume: ty.Any) -> bool:
        return bool(volume.size > 1)


@interface.volumedriver
class RefusesAndGoesReadOnly(loop.LoopDriver):
    """Refuses, and leaves the attached device read-only."""

    def _on_extend(self, volume: ty.Any, new_size: int, device: str) -> None:
        processutils.execute('blockdev', '--setro', device)
        _refuse(volume)


@interface.volumedriver
class RefusesAfterShrinking(loop.LoopDriver):
    """Refuses, after it has taken the last MiB away."""

    def _on_extend(self, volume: ty.Any, new_size: int, device: str) -> None:
        os.truncate(self._path(volume), volume.size * units.Gi - units.Mi)
        loopdevices.grow(device)
        _refuse(volume)


@interface.volumedriver
class RefusesAfterGrowing(loop.LoopDriver):
    """Refuses, and the device has grown all the same."""

    def _on_extend(self, volume: ty.Any, new_size: int, device: str) -> None:
        os.truncate(self._path(volume), new_size * units.Gi)
        loopdevices.grow(device)
        _refuse(volume)


@interface.volumedriver
class DamagesWhenRefusing(loop.LoopDriver):
    """Refuses, and zeroes a MiB in the middle."""

    def _on_extend(self, volume: ty.Any, new_size: int, device: str) -> None:
        _zero(self.local_path(volume), 300 * units.Mi)
        _refuse(volume)


@interface.volumedriver
class RefusalTouchesNeighbour(loop.LoopDriver):
    """Refuses, and zeroes one odd block of every other volume."""

    def _on_extend(self, volume: ty.Any, new_size: int, device: str) -> None:
        _zero_others(self._path(volume))
        _refuse(volume)


@interface.volumedriver
class RefusesWithSnapshots(loop.LoopDriver):
    """Does not extend an attached volume that has a snapshot."""

    def _on_extend(self, volume: ty.Any, new_size: int, device: str) -> None:
        if volume.snapshots:
            _refuse(volume)


@interface.volumedriver
class SnapshotSeesNewData(loop.LoopDriver):
    """After an extend, one odd block that is written shows in snapshots."""

    def _on_detached(self, volume: ty.Any) -> None:
        if volume.size > 1:
            with self._path(volume).open('rb') as file:
                file.seek(_ODD_BYTES)
                written = file.read(4 * units.Ki)
            for snapshot in volume.snapshots:
                with self._path(snapshot).open('r+b') as file:
                    file.seek(_ODD_BYTES)
                    file.write(written)


@interface.volumedriver
class SnapshotLosesData(loop.LoopDriver):
    """An extend zeroes one odd block of the volume's snapshots."""

    def _on_extended(self, volume: ty.Any, new_size: int) -> None:
        for snapshot in volume.snapshots:
            _zero(str(self._path(snapshot)), _ODD_BYTES, 4 * units.Ki)


@interface.volumedriver
class SnapshotLosesDataLater(SnapshotLosesData):
    """The same, but only where the volume has several snapshots."""

    def _on_extended(self, volume: ty.Any, new_size: int) -> None:
        if len(volume.snapshots) > 1:
            super()._on_extended(volume, new_size)


@interface.volumedriver
class SnapshotDamagesVolume(loop.LoopDriver):
    """An extend of a volume that has a snapshot zeroes its middle."""

    def _on_extended(self, volume: ty.Any, new_size: int) -> None:
        if volume.snapshots:
            _zero(self.local_path(volume), 512 * units.Mi)


class RemembersBirth(loop.LoopDriver):
    """Knows the size that each volume was made with."""

    def __init__(self, *args: ty.Any, **kwargs: ty.Any) -> None:
        super().__init__(*args, **kwargs)
        self._born_gib: dict[str, int] = {}

    def create_volume(self, volume: ty.Any) -> None:
        """Remember the size."""
        self._born_gib[volume.id] = volume.size
        super().create_volume(volume)

    def _drop_extended(self, copy: ty.Any, source: str, size_gib: int) -> None:
        """Zero what a copy has of its source's extends.

        :param copy: a volume or snapshot.
        :param source: id of the volume that it was made of.
        :param size_gib: that it keeps.
        """
        born_gib = self._born_gib.get(source, size_gib)
        os.truncate(self._path(copy), born_gib * units.Gi)
        os.truncate(self._path(copy), size_gib * units.Gi)


@interface.volumedriver
class SnapshotLacksExtended(RemembersBirth):
    """A snapshot holds what the volume was when it was made, and no more."""

    def create_snapshot(self, snapshot: ty.Any) -> None:
        """Copy, and drop what was not there in the beginning."""
        super().create_snapshot(snapshot)
        self._drop_extended(snapshot, snapshot.volume_id, snapshot.volume_size)


@interface.volumedriver
class SnapshotFailsAfterExtend(RemembersBirth):
    """Takes no snapshot of a volume that was extended."""

    def create_snapshot(self, snapshot: ty.Any) -> None:
        """Fail, if the volume is not what it was made as."""
        if snapshot.volume_size != self._born_gib[snapshot.volume_id]:
            raise exception.VolumeBackendAPIException(data='it has grown')
        super().create_snapshot(snapshot)


@interface.volumedriver
class DamagesExtendedCopy(loop.LoopDriver):
    """An extend of a volume made from a snapshot zeroes one odd block."""

    def _on_extended(self, volume: ty.Any, new_size: int) -> None:
        if volume.snapshot_id:
            _zero(self.local_path(volume), _ODD_BYTES, 4 * units.Ki)


@interface.volumedriver
class SnapshotDeleteDamages(loop.LoopDriver):
    """The delete of a snapshot older than an extend damages the volume."""

    def delete_snapshot(self, snapshot: ty.Any) -> None:
        """Delete, and zero a MiB of the volume if it has grown since."""
        super().delete_snapshot(snapshot)
        if snapshot.volume.size > snapshot.volume_size:
            _zero(self.local_path(snapshot.volume), 600 * units.Mi)


@interface.volumedriver
class DropsMetadata(loop.LoopDriver):
    """An extend takes the metadata of the volume away."""

    def _on_extended(self, volume: ty.Any, new_size: int) -> None:
        volume.metadata = {}
        volume.save()


@interface.volumedriver
class ClearsBootable(loop.LoopDriver):
    """A volume is not bootable any more after an extend."""

    def _on_extended(self, volume: ty.Any, new_size: int) -> None:
        volume.bootable = False
        volume.save()


@interface.volumedriver
class ClearsBootableLater(ClearsBootable):
    """A volume is not bootable any more once it grows beyond 2 GiB."""

    def _on_extended(self, volume: ty.Any, new_size: int) -> None:
        if new_size > 2:
            super()._on_extended(volume, new_size)


@interface.volumedriver
class SmallPool(loop.LoopDriver):
    """Has a pool of 20 GiB, promises more, and refuses what does not fit.

    A right driver of a thin pool. What the variants below do wrong, they do
    when they refuse for lack of room.
    """

    POOL_GIB = 20

    def _update_volume_stats(self) -> None:
        super()._update_volume_stats()
        self._stats.update(
            total_capacity_gb=self.POOL_GIB,
            free_capacity_gb=self.POOL_GIB,
            thin_provisioning_support=True,
            max_over_subscription_ratio=20.0,
            provisioned_capacity_gb=0,
        )

    def _on_extend(self, volume: ty.Any, new_size: int, device: str) -> None:
        if new_size > self.POOL_GIB:
            self._on_full(volume, new_size, device)
            raise exception.VolumeBackendAPIException(
                data=f'{new_size} GiB wanted, the pool has {self.POOL_GIB}'
            )

    def _on_full(self, volume: ty.Any, new_size: int, device: str) -> None:
        """Act when there is no room."""


@interface.volumedriver
class FailurePoisons(SmallPool):
    """Never extends a volume again after it has failed once."""

    def __init__(self, *args: ty.Any, **kwargs: ty.Any) -> None:
        super().__init__(*args, **kwargs)
        self._poisoned: set[str] = set()

    def _on_full(self, volume: ty.Any, new_size: int, device: str) -> None:
        self._poisoned.add(volume.id)

    def _on_extend(self, volume: ty.Any, new_size: int, device: str) -> None:
        super()._on_extend(volume, new_size, device)
        if volume.id in self._poisoned:
            _refuse(volume)


@interface.volumedriver
class FailurePoisonsNeighbour(FailurePoisons):
    """Never extends other volumes again after an extend has failed."""

    def _on_full(self, volume: ty.Any, new_size: int, device: str) -> None:
        self._poisoned.update(
            other.name.removeprefix('volume-')
            for other in self._path(volume).parent.glob('volume-*')
            if other != self._path(volume)
        )


@interface.volumedriver
class FailureDamages(SmallPool):
    """Zeroes the last MiB when an extend fails."""

    def _on_full(self, volume: ty.Any, new_size: int, device: str) -> None:
        end_bytes = volume.size * units.Gi
        _zero(self.local_path(volume), int(end_bytes) - int(units.Mi))


@interface.volumedriver
class FailureTouchesNeighbour(SmallPool):
    """Zeroes an odd block of every other volume when an extend fails."""

    def _on_full(self, volume: ty.Any, new_size: int, device: str) -> None:
        _zero_others(self._path(volume))


@interface.volumedriver
class FailureGrows(SmallPool):
    """Gives the device a GiB more when an extend fails."""

    def _on_full(self, volume: ty.Any, new_size: int, device: str) -> None:
        os.truncate(self._path(volume), (volume.size + 1) * units.Gi)
        loopdevices.grow(device)


@interface.volumedriver
class FailureGoesReadOnly(SmallPool):
    """An extend that fails leaves the device read-only."""

    def _on_full(self, volume: ty.Any, new_size: int, device: str) -> None:
        processutils.execute('blockdev', '--setro', device)


@interface.volumedriver
class FailureSticks(SmallPool):
    """Does not let go of a volume for a while after an extend has failed."""

    #: Longer than clients retry at once, short enough to clean up after.
    STUCK_S = 5.0

    def __init__(self, *args: ty.Any, **kwargs: ty.Any) -> None:
        super().__init__(*args, **kwargs)
        self._until: dict[str, float] = {}

    def _on_full(self, volume: ty.Any, new_size: int, device: str) -> None:
        self._until[volume.id] = 0.0

    def terminate_connection(
        self, volume: ty.Any, connector: ty.Any, **kwargs: ty.Any
    ) -> bool:
        """Refuse for some seconds, counted from the first time."""
        if volume.id in self._until:
            now = time.monotonic()
            until = self._until[volume.id] or now + self.STUCK_S
            self._until[volume.id] = until
            if now < until:
                raise exception.VolumeBackendAPIException(
                    data=f'{volume.name} is busy'
                )
        return bool(super().terminate_connection(volume, connector, **kwargs))
