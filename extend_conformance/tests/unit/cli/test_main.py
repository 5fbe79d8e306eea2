# SPDX-License-Identifier: Apache-2.0

"""The command line as a whole."""

import subprocess
import sys

import testtools

_COMMAND = [sys.executable, '-m', 'extend_conformance.cli.main']


class MainTest(testtools.TestCase):
    def test_only_the_command_that_runs_is_imported(self):
        script = (
            'import sys\n'
            'from extend_conformance.cli import main\n'
            'main.Application()\n'
            'print({"os_brick", "matplotlib", "openstack"} & {*sys.modules})'
        )
        done = subprocess.run(
            [sys.executable, '-c', script],
            check=True,
            capture_output=True,
            text=True,
        )
        self.assertEqual('set()', done.stdout.strip())

    def test_imports_say_nothing(self):
        done = subprocess.run(
            [*_COMMAND, 'certify', '--help'],
            check=True,
            capture_output=True,
            text=True,
        )
        self.assertIn('usage: extend-conformance certify', done.stdout)
        self.assertEqual('', done.stderr)
