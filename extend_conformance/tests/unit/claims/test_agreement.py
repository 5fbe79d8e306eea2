# SPDX-License-Identifier: Apache-2.0

"""A row against a measurement, case by case."""

import ddt
import testtools

from extend_conformance import vocabulary
from extend_conformance.claims import agreement


@ddt.ddt
class CompareTest(testtools.TestCase):
    @ddt.data(
        ('complete', 'supported', 'agrees'),
        ('complete', 'refused', 'promises too much'),
        ('complete', 'broken', 'promises too much'),
        ('complete', 'inconclusive', 'not measured'),
        ('complete', None, 'not measured'),
        ('missing', 'supported', 'promises too little'),
        ('missing', 'refused', 'agrees'),
        ('missing', 'broken', 'agrees'),
        ('missing', 'inconclusive', 'not measured'),
        ('partial', 'supported', 'promises nothing'),
        ('unknown', None, 'promises nothing'),
    )
    @ddt.unpack
    def test_compare(self, value, measured, expected):
        found = agreement.compare(
            vocabulary.MatrixValue(value),
            None if measured is None else vocabulary.OutcomeClass(measured),
        )
        self.assertEqual(expected, found.value)
