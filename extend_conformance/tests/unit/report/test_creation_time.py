# SPDX-License-Identifier: Apache-2.0

"""Creation time by image size, tested by what its axes hold."""

import testtools

from extend_conformance.report import creation_time
from extend_conformance.tests.unit.report import axes
from extend_conformance.tests.unit.report import example


class CreationTimeTest(testtools.TestCase):
    def test_nothing_to_show(self):
        self.assertIsNone(axes.draw(creation_time.creation_time))

    def test_every_sample_is_a_point(self):
        samples = [
            example.took(
                example.sample(mode=mode, image_gib=size, repeat=repeat),
                size + repeat,
            )
            for mode in ('attached', 'detached')
            for size in (0.5, 2.0)
            for repeat in (1, 2, 3)
        ]
        drawn = axes.draw(creation_time.creation_time, *samples)
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
            self.assertEqual(wanted, sorted(axes.points(panel, mode)))
            self.assertEqual(
                [(0.5, 2.5), (2.0, 4.0)], axes.points(panel, f'_{mode}')
            )

    def test_known_and_unknown_apart(self):
        drawn = axes.draw(
            creation_time.creation_time,
            example.took(example.sample(), 5.0),
            example.took(example.sample(size_known=True), 3.0),
        )
        unknown, known = drawn.figure.axes
        self.assertEqual([(2.5, 5.0)], axes.points(unknown, 'attached'))
        self.assertEqual([(2.5, 3.0)], axes.points(known, 'attached'))

    def test_backends_share_axes_that_begin_at_zero(self):
        drawn = axes.draw(
            creation_time.creation_time,
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
        drawn = axes.draw(
            creation_time.creation_time,
            example.took(example.sample(), 4.0, 'no room'),
        )
        (panel,) = drawn.figure.axes
        self.assertEqual([(2.5, 4.0)], axes.points(panel, 'attached, failed'))
        self.assertEqual([], axes.points(panel, 'attached'))

    def test_units_source_and_n(self):
        drawn = axes.draw(creation_time.creation_time, example.sample())
        words = ' '.join(axes.words(drawn.figure))
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
            for repeat in range(1, repeats + 1)
        ]
        drawn = axes.draw(creation_time.creation_time, *samples)
        self.assertIn(
            'n = 3 to 5 per cell', ' '.join(axes.words(drawn.figure))
        )

    def test_simulated_is_named(self):
        drawn = axes.draw(
            creation_time.creation_time,
            example.sample(),
            example.sample('slow-attach'),
        )
        good, slow = drawn.figure.axes
        self.assertEqual('good', good.get_title(loc='left'))
        self.assertEqual('slow-attach (simulated)', slow.get_title(loc='left'))
        self.assertIn(
            'simulated: attach takes 3 s', ' '.join(axes.words(drawn.figure))
        )
