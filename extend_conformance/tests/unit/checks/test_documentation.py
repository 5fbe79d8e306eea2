# SPDX-License-Identifier: Apache-2.0

"""The pages of the checks say what the registry says."""

import pathlib
import re

import testtools

from extend_conformance import vocabulary
from extend_conformance.checks import registry
from extend_conformance.tests.proof import table

_PAGES = pathlib.Path(__file__).parents[4] / 'doc' / 'source' / 'checks'
_APPLIES = {
    vocabulary.Applies.ALWAYS: 'always',
    vocabulary.Applies.WHERE_SUPPORTED: 'where supported',
    vocabulary.Applies.WHERE_REFUSED: 'where refused',
}
_SECTIONS = [
    'What it proves',
    'Why it matters',
    'If it fails',
    'Seeded defect',
]


def fields_of(check):
    return {
        'Id': check.id,
        'Uuid': check.uuid,
        'Level': str(check.level),
        'Scope': str(check.scope),
        'Applies': _APPLIES[check.applies],
        'Needs': ', '.join(sorted(check.needs)) or 'nothing',
    }


class DocumentationTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.checks = registry.catalogue()

    def test_every_check_has_a_page_and_no_other_page_is_there(self):
        pages = {path.stem for path in _PAGES.glob('*.rst')} - {'index'}
        self.assertEqual({check.id for check in self.checks}, pages)

    def test_a_page_names_the_facts_of_its_check(self):
        for check in self.checks:
            text = (_PAGES / f'{check.id}.rst').read_text()
            found = dict(re.findall(r'^:(\w+): `*(.+?)`*$', text, re.M))
            self.assertEqual(fields_of(check), found, check.id)

    def test_a_page_has_all_sections(self):
        for check in self.checks:
            text = (_PAGES / f'{check.id}.rst').read_text()
            found = re.findall(r'^(\w.+)\n=+$', text, re.M)
            self.assertEqual([check.id, *_SECTIONS], found, check.id)

    def test_a_page_names_every_defect_that_its_check_has_to_find(self):
        for check in self.checks:
            text = (_PAGES / f'{check.id}.rst').read_text()
            _, named = text.split(f'{_SECTIONS[-1]}\n')
            for row in table.ROWS:
                if check.id in row.must_fail:
                    self.assertIn(f'``{row.name}``', named, check.id)
