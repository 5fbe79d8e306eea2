# SPDX-License-Identifier: Apache-2.0

"""Names that stestr, tempest and pytest can group and select by."""

import re

import testtools

from extend_conformance.checks import registry
from extend_conformance.runs import names


class NamesTest(testtools.TestCase):
    def test_names_are_identifiers_and_unique(self):
        found = names.class_names(
            ['ctl1.example.com@lvm#pool', 'a-b', 'a_b', 'ü', '3par']
        )
        self.assertEqual(5, len(found))
        for name in found:
            self.assertTrue(re.fullmatch('[A-Za-z0-9_]+', name), name)
            self.assertTrue(name.isidentifier(), name)

    def test_a_check_of_refusals_is_negative_and_others_are_not(self):
        found = {
            check.id: names.attributes(check) for check in registry.catalogue()
        }
        self.assertIn('negative', found['image-refused-extend'])
        self.assertNotIn('negative', found['host-grows-in-place'])

    def test_refusals_of_the_api_are_checks(self):
        known = {check.id for check in registry.catalogue()}
        self.assertEqual(set(), names.REFUSED_BY_THE_API - known)
