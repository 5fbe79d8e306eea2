# SPDX-License-Identifier: Apache-2.0

"""The command ``backends list``: what it lists, and how it is read."""

import json
import subprocess
import sys

import fixtures
import testtools

from extend_conformance.cli import main
from extend_conformance.sandbox import declared


def widest(text):
    return max(len(line) for line in text.splitlines())


class ListTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        for name in ('CLIFF_MAX_TERM_WIDTH', 'CLIFF_FIT_WIDTH'):
            self.useFixture(fixtures.EnvironmentVariable(name))

    def listed(self, *arguments):
        out = self.useFixture(fixtures.StringStream('out')).stream
        with fixtures.MonkeyPatch('sys.stdout', out):
            self.assertEqual(0, main.main(['backends', 'list', *arguments]))
        out.seek(0)
        return out.read()

    def on_terminal(self, width, *arguments):
        with fixtures.MonkeyPatch('cliff.utils.terminal_width', lambda: width):
            return self.listed(*arguments)

    def test_all_backends_those_without_a_fault_first(self):
        rows = json.loads(self.listed('-f', 'json'))
        good = [one.name for one in declared.BACKENDS if one.defect is None]
        bad = [one.name for one in declared.BACKENDS if one.defect is not None]
        self.assertEqual('good', good[0])
        self.assertEqual([*good, *bad], [row['Name'] for row in rows])

    def test_fault_and_what_it_must_get(self):
        rows = json.loads(self.listed('-f', 'json'))
        found = {row.pop('Name'): row for row in rows}
        self.assertEqual({'Fault': '', 'Must Get': 'conforms'}, found['good'])
        self.assertEqual(
            {
                'Fault': 'the attached device keeps its old size',
                'Must Get': 'fails',
            },
            found['device-stays'],
        )

    def test_a_terminal_is_not_overrun_and_names_stay_whole(self):
        text = self.on_terminal(80)
        self.assertLessEqual(widest(text), 80)
        for one in declared.BACKENDS:
            self.assertIn(f'| {one.name} ', text)

    def test_the_width_that_was_asked_for_wins(self):
        text = self.on_terminal(80, '--max-width', '100')
        self.assertIn(widest(text), range(81, 101))

    def test_programs_get_a_fault_in_one_piece(self):
        text = self.on_terminal(80, '-f', 'value', '-c', 'Fault')
        self.assertIn('\nthe attached device keeps its old size\n', text)

    def test_without_a_terminal_a_backend_is_a_line(self):
        lines = self.on_terminal(None).splitlines()
        self.assertEqual(len(declared.BACKENDS) + 4, len(lines))

    def test_nothing_of_the_extra_is_needed(self):
        extra = {'cheroot', 'cinder', 'glance', 'keystone', 'webob'}
        script = (
            'import sys\n'
            f'sys.modules.update(dict.fromkeys({extra!r}))\n'
            'from extend_conformance.cli import main\n'
            "sys.exit(main.main(['backends', 'list']))"
        )
        done = subprocess.run(
            [sys.executable, '-c', script], capture_output=True, text=True
        )
        self.assertEqual((0, ''), (done.returncode, done.stderr))
        self.assertIn('device-stays', done.stdout)
