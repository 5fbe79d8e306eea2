# SPDX-License-Identifier: Apache-2.0

"""A volume that carries stamped blocks, and the one way to extend it attached.

How an extend came out is decided here from the state, the size and the
message that Cinder leaves; what it means for the backend is for the checks.
"""

import collections.abc
import contextlib
import dataclasses
import typing as ty

import tenacity

from extend_conformance.checks import blocks
from extend_conformance.checks import content
from extend_conformance.checks import context as context_module
from extend_conformance.checks import findings
from extend_conformance.claims import verdict
from extend_conformance.cloud import attachment
from extend_conformance.cloud import calls
from extend_conformance.cloud import device
from extend_conformance.cloud import transfer
from extend_conformance.cloud import views
from extend_conformance.cloud import waiting
from extend_conformance.results import model

GIB = context_module.GIB
MIB = 1024**2
_CHUNK_BLOCKS = 1024
_CHUNK_BYTES = _CHUNK_BLOCKS * blocks.BLOCK_BYTES

#: "Could not find any available weighted backend": the scheduler refused.
#: Source: cinder/message/message_field.py.
SCHEDULER_REFUSED = 'VOLUME_VOLUME_007_003'
#: "Volume Driver failed to extend volume." Source: as above.
DRIVER_FAILED = 'VOLUME_VOLUME_007_010'

#: Answers that say nothing about the backend. 400 is among them: at 3.42
#: the API refuses an attached extend by larger size only for limits of the
#: volume type. Source: cinder/volume/api.py, API._extend.
_BESIDE_THE_BACKEND = frozenset({400, 401, 403, 404, 413, 429})


class ExtendRefused(findings.Refused):
    """The attached volume was not extended, and says so.

    :param outcome: ``refused-scheduler`` or ``refused-driver``.
    :param status: the volume's state afterwards.
    :param message: the user message of this request, if there is one.
    """

    def __init__(
        self,
        reason: str,
        *,
        outcome: verdict.Outcome,
        status: str,
        message: views.Message | None,
        request_id: str | None,
    ) -> None:
        super().__init__(reason, request_id=request_id)
        self.outcome = outcome
        self.status = status
        self.message = message


@dataclasses.dataclass(frozen=True)
class Extended:
    """An extend that Cinder calls done.

    :param extend_s: seconds from the request until Cinder showed it.
    """

    http_status: int
    request_id: str | None
    size_gib: int
    status: str
    extend_s: float


class StampedVolume:
    """A volume of the backend under test, written with its address.

    :param context: whose resources own the volume.
    :param size_gib: its size at birth.
    :param others: see :class:`blocks.Pattern`.
    :ivar content: what has been written where.
    """

    def __init__(
        self,
        context: context_module.Context,
        size_gib: int = 1,
        others: collections.abc.Mapping[str, str] | None = None,
    ) -> None:
        self._context = context
        volume = context.resources.create_volume(
            size_gib=size_gib, volume_type=context.volume_type
        )
        self.id = volume.id
        self.size_gib = size_gib
        self._pattern = blocks.Pattern(context.run_id, volume.id, others)
        self.content = content.Content(self._pattern)
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
        except attachment.DetachFailed as error:
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
        self._write(self._chunks(offset_bytes, length_bytes), generation)

    def sprinkle(
        self,
        offset_bytes: int,
        length_bytes: int,
        step_bytes: int = MIB,
        generation: int = 1,
    ) -> None:
        """Write one stamped block every so often, and the area's last one.

        Quick, and enough to notice what happens to a whole stretch.

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
    ) -> None:
        """Write stamped blocks: first number and count of each stretch."""

        def portions() -> collections.abc.Iterator[tuple[int, bytes]]:
            for first, count in places:
                self.content.remember(first, count, generation)
                made = self.content.made(first, count, generation)
                yield first * blocks.BLOCK_BYTES, made

        with self._io(), self._open(write=True) as opened:
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
        self._judge(self.damage(offset_bytes, length_bytes, generation), when)

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
        self, stretches: collections.abc.Iterable[tuple[int, int]]
    ) -> list[model.Damage]:
        """Read stretches, past every cache, and compare with the content."""
        found: list[model.Damage] = []
        with self._io(), self._open() as opened:
            for begin, length in stretches:
                if length <= _CHUNK_BYTES:
                    data = opened.read_at(begin, length)
                    found.extend(self.content.examine(begin, data))
                    continue
                for offset, data in transfer.read_ahead(
                    opened, begin, length, _CHUNK_BYTES
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

    def _open(self, write: bool = False) -> device.OpenDevice:
        return self.attached.device.open_direct(write=write)

    @contextlib.contextmanager
    def _io(self) -> collections.abc.Iterator[None]:
        """Make a finding of the kernel's refusal of an I/O."""
        try:
            yield
        except (
            OSError,
            device.ShortTransfer,
            transfer.TransferFailed,
        ) as error:
            raise findings.Failed(
                f'Attached volume {self.id}: {error}',
                outcome=verdict.Outcome.IO_INTERRUPTED,
            ) from error

    def extend(self, new_size_gib: int) -> Extended:
        """Ask Cinder to extend the attached volume, and see how it ends.

        Only what the API says is judged; the device has not been looked at.
        The state alone cannot tell success from a refusal by the scheduler,
        which also ends ``in-use``, so the size decides.

        :raises ExtendRefused: the size is the old one, in a settled state.
        :raises Failed: it hangs, or state and size contradict each other.
        :raises CouldNotTest: the API's answer is not about the backend.
        """
        context = self._context
        old_gib = self.size_gib
        context.step(
            f'extend volume {self.id} from {old_gib} to {new_size_gib} GiB '
            'while it is attached'
        )
        started_s = context.journal.elapsed_s()
        try:
            answer = context.storage.extend(self.id, new_size_gib)
        except calls.ApiError as error:
            raise findings.CouldNotTest(
                f'The extend of volume {self.id} was answered with HTTP '
                f'{error.status}: {error.what}',
                cause=f'http-{error.status}',
                request_id=error.request_id,
            ) from error
        try:
            seen = context.storage.wait_for_extend(
                self.id,
                old_gib,
                new_size_gib,
                context.settings.extend_timeout_s,
            )
        except waiting.WaitTimeout as timeout:
            raise findings.Failed(
                f'Volume {self.id} is still {timeout.last} after '
                f'{context.settings.extend_timeout_s:.0f} s',
                outcome=verdict.Outcome.HANG,
                request_id=answer.request_id,
            ) from timeout
        if seen.size_gib == old_gib:
            raise self._refusal(seen.status, answer.request_id)
        if (seen.status, seen.size_gib) != ('in-use', new_size_gib):
            raise findings.Failed(
                f'Volume {self.id} was to grow from {old_gib} to '
                f'{new_size_gib} GiB; it is {seen.status} with '
                f'{seen.size_gib} GiB',
                outcome=verdict.Outcome.INCONSISTENT,
                request_id=answer.request_id,
            )
        self.size_gib = new_size_gib
        return Extended(
            http_status=answer.status,
            request_id=answer.request_id,
            size_gib=seen.size_gib,
            status=seen.status,
            extend_s=context.journal.elapsed_s() - started_s,
        )

    def _refusal(
        self, status: str, request_id: str | None
    ) -> findings.Failed | ExtendRefused:
        message = self._message(request_id)
        said = f'message {message.event_id}' if message else 'no message'
        if status == 'error_extending':
            return ExtendRefused(
                f'The driver refused to extend volume {self.id}: it is '
                f'error_extending with its old size ({said})',
                outcome=verdict.Outcome.REFUSED_DRIVER,
                status=status,
                message=message,
                request_id=request_id,
            )
        if status == 'in-use':
            return ExtendRefused(
                f'The scheduler refused to extend volume {self.id}: it is '
                f'in-use again with its old size ({said})',
                outcome=verdict.Outcome.REFUSED_SCHEDULER,
                status=status,
                message=message,
                request_id=request_id,
            )
        return findings.Failed(
            f'Volume {self.id} kept its old size and is {status}',
            outcome=verdict.Outcome.INCONSISTENT,
            request_id=request_id,
        )

    def _message(self, request_id: str | None) -> views.Message | None:
        """The user message of a request; it may come a moment late."""
        look = tenacity.Retrying(
            stop=tenacity.stop_after_delay(
                self._context.settings.message_patience_s
            ),
            wait=tenacity.wait_fixed(0.2),
            retry=tenacity.retry_if_result(lambda messages: not messages),
            retry_error_callback=lambda state: (),
        )
        messages: ty.Sequence[views.Message] = look(
            self._context.storage.messages, self.id, request_id
        )
        return messages[0] if messages else None

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

    def extend_in_place(self, new_size_gib: int) -> Extended:
        """Extend the attached volume, and make this host see it.

        :raises Failed: also if the device does not have the new size then;
            and what else :meth:`extend` raises.
        """
        before = self.device_bytes()
        extended = self.extend(new_size_gib)
        self.grow_on_host()
        self.must_have_grown(before, self.device_bytes())
        return extended

    def must_have_grown(self, before: int, after: int) -> None:
        """Compare sizes of the device with the size that Cinder gives.

        :param before: bytes that it had before the extend.
        :param after: bytes that it has after one call of os-brick.
        :raises Failed: ``control-plane-only`` or ``inconsistent``.
        """
        wanted = self.size_gib * GIB
        if after == before:
            raise findings.Failed(
                f'Cinder calls volume {self.id} {self.size_gib} GiB; the '
                f'device still has {before} bytes after one call of '
                "os-brick's extend_volume",
                outcome=verdict.Outcome.CONTROL_PLANE_ONLY,
            )
        if after < wanted:
            raise findings.Failed(
                f'Cinder calls volume {self.id} {self.size_gib} GiB; the '
                f'device has {after} bytes, {wanted - after} too few',
                outcome=verdict.Outcome.INCONSISTENT,
            )
