# SPDX-License-Identifier: Apache-2.0

"""A volume that carries stamped blocks, attached to this host.

How an extend of it came out, as Cinder tells it, is left to
``online_extend``; what it means for the backend is for the checks.
"""

import collections.abc
import contextlib
import dataclasses

from extend_conformance.checks import blocks
from extend_conformance.checks import context as context_module
from extend_conformance.checks import findings
from extend_conformance.checks import online_extend
from extend_conformance.claims import verdict
from extend_conformance.cloud import attachment
from extend_conformance.cloud import device
from extend_conformance.cloud import transfer
from extend_conformance.cloud import waiting
from extend_conformance.results import model

GIB = context_module.GIB
_CHUNK_BLOCKS = 1024
_CHUNK_BYTES = _CHUNK_BLOCKS * blocks.BLOCK_BYTES

#: The attached volume was not extended, and says so.
ExtendRefused = online_extend.ExtendRefused


class StampedVolume:
    """A volume of the backend under test, written whole with its address.

    :param context: whose resources own the volume.
    :param size_gib: its size at birth.
    :param snapshot_id: of the snapshot that it is made from.
    :param holds: id of the volume whose stamps it holds, if not its own.
    """

    def __init__(
        self,
        context: context_module.Context,
        size_gib: int = 1,
        *,
        snapshot_id: str | None = None,
        holds: str | None = None,
    ) -> None:
        self._context = context
        volume = context.resources.create_volume(
            size_gib=size_gib,
            volume_type=context.volume_type,
            snapshot_id=snapshot_id,
        )
        self.id = volume.id
        self.size_gib = size_gib
        self._pattern = blocks.Pattern(context.run_id, holds or volume.id)
        self._attached: attachment.AttachedVolume | None = None

    @property
    def attached(self) -> attachment.AttachedVolume:
        """The attachment to this host, which must exist."""
        assert self._attached is not None, 'the volume is not attached'
        return self._attached

    def attach(self) -> None:
        """Attach the volume to the machine that runs the check."""
        self._attached = self._context.resources.attach(self.id)

    def detach(self) -> None:
        """Flush and detach, and wait until Cinder says so.

        :raises Failed: outcome ``inconsistent`` if it cannot be detached.
        """
        try:
            self._context.resources.detach(
                self.attached, self._context.settings.state_timeout_s
            )
        except (
            attachment.DetachFailed,
            waiting.TerminalState,
            waiting.WaitTimeout,
        ) as error:
            raise findings.Failed(
                str(error), outcome=verdict.Outcome.INCONSISTENT
            ) from error
        self._attached = None

    def reattach(self) -> None:
        """Detach and attach again: what was only cached is gone."""
        self._context.step('detach and attach again')
        self.detach()
        self.attach()

    def device_bytes(self) -> int:
        """Size of the block device, by a descriptor opened for it."""
        size = self.attached.device.size_bytes()
        self._context.journal.add(
            'device',
            f'{self.attached.device.name} has {size} bytes',
            identity=str(self.attached.device.identity()),
            size_bytes=size,
        )
        return size

    def stamp(
        self,
        offset_bytes: int = 0,
        length_bytes: int | None = None,
        generation: int = 1,
    ) -> None:
        """Write stamped blocks, by default over the whole volume.

        :raises Failed: outcome ``io-interrupted`` if the device refuses.
        """
        portions = (
            (
                first * blocks.BLOCK_BYTES,
                self._pattern.blocks(first, count, generation),
            )
            for first, count in self._chunks(offset_bytes, length_bytes)
        )
        with self._io(), self._open(write=True) as opened:
            transfer.write_behind(opened, portions)

    def damage(
        self,
        offset_bytes: int = 0,
        length_bytes: int | None = None,
        generation: int = 1,
    ) -> list[model.Damage]:
        """Read stamped blocks, past every cache, and say what is wrong.

        :raises Failed: outcome ``io-interrupted`` if it cannot be read.
        """
        found: list[model.Damage] = []
        if length_bytes is None:
            length_bytes = self.size_gib * GIB - offset_bytes
        with self._io(), self._open() as opened:
            for offset, data in transfer.read_ahead(
                opened, offset_bytes, length_bytes, _CHUNK_BYTES
            ):
                found.extend(self._pattern.examine(offset, data, generation))
        return blocks.merge(found)

    def must_be_intact(
        self,
        when: str,
        offset_bytes: int = 0,
        length_bytes: int | None = None,
        generation: int = 1,
    ) -> None:
        """Read the area back and fail on any difference.

        :param when: for the sentence, for example ``right after the
            extend``.
        :raises Failed: with the damage.
        """
        damage = self.damage(offset_bytes, length_bytes, generation)
        self._context.journal.add(
            'data',
            f'{when}: {blocks.describe(damage) if damage else "intact"}',
            damage=[dataclasses.asdict(one) for one in damage[:100]],
        )
        findings.must_be_intact(damage, f'Volume {self.id}, {when}')

    def _chunks(
        self, offset_bytes: int, length_bytes: int | None
    ) -> collections.abc.Iterator[tuple[int, int]]:
        if length_bytes is None:
            length_bytes = self.size_gib * GIB - offset_bytes
        first = offset_bytes // blocks.BLOCK_BYTES
        end = (offset_bytes + length_bytes) // blocks.BLOCK_BYTES
        for start in range(first, end, _CHUNK_BLOCKS):
            yield start, min(_CHUNK_BLOCKS, end - start)

    def _open(self, write: bool = False) -> device.OpenDevice:
        return self.attached.device.open_direct(write=write)

    @contextlib.contextmanager
    def _io(self) -> collections.abc.Iterator[None]:
        """Make a finding of the kernel's refusal of an I/O."""
        try:
            yield
        except (OSError, transfer.TransferFailed) as error:
            raise findings.Failed(
                f'Attached volume {self.id}: {error}',
                outcome=verdict.Outcome.IO_INTERRUPTED,
            ) from error

    def extend(self, new_size_gib: int) -> online_extend.Extended:
        """Ask Cinder to extend the attached volume, and see how it ends.

        :raises findings.Failed: and the rest of
            :func:`extend_conformance.checks.online_extend.extend`.
        """
        extended = online_extend.extend(
            self._context, self.id, self.size_gib, new_size_gib
        )
        self.size_gib = extended.size_gib
        return extended

    def grow_on_host(self) -> int | None:
        """Call os-brick's ``extend_volume`` once.

        :returns: what it returned, in bytes; connectors may return ``None``
            or a stale size, so the device is asked afterwards.
        :raises Failed: if the connector raised.
        """
        try:
            return self.attached.extend()
        except attachment.ConnectorError as error:
            raise findings.Failed(
                str(error), outcome=verdict.Outcome.CONTROL_PLANE_ONLY
            ) from error
