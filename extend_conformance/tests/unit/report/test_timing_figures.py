# SPDX-License-Identifier: Apache-2.0

"""Figures of samples, tested by what their axes hold."""

import dataclasses

import testtools

from extend_conformance.report import drawing
from extend_conformance.report import timing_figures
from extend_conformance.report import timings
from extend_conformance.results import model
from extend_conformance.tests.unit.report import example


def _results(*samples):
    return model.Results(
        run=example.run(),
        backends=(
            model.Backend(volume_type='good'),
            model.Backend(
                volume_type='slow-attach', simulated='attach takes 3 s'
            ),
        ),
        samples=samples,
    )


def _draw(figure, *samples):
    with drawing.style():
        return figure(_results(*samples))


def _points(panel, label):
    return [
        tuple(point)
        for line in panel.get_lines()
        if line.get_label() == label
        for point in line.get_xydata()
    ]


def _words(figure):
    return [
        text.get_text()
        for text in figure.findobj(lambda a: hasattr(a, 'get_text'))
    ]


class CreationTimeTest(testtools.TestCase):
    def test_nothing_to_show(self):
        self.assertIsNone(_draw(timing_figures.creation_time))

    def test_every_sample_is_a_point(self):
        samples = [
            dataclasses.replace(
                example.sample(mode=mode, image_gib=size, repeat=repeat),
                elapsed_s=size + repeat,
            )
            for mode in ('attached', 'detached')
            for size in (0.5, 2.0)
            for repeat in (1, 2, 3)
        ]
        drawn = _draw(timing_figures.creation_time, *samples)
        (panel,) = drawn.figure.axes
        wanted = [
            (0.5, 1.5),
            (0.5, 2.5),
            (0.5, 3.5),
            (2.0, 3.0),
            (2.0, 4.0),
            (2.0, 5.0),
        ]
        for mode in ('attached', 'detached'):
            self.assertEqual(wanted, sorted(_points(panel, mode)))
            self.assertEqual(
                [(0.5, 2.5), (2.0, 4.0)], _points(panel, f'_{mode}')
            )

    def test_known_and_unknown_apart(self):
        drawn = _draw(
            timing_figures.creation_time,
            dataclasses.replace(example.sample(), elapsed_s=5.0),
            dataclasses.replace(
                example.sample(size_known=True), elapsed_s=3.0
            ),
        )
        unknown, known = drawn.figure.axes
        self.assertEqual([(2.5, 5.0)], _points(unknown, 'attached'))
        self.assertEqual([(2.5, 3.0)], _points(known, 'attached'))

    def test_backends_share_axes_that_begin_at_zero(self):
        drawn = _draw(
            timing_figures.creation_time,
            example.sample(),
            example.sample('slow-attach', attach_s=9.0, mode='detached'),
        )
        first, second = drawn.figure.axes
        self.assertEqual(first.get_ylim(), second.get_ylim())
        self.assertEqual(first.get_xlim(), second.get_xlim())
        self.assertEqual(
            (0.0, 0.0), (first.get_ylim()[0], first.get_xlim()[0])
        )

    def test_failed_samples_are_crosses(self):
        drawn = _draw(
            timing_figures.creation_time,
            dataclasses.replace(
                example.sample(), elapsed_s=4.0, error='no room'
            ),
        )
        (panel,) = drawn.figure.axes
        self.assertEqual([(2.5, 4.0)], _points(panel, 'attached, failed'))
        self.assertEqual([], _points(panel, 'attached'))

    def test_units_source_and_n(self):
        drawn = _draw(timing_figures.creation_time, example.sample())
        words = ' '.join(_words(drawn.figure))
        for wanted in (
            'creation time, s',
            'image size, GiB',
            'n = 1, not a benchmark',
            example.run().id,
            'extend-conformance 0.1.0',
        ):
            self.assertIn(wanted, words)

    def test_n_of_several(self):
        samples = [
            example.sample(image_gib=size, repeat=repeat)
            for size, repeats in ((1, 3), (2, 5))
            for repeat in range(repeats)
        ]
        drawn = _draw(timing_figures.creation_time, *samples)
        self.assertIn('n = 3 to 5 per cell', ' '.join(_words(drawn.figure)))

    def test_simulated_is_named(self):
        drawn = _draw(
            timing_figures.creation_time,
            example.sample(),
            example.sample('slow-attach'),
        )
        good, slow = drawn.figure.axes
        self.assertEqual('good', good.get_title(loc='left'))
        self.assertEqual('slow-attach (simulated)', slow.get_title(loc='left'))
        self.assertIn(
            'simulated: attach takes 3 s', ' '.join(_words(drawn.figure))
        )


class PhasesTest(testtools.TestCase):
    def _widths(self, drawn):
        panel = drawn.figure.axes[0]
        return {
            container.get_label(): [bar.get_width() for bar in container]
            for container in panel.containers
        }

    def test_nothing_to_show(self):
        self.assertIsNone(
            _draw(
                timing_figures.phases,
                dataclasses.replace(example.sample(), spans=()),
            )
        )

    def test_phases_are_sums_of_spans(self):
        sample = example.sample(
            mode='detached', attach_s=0.5, extend_s=0.25, detach_s=0.125
        )
        widths = self._widths(_draw(timing_figures.phases, sample))
        # Two extends: three attaches and detaches in all.
        self.assertEqual([1.5], widths['attach'])
        self.assertEqual([0.375], widths['detach'])
        self.assertEqual([0.5], widths['extend'])
        self.assertEqual([0.5], widths['create'])

    def test_bars_are_as_long_as_the_samples(self):
        samples = [
            example.sample(mode=mode, size_known=known)
            for mode in ('attached', 'detached')
            for known in (False, True)
        ]
        widths = self._widths(_draw(timing_figures.phases, *samples))
        totals = [sum(bar) for bar in zip(*widths.values(), strict=True)]
        wanted = sorted(sample.elapsed_s for sample in samples)
        for total, elapsed_s in zip(sorted(totals), wanted, strict=True):
            self.assertAlmostEqual(elapsed_s, total)

    def test_one_bar_per_mode_of_the_largest_image(self):
        samples = [
            example.sample(mode=mode, image_gib=size)
            for mode in ('attached', 'detached')
            for size in (1, 2, 3)
        ]
        drawn = _draw(timing_figures.phases, *samples)
        (panel,) = drawn.figure.axes
        self.assertEqual(
            ['attached, size unknown', 'detached, size unknown'],
            [label.get_text() for label in panel.get_yticklabels()],
        )
        self.assertIn('3 GiB', panel.get_title(loc='left'))


class ProgressTest(testtools.TestCase):
    def test_nothing_to_show(self):
        self.assertIsNone(
            _draw(
                timing_figures.progress,
                dataclasses.replace(example.sample(), written=()),
            )
        )

    def test_both_modes_on_one_axis(self):
        attached = example.sample()
        detached = example.sample(mode='detached')
        drawn = _draw(timing_figures.progress, attached, detached)
        (panel,) = drawn.figure.axes
        for sample in (attached, detached):
            wanted = [
                (moment, written / timings.GIB)
                for moment, written in sample.written
            ]
            curve = _points(panel, sample.mode)
            self.assertEqual(wanted, curve[:-1])
            self.assertEqual((sample.elapsed_s, 2.5), curve[-1])

    def test_every_extend_is_marked(self):
        sample = example.sample(image_gib=3.25)
        drawn = _draw(timing_figures.progress, sample)
        (panel,) = drawn.figure.axes
        self.assertEqual(3, len(sample.extends))
        for mark in sample.extends:
            self.assertEqual(
                [
                    (mark.start_s, float(mark.from_gib)),
                    (mark.end_s, float(mark.from_gib)),
                ],
                _points(panel, f'_extend to {mark.to_gib} GiB'),
            )

    def test_unknown_size_before_known(self):
        drawn = _draw(
            timing_figures.progress,
            example.sample(size_known=True),
            example.sample(),
        )
        words = ' '.join(_words(drawn.figure))
        self.assertIn('2 extends', words)
        self.assertNotIn('0 extends', words)
