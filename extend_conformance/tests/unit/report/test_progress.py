# SPDX-License-Identifier: Apache-2.0

"""Bytes over time, tested by what the axes hold."""

import dataclasses

import testtools

from extend_conformance.report import progress
from extend_conformance.report import timings
from extend_conformance.tests.unit.report import axes
from extend_conformance.tests.unit.report import example


class ProgressTest(testtools.TestCase):
    def test_nothing_to_show(self):
        self.assertIsNone(
            axes.draw(
                progress.progress,
                dataclasses.replace(example.sample(), written=()),
            )
        )

    def test_both_modes_on_one_axis(self):
        attached = example.sample()
        detached = example.sample(mode='detached')
        drawn = axes.draw(progress.progress, attached, detached)
        (panel,) = drawn.figure.axes
        for sample in (attached, detached):
            wanted = [
                (moment, written / timings.GIB)
                for moment, written in sample.written
            ]
            curve = axes.points(panel, sample.mode)
            self.assertEqual(wanted, curve[:-1])
            self.assertEqual((sample.elapsed_s, 2.5), curve[-1])

    def test_every_extend_is_marked(self):
        sample = example.sample(image_gib=3.25)
        drawn = axes.draw(progress.progress, sample)
        (panel,) = drawn.figure.axes
        self.assertEqual(3, len(sample.extends))
        for mark in sample.extends:
            self.assertEqual(
                [
                    (mark.start_s, float(mark.from_gib)),
                    (mark.end_s, float(mark.from_gib)),
                ],
                axes.points(panel, f'_extend to {mark.to_gib} GiB'),
            )

    def test_unknown_size_before_known(self):
        drawn = axes.draw(
            progress.progress,
            example.sample(size_known=True),
            example.sample(),
        )
        words = ' '.join(axes.words(drawn.figure))
        self.assertIn('2 extends', words)
        self.assertNotIn('0 extends', words)
