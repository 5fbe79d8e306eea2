# SPDX-License-Identifier: Apache-2.0

"""What is not known of the host is nobody's failure."""

import testtools

from extend_conformance.checks import execution
from extend_conformance.checks import registry
from extend_conformance.tests.unit.checks import test_execution


class HostGrowsInPlaceTest(testtools.TestCase):
    def test_an_inconclusive_measurement_is_no_failure(self):
        (check,) = (
            each
            for each in registry.catalogue()
            if each.id == 'host-grows-in-place'
        )
        result = execution.execute(
            check,
            test_execution.make_context(outcome='inconclusive', host=object()),
        )
        self.assertEqual(
            ('abort', 'outcome-inconclusive', 'It was measured.'),
            (result.verdict, result.cause, result.reason),
        )
