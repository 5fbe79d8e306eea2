# SPDX-License-Identifier: Apache-2.0

"""The two ways in which a volume can grow while an image is written to it."""

import typing as ty

from extend_conformance import vocabulary
from extend_conformance.impl import options as writer_options
from extend_conformance.impl import target as targets


class Mode(ty.Protocol):
    """How a volume grows; it is attached and open before and after."""

    @property
    def name(self) -> vocabulary.Mode:
        """What reports call it."""

    def grow(self, target: targets.VolumeTarget, to_gib: int) -> None:
        """Make the volume bigger, so that its next byte can be written."""


class AttachedMode:
    """In place: one attachment, whatever the number of extends."""

    name = vocabulary.Mode.ATTACHED

    def grow(self, target: targets.VolumeTarget, to_gib: int) -> None:
        """Extend in Cinder, then on this host."""
        target.extend_in_cloud(to_gib)
        target.extend_on_host()


class DetachedMode:
    """Detach, extend, attach again: what every backend can do."""

    name = vocabulary.Mode.DETACHED

    def grow(self, target: targets.VolumeTarget, to_gib: int) -> None:
        """Extend in Cinder, between two attachments."""
        target.detach()
        target.extend_in_cloud(to_gib)
        target.attach()


def mode_of(options: writer_options.WriterOptions) -> Mode:
    """The mode that ``cinder_do_extend_attached`` chooses."""
    if options.cinder_do_extend_attached:
        return AttachedMode()
    return DetachedMode()
