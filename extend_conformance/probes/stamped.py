# SPDX-License-Identifier: Apache-2.0

"""A volume that carries stamped blocks, attached to this host.

How an extend of it came out, as Cinder tells it, is left to
``online_extend``; what it means for the backend is for the checks.
"""

import collections.abc
import contextlib
import dataclasses
import errno

from extend_conformance import exceptions
from extend_conformance import vocabulary
from extend_conformance.cloud import attachment as attachments
from extend_conformance.cloud import device as devices
from extend_conformance.cloud import resources as resource_owner
from extend_conformance.cloud import transfer
from extend_conformance.probes import attaching
from extend_conformance.probes import blocks
from extend_conformance.probes import content as contents
from extend_conformance.probes import context as contexts
from extend_conformance.probes import findings
from extend_conformance.probes import online_extend
from extend_conformance.results import model

GIB = contexts.GIB
MIB = 1024**2
_CHUNK_BLOCKS = 1024
_CHUNK_BYTES = _CHUNK_BLOCKS * blocks.BLOCK_BYTES


class StampedVolume:
    """A volume of the backend under test, written with its address.

    :param context: whose resources own the volume.
    :param size_gib: its size at birth.
    :param others: see :class:`blocks.Pattern`.
    :param snapshot_id: of the snapshot that it is made from.
    :param holds: what it holds from its birth, and is not to be changed.
    :ivar content: what has been written where.
    """

    def __init__(
        self,
        context: contexts.Context,
        size_gib: int = 1,
        *,
        others: collections.abc.Mapping[str, str] | None = None,
        snapshot_id: str | None = None,
        holds: contents.Content | None = None,
    ) -> None:
        self._context = context
        volume = context.resources.create_volume(
            size_gib=size_gib,
            volume_type=context.volume_type,
            snapshot_id=snapshot_id,
        )
        self.id = volume.id
        self.size_gib = size_gib
        self._pattern = blocks.Pattern(context.run_id, volume.id, others)
        self.content = holds or contents.Content(self._pattern)
        self._attached: attachments.AttachedVolume | None = None
        self._is_fresh = holds is None

    @property
    def attached(self) -> attachments.AttachedVolume:
        """The attachment to this host, which must exist."""
        assert self._attached is not None, 'the volume is not attached'
        return self._attached

    def attach(self) -> None:
        """Attach the volume to the machine that runs the check.

        :raises Failed: outcome ``inconsistent`` if it has data, and cannot
            be attached.
        """
        if self._is_fresh:
            self._attached = self._context.resources.attach(self.id)
        else:
            self._attached = attaching.attach_again(self._context, self.id)
        self._is_fresh = False

    def detach(self) -> None:
        """Flush and detach, and wait until Cinder says so.

        :raises Failed: outcome ``inconsistent`` if it cannot be detached.
        :raises attachment.DetachFailed: if Cinder did not answer.
        :raises calls.ApiError: if it has only errors for answers.
        """
        try:
            self._context.resources.detach(
                self.attached, self._context.settings.state_timeout_s
            )
        except exceptions.ExtendConformanceError as error:
            if not resource_owner.did_not_let_go(error):
                raise
            # An API that fails altogether is not the backend's fault.
            self._context.storage.get_volume(self.id)
            raise findings.Failed(
                str(error), outcome=vocabulary.Outcome.INCONSISTENT
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
        self._write(self._chunks(offset_bytes, length_bytes), generation)

    def sprinkle(
        self,
        offset_bytes: int,
        length_bytes: int,
        step_bytes: int = MIB,
        generation: int = 1,
    ) -> None:
        """Write one stamped block every so often, and the area's last one.

        Quick, and enough to notice what happens to a whole extent.

        :param step_bytes: from one block to the next.
        :raises Failed: outcome ``io-interrupted`` if the device refuses.
        """
        end = offset_bytes + length_bytes
        places = [
            *range(offset_bytes, end, step_bytes),
            end - blocks.BLOCK_BYTES,
        ]
        numbers = (place // blocks.BLOCK_BYTES for place in places)
        self._write(((number, 1) for number in numbers), generation)

    def _write(
        self,
        places: collections.abc.Iterable[tuple[int, int]],
        generation: int,
        through: devices.OpenDevice | None = None,
    ) -> None:
        """Write stamped blocks: first number and count of each extent."""

        def portions() -> collections.abc.Iterator[tuple[int, bytes]]:
            for first, count in places:
                self.content.remember(first, count, generation)
                made = self.content.made(first, count, generation)
                yield first * blocks.BLOCK_BYTES, made

        with self._io(), contextlib.ExitStack() as stack:
            opened = through or stack.enter_context(self._open(write=True))
            transfer.write_behind(opened, portions())

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
                opened, [(offset_bytes, length_bytes)], _CHUNK_BYTES
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
        self._judge(self.damage(offset_bytes, length_bytes, generation), when)

    def stamp_at(
        self,
        places: collections.abc.Iterable[tuple[int, int]],
        through: devices.OpenDevice | None = None,
    ) -> None:
        """Write stamped blocks at some places only, and flush them.

        :param places: offset and length of each, in bytes.
        :param through: what is open already; by default the device is
            opened for it.
        :raises Failed: outcome ``io-interrupted`` if the device refuses.
        """
        numbers = (
            (offset // blocks.BLOCK_BYTES, length // blocks.BLOCK_BYTES)
            for offset, length in places
        )
        self._write(numbers, generation=1, through=through)

    def must_be_intact_at(
        self,
        when: str,
        places: collections.abc.Iterable[tuple[int, int]],
        through: devices.OpenDevice | None = None,
    ) -> None:
        """Read some places back and fail on any difference.

        :param when: for the sentence, as in :meth:`must_be_intact`.
        :param places: and ``through``, as in :meth:`stamp_at`.
        :raises Failed: with the damage, or outcome ``io-interrupted`` if a
            place cannot be read.
        """
        self._judge(self._differing(places, through), when)

    def must_hold_written(self, when: str) -> None:
        """Read back everything that was ever written; fail on a difference.

        Each block has to be of the generation that was written last.

        :param when: see :meth:`must_be_intact`.
        :raises Failed: with the damage.
        """
        whole = self.size_gib * GIB
        self._judge(self._differing(self.content.written(0, whole)), when)

    def must_hold_only_written(self, when: str, offset_bytes: int = 0) -> None:
        """As :meth:`must_hold_written`, and nobody's data anywhere else.

        Reads the whole volume. Where nothing was written, blocks that carry
        a stamp count as damage, and only those.

        :param offset_bytes: where to begin.
        :raises Failed: with the damage.
        """
        rest = self.size_gib * GIB - offset_bytes
        self._judge(self._differing([(offset_bytes, rest)]), when)

    def _differing(
        self,
        places: collections.abc.Iterable[tuple[int, int]],
        through: devices.OpenDevice | None = None,
    ) -> list[model.Damage]:
        """Read places, past every cache, and compare with the content."""
        found: list[model.Damage] = []
        with self._io(), contextlib.ExitStack() as stack:
            opened = through or stack.enter_context(self._open())
            for offset, data in transfer.read_ahead(
                opened, places, _CHUNK_BYTES
            ):
                found.extend(self.content.examine(offset, data))
        return blocks.merge(found)

    def _judge(
        self, damage: collections.abc.Sequence[model.Damage], when: str
    ) -> None:
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

    def _open(self, write: bool = False) -> devices.OpenDevice:
        return self.attached.device.open_direct(write=write)

    @contextlib.contextmanager
    def _io(self) -> collections.abc.Iterator[None]:
        """Make a finding of the kernel's refusal of an I/O.

        :raises CouldNotTest: the storage is full.
        :raises Failed: outcome ``io-interrupted`` for anything else.
        """
        try:
            yield
        except (
            OSError,
            devices.ShortTransfer,
            transfer.TransferFailed,
        ) as error:
            # Also the answer to what is beyond the end of a device.
            full = getattr(error.__cause__ or error, 'errno', 0)
            if (
                full == errno.ENOSPC
                and self.device_bytes() >= self.size_gib * GIB
            ):
                raise findings.CouldNotTest(
                    f'The storage behind attached volume {self.id} has no '
                    f'room left: {error}',
                    cause=vocabulary.Cause.NO_ROOM,
                ) from error
            raise findings.Failed(
                f'Attached volume {self.id}: {error}',
                outcome=vocabulary.Outcome.IO_INTERRUPTED,
            ) from error

    def extend(self, new_size_gib: int) -> online_extend.Extended:
        """Ask Cinder to extend the attached volume, and see how it ends.

        :raises findings.Failed: and the rest of
            :func:`extend_conformance.probes.online_extend.extend`.
        """
        extended = online_extend.extend(
            self._context, self.id, self.size_gib, new_size_gib
        )
        self.size_gib = extended.size_gib
        return extended

    def grow(self, new_size_gib: int) -> online_extend.Extended:
        """Extend the attached volume, and see the host's device follow.

        As Glance does it: ask Cinder, then call os-brick once.

        :raises ExtendRefused: and the other errors of :meth:`extend`.
        :raises Failed: the device did not become large enough.
        """
        before = self.device_bytes()
        extended = self.extend(new_size_gib)
        self.grow_on_host()
        self.must_have_grown(before)
        return extended

    def must_have_grown(self, before_bytes: int) -> int:
        """Fail unless the device has what Cinder says, or more.

        :param before_bytes: size of the device before the extend. A backend
            that rounds up may have had room for the new size already.
        :returns: the size of the device.
        :raises Failed: outcome ``control-plane-only`` or ``inconsistent``.
        """
        wanted = self.size_gib * GIB
        found = self.device_bytes()
        if found >= wanted:
            return found
        if found == before_bytes:
            raise findings.Failed(
                f'Cinder calls volume {self.id} {self.size_gib} GiB; the '
                f"device still has {found} bytes after one call of os-brick's "
                'extend_volume',
                outcome=vocabulary.Outcome.CONTROL_PLANE_ONLY,
            )
        raise findings.Failed(
            f'Cinder calls volume {self.id} {self.size_gib} GiB; the device '
            f'has {found} bytes, {wanted - found} too few',
            outcome=vocabulary.Outcome.INCONSISTENT,
        )

    def grow_on_host(self) -> int | None:
        """Call os-brick's ``extend_volume`` once.

        :returns: what it returned, in bytes; connectors may return ``None``
            or a stale size, so the device is asked afterwards.
        :raises Failed: if the connector raised.
        """
        try:
            return self.attached.extend()
        except attachments.ConnectorError as error:
            raise findings.Failed(
                str(error), outcome=vocabulary.Outcome.CONTROL_PLANE_ONLY
            ) from error
