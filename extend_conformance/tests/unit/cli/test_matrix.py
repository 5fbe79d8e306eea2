# SPDX-License-Identifier: Apache-2.0

"""The commands ``matrix``: what they list, and what they return."""

import json
import pathlib

import fixtures
import testtools

from extend_conformance.cli import main
from extend_conformance.results import model
from extend_conformance.results import storage
from extend_conformance.tests.unit.report import example

_INI = """\
[driver.a]
title=A
[driver.b]
title=B
[operation.online_extend_support]
title=Extend an Attached Volume
driver.a=complete
driver.b=missing
"""


class MatrixTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.path = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        for name in ('MATRIX_FILE', 'RELEASE'):
            self.useFixture(
                fixtures.EnvironmentVariable(f'EXTEND_CONFORMANCE_{name}')
            )
        self.error = self.useFixture(fixtures.StringStream('error')).stream
        self.useFixture(fixtures.MonkeyPatch('sys.stderr', self.error))

    def run_command(self, *arguments):
        """Run a command; returns its exit code and what it prints."""
        out = self.useFixture(fixtures.StringStream('out')).stream
        with fixtures.MonkeyPatch('sys.stdout', out):
            code = main.main(['matrix', *map(str, arguments)])
        out.seek(0)
        return code, out.read()

    def run_json(self, *arguments):
        """Run a command; returns its exit code and its rows."""
        code, text = self.run_command(*arguments, '-f', 'json')
        return code, json.loads(text) if text else None

    def said(self):
        self.error.seek(0)
        return self.error.read()

    def matrix_file(self):
        path = self.path / 'support-matrix.ini'
        path.write_text(_INI)
        return path

    def results(self, *backends):
        directory = storage.ResultsDirectory(self.path / 'run')
        directory.write_run(example.run(id='r'))
        for name, value, outcome in backends:
            directory.write_backend(
                model.Backend(
                    volume_type=f'type-{name}',
                    truths=model.Truths(
                        matrix_key=name,
                        matrix_value=value,
                        matrix_releases=('2026.1',),
                    ),
                    measurement=model.Measurement(
                        outcome=outcome, explanation='It was seen.'
                    ),
                )
            )
        return directory.path


class ShowTest(MatrixTest):
    def test_a_row_of_a_release(self):
        code, rows = self.run_json('show', '--release', 'zed', 'nfs')
        self.assertEqual(0, code)
        self.assertEqual(
            [('zed', 'nfs', 'missing')],
            [(r['Matrix'], r['Key'], r['Online Extend']) for r in rows],
        )

    def test_a_row_of_all_releases_under_its_names(self):
        _, rows = self.run_json('show', '--all-releases', 'netapp_ontap_nfs')
        found = {row['Matrix']: row['Key'] for row in rows}
        self.assertEqual('netapp_ontap', found['rocky'])
        self.assertEqual('netapp_ontap_nfs', found['2026.1'])

    def test_a_matrix_file(self):
        path = self.matrix_file()
        _, rows = self.run_json('show', '--matrix-file', path)
        self.assertEqual(['a', 'b'], [row['Key'] for row in rows])

    def test_a_misspelt_key_is_wrong_usage_with_the_nearest(self):
        code, _ = self.run_json('show', 'powerflexx')
        self.assertEqual(2, code)
        self.assertIn('Did you mean dell_emc_powerflex?', self.said())


class DiffTest(MatrixTest):
    def test_two_releases(self):
        code, rows = self.run_json('diff', '2024.2', '2025.2')
        self.assertEqual(0, code)
        self.assertIn(
            ('changed', 'netapp_ontap_nfs', 'complete', 'missing'),
            [(r['Change'], r['Old Key'], r['Old'], r['New']) for r in rows],
        )

    def test_a_release_with_itself(self):
        self.assertEqual((0, []), self.run_json('diff', '2025.2', '2025.2'))

    def test_a_row_that_promises_too_much_fails(self):
        path = self.results(('a', 'complete', 'refused-driver'))
        code, (row,) = self.run_json('diff', '--results', path)
        self.assertEqual(1, code)
        self.assertEqual('promises too much', row['Agreement'])
        self.assertEqual('driver.a=missing', row['Right Line'])
        self.assertEqual('2026.1', row['Matrix'])

    def test_a_row_that_promises_too_little_does_not(self):
        path = self.results(('a', 'missing', 'supported'))
        code, (row,) = self.run_json('diff', '--results', path)
        self.assertEqual(0, code)
        self.assertEqual('driver.a=complete', row['Right Line'])

    def test_its_words_are_text_to_yaml(self):
        path = self.results(('a', 'complete', 'refused-driver'))
        code, text = self.run_command('diff', '--results', path, '-f', 'yaml')
        self.assertEqual((1, ''), (code, self.said()))
        self.assertIn('Measured: refused-driver\n', text)

    def test_a_broken_outcome_proves_no_other_value(self):
        path = self.results(('a', 'complete', 'data-damaged'))
        code, (row,) = self.run_json('diff', '--results', path)
        self.assertEqual(1, code)
        self.assertIsNone(row['Right Line'])

    def test_results_with_another_matrix(self):
        path = self.results(
            ('a', 'missing', 'supported'), ('gone', 'complete', 'supported')
        )
        code, rows = self.run_json(
            'diff', '--results', path, '--matrix-file', self.matrix_file()
        )
        self.assertEqual(
            (0, [('type-a', 'complete', 'agrees')]),
            (
                code,
                [(r['Volume Type'], r['Row'], r['Agreement']) for r in rows],
            ),
        )

    def test_nothing_to_compare_is_wrong_usage(self):
        self.assertEqual(2, self.run_json('diff')[0])
        self.assertIn('--results DIR', self.said())
