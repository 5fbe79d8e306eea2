# SPDX-License-Identifier: Apache-2.0

"""A writer and a reader that keep going on one attached volume.

What they meet (errors, stalls, wrong data) is collected while something else
happens, and judged afterwards. What happens meanwhile is left to the checks.
"""

import contextlib
import dataclasses
import errno
import threading
import time
import typing as ty

from extend_conformance import vocabulary
from extend_conformance.cloud import device as devices
from extend_conformance.cloud import journal as journals
from extend_conformance.cloud import waiting
from extend_conformance.probes import blocks
from extend_conformance.probes import content as contents
from extend_conformance.probes import findings
from extend_conformance.results import model

#: Of one read or write.
_PORTION_BLOCKS = 16
_PORTION_BYTES = _PORTION_BLOCKS * blocks.BLOCK_BYTES

#: Evenly over each area; the last one is at its end.
_PORTIONS = 64

#: Between two operations of a thread: others need the processor too.
_PAUSE_S = 0.002
#: Until what failed is tried again, to learn how long it goes on.
_RETRY_S = 0.05


@dataclasses.dataclass(frozen=True)
class _Portion:
    """A place that one thread at a time may write or read."""

    first: int
    busy: threading.Lock = dataclasses.field(default_factory=threading.Lock)

    @property
    def offset_bytes(self) -> int:
        return self.first * blocks.BLOCK_BYTES


class _Worker(threading.Thread):
    """Does one operation on one portion after the other, until it is told.

    A daemon: a device that never answers must not keep the process.

    :ivar done: how many operations are done.
    :ivar longest_s: the longest of them, with all that was tried again for
        it, and ``longest_at``: what and where that was.
    :ivar error: the first error, in words; ``errors``: how many there were.
    :ivar bug: what else ended it.
    :ivar damaged: what was wrong when it was first seen, by the first block
        of the portion.
    """

    verb: ty.ClassVar[str]

    def __init__(
        self,
        portions: list[_Portion],
        opened: devices.OpenDevice,
        content: contents.Content,
        journal: journals.Journal,
    ) -> None:
        super().__init__(name=f'traffic-{self.verb}', daemon=True)
        self._portions = portions
        self._opened = opened
        self._content = content
        self._journal = journal
        self._over = threading.Event()
        self._pending: tuple[_Portion, float] | None = None
        self.done = 0
        self.longest_s = 0.0
        self.longest_at = 'none'
        self.error: str | None = None
        self.errors = 0
        self.full = False
        self.bug: Exception | None = None
        self.damaged: dict[int, list[model.Damage]] = {}
        self._doing = self.verb

    def operate(self, portion: _Portion) -> None:
        """Do it once; ``OSError`` and ``ShortTransfer`` are expected."""
        raise NotImplementedError

    def look(self, portion: _Portion) -> None:
        """Compare what is there with what was noted, if anything was."""
        if self._content.generation(portion.first, _PORTION_BLOCKS):
            self._doing = 'read'
            found = self._opened.read_at(portion.offset_bytes, _PORTION_BYTES)
            damage = self._content.examine(portion.offset_bytes, found)
            if damage:
                self.damaged.setdefault(portion.first, damage)

    def choose(self, number: int) -> _Portion:
        """The portion whose turn it is."""
        return self._portions[number % len(self._portions)]

    def run(self) -> None:
        """Work, and close the device in the end."""
        number = 0
        try:
            with self._opened:
                while not self._over.wait(_PAUSE_S):
                    portion = self.choose(number)
                    number += 1
                    if portion.busy.acquire(blocking=False):
                        try:
                            self._insist(portion)
                        finally:
                            portion.busy.release()
        except Exception as error:
            self.bug = error

    def _insist(self, portion: _Portion) -> None:
        """Operate until it works, or all is over."""
        self._pending = portion, time.monotonic()
        while True:
            try:
                self.operate(portion)
            except (OSError, devices.ShortTransfer) as error:
                self._note_error(portion, error)
                if self._over.wait(_RETRY_S):
                    break
            else:
                self.done += 1
                break
        self.note_pending()
        self._pending = None

    def _note_error(self, portion: _Portion, error: Exception) -> None:
        self.errors += 1
        # Also the answer to what is beyond the end of a device.
        self.full |= (
            getattr(error, 'errno', 0) == errno.ENOSPC
            and self._opened.size_bytes()
            >= portion.offset_bytes + _PORTION_BYTES
        )
        if self.error is None:
            self.error = (
                f'a {self._doing} at byte {portion.offset_bytes} failed: '
                f'{error}'
            )
            self._journal.add('error', self.error)

    def note_pending(self) -> None:
        """Remember what is under way, if nothing has taken as long yet."""
        pending = self._pending
        if pending is not None:
            portion, began_s = pending
            elapsed_s = time.monotonic() - began_s
            if elapsed_s > self.longest_s:
                self.longest_s = elapsed_s
                self.longest_at = (
                    f'a {self._doing} at byte {portion.offset_bytes}'
                )

    def finish(self, deadline_s: float) -> None:
        """Tell it to end, and wait, but not for ever."""
        self._over.set()
        self.join(max(deadline_s - time.monotonic(), 0))
        self.note_pending()


class _Writer(_Worker):
    """Writes a new generation, and notes it when it is written.

    Looks before, since what was lost must not be written over unseen.
    """

    verb = 'write'

    def operate(self, portion: _Portion) -> None:
        self.look(portion)
        place = portion.first, _PORTION_BLOCKS
        generation = self._content.generation(*place) + 1
        made = self._content.made(*place, generation)
        self._doing = 'write'
        self._opened.write_at(portion.offset_bytes, made)
        self._content.remember(*place, generation)


class _Reader(_Worker):
    """Compares what is there with what was noted; goes the other way."""

    verb = 'read'

    def choose(self, number: int) -> _Portion:
        return super().choose(-number)

    def operate(self, portion: _Portion) -> None:
        self.look(portion)


class Traffic:
    """Direct I/O on a volume, from the begin of a ``with`` until its end.

    :param device: of the attached volume; extended, if at all, by others.
    :param content: of the volume; what the writer writes is noted there.
    :param length_bytes: the area in which it begins.
    :param max_stall_s: how long one read or write may take.
    """

    def __init__(
        self,
        device: devices.Device,
        content: contents.Content,
        length_bytes: int,
        *,
        journal: journals.Journal,
        max_stall_s: float,
    ) -> None:
        self._name = device.name
        self._journal = journal
        self._max_stall_s = max_stall_s
        self._portions: list[_Portion] = []
        self.widen(0, length_bytes)
        with contextlib.ExitStack() as undo:
            opened = [
                undo.enter_context(device.open_direct(write=writes))
                for writes in (True, False)
            ]
            self._writer = _Writer(self._portions, opened[0], content, journal)
            self._reader = _Reader(self._portions, opened[1], content, journal)
            undo.pop_all()

    @property
    def _workers(self) -> tuple[_Worker, _Worker]:
        return self._writer, self._reader

    def widen(self, offset_bytes: int, length_bytes: int) -> None:
        """Go on in a further area too, which the device must have.

        Of each 64th of the area the first 64 KiB are written and read, of
        the last one the last; the rest is left to others.
        """
        step = length_bytes // _PORTIONS
        offsets = [
            *(offset_bytes + number * step for number in range(_PORTIONS - 1)),
            offset_bytes + length_bytes - _PORTION_BYTES,
        ]
        self._portions.extend(
            _Portion(offset // blocks.BLOCK_BYTES) for offset in offsets
        )

    def __enter__(self) -> ty.Self:
        for worker in self._workers:
            worker.start()
        self.flow()
        return self

    def flow(self) -> None:
        """Return when every portion was written and read once more.

        Or when that cannot be: it is judged later.
        """
        wanted = [
            worker.done + len(self._portions) for worker in self._workers
        ]
        with contextlib.suppress(waiting.WaitTimeout):
            waiting.wait_until(
                lambda: self._workers,
                lambda workers: (
                    any(worker.errors or worker.bug for worker in workers)
                    or all(
                        worker.done >= enough
                        for worker, enough in zip(workers, wanted, strict=True)
                    )
                ),
                timeout_s=self._max_stall_s,
                resource=self._name,
                wanted='written and read',
            )

    def __exit__(self, *exception: object) -> None:
        """End it, and record what came of it; nothing is judged."""
        deadline_s = time.monotonic() + self._max_stall_s
        for worker in self._workers:
            worker.finish(deadline_s)
        self._journal.add(
            'data',
            f'I/O on {self._name}: {self._writer.done} writes and '
            f'{self._reader.done} reads, the longest {self._longest}',
            writes=self._writer.done,
            reads=self._reader.done,
            longest_write_s=round(self._writer.longest_s, 4),
            longest_read_s=round(self._reader.longest_s, 4),
            errors=self._writer.errors + self._reader.errors,
        )

    @property
    def _longest(self) -> str:
        slowest = max(self._workers, key=lambda worker: worker.longest_s)
        return f'{slowest.longest_at}, {slowest.longest_s:.3f} s'

    def must_have_flowed(self, when: str) -> None:
        """Fail for wrong data, an error, or a stall; call it afterwards.

        :param when: for the sentence, for example ``Volume X, while it was
            extended``.
        :raises CouldNotTest: the storage is full.
        :raises Failed: outcome ``data-damaged`` or ``io-interrupted``.
        """
        damaged = self._writer.damaged | self._reader.damaged
        findings.must_be_intact(
            blocks.merge(
                one for first in sorted(damaged) for one in damaged[first]
            ),
            when,
        )
        for worker in self._workers:
            if worker.bug is not None:
                raise worker.bug
        errors = [worker for worker in self._workers if worker.error]
        if errors:
            if any(worker.full for worker in errors):
                raise findings.CouldNotTest(
                    f'{when}: the storage has no room left: {errors[0].error}',
                    cause=vocabulary.Cause.NO_ROOM,
                )
            total = sum(worker.errors for worker in errors)
            raise findings.Failed(
                f'{when}: {errors[0].error}; {total} errors in all, longest '
                f'stall {self._longest}',
                outcome=vocabulary.Outcome.IO_INTERRUPTED,
            )
        if max(worker.longest_s for worker in self._workers) > (
            self._max_stall_s
        ):
            raise findings.Failed(
                f'{when}: I/O stalled for longer than {self._max_stall_s:g} '
                f's: {self._longest}',
                outcome=vocabulary.Outcome.IO_INTERRUPTED,
            )
