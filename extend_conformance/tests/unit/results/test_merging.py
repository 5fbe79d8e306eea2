# SPDX-License-Identifier: Apache-2.0

"""Several runs as one: nothing bad is hidden, nothing is counted twice."""

import dataclasses

import ddt
import fixtures
import testtools

from extend_conformance import vocabulary
from extend_conformance.results import merging
from extend_conformance.results import model
from extend_conformance.tests.unit.report import example


def _results(run_id, *verdicts, **changes):
    return model.Results(
        run=example.run(id=run_id),
        checks=tuple(
            model.CheckResult(
                check='a-check',
                uuid='u',
                scope='backend',
                level='must',
                verdict=verdict,
                backend='good',
            )
            for verdict in verdicts
        ),
        **changes,
    )


def _backend(outcome, **facts):
    return model.Backend(
        volume_type='good',
        measurement=model.Measurement(outcome=outcome, explanation='')
        if outcome
        else None,
        verdict='conforms',
        **facts,
    )


def _promise(expected):
    return model.Promise(
        expected=expected, source='matrix', explanation='It was said.'
    )


@ddt.ddt
class RulesTest(testtools.TestCase):
    @ddt.data(
        (model.Run, merging.RUN),
        (model.Results, merging.RESULTS),
        (model.Backend, merging.BACKEND),
    )
    @ddt.unpack
    def test_every_field_has_one(self, form, rules):
        self.assertEqual(
            {field.name for field in dataclasses.fields(form)},
            set(rules),
            f'say in merging what becomes of each field of {form.__name__}',
        )

    def test_what_has_none_is_not_lost_in_silence(self):
        rules = {**merging.RUN}
        del rules['cloud']
        self.useFixture(fixtures.MonkeyPatch(f'{merging.__name__}.RUN', rules))
        runs = [example.run(), example.run()]
        self.assertRaises(KeyError, merging.union_of_runs, runs)

    def test_broken_outcomes_are_kept_first(self):
        classes = [
            word.outcome_class is vocabulary.OutcomeClass.BROKEN
            for word in vocabulary.Outcome
        ]
        self.assertEqual(sorted(classes, reverse=True), classes)


@ddt.ddt
class MergeTest(testtools.TestCase):
    @ddt.data(
        ('pass', 'fail', 'fail', True),
        ('fail', 'pass', 'fail', True),
        ('pass', 'skip', 'pass', False),
        ('missing', 'abort', 'abort', False),
        ('known', 'pass', 'known', True),
        ('pass', 'pass', 'pass', False),
    )
    @ddt.unpack
    def test_one_check_in_two_runs(self, first, second, kept, warned):
        merged = merging.merge([_results('a', first), _results('b', second)])
        self.assertEqual([kept], [check.verdict for check in merged.checks])
        warnings = [w for w in merged.run.warnings if 'differently' in w]
        self.assertEqual(warned, bool(warnings))

    def test_worst_measurement(self):
        merged = merging.merge(
            [
                _results('a', backends=(_backend('supported'),)),
                _results('b', backends=(_backend('hang'),)),
                _results('c', backends=(_backend(None),)),
            ]
        )
        (backend,) = merged.backends
        self.assertEqual(_backend('hang').measurement, backend.measurement)
        self.assertIsNone(backend.verdict)
        self.assertIn('supported, hang', ' '.join(merged.run.warnings))

    def merged_backend(self, *backends):
        merged = merging.merge(
            [
                _results(str(number), backends=(backend,))
                for number, backend in enumerate(backends)
            ]
        )
        (backend,) = merged.backends
        return backend

    def test_truths_and_patch_are_those_of_the_measurement_that_is_kept(self):
        then, now = (
            model.Truths(matrix_key='good', matrix_value=value)
            for value in ('missing', 'complete')
        )
        backend = self.merged_backend(
            _backend('supported', truths=then, matrix_patch='a patch'),
            _backend('hang', truths=now),
            _backend(None, truths=then),
        )
        self.assertEqual(
            ('hang', now, None),
            (
                backend.measurement.outcome,
                backend.truths,
                backend.matrix_patch,
            ),
        )

    def test_of_equal_measurements_the_first_is_kept_with_its_patch(self):
        backend = self.merged_backend(
            _backend(None, matrix_patch=None),
            _backend('supported', matrix_patch='first'),
            _backend('supported', matrix_patch='second'),
        )
        self.assertEqual('first', backend.matrix_patch)

    def test_never_measured_keeps_the_truths_of_the_first(self):
        truths = model.Truths(capability='true')
        backend = self.merged_backend(
            _backend(None, truths=truths), _backend(None)
        )
        self.assertEqual((truths, None), (backend.truths, backend.measurement))

    def test_the_promise_is_that_of_the_measurement_that_is_kept(self):
        now = _promise('refused')
        backend = self.merged_backend(
            _backend('supported', promise=_promise('supported')),
            _backend('hang', promise=now),
        )
        self.assertEqual(now, backend.promise)

    def test_never_measured_keeps_a_promise_that_there_is(self):
        promise = _promise('refused')
        backend = self.merged_backend(
            _backend(None), _backend(None, promise=promise)
        )
        self.assertEqual(promise, backend.promise)

    def test_of_the_rest_the_first_that_is_known_is_kept(self):
        facts = {
            'pool': 'a@b#c',
            'vendor': 'somebody',
            'driver_version': '1.0',
            'simulated': 'attach takes 3 s',
            'must_get': 'conforms',
        }
        backend = self.merged_backend(
            _backend('hang'),
            _backend('supported', **facts),
            _backend('supported', pool='another'),
        )
        self.assertEqual(
            facts, {name: getattr(backend, name) for name in facts}
        )

    def test_run(self):
        first = _results('a')
        second = dataclasses.replace(
            first,
            run=example.run(
                id='b',
                door='certify',
                started_at='2026-03-02T09:00:00Z',
                host={'hostname': 'other', 'cpus': '2'},
            ),
        )
        run = merging.merge([first, second]).run
        self.assertEqual('a + b', run.id)
        self.assertEqual('merged', run.door)
        self.assertEqual('2026-03-02T09:00:00Z', run.started_at)
        self.assertEqual('storage-test-01, other', run.host['hostname'])
        self.assertEqual('2', run.host['cpus'])
        self.assertEqual((first.run, second.run), run.merged_from)

    def test_the_same_run_twice_is_one(self):
        results = example.results()
        merged = merging.merge([results, results])
        self.assertEqual(results, merged)

    def test_samples_of_two_runs_keep_apart(self):
        samples = (example.sample(),)
        merged = merging.merge(
            [_results('a', samples=samples), _results('b', samples=samples)]
        )
        self.assertEqual(
            ['a/' + samples[0].id, 'b/' + samples[0].id],
            [sample.id for sample in merged.samples],
        )

    def test_planned_somewhere_is_planned(self):
        first = model.Results(
            run=example.run(
                id='a',
                not_planned=(model.NotPlanned(check='x', cause='no-admin'),),
            )
        )
        planned = model.Planned(
            check='x', uuid='u', scope='cloud', level='must'
        )
        second = model.Results(
            run=example.run(id='b', planned=(planned,), not_planned=())
        )
        run = merging.merge([first, second]).run
        self.assertEqual((planned,), run.planned)
        self.assertEqual((), run.not_planned)

    def test_backends_of_workers_are_in_the_order_of_the_configuration(self):
        def worker(*backends):
            return example.run(
                volume_types=('good', 'bad', 'ugly'),
                planned=tuple(
                    model.Planned(
                        check='x',
                        uuid='u',
                        scope='backend' if backend else 'cloud',
                        level='must',
                        backend=backend,
                    )
                    for backend in backends
                ),
            )

        run = merging.union_of_runs(
            [worker('ugly'), worker('good', None), worker('bad')]
        )
        self.assertEqual(
            [None, 'good', 'bad', 'ugly'],
            [planned.backend for planned in run.planned],
        )

    def test_nothing(self):
        self.assertRaises(ValueError, merging.merge, [])
