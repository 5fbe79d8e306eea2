# SPDX-License-Identifier: Apache-2.0

"""The command ``report build``: where it writes, what it returns."""

import pathlib

import fixtures
import testtools

from extend_conformance.cli import main
from extend_conformance.results import model
from extend_conformance.results import storage
from extend_conformance.tests.unit.report import example


class BuildTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.path = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.out = self.useFixture(fixtures.StringStream('out')).stream
        self.useFixture(fixtures.MonkeyPatch('sys.stdout', self.out))
        self.error = self.useFixture(fixtures.StringStream('error')).stream
        self.useFixture(fixtures.MonkeyPatch('sys.stderr', self.error))

    def _run(self, *arguments):
        return main.main(['report', 'build', *map(str, arguments)])

    def _said(self, stream):
        stream.seek(0)
        return stream.read()

    def _written(self, name='run', run_id='r'):
        directory = storage.ResultsDirectory(self.path / name)
        directory.write_run(example.run(id=run_id))
        directory.write_backend(model.Backend(volume_type='good'))
        directory.write_check(example.results().checks[-1])
        return directory.path

    def test_failed_backends_do_not_fail_the_command(self):
        path = self._written()
        self.assertEqual(0, self._run(path))
        said = self._said(self.out)
        self.assertIn(str(path / 'report.html'), said)
        self.assertTrue((path / 'report.html').exists())

    def test_output(self):
        output = self.path / 'elsewhere'
        self.assertEqual(0, self._run(self._written(), '--output', output))
        self.assertTrue((output / 'report.html').exists())

    def test_file_as_source(self):
        path = self._written()
        self._run(path)
        (path / 'report.html').unlink()
        self.assertEqual(0, self._run(path / 'results.json'))
        self.assertTrue((path / 'report.html').exists())

    def test_several_need_an_output(self):
        first, second = self._written('a', 'a'), self._written('b', 'b')
        self.assertEqual(2, self._run(first, second))
        self.assertIn('--output DIR', self._said(self.error))

    def test_bad_input(self):
        path = self.path / 'results.json'
        path.write_text('{')
        self.assertEqual(2, self._run(path))
        self.assertIn(str(path), self._said(self.error))
