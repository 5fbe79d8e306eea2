# SPDX-License-Identifier: Apache-2.0

"""What happened, when, in the order in which it happened.

The journal is the evidence of a check. It leaves to others what an entry
means.
"""

import collections.abc
import dataclasses
import threading
import time
import types

from extend_conformance import masking
from extend_conformance import vocabulary


@dataclasses.dataclass(frozen=True)
class Event:
    """One entry.

    :param at_s: seconds since the journal was begun (monotonic clock).
    :param summary: one line for a person.
    :param details: the same for a program, without secrets.
    """

    at_s: float
    kind: vocabulary.EventKind
    summary: str
    details: collections.abc.Mapping[str, object]


class Journal:
    """Collects events of several threads on one monotonic clock."""

    def __init__(
        self, clock: collections.abc.Callable[[], float] | None = None
    ) -> None:
        self._clock = clock or time.monotonic
        self._start_s = self._clock()
        self._events: list[Event] = []
        self._lock = threading.Lock()

    def elapsed_s(self) -> float:
        """Seconds since the journal was begun."""
        return self._clock() - self._start_s

    def add(
        self, kind: vocabulary.EventKind, summary: str, **details: object
    ) -> Event:
        """Enter an event, at this moment, without its secrets."""
        summary = masking.text(summary)
        clean = types.MappingProxyType(masking.masked(details))
        with self._lock:
            event = Event(self.elapsed_s(), kind, summary, clean)
            self._events.append(event)
        return event

    @property
    def events(self) -> tuple[Event, ...]:
        """All events so far, oldest first."""
        with self._lock:
            return tuple(self._events)
