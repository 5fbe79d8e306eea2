# SPDX-License-Identifier: Apache-2.0

"""A results directory: whole files, safe names, many writers, round trip."""

import dataclasses
import json
import multiprocessing
import pathlib
import resource
import time

import ddt
import fixtures
import testtools

import extend_conformance
from extend_conformance import exceptions
from extend_conformance.results import model
from extend_conformance.results import storage
from extend_conformance.tests.unit.report import example

_ROOT = pathlib.Path(extend_conformance.__file__).parent.parent

EVIL = (
    '../../etc/passwd',
    'a/b',
    'a b',
    'ü' * 255,
    '.',
    '..',
    'x' * 255,
    '\0',
)


def _check(name='a-check', backend=None, **changes):
    return model.CheckResult(
        check=name,
        uuid='u',
        scope='cloud' if backend is None else 'backend',
        level='must',
        verdict=changes.pop('verdict', 'pass'),
        backend=backend,
        **changes,
    )


def _work(path, number):
    """What a worker of a run does."""
    directory = storage.ResultsDirectory(path)
    planned = model.Planned(
        check=f'check-{number}',
        uuid='u',
        scope='backend',
        level='must',
        backend='good',
    )
    directory.write_run(example.run(planned=(planned,)))
    for place in range(10):
        directory.write_check(_check(f'check-{number}-{place}', 'good'))
        directory.write_backend(
            model.Backend(volume_type='good', pool=str(number))
        )


def _count_up(path, counter):
    directory = storage.ResultsDirectory(path)
    for _ in range(20):
        with directory.lock('counter'):
            value = int(pathlib.Path(counter).read_text())
            time.sleep(0.001)
            pathlib.Path(counter).write_text(str(value + 1))


def _without_new(value, published):
    """What of a document stands in one of before some fields came."""
    if isinstance(published, dict):
        return {
            key: _without_new(value[key], old)
            for key, old in published.items()
            if key in value
        }
    if isinstance(published, list) and len(published) == len(value):
        return [
            _without_new(one, old)
            for one, old in zip(value, published, strict=True)
        ]
    return value


class _Case(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.path = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.directory = storage.ResultsDirectory(self.path / 'run')

    def in_processes(self, target, *arguments):
        context = multiprocessing.get_context('fork')
        processes = [
            context.Process(target=target, args=each) for each in arguments
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join(60)
        self.assertEqual([0] * len(processes), [p.exitcode for p in processes])


class RoundTripTest(_Case):
    def test_a_full_disk_is_told_and_spoils_nothing(self):
        self.directory.write_check(_check())
        _, hard = before = resource.getrlimit(resource.RLIMIT_FSIZE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_FSIZE, before)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))

        error = self.assertRaises(
            exceptions.NotTestable,
            self.directory.write_check,
            _check(verdict='fail'),
        )

        self.assertIn('The results cannot be written: File too', str(error))
        (part,) = self.directory.parts.glob('*')
        self.assertIn('"verdict": "pass"', part.read_text())

    def test_parts(self):
        results = example.results()
        self.directory.write_run(results.run)
        for backend in reversed(results.backends):
            self.directory.write_backend(backend)
        for check in reversed(results.checks):
            self.directory.write_check(check)
        for sample in results.samples:
            self.directory.write_sample(sample)
        loaded = self.directory.load()
        self.assertEqual(results.run, loaded.run)
        self.assertEqual(results.backends, loaded.backends)
        self.assertEqual(
            {(c.check, c.backend): c for c in results.checks},
            {(c.check, c.backend): c for c in loaded.checks},
        )
        self.assertEqual(
            {s.id: s for s in results.samples},
            {s.id: s for s in loaded.samples},
        )

    def test_results_json(self):
        results = example.results()
        path = self.directory.write_results(results)
        self.assertEqual(results, storage.load_results(path))
        self.assertEqual(results, storage.load_results(self.directory.path))

    def test_merged_run(self):
        run = example.run(merged_from=(example.run(id='a'),))
        results = model.Results(run=run)
        path = self.directory.write_results(results)
        self.assertEqual(results, storage.load_results(path))

    def test_what_json_has_not_is_told_otherwise(self):
        event = model.Event(
            at_s=0,
            kind='step',
            summary='s',
            details={'nan': float('nan'), 'path': pathlib.PurePath('a')},
        )
        self.directory.write_run(example.run())
        self.directory.write_check(_check(evidence=(event,)))
        (check,) = self.directory.load().checks
        self.assertEqual({'nan': None, 'path': 'a'}, check.evidence[0].details)

    def test_what_utf_8_has_not_is_read_as_it_is_written(self):
        path = self.directory.write_results(
            model.Results(run=example.run(cloud='X'))
        )
        path.write_text(path.read_text().replace('"X"', r'"a\udc80b"'))
        self.assertEqual('a?b', storage.load_results(path).run.cloud)

    def test_the_form_of_a_file(self):
        path = self.directory.write_results(
            model.Results(run=example.run(cloud='Zürich'))
        )
        text = path.read_text(encoding='utf-8')
        self.assertTrue(text.startswith('{\n "run": {\n  "id": '))
        self.assertTrue(text.endswith(' "samples": []\n}\n'))
        self.assertIn('"cloud": "Zürich"', text)
        self.assertEqual(
            [field.name for field in dataclasses.fields(model.Results)],
            list(json.loads(text)),
        )

    def test_the_published_report_is_read(self):
        path = _ROOT / 'reports' / 'sandbox-quick' / 'results.json'
        results = storage.load_results(path)
        published = json.loads(path.read_text(encoding='utf-8'))
        self.assertEqual(
            published, _without_new(storage.as_json(results), published)
        )

    def test_single_files_count_before_results_json(self):
        self.directory.write_results(
            model.Results(run=example.run(cloud='old'))
        )
        self.directory.write_run(example.run(cloud='new'))
        loaded = storage.load_results(self.directory.path)
        self.assertEqual('new', loaded.run.cloud)


@ddt.ddt
class NameTest(_Case):
    @ddt.data(*EVIL)
    def test_stays_in_the_directory(self, name):
        self.directory.write_run(example.run())
        self.directory.write_backend(model.Backend(volume_type=name))
        self.directory.write_check(_check(name, name))
        self.directory.write_sample(
            dataclasses.replace(example.sample(), id=name)
        )
        loaded = self.directory.load()
        self.assertEqual(name, loaded.backends[0].volume_type)
        self.assertEqual(name, loaded.checks[0].backend)
        self.assertEqual(name, loaded.samples[0].id)
        self.assertEqual(['run'], [p.name for p in self.path.iterdir()])

    def test_different_names_get_different_files(self):
        names = [*EVIL, 'a%2Fb', 'x' * 254 + 'y', 'a@b', 'a', 'A']
        for name in names:
            self.directory.write_backend(model.Backend(volume_type=name))
        self.directory.write_run(example.run())
        loaded = self.directory.load()
        self.assertEqual(
            sorted(names), sorted(b.volume_type for b in loaded.backends)
        )

    def test_border_of_check_and_backend(self):
        self.directory.write_run(example.run())
        self.directory.write_check(_check('a@b', 'c'))
        self.directory.write_check(_check('a', 'b@c'))
        self.assertEqual(2, len(self.directory.load().checks))

    def test_the_later_result_replaces_the_earlier(self):
        self.directory.write_run(example.run())
        self.directory.write_check(_check(verdict='abort'))
        self.directory.write_check(_check(verdict='pass'))
        verdicts = [check.verdict for check in self.directory.load().checks]
        self.assertEqual(['pass'], verdicts)


class ConcurrencyTest(_Case):
    def test_processes_write_at_once(self):
        path = str(self.directory.path)
        self.in_processes(_work, *((path, number) for number in range(6)))
        loaded = self.directory.load()
        self.assertEqual(60, len(loaded.checks))
        self.assertEqual(1, len(loaded.backends))
        self.assertEqual(
            {f'check-{number}' for number in range(6)},
            {planned.check for planned in loaded.run.planned},
        )
        left = [p.name for p in self.directory.parts.iterdir()]
        self.assertEqual(
            ['.locks'], [name for name in left if name.startswith('.')]
        )

    def test_lock_excludes_other_processes(self):
        counter = self.path / 'counter'
        counter.write_text('0')
        arguments = (str(self.directory.path), str(counter))
        self.in_processes(_count_up, arguments, arguments, arguments)
        self.assertEqual('60', counter.read_text())

    def test_another_run_is_refused(self):
        self.directory.write_run(example.run(id='first'))
        error = self.assertRaises(
            exceptions.UsageError,
            self.directory.write_run,
            example.run(id='second'),
        )
        self.assertIn('run first', str(error))

    def test_end_of_the_run_is_added(self):
        self.directory.write_run(example.run(finished_at=None))
        self.directory.write_run(
            example.run(finished_at='2026-03-02T11:00:00Z')
        )
        self.directory.write_run(example.run(finished_at=None))
        self.assertEqual(
            '2026-03-02T11:00:00Z', self.directory.load().run.finished_at
        )


class BrokenTest(_Case):
    def test_truncated_file(self):
        self.directory.write_run(example.run())
        self.directory.write_check(_check())
        (path,) = self.directory.parts.glob('check.*')
        path.write_text(path.read_text()[:-20])
        error = self.assertRaises(exceptions.UsageError, self.directory.load)
        self.assertIn(str(path), str(error))
        self.assertIn('not JSON', str(error))

    def test_not_text(self):
        path = self.path / 'results.json'
        path.write_bytes(b'\xff\xfe')
        error = self.assertRaises(
            exceptions.UsageError, storage.load_results, path
        )
        self.assertIn(str(path), str(error))

    def test_no_file(self):
        path = self.path / 'nothing.json'
        error = self.assertRaises(
            exceptions.UsageError, storage.load_results, path
        )
        self.assertIn(str(path), str(error))

    def test_empty_directory(self):
        error = self.assertRaises(
            exceptions.UsageError, storage.load_results, self.path
        )
        self.assertIn('holds no results', str(error))

    def test_span_that_ends_before_it_starts(self):
        results = model.Results(run=example.run(), samples=(example.sample(),))
        path = self.directory.write_results(results)
        value = json.loads(path.read_text())
        value['samples'][0]['spans'][0]['start_s'] = 9.0
        path.write_text(json.dumps(value))
        error = self.assertRaises(
            exceptions.UsageError, storage.load_results, path
        )
        self.assertIn('ends before it starts', str(error))
        self.assertIn('samples[0]', str(error))
