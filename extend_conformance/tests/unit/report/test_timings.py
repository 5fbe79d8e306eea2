# SPDX-License-Identifier: Apache-2.0

"""Cells of samples, and how numbers are told."""

import dataclasses

import ddt
import testtools

from extend_conformance.report import timings
from extend_conformance.tests.unit.report import example


def _sample(elapsed_s, **changes):
    error = changes.pop('error', None)
    return example.took(example.sample(**changes), elapsed_s, error)


class CellTest(testtools.TestCase):
    def test_typical_is_a_measured_sample(self):
        samples = [_sample(9.0), _sample(1.0), _sample(3.0), _sample(2.0)]
        (cell,) = timings.cells(samples)
        self.assertIs(samples[3], cell.typical)
        self.assertEqual(4, cell.n)

    def test_failed_samples_stand_apart(self):
        (cell,) = timings.cells([_sample(9.0, error='no'), _sample(1.0)])
        self.assertEqual((1, 9.0), (cell.n, cell.failed[0].elapsed_s))

    def test_all_failed(self):
        (cell,) = timings.cells([_sample(9.0, error='no')])
        self.assertIsNone(cell.typical)

    def test_everything_but_chance_separates_cells(self):
        samples = [
            example.sample(),
            example.sample('other'),
            example.sample(mode='detached'),
            example.sample(size_known=True),
            example.sample(image_gib=1.0),
            dataclasses.replace(example.sample(), writer='glance'),
        ]
        self.assertEqual(6, len(timings.cells(samples)))

    def test_largest_that_succeeded(self):
        cells = timings.cells(
            [
                example.sample(image_gib=1.0),
                example.sample(image_gib=2.0),
                dataclasses.replace(
                    example.sample(image_gib=3.0), error='no room'
                ),
            ]
        )
        self.assertEqual(
            [2 * timings.GIB],
            [cell.image_size_bytes for cell in timings.largest(cells)],
        )


class HeadlineTest(testtools.TestCase):
    def test_unknown_size_before_known(self):
        samples = [
            example.sample(size_known=True),
            example.sample(size_known=False),
        ]
        cell = timings.headline(samples, 'good', 'attached')
        self.assertEqual((samples[1],), cell and cell.samples)

    def test_other_writers_do_not_stand_for_a_backend(self):
        sample = dataclasses.replace(example.sample(), writer='glance')
        self.assertIsNone(timings.headline([sample], 'good', 'attached'))

    def test_none(self):
        self.assertIsNone(
            timings.headline([example.sample()], 'good', 'detached')
        )


@ddt.ddt
class WordsTest(testtools.TestCase):
    @ddt.data(
        (0, '0 GiB'),
        (512 << 20, '512 MiB'),
        (1 << 30, '1 GiB'),
        (int(2.5 * timings.GIB), '2.5 GiB'),
    )
    @ddt.unpack
    def test_size(self, size_bytes, words):
        self.assertEqual(words, timings.size(size_bytes))

    @ddt.data((0.05, '0.05 s'), (1.26, '1.3 s'), (123.4, '123 s'))
    @ddt.unpack
    def test_seconds(self, elapsed_s, words):
        self.assertEqual(words, timings.seconds(elapsed_s))

    @ddt.data((1, 'n = 1, not a benchmark'), (2, 'n = 2'))
    @ddt.unpack
    def test_count(self, number, words):
        self.assertEqual(words, timings.count(number))
