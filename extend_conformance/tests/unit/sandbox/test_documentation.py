# SPDX-License-Identifier: Apache-2.0

"""The page of the sandbox has its standard backends and their verdicts."""

import csv
import pathlib
import re

import testtools

from extend_conformance.sandbox import declared

_PAGE = (
    pathlib.Path(__file__).parents[4]
    / 'doc'
    / 'source'
    / 'user'
    / 'sandbox.rst'
)


class DocumentationTest(testtools.TestCase):
    def test_the_table_has_row_and_verdict_of_every_standard_backend(self):
        lines = re.findall(r'^   (``\S+``,.*)$', _PAGE.read_text(), re.M)
        found = [
            (name, row.removesuffix(' (*)'), verdict)
            for name, row, verdict, _ in csv.reader(lines)
        ]
        self.assertEqual(
            [
                (f'``{one.name}``', one.matrix, f'``{one.verdict}``')
                for one in declared.STANDARD
            ],
            found,
        )
