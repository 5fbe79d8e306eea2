# SPDX-License-Identifier: Apache-2.0

"""Cells are every combination, and sizes have units."""

import ddt
import testtools

from extend_conformance import exceptions
from extend_conformance import vocabulary
from extend_conformance.bench import cells


@ddt.ddt
class SizeTest(testtools.TestCase):
    @ddt.data(('512MiB', 512 * 1024**2), ('2.5GiB', 5 * 1024**3 // 2))
    @ddt.unpack
    def test_a_number_with_a_unit(self, text, size_bytes):
        self.assertEqual(size_bytes, cells.parse_size(text))

    @ddt.data('', 'big', '-1GiB', '0GiB', '1 parsec')
    def test_anything_else_is_refused(self, text):
        error = self.assertRaises(
            exceptions.UsageError, cells.parse_size, text
        )
        self.assertIn('Write a number with a unit', str(error))


class GridTest(testtools.TestCase):
    def test_every_combination_once(self):
        grid = cells.grid(['a', 'b'], vocabulary.Mode, [True, False], [1, 2])
        self.assertEqual(16, len(grid))
        self.assertEqual(16, len({cell.id for cell in grid}))
