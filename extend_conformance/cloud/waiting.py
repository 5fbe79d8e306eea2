# SPDX-License-Identifier: Apache-2.0

"""Waiting for a state, as a measurement: when was it not yet, when was it?

Polls quickly at first and more slowly the longer it takes, on the monotonic
clock, and ends at once when a state is reached that nothing can follow.
"""

import collections.abc
import dataclasses
import time
import typing as ty

import tenacity

from extend_conformance import exceptions

T = ty.TypeVar('T')


class WaitTimeout(exceptions.WorkFailed):
    """The wanted state was not reached in time."""


class TerminalState(exceptions.WorkFailed):
    """A state was reached from which the wanted one cannot follow."""


@dataclasses.dataclass(frozen=True)
class Polling:
    """How often to look.

    :param first_s: seconds between the first two looks.
    :param growth: by how much each pause is longer than the one before.
    :param longest_s: no pause is longer than this.
    """

    first_s: float = 0.02
    growth: float = 1.3
    longest_s: float = 1.0

    def pause_s(self, looks: int) -> float:
        """Seconds to wait after that many looks."""
        # The exponent is bounded, since floats overflow after some 2700
        # looks, and the pause is at its longest long before.
        exponent = min(looks - 1, 200)
        return min(self.first_s * self.growth**exponent, self.longest_s)


@dataclasses.dataclass(frozen=True)
class Waited(ty.Generic[T]):
    """What came, and between which two moments it came.

    The state changed after ``not_yet_s`` and not later than ``done_s``; both
    are seconds since the wait was begun. ``not_yet_s`` is the moment when the
    last look that found "not yet" was sent, and 0 if the first look already
    found it.
    """

    value: T
    not_yet_s: float
    done_s: float
    looks: int

    @property
    def uncertainty_s(self) -> float:
        """Seconds by which the change may have been earlier than seen."""
        return self.done_s - self.not_yet_s


def wait_until(
    observe: collections.abc.Callable[[], T],
    done: collections.abc.Callable[[T], bool],
    failed: collections.abc.Callable[[T], bool] | None = None,
    timeout_s: float = 300.0,
    *,
    resource: str,
    wanted: str,
    describe: collections.abc.Callable[[T], str] = str,
    request_id: str | None = None,
    polling: Polling | None = None,
    clock: collections.abc.Callable[[], float] = time.monotonic,
    sleep: collections.abc.Callable[[float], None] = time.sleep,
) -> Waited[T]:
    """Look until it is done, has failed, or the time is over.

    A pause is no shorter than the look before it, or as long as pauses get:
    what a busy cloud does is not waited for by keeping it busy.

    :param observe: looks once; what it raises ends the wait.
    :param done: whether what was seen is what was waited for.
    :param failed: whether nothing better can come.
    :param timeout_s: seconds; one last look is taken when they are over.
    :param resource: what is looked at, for the error.
    :param wanted: what is waited for, for the error.
    :param describe: makes what was seen a word for the error.
    :param request_id: of the call whose effect is waited for.
    :raises WaitTimeout: the time was over.
    :raises TerminalState: ``failed`` said so.
    """
    polling = polling or Polling()
    start_s = clock()
    not_yet_s = 0.0
    looks = 0
    look_s = 0.0
    last: T | None = None

    def look() -> Waited[T] | None:
        nonlocal last, looks, look_s, not_yet_s
        asked_s = clock() - start_s
        last = observe()
        looks += 1
        seen_s = clock() - start_s
        look_s = seen_s - asked_s
        if done(last):
            return Waited(last, not_yet_s, seen_s, looks)
        if failed is not None and failed(last):
            raise TerminalState(
                'The wanted state cannot be reached any more',
                resource=resource,
                wanted=wanted,
                last=describe(last),
                elapsed_s=seen_s,
                request_id=request_id,
            )
        not_yet_s = asked_s
        return None

    def is_over(state: tenacity.RetryCallState) -> bool:
        return clock() - start_s >= timeout_s

    def pause_s(state: tenacity.RetryCallState) -> float:
        left_s = max(timeout_s - (clock() - start_s), 0.0)
        return min(
            max(
                polling.pause_s(state.attempt_number),
                min(look_s, polling.longest_s),
            ),
            left_s,
        )

    try:
        waited = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda result: result is None),
            wait=pause_s,
            stop=is_over,
            sleep=sleep,
        )(look)
    except tenacity.RetryError:
        raise WaitTimeout(
            'Waited too long',
            resource=resource,
            wanted=wanted,
            last=describe(ty.cast(T, last)),
            elapsed_s=clock() - start_s,
            request_id=request_id,
        ) from None
    return ty.cast(Waited[T], waited)
