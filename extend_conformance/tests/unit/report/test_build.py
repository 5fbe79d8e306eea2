# SPDX-License-Identifier: Apache-2.0

"""A whole report, from directory to files."""

import dataclasses
import pathlib

import fixtures
import testtools

from extend_conformance import exceptions
from extend_conformance.report import build
from extend_conformance.report import figures
from extend_conformance.results import storage
from extend_conformance.tests.unit.report import example


class BuildTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.path = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def _write(self, name, results):
        directory = storage.ResultsDirectory(self.path / name)
        directory.write_run(results.run)
        for backend in results.backends:
            directory.write_backend(backend)
        for check in results.checks:
            directory.write_check(check)
        for sample in results.samples:
            directory.write_sample(sample)
        return directory.path

    def test_beside_the_results(self):
        path = self._write('run', example.results())
        report = build.build([path], path)
        wanted = {
            'results',
            'results.json',
            'report.html',
            'junit.xml',
            'summary.rst',
            'figures',
        }
        self.assertEqual(wanted, {one.name for one in path.iterdir()})
        self.assertEqual(2 * len(figures.FIGURES), len(report.figures))
        for file in (report.html, report.junit, report.summary):
            self.assertGreater(file.stat().st_size, 0)
        loaded = storage.load_results(report.results_json)
        self.assertEqual(report.results, loaded)

    def test_again_gives_the_same(self):
        results = dataclasses.replace(
            example.results(), samples=(example.sample(),)
        )
        path = self._write('run', results)
        first = build.build([path], path)
        page = first.html.read_text()
        second = build.build([path], path)
        self.assertEqual(first.results, second.results)
        self.assertEqual(page, second.html.read_text())

    def test_several(self):
        results = dataclasses.replace(example.results(), samples=())
        first = self._write('a', results)
        second = self._write('b', type(results)(run=example.run(id='another')))
        report = build.build([first, second], self.path / 'both')
        self.assertEqual(2, len(report.results.run.merged_from))
        self.assertIn('another', report.html.read_text())

    def test_bad_source_writes_nothing(self):
        output = self.path / 'output'
        self.assertRaises(
            exceptions.UsageError, build.build, [self.path], output
        )
        self.assertFalse(output.exists())
