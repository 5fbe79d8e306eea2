# SPDX-License-Identifier: Apache-2.0

"""Names that stestr, tempest and pytest can group and select by."""

import dataclasses
import re

import ddt
import testtools

from extend_conformance.runs import names
from extend_conformance.tests.unit import checking


@ddt.ddt
class NamesTest(testtools.TestCase):
    def test_names_are_identifiers_and_unique(self):
        found = names.class_names(
            ['ctl1.example.com@lvm#pool', 'a-b', 'a_b', 'ü', '3par']
        )
        self.assertEqual(5, len(found))
        for name in found:
            self.assertTrue(re.fullmatch('[A-Za-z0-9_]+', name), name)
            self.assertTrue(name.isidentifier(), name)

    @ddt.data(
        ['plain', 'plainAdmin'],
        ['plainAdmin', 'plain'],
        ['plainReader', 'plain', 'plainAdmin', 'plain Admin'],
        ['a', 'aAdmin', 'aAdminAdmin', 'a_2', 'a/', 'aAdmin_2'],
        ['ü', 'ö', 'UnnamedAdmin', 'Unnamed'],
    )
    def test_no_class_overwrites_another(self, volume_types):
        classes = [
            name + suffix
            for name in names.class_names(volume_types)
            for suffix in names.SUFFIXES
        ]
        self.assertEqual(3 * len(volume_types), len(set(classes)), classes)

    def test_a_check_of_refusals_is_negative_and_others_are_not(self):
        for negative, attributes in ((True, ('negative',)), (False, ())):
            check = checking.make_check(checking.passes, negative=negative)
            self.assertEqual(attributes, names.attributes(check))

    def test_a_check_that_may_take_long_is_slow(self):
        check = dataclasses.replace(
            checking.make_check(checking.passes), budget_s=61
        )
        self.assertEqual(('slow',), names.attributes(check))
