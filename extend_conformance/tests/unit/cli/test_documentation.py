# SPDX-License-Identifier: Apache-2.0

"""Every option of every command is on the command's page."""

import importlib.metadata
import pathlib

import testtools
from cliff import lister
from cliff import show

_PAGES = pathlib.Path(__file__).parents[4] / 'doc' / 'source' / 'user'

#: Pages that are not named after the first word of the command. What several
#: commands share is in a table of ``certify``.
_ELSEWHERE = {
    'backends': 'sandbox',
    'discover': 'certify',
    'report': 'results',
}


class _Lister(lister.Lister):
    def take_action(self, parsed_args):
        raise NotImplementedError


class _ShowOne(show.ShowOne):
    def take_action(self, parsed_args):
        raise NotImplementedError


def options_of(command):
    parser = command(None, None).get_parser('')
    return {
        option
        for action in parser._actions
        for option in action.option_strings
        if option.startswith('--')
    }


class DocumentationTest(testtools.TestCase):
    def test_the_page_of_a_command_names_its_options(self):
        of_cliff = options_of(_Lister) | options_of(_ShowOne)
        shared = (_PAGES / 'certify.rst').read_text()
        entry_points = importlib.metadata.entry_points(
            group='extend_conformance.cli'
        )
        self.assertNotEqual((), tuple(entry_points))
        missing = []
        for entry_point in entry_points:
            subject = entry_point.name.split('_')[0]
            page = _PAGES / f'{_ELSEWHERE.get(subject, subject)}.rst'
            text = page.read_text() + shared
            missing += [
                f'{page.name}: {entry_point.name} {option}'
                for option in options_of(entry_point.load()) - of_cliff
                if f'``{option}' not in text
            ]
        self.assertEqual([], missing)
