# SPDX-License-Identifier: Apache-2.0

"""The page of the plugin has all of its options."""

import pathlib
import re

import testtools

from extend_conformance import config

_PAGE = (
    pathlib.Path(__file__).parents[3]
    / 'doc'
    / 'source'
    / 'user'
    / 'tempest.rst'
)


class DocumentationTest(testtools.TestCase):
    def test_the_table_has_every_option_and_no_other(self):
        table = _PAGE.read_text().split('\nOption  ')[1].split('\n\n')[0]
        self.assertEqual(
            [option.name for option in config.OPTIONS],
            re.findall(r'^``(\w+)``', table, re.M),
        )
