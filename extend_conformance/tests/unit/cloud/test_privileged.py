# SPDX-License-Identifier: Apache-2.0

"""How an ordinary user is told to become root, before anybody does."""

import os
import pwd
import shlex

import fixtures
import testtools

from extend_conformance.cloud import privileged


class HelperTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.useFixture(
            fixtures.MonkeyPatch('sys.executable', '/opt/a b,c/bin/python')
        )

    def test_line_escapes_what_sudoers_would_misread(self) -> None:
        user = pwd.getpwuid(os.geteuid()).pw_name
        self.assertEqual(
            f'{user} ALL=(root) NOPASSWD: /opt/a\\ b\\,c/bin/privsep-helper',
            privileged.sudoers_line(),
        )

    def test_line_names_who_runs_and_not_who_logged_in(self) -> None:
        for name in ('LOGNAME', 'USER', 'LNAME', 'USERNAME'):
            self.useFixture(fixtures.EnvironmentVariable(name, 'mallory'))
        self.assertNotIn('mallory', privileged.sudoers_line())

    def test_command_passes_the_program_as_one_word(self) -> None:
        self.assertEqual(
            ['setsid', 'sudo', '-n', '/opt/a b,c/bin/privsep-helper'],
            shlex.split(privileged.default_command()),
        )
