# SPDX-License-Identifier: Apache-2.0

"""Drivers that are wrong on purpose, each a few lines over the right one.

Each class is one defect that a vendor's driver might have, and nothing else.
Which backend has which defect is said in ``sandbox.declared``.
"""

import pathlib
import typing as ty

from cinder import exception
from cinder import interface
from oslo_utils import units

from extend_conformance.sandbox.drivers import loop

#: Both wipers start at the first byte: every check writes there.
EXTENT_BYTES = units.Mi


def _zero(path: str) -> None:
    with pathlib.Path(path).open('r+b') as file:
        file.write(bytes(EXTENT_BYTES))


@interface.volumedriver
class RefusesInDriver(loop.LoopDriver):
    """Claims online extend, then raises when the volume is attached."""

    def _on_extend(self, volume: ty.Any, new_size: int, device: str) -> None:
        raise exception.ExtendVolumeError(
            reason=f'{volume.name} is attached as {device}'
        )


@interface.volumedriver
class RefusesByCapability(loop.LoopDriver):
    """States that it cannot, so that the scheduler refuses."""

    online_extend_support = False


@interface.volumedriver
class DeviceStays(loop.LoopDriver):
    """Grows the volume; the attached device keeps its old size."""

    def _grow_device(self, volume: ty.Any, device: str) -> None:
        pass


@interface.volumedriver
class LosesOldData(loop.LoopDriver):
    """Zeroes the first MiB when an attached volume is extended."""

    def _on_extended(self, volume: ty.Any, new_size: int) -> None:
        _zero(self.local_path(volume))


@interface.volumedriver
class DamagesAtDetach(loop.LoopDriver):
    """Zeroes the first MiB at the detach that follows an online extend."""

    def __init__(self, *args: ty.Any, **kwargs: ty.Any) -> None:
        super().__init__(*args, **kwargs)
        self._extended: set[str] = set()

    def _on_extended(self, volume: ty.Any, new_size: int) -> None:
        self._extended.add(volume.id)

    def _on_detached(self, volume: ty.Any) -> None:
        if volume.id in self._extended:
            self._extended.remove(volume.id)
            _zero(self.local_path(volume))
