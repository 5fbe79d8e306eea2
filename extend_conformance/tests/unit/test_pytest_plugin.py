# SPDX-License-Identifier: Apache-2.0

"""The plugin is not there for anyone else, and is there when it is named."""

import subprocess
import sys

import fixtures
import testtools

from extend_conformance import pytest_plugin

#: Says which of our modules a pytest run has imported.
_SPY = """
import sys

def test_spy():
    mine = [n for n in sys.modules if n.startswith('extend_conformance')]
    assert mine == ['extend_conformance', 'extend_conformance.pytest_plugin']
"""


class PytestPluginTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.directory = self.useFixture(fixtures.TempDir()).path

    def pytest(self, *words):
        return subprocess.run(
            (sys.executable, '-m', 'pytest', *words),
            cwd=self.directory,
            capture_output=True,
            text=True,
            timeout=300,
        )

    def test_other_runs_import_nothing_and_have_no_option_of_ours(self):
        with open(f'{self.directory}/test_spy.py', 'w') as stream:
            stream.write(_SPY)
        ended = self.pytest('test_spy.py')
        self.assertEqual(0, ended.returncode, ended.stdout)
        self.assertNotIn('--volume-type', self.pytest('--help').stdout)

    def test_the_catalogue_brings_the_options(self):
        said = self.pytest(
            '--pyargs', 'extend_conformance.checks', '--help'
        ).stdout
        for option in ('--volume-type', '--os-cloud', '--own-project'):
            self.assertIn(option, said)

    def test_wrong_usage_is_a_sentence(self):
        ended = self.pytest('--pyargs', 'extend_conformance.checks')
        self.assertEqual(4, ended.returncode, ended.stdout)
        self.assertIn('No volume type was named', ended.stderr)
        self.assertNotIn('Traceback', ended.stdout + ended.stderr)

    def test_an_argument_that_only_begins_like_it_is_not_ours(self):
        class Config:
            pluginmanager = None

        # It would have to register something.
        pytest_plugin.pytest_load_initial_conftests(
            Config(), None, ['extend_conformance.checks_of_mine']
        )
