# SPDX-License-Identifier: Apache-2.0

"""The pages are there, wherever the package is."""

import testtools

from extend_conformance.checks import registry
from extend_conformance.runs import pages


class PagesTest(testtools.TestCase):
    def test_every_check_is_explained(self):
        checks = registry.catalogue()
        found = pages.read(checks)
        self.assertEqual(
            [check.id for check in checks], [page.check for page in found]
        )
        for page in found:
            self.assertTrue(page.proves, page.check)
            self.assertTrue(page.matters, page.check)
            self.assertTrue(page.mend, page.check)

    def test_a_section_ends_where_the_next_begins(self):
        (page,) = (
            page
            for page in pages.read(registry.catalogue())
            if page.check == 'host-grows-in-place'
        )
        self.assertTrue(page.matters.startswith('This is what Glance does'))
        self.assertNotIn('If it fails', page.matters)
        self.assertNotIn('Seeded defect', page.mend)
