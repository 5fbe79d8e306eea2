# SPDX-License-Identifier: Apache-2.0

"""Drivers with which a host sees something wrong of an extended volume.

Each class is one defect that a vendor's driver might have, and nothing else;
the last one is right, and only unusual. Which backend has which defect is
said in ``sandbox.declared``.
"""

import collections
import contextlib
import os
import pathlib
import typing as ty

import eventlet
from cinder import exception
from cinder import interface
from oslo_concurrency import processutils
from oslo_utils import units

from extend_conformance.sandbox import loopdevices
from extend_conformance.sandbox.drivers import loop

#: Longer than any check looks after an extend, on a busy machine too.
_LATE_S = 20
_SECTOR_BYTES = 512


class _CountsExtends(loop.LoopDriver):
    """Knows how often each volume was extended while attached."""

    def __init__(self, *args: ty.Any, **kwargs: ty.Any) -> None:
        super().__init__(*args, **kwargs)
        self._extends: collections.Counter[str] = collections.Counter()
        self._detached_after_extend: set[str] = set()

    def _on_extend(self, volume: ty.Any, new_size: int, device: str) -> None:
        self._extends[volume.id] += 1

    def _on_detached(self, volume: ty.Any) -> None:
        if self._extends[volume.id]:
            self._detached_after_extend.add(volume.id)

    def _zero(self, volume: ty.Any, offset: int, length: int) -> None:
        with pathlib.Path(self.local_path(volume)).open('r+b') as file:
            file.seek(offset)
            file.write(bytes(length))


@interface.volumedriver
class GrowsLate(loop.LoopDriver):
    """The device follows long after Cinder has called the extend done."""

    def _grow_device(self, volume: ty.Any, device: str) -> None:
        path = self._path(volume)

        def grow() -> None:
            if device in loopdevices.devices_of(path):
                loopdevices.grow(device)

        eventlet.spawn_after(_LATE_S, grow)


@interface.volumedriver
class ShortByASector(loop.LoopDriver):
    """The device grows by a sector less than it should."""

    def _grow_device(self, volume: ty.Any, device: str) -> None:
        path = self._path(volume)
        size = path.stat().st_size
        os.truncate(path, size - _SECTOR_BYTES)
        loopdevices.grow(device)
        os.truncate(path, size)


@interface.volumedriver
class ReplacesDevice(loop.LoopDriver):
    """Makes a larger device and lets the link lead to it.

    The old one stays as it was for whoever has it open.
    """

    def _grow_device(self, volume: ty.Any, device: str) -> None:
        # The kernel lets go of it at the last close.
        processutils.execute('losetup', '--detach', device)
        fresh = loopdevices.attach(self._path(volume))
        link = self._link(volume)
        link.unlink()
        link.symlink_to(fresh)


@interface.volumedriver
class ReplacesDeviceLater(_CountsExtends, ReplacesDevice):
    """Replaces the device from the third extend on."""

    def _grow_device(self, volume: ty.Any, device: str) -> None:
        if self._extends[volume.id] < 3:
            loopdevices.grow(device)
        else:
            super()._grow_device(volume, device)


@interface.volumedriver
class WorksOnce(_CountsExtends):
    """Extends an attached volume once in its life."""

    def _on_extend(self, volume: ty.Any, new_size: int, device: str) -> None:
        if self._extends[volume.id]:
            raise exception.ExtendVolumeError(
                reason=f'{volume.name} was extended before'
            )
        super()._on_extend(volume, new_size, device)


@interface.volumedriver
class DamagesThirdStep(_CountsExtends):
    """Zeroes a MiB in the middle of the data at the third extend."""

    def _on_extended(self, volume: ty.Any, new_size: int) -> None:
        if self._extends[volume.id] == 3:
            self._zero(volume, volume.size * units.Gi // 2, units.Mi)


@interface.volumedriver
class DamagesThirdStepBlock(_CountsExtends):
    """Zeroes one block at the third extend, where nothing begins or ends."""

    def _on_extended(self, volume: ty.Any, new_size: int) -> None:
        if self._extends[volume.id] == 3:
            self._zero(volume, 333 * units.Mi + 7 * 4096, 4096)


@interface.volumedriver
class DamagesAboveFourGib(_CountsExtends):
    """Zeroes a MiB of the third GiB when it makes volumes of 4 and more."""

    def _on_extended(self, volume: ty.Any, new_size: int) -> None:
        if new_size >= 4:
            self._zero(volume, (2048 + 333) * units.Mi, units.Mi)


@interface.volumedriver
class DamagesFifthStep(_CountsExtends):
    """Zeroes the last block before the old end at the fifth extend."""

    def _on_extended(self, volume: ty.Any, new_size: int) -> None:
        if self._extends[volume.id] == 5:
            self._zero(volume, volume.size * units.Gi - 4096, 4096)


@interface.volumedriver
class StaysAtFourthStep(_CountsExtends):
    """The device does not follow the fourth extend, nor later ones."""

    def _grow_device(self, volume: ty.Any, device: str) -> None:
        if self._extends[volume.id] < 4:
            super()._grow_device(volume, device)


@interface.volumedriver
class RefusesAfterReattach(_CountsExtends):
    """Refuses once a volume that it extended was attached again."""

    def _on_extend(self, volume: ty.Any, new_size: int, device: str) -> None:
        if volume.id in self._detached_after_extend:
            raise exception.ExtendVolumeError(
                reason=f'{volume.name} was attached again'
            )
        super()._on_extend(volume, new_size, device)


@interface.volumedriver
class GrowsSevenfold(_CountsExtends):
    """Extends an attached volume to seven times its size at most.

    Its size is that of the first extend; arrays have such limits for volumes
    in use, by what was set up when they were made.
    """

    def __init__(self, *args: ty.Any, **kwargs: ty.Any) -> None:
        super().__init__(*args, **kwargs)
        self._born_gib: dict[str, int] = {}

    def _on_extend(self, volume: ty.Any, new_size: int, device: str) -> None:
        born_gib = self._born_gib.setdefault(volume.id, volume.size)
        if new_size > 7 * born_gib:
            raise exception.ExtendVolumeError(
                reason=f'{volume.name} was made with {born_gib} GiB'
            )


@interface.volumedriver
class GrowsByOne(loop.LoopDriver):
    """Gives an attached volume 1 GiB more, however much was asked for."""

    def _grow_device(self, volume: ty.Any, device: str) -> None:
        os.truncate(self._path(volume), (volume.size + 1) * units.Gi)
        super()._grow_device(volume, device)


@interface.volumedriver
class ForgetsGrowth(loop.LoopDriver):
    """The detach takes away what the extends of an attachment gave."""

    def __init__(self, *args: ty.Any, **kwargs: ty.Any) -> None:
        super().__init__(*args, **kwargs)
        self._before: dict[str, int] = {}

    def _on_extend(self, volume: ty.Any, new_size: int, device: str) -> None:
        self._before.setdefault(volume.id, volume.size)

    def _on_detached(self, volume: ty.Any) -> None:
        size_gib = self._before.pop(volume.id, None)
        if size_gib is not None:
            os.truncate(self._path(volume), size_gib * units.Gi)


@interface.volumedriver
class ForgetsGrowthLater(_CountsExtends):
    """The second detach after an extend takes its growth away."""

    def _on_detached(self, volume: ty.Any) -> None:
        if volume.id in self._detached_after_extend:
            size = (volume.size - 1) * units.Gi
            os.truncate(self._path(volume), size)
        super()._on_detached(volume)


@interface.volumedriver
class AttachesNoMore(_CountsExtends):
    """Exports no volume that it extended in an earlier attachment."""

    def initialize_connection(
        self, volume: ty.Any, connector: ty.Any
    ) -> dict[str, ty.Any]:
        """Fail, if the volume was detached since its extend."""
        if volume.id in self._detached_after_extend:
            raise exception.VolumeBackendAPIException(
                data=f'{volume.name} has grown'
            )
        return super().initialize_connection(volume, connector)


@interface.volumedriver
class KeepsExtended(_CountsExtends):
    """Does not delete at once what it extended."""

    def delete_volume(self, volume: ty.Any) -> None:
        """Fail the first time, so that a second one cleans up."""
        if self._extends.pop(volume.id, 0):
            raise exception.VolumeBackendAPIException(
                data=f'{volume.name} has grown'
            )
        super().delete_volume(volume)


@interface.volumedriver
class RenamesTarget(_CountsExtends):
    """An extended volume gets another address when it is attached again."""

    def _link(self, volume: ty.Any) -> pathlib.Path:
        link = super()._link(volume)
        if volume.id in self._detached_after_extend:
            return link.with_name(f'{link.name}-larger')
        return link


@interface.volumedriver
class RenamesTargetLater(RenamesTarget):
    """The same, but only after the second extend."""

    def _on_detached(self, volume: ty.Any) -> None:
        if self._extends[volume.id] > 1:
            super()._on_detached(volume)


@interface.volumedriver
class LeaksDevice(_CountsExtends):
    """The detach of an extended volume leaves its device on the host."""

    def _release(self, volume: ty.Any) -> bool:
        if not self._extends.pop(volume.id, 0):
            return super()._release(volume)
        self._link(volume).unlink(missing_ok=True)
        return True


@interface.volumedriver
class LeaksDeviceLater(LeaksDevice):
    """The same, but only after two extends in one attachment."""

    def _release(self, volume: ty.Any) -> bool:
        if self._extends[volume.id] < 2:
            self._extends.pop(volume.id, 0)
        return super()._release(volume)


@interface.volumedriver
class LeavesLink(_CountsExtends):
    """The detach of an extended volume leaves a link on the host."""

    def _on_extended(self, volume: ty.Any, new_size: int) -> None:
        stale = self._stale(volume)
        stale.unlink(missing_ok=True)
        stale.symlink_to(self._link(volume))

    def _stale(self, volume: ty.Any) -> pathlib.Path:
        link = self._link(volume)
        return link.with_name(f'{link.name}-{volume.size}')

    def delete_volume(self, volume: ty.Any) -> None:
        """Delete the volume, and the links with it."""
        super().delete_volume(volume)
        for stale in self._devices.glob(f'{volume.name}-*'):
            stale.unlink()


@interface.volumedriver
class SecondAttachmentStale(loop.LoopDriver):
    """Every attachment of a volume gets a device; only one of them grows."""

    def _second_link(self, volume: ty.Any) -> pathlib.Path:
        link = self._link(volume)
        return link.with_name(f'{link.name}-2')

    def initialize_connection(
        self, volume: ty.Any, connector: ty.Any
    ) -> dict[str, ty.Any]:
        """Make a device, also if there is one."""
        path = self._path(volume)
        if not loopdevices.devices_of(path):
            return super().initialize_connection(volume, connector)
        link = self._second_link(volume)
        link.unlink(missing_ok=True)
        link.symlink_to(loopdevices.attach(path))
        return {
            'driver_volume_type': 'local',
            'data': {'device_path': str(link)},
        }

    def _grow_device(self, volume: ty.Any, device: str) -> None:
        if self._link(volume).resolve() == pathlib.Path(device):
            super()._grow_device(volume, device)

    def _release(self, volume: ty.Any) -> bool:
        with contextlib.suppress(FileNotFoundError):
            self._second_link(volume).unlink()
        return super()._release(volume)


@interface.volumedriver
class RoundsUp(loop.LoopDriver):
    """Right, and unusual: gives devices in units of 8 GiB, as some do."""

    def _file_bytes(self, size_gib: int) -> int:
        return super()._file_bytes(-(-size_gib // 8) * 8)
