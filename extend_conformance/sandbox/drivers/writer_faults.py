# SPDX-License-Identifier: Apache-2.0

"""Drivers that are wrong where images are written, and about themselves.

Each class is one defect; which backend has which is said in
``sandbox.declared``.
"""

import pathlib
import typing as ty

from cinder import exception
from cinder import interface
from oslo_utils import units

from extend_conformance.sandbox import loopdevices
from extend_conformance.sandbox.drivers import extend_faults
from extend_conformance.sandbox.drivers import faults
from extend_conformance.sandbox.drivers import loop


def _zero(path: str, offset: int = 0) -> None:
    with pathlib.Path(path).open('r+b') as file:
        file.seek(offset)
        file.write(bytes(units.Mi))


@interface.volumedriver
class LosesAtDetach(loop.LoopDriver):
    """Zeroes the first MiB at every detach."""

    def _on_detached(self, volume: ty.Any) -> None:
        _zero(self.local_path(volume))


@interface.volumedriver
class TruncatesAtReopen(loop.LoopDriver):
    """Empties a volume that was extended when it is attached the next time.

    As happens to Glance's image volumes on file systems, which its store
    opens anew, and truncates, after each extend of a detached volume.
    """

    def __init__(self, *args: ty.Any, **kwargs: ty.Any) -> None:
        super().__init__(*args, **kwargs)
        self._reopened: set[str] = set()

    def extend_volume(self, volume: ty.Any, new_size: int) -> None:
        """Extend, and remember that it was done offline."""
        super().extend_volume(volume, new_size)
        if not loopdevices.devices_of(self._path(volume)):
            self._reopened.add(volume.id)

    def initialize_connection(
        self, volume: ty.Any, connector: ty.Any
    ) -> dict[str, ty.Any]:
        """Truncate, then attach."""
        if volume.id in self._reopened:
            self._reopened.remove(volume.id)
            with self._path(volume).open('wb') as file:
                file.truncate(volume.size * units.Gi)
        return super().initialize_connection(volume, connector)


@interface.volumedriver
class OfflineExtendDamages(loop.LoopDriver):
    """Zeroes the last MiB of a detached volume when it is extended."""

    def extend_volume(self, volume: ty.Any, new_size: int) -> None:
        """Damage, then extend."""
        path = self._path(volume)
        if not loopdevices.devices_of(path):
            _zero(str(path), volume.size * units.Gi - units.Mi)
        super().extend_volume(volume, new_size)


@interface.volumedriver
class CloneLosesExtended(extend_faults.RemembersBirth):
    """Copies of a volume only what it was before its first extend."""

    def create_cloned_volume(self, volume: ty.Any, src_vref: ty.Any) -> None:
        """Copy, and drop what was not there in the beginning."""
        super().create_cloned_volume(volume, src_vref)
        self._drop_extended(volume, src_vref.id, volume.size)


@interface.volumedriver
class CloneDamagesSource(loop.LoopDriver):
    """Zeroes a MiB of a volume that is cloned."""

    def create_cloned_volume(self, volume: ty.Any, src_vref: ty.Any) -> None:
        """Copy, then damage."""
        super().create_cloned_volume(volume, src_vref)
        _zero(self.local_path(src_vref), 600 * units.Mi)


@interface.volumedriver
class CloneKeepsSize(loop.LoopDriver):
    """Makes clones of the size of their source, whatever was asked for."""

    def create_cloned_volume(self, volume: ty.Any, src_vref: ty.Any) -> None:
        """Copy, and leave it at that."""
        self._copy(self._path(src_vref), self._path(volume), src_vref.size)


@interface.volumedriver
class RefusesSilently(faults.RefusesInDriver):
    """Cannot, and says nothing about it in its pool."""

    online_extend_support = None


@interface.volumedriver
class KeepsRefused(RefusesSilently):
    """After a refused extend, the next delete of the volume fails."""

    def __init__(self, *args: ty.Any, **kwargs: ty.Any) -> None:
        super().__init__(*args, **kwargs)
        self._refused: set[str] = set()

    def _on_extend(self, volume: ty.Any, new_size: int, device: str) -> None:
        self._refused.add(volume.id)
        super()._on_extend(volume, new_size, device)

    def delete_volume(self, volume: ty.Any) -> None:
        """Fail once."""
        if volume.id in self._refused:
            self._refused.remove(volume.id)
            raise exception.VolumeBackendAPIException(
                data=f'{volume.name} is locked by its failed extend'
            )
        super().delete_volume(volume)


@interface.volumedriver
class CapabilityIsText(loop.LoopDriver):
    """Works, and says ``'False'``, which the scheduler reads as support."""

    online_extend_support = 'False'


@interface.volumedriver
class HostCannotExtend(loop.LoopDriver):
    """Volumes are plain files to the host, which os-brick cannot extend."""

    def initialize_connection(
        self, volume: ty.Any, connector: ty.Any
    ) -> dict[str, ty.Any]:
        """Return the file, as the driver for GPFS does."""
        link = self._link(volume)
        link.unlink(missing_ok=True)
        link.symlink_to(self._path(volume))
        return {
            'driver_volume_type': 'gpfs',
            'data': {'name': volume.name, 'device_path': str(link)},
        }
