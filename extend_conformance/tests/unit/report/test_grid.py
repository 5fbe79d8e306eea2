# SPDX-License-Identifier: Apache-2.0

"""The grid of backends and checks, and its picture."""

import dataclasses
import itertools

import ddt
import testtools

from extend_conformance import vocabulary
from extend_conformance.report import drawing
from extend_conformance.report import grid
from extend_conformance.report import judgement
from extend_conformance.results import model
from extend_conformance.tests.unit.report import example


def _check(verdict, level='must', **changes):
    return model.CheckResult(
        check='a',
        uuid='u',
        scope='backend',
        level=level,
        verdict=verdict,
        backend='b',
        **changes,
    )


def _cells(figure):
    return {
        text.get_gid(): text.get_text()
        for text in figure.axes[0].texts
        if text.get_gid()
    }


@ddt.ddt
class MarkTest(testtools.TestCase):
    def test_every_verdict_has_one(self):
        self.assertEqual(
            {str(word) for word in vocabulary.CheckVerdict} | {'minor'},
            set(grid.MARKS),
        )

    def test_told_apart_without_colour(self):
        symbols = [
            mark.symbol for name, mark in grid.MARKS.items() if name != 'minor'
        ]
        self.assertEqual(len(symbols), len(set(symbols)))

    @ddt.data(
        (_check('fail'), 'fail'),
        (_check('fail', 'should'), 'minor'),
        (_check('fail', 'should', data_failure=True), 'fail'),
        (_check('pass', 'should'), 'pass'),
    )
    @ddt.unpack
    def test_mark(self, result, name):
        self.assertEqual(name, grid.mark(result))


class GridTest(testtools.TestCase):
    def test_example(self):
        shown = grid.grid(judgement.judge(example.results()))
        self.assertIsNone(shown.columns[0])
        self.assertEqual(
            [facts[0] for facts in example.BACKENDS], list(shown.columns[1:])
        )
        self.assertEqual(1 + len(example.CHECKS), len(shown.rows))
        self.assertEqual(73, sum(shown.counts.values()))

    def test_subjects_stay_together(self):
        shown = grid.grid(judgement.judge(example.results()))
        subjects = [row.subject for row in shown.rows]
        changes = sum(a != b for a, b in itertools.pairwise(subjects))
        self.assertEqual(len(set(subjects)) - 1, changes)


class PictureTest(testtools.TestCase):
    def _draw(self, results):
        with drawing.style():
            return grid.checks(judgement.judge(results))

    def test_nothing_to_show(self):
        self.assertIsNone(self._draw(model.Results(run=example.run())))

    def test_every_result_is_a_cell(self):
        results = judgement.judge(example.results())
        cells = _cells(self._draw(results).figure)
        self.assertEqual(
            {
                f'{one.check}@{one.backend or "cloud"}': grid.MARKS[
                    grid.mark(one)
                ].symbol
                for one in results.checks
            },
            cells,
        )

    def test_missing_result_is_shown(self):
        results = example.results()
        cells = _cells(
            self._draw(
                dataclasses.replace(results, checks=results.checks[1:])
            ).figure
        )
        self.assertEqual('?', cells['api-microversion-gate@cloud'])

    def test_counts_units_and_source(self):
        figure = self._draw(example.results()).figure
        words = [text.get_text() for text in figure.texts]
        self.assertIn('pass 45', words)
        self.assertIn('fail 10', words)
        self.assertIn(example.run().id, words[-1])
        self.assertIn('n = 73', words[-1])

    def test_simulated_is_named(self):
        texts = self._draw(example.results()).figure.axes[0].texts
        words = [text.get_text() for text in texts]
        self.assertIn('slow-attach (simulated)', words)
        self.assertIn('good', words)

    def test_names_stay_inside_the_picture(self):
        results = example.results()
        long = 'a' * 60
        backends = (
            dataclasses.replace(results.backends[0], volume_type=long),
        )
        check = dataclasses.replace(results.checks[5], backend=long)
        figure = self._draw(
            model.Results(
                run=example.run(), backends=backends, checks=(check,)
            )
        ).figure
        with drawing.style():
            figure.canvas.draw()
        box = figure.bbox
        for text in (*figure.texts, *figure.axes[0].texts):
            seen = text.get_window_extent()
            self.assertGreaterEqual(seen.x0, box.x0, text.get_text())
            self.assertLessEqual(seen.y1, box.y1, text.get_text())
            self.assertLessEqual(seen.x1, box.x1, text.get_text())
            self.assertGreaterEqual(seen.y0, box.y0, text.get_text())
