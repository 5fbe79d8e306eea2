# SPDX-License-Identifier: Apache-2.0

"""The documented verdict table is the one in the code."""

import csv
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
        lines = re.findall(r'^ +(\d,.*)$', _PAGE.read_text(), re.M)
        rows = list(csv.reader(lines))
        self.assertEqual(
            [
                [
                    str(row.number),
                    row.expected or 'any',
                    words(row.sources),
                    row.outcome or 'any',
                    words(row.musts),
                    f'``{row.verdict}``',
                    str(int(verdict.exit_code_of(row.verdict))),
                ]
                for row in verdict.TABLE
            ],
            rows,
        )
