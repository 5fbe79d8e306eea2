# SPDX-License-Identifier: Apache-2.0

"""The command line as a whole."""

import subprocess
import sys

import fixtures
import testtools
from cliff import command

from extend_conformance import exceptions
from extend_conformance import interrupts
from extend_conformance.cli import main

_COMMAND = [sys.executable, '-m', 'extend_conformance.cli.main']


class _Broken(command.Command):
    """A command with a bug."""

    def take_action(self, parsed_args):
        raise KeyError('volume')


class _Refused(command.Command):
    """A command that says what is wrong."""

    def take_action(self, parsed_args):
        raise exceptions.NotTestable('No cloud')


class _LeavesSomething(command.Command):
    """A command whose clean-up was broken off."""

    def take_action(self, parsed_args):
        try:
            with interrupts.held_back(lambda: ['volume 1']):
                raise KeyboardInterrupt
        finally:
            # On top of it, with nothing to say.
            raise KeyboardInterrupt


class MainTest(testtools.TestCase):
    def run_command(self, kind):
        output = self.useFixture(fixtures.StringStream('stderr'))
        self.useFixture(fixtures.MonkeyPatch('sys.stderr', output.stream))
        self.useFixture(fixtures.FakeLogger())
        application = main.Application()
        application.command_manager.add_command('try', kind)
        code = application.run(['try'])
        output.stream.flush()
        return code, output.getDetails()['stderr'].as_text()

    def test_a_bug_is_called_one(self):
        code, said = self.run_command(_Broken)
        self.assertEqual(exceptions.ExitCode.FAILED, code)
        self.assertIn('KeyError was not foreseen. With --debug', said)

    def test_an_error_of_ours_is_no_bug(self):
        code, said = self.run_command(_Refused)
        self.assertEqual(exceptions.ExitCode.NOT_TESTABLE, code)
        self.assertIn('No cloud', said)
        self.assertNotIn('foreseen', said)

    def test_what_an_interrupt_has_left_is_told(self):
        code, said = self.run_command(_LeavesSomething)
        self.assertEqual(exceptions.ExitCode.INTERRUPTED, code)
        self.assertEqual(
            'Left behind: volume 1. Run extend-conformance cleanup.\n', said
        )

    def must_not_import(self, modules, statement):
        """Run a statement in an interpreter of its own."""
        script = (
            'import sys\n'
            'from extend_conformance.cli import main\n'
            f'{statement}\n'
            f'print({modules!r} & {{*sys.modules}})'
        )
        done = subprocess.run(
            [sys.executable, '-c', script],
            check=True,
            capture_output=True,
            text=True,
        )
        self.assertEqual('set()', done.stdout.splitlines()[-1])

    def test_only_the_command_that_runs_is_imported(self):
        self.must_not_import(
            {'os_brick', 'matplotlib', 'openstack'}, 'main.Application()'
        )

    def test_the_version_is_told_without_results(self):
        self.must_not_import(
            {'pydantic', 'pydantic_core', 'jsonschema'},
            'try: main.main(["--version"])\nexcept SystemExit: pass',
        )

    def test_no_resolver_is_imported(self):
        self.must_not_import({'dns'}, 'main.main(["cleanup", "--help"])')

    def test_imports_say_nothing(self):
        done = subprocess.run(
            [*_COMMAND, 'certify', '--help'],
            check=True,
            capture_output=True,
            text=True,
        )
        self.assertIn('usage: extend-conformance certify', done.stdout)
        self.assertEqual('', done.stderr)
