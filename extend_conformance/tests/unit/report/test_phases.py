# SPDX-License-Identifier: Apache-2.0

"""Phases, tested by what their axis holds."""

import dataclasses

import testtools

from extend_conformance.report import phases
from extend_conformance.tests.unit.report import axes
from extend_conformance.tests.unit.report import example


class PhasesTest(testtools.TestCase):
    def _widths(self, drawn):
        panel = drawn.figure.axes[0]
        return {
            container.get_label(): [bar.get_width() for bar in container]
            for container in panel.containers
        }

    def test_nothing_to_show(self):
        self.assertIsNone(
            axes.draw(
                phases.phases,
                dataclasses.replace(example.sample(), spans=()),
            )
        )

    def test_phases_are_sums_of_spans(self):
        sample = example.sample(
            mode='detached', attach_s=0.5, extend_s=0.25, detach_s=0.125
        )
        widths = self._widths(axes.draw(phases.phases, sample))
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
        widths = self._widths(axes.draw(phases.phases, *samples))
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
        drawn = axes.draw(phases.phases, *samples)
        (panel,) = drawn.figure.axes
        self.assertEqual(
            ['attached, size unknown', 'detached, size unknown'],
            [label.get_text() for label in panel.get_yticklabels()],
        )
        self.assertIn('3 GiB', panel.get_title(loc='left'))
