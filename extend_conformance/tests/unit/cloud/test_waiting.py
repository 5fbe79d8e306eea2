# SPDX-License-Identifier: Apache-2.0

"""Waiting on a clock that only moves when somebody sleeps or looks."""

import collections.abc
import typing as ty

import testtools

from extend_conformance import exceptions
from extend_conformance.cloud import waiting


class Clock:
    """Time passes in sleeps, and a little with every look."""

    def __init__(self, look_s: float = 0.0) -> None:
        self.now_s = 50.0
        self.look_s = look_s
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now_s += seconds

    def look(
        self, states: collections.abc.Iterable[str]
    ) -> collections.abc.Callable[[], str]:
        left = iter(states)

        def observe() -> str:
            self.now_s += self.look_s
            return next(left)

        return observe


class WaitUntilTest(testtools.TestCase):
    def _wait(
        self, clock: Clock, states: list[str], **options: ty.Any
    ) -> waiting.Waited[str]:
        return waiting.wait_until(
            clock.look(states),
            lambda state: state == 'in-use',
            lambda state: state.startswith('error'),
            resource='volume 5f2c',
            wanted='in-use',
            clock=clock,
            sleep=clock.sleep,
            **options,
        )

    def test_first_look_is_taken_at_once(self) -> None:
        clock = Clock()

        waited = self._wait(clock, ['in-use'])

        self.assertEqual([], clock.pauses)
        self.assertEqual(
            (0.0, 0.0, 1), (waited.not_yet_s, waited.done_s, waited.looks)
        )

    def test_pauses_begin_short_and_grow_to_the_longest(self) -> None:
        clock = Clock()

        self._wait(clock, ['extending'] * 30 + ['in-use'])

        self.assertEqual(0.02, clock.pauses[0])
        self.assertAlmostEqual(0.026, clock.pauses[1])
        self.assertEqual(1.0, clock.pauses[-1])

    def test_interval_runs_from_last_question_to_answer(self) -> None:
        clock = Clock(look_s=0.01)

        waited = self._wait(clock, ['extending', 'extending', 'in-use'])

        # Looks are sent at 0, 0.03 and 0.066 s, each takes 0.01 s.
        self.assertAlmostEqual(0.03, waited.not_yet_s)
        self.assertAlmostEqual(0.076, waited.done_s)
        self.assertAlmostEqual(0.046, waited.uncertainty_s)

    def test_a_slow_cloud_is_left_alone_as_long_as_it_took(self) -> None:
        clock = Clock(look_s=0.5)

        self._wait(clock, ['extending', 'extending', 'in-use'])

        self.assertEqual(2, len(clock.pauses))
        for pause_s in clock.pauses:
            self.assertAlmostEqual(0.5, pause_s)

    def test_no_pause_is_longer_for_a_cloud_that_hardly_answers(self) -> None:
        clock = Clock(look_s=30)

        self._wait(clock, ['extending', 'in-use'])

        self.assertEqual([1.0], clock.pauses)

    def test_a_terminal_state_ends_the_wait_at_once(self) -> None:
        clock = Clock()

        error = self.assertRaises(
            waiting.TerminalState,
            self._wait,
            clock,
            ['extending', 'error_extending', 'in-use'],
            request_id='req-1',
        )

        self.assertEqual('error_extending', error.last)
        self.assertEqual('in-use', error.wanted)
        self.assertEqual('req-1', error.request_id)
        self.assertEqual(1, len(clock.pauses))

    def test_timeout_looks_a_last_time_when_the_time_is_over(self) -> None:
        clock = Clock()

        error = self.assertRaises(
            waiting.WaitTimeout,
            self._wait,
            clock,
            ['extending'] * 100,
            timeout_s=2.5,
        )

        self.assertAlmostEqual(2.5, error.elapsed_s or 0.0)
        self.assertAlmostEqual(2.5, sum(clock.pauses))
        self.assertEqual('extending', error.last)
        self.assertIsInstance(error, exceptions.WorkFailed)

    def test_an_error_of_the_look_itself_gets_out(self) -> None:
        def observe() -> int:
            raise LookupError

        self.assertRaises(
            LookupError,
            waiting.wait_until,
            observe,
            bool,
            resource='volume',
            wanted='anything',
        )

    def test_a_false_value_may_be_what_was_waited_for(self) -> None:
        waited = waiting.wait_until(
            lambda: 0,
            lambda number: number == 0,
            resource='count',
            wanted='0',
        )

        self.assertEqual(0, waited.value)


class PollingTest(testtools.TestCase):
    def test_very_many_looks_do_not_overflow(self) -> None:
        self.assertEqual(1.0, waiting.Polling().pause_s(100000))
