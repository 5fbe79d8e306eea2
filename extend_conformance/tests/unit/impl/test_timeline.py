# SPDX-License-Identifier: Apache-2.0

"""Spans have no gap and no overlap, whatever is nested in what."""

import testtools

from extend_conformance import vocabulary
from extend_conformance.impl import timeline as timelines


class Clock:
    def __init__(self) -> None:
        self.now_s = 7.0

    def __call__(self) -> float:
        return self.now_s


class TimelineTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.clock = Clock()
        self.line = timelines.Timeline(clock=self.clock)

    def _spans(self) -> list[tuple[str, float, float]]:
        return [
            (span.name, span.start_s, span.end_s) for span in self.line.spans
        ]

    def test_a_phase_inside_another_suspends_it(self) -> None:
        self.clock.now_s += 1
        with self.line.phase(vocabulary.Phase.EXTEND):
            self.clock.now_s += 2
            with self.line.phase(vocabulary.Phase.WAIT):
                self.clock.now_s += 4
            self.clock.now_s += 8
        self.clock.now_s += 16

        self.assertEqual(
            [
                ('create', 0.0, 1.0),
                ('extend', 1.0, 3.0),
                ('wait', 3.0, 7.0),
                ('extend', 7.0, 15.0),
                ('create', 15.0, 31.0),
            ],
            self._spans(),
        )

    def test_a_phase_that_raises_is_closed(self) -> None:
        def attach() -> None:
            with self.line.phase(vocabulary.Phase.ATTACH):
                self.clock.now_s += 1
                raise LookupError

        self.assertRaises(LookupError, attach)
        self.clock.now_s += 1

        self.assertEqual(
            [('attach', 0.0, 1.0), ('create', 1.0, 2.0)], self._spans()
        )

    def test_phases_without_duration_leave_no_span(self) -> None:
        with self.line.phase(vocabulary.Phase.ATTACH):
            pass

        self.assertEqual([], self._spans())

    def test_uncertainty_belongs_to_the_phase_that_runs(self) -> None:
        with self.line.phase(vocabulary.Phase.WAIT):
            self.clock.now_s += 1
            self.line.uncertain(0.25)
        self.clock.now_s += 1

        self.assertEqual(
            [('wait', 0.25), ('create', 0.0)],
            [(each.name, each.uncertainty_s) for each in self.line.spans],
        )

    def test_an_extend_is_marked_from_begin_to_end(self) -> None:
        self.clock.now_s += 1
        with self.line.extending(1, 2):
            self.clock.now_s += 2

        (mark,) = self.line.extends

        self.assertEqual(
            (1.0, 3.0, 1, 2),
            (mark.start_s, mark.end_s, mark.from_gib, mark.to_gib),
        )

    def test_an_extend_that_failed_is_not_marked(self) -> None:
        def extend() -> None:
            with self.line.extending(1, 2):
                raise LookupError

        self.assertRaises(LookupError, extend)

        self.assertEqual((), self.line.extends)
