# SPDX-License-Identifier: Apache-2.0

"""The documented verdict table is the one in the code."""

import pathlib
import re

import testtools

from extend_conformance.claims import verdict

_PAGE = (
    pathlib.Path(__file__).parents[4]
    / 'doc'
    / 'source'
    / 'contributor'
    / 'interfaces.rst'
)


def words(values):
    return ', '.join(sorted(values)) if values else 'any'


class DocumentationTest(testtools.TestCase):
    def test_the_page_has_every_row_of_the_table_in_its_order(self):
        rows = [
            re.split(r'\s{2,}', line.strip())
            for line in _PAGE.read_text().splitlines()
            if re.match(r'\d  ', line)
        ]
        self.assertEqual(
            [
                [
                    str(row.number),
                    row.expected or 'any',
                    words(row.sources),
                    row.outcome or 'any',
                    words(row.musts),
                    f'``{row.verdict}``',
                    str(int(row.verdict.exit_code)),
                ]
                for row in verdict.TABLE
            ],
            rows,
        )
