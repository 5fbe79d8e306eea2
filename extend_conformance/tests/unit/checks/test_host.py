# SPDX-License-Identifier: Apache-2.0

"""What is not known of the host is nobody's failure."""

import testtools

from extend_conformance.checks import registry
from extend_conformance.runs import execution
from extend_conformance.tests.unit import checking


class HostGrowsInPlaceTest(testtools.TestCase):
    def test_an_inconclusive_measurement_is_no_failure(self):
        (check,) = (
            each
            for each in registry.catalogue()
            if each.id == 'host-grows-in-place'
        )
        result = execution.execute(
            check,
            checking.make_context(outcome='inconclusive', host=object()),
        )
        self.assertEqual(
            ('abort', 'outcome-inconclusive', 'It was measured.'),
            (result.verdict, result.cause, result.reason),
        )
