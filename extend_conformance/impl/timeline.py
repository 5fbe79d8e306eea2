# SPDX-License-Identifier: Apache-2.0

"""Where the time of one image volume went, as spans that can be stacked."""

import collections.abc
import contextlib
import time

from extend_conformance import vocabulary
from extend_conformance.results import model


class Timeline:
    """Cuts the time since it was begun into spans, without gap or overlap.

    At every moment exactly one phase runs. A phase that begins inside
    another suspends that one, which goes on when the inner one is over; so
    the spans of all phases add up to the total.

    ======  =============================================================
    create  asking for the volume, and at the end its metadata and flag
    attach  the attachment's requests and os-brick's connect
    write   reading, hashing and writing the image; the last flush
    extend  the extend's request, os-brick's extend, the look at the device
    detach  os-brick's disconnect and the attachment's end, with its flush
    wait    waiting for a state of the volume, inside any of these
    ======  =============================================================

    :param first: the phase that runs where no other does.
    """

    def __init__(
        self,
        first: vocabulary.Phase = vocabulary.Phase.CREATE,
        clock: collections.abc.Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._origin_s = clock()
        self._since_s = 0.0
        self._names = [first]
        self._spans: list[model.Span] = []
        self._extends: list[model.ExtendMark] = []

    def elapsed_s(self) -> float:
        """Seconds since the beginning."""
        return self._clock() - self._origin_s

    @contextlib.contextmanager
    def phase(self, name: vocabulary.Phase) -> collections.abc.Iterator[None]:
        """Let a phase run."""
        self._cut()
        self._names.append(name)
        try:
            yield
        finally:
            self._cut()
            self._names.pop()

    def uncertain(self, uncertainty_s: float) -> None:
        """Say of the phase that runs: its end may have been earlier."""
        self._cut(uncertainty_s)

    @contextlib.contextmanager
    def extending(
        self, from_gib: int, to_gib: int
    ) -> collections.abc.Iterator[None]:
        """Mark an extend that succeeds, from begin to the next byte."""
        start_s = self.elapsed_s()
        yield
        self._extends.append(
            model.ExtendMark(
                start_s=start_s,
                end_s=self.elapsed_s(),
                from_gib=from_gib,
                to_gib=to_gib,
            )
        )

    @property
    def spans(self) -> tuple[model.Span, ...]:
        """All spans up to now, in order."""
        self._cut()
        return tuple(self._spans)

    @property
    def extends(self) -> tuple[model.ExtendMark, ...]:
        """All extends that succeeded, in order."""
        return tuple(self._extends)

    def _cut(self, uncertainty_s: float = 0.0) -> None:
        now_s = self.elapsed_s()
        if now_s > self._since_s:
            self._spans.append(
                model.Span(
                    name=self._names[-1],
                    start_s=self._since_s,
                    end_s=now_s,
                    uncertainty_s=uncertainty_s,
                )
            )
            self._since_s = now_s
