# SPDX-License-Identifier: Apache-2.0

"""Facts for the verdict table from results, and the sentence that says why."""

import dataclasses

import ddt
import testtools

from extend_conformance.report import judgement
from extend_conformance.results import model
from extend_conformance.tests.unit.report import example


def _check(name, verdict, level='must', **changes):
    return model.CheckResult(
        check=name,
        uuid='u',
        scope=changes.pop('scope', 'backend'),
        level=level,
        verdict=verdict,
        backend=changes.pop('backend', 'b'),
        reason=changes.pop('reason', f'{name} says so.'),
        **changes,
    )


def _cloud(verdict, level='must'):
    return _check('api-x', verdict, level, scope='cloud', backend=None)


def _backend(outcome='supported', expected='supported', source='matrix'):
    return model.Backend(
        volume_type='b',
        promise=model.Promise(
            expected=expected, source=source, explanation='Because.'
        )
        if expected
        else None,
        measurement=model.Measurement(
            outcome=outcome, explanation='It was seen.'
        )
        if outcome
        else None,
    )


def _judge(backend, *checks, planned=()):
    results = model.Results(
        run=example.run(planned=planned), backends=(backend,), checks=checks
    )
    return judgement.judge(results).backends[0]


@ddt.ddt
class BackendTest(testtools.TestCase):
    @ddt.data(
        # Row, facts of the backend, checks, verdict.
        (1, ('hang',), [], 'fails'),
        (2, ('refused-driver',), [], 'contradicts-claim'),
        (
            3,
            ('supported', 'refused', 'claims-entry'),
            [],
            'contradicts-claim',
        ),
        (4, ('supported',), [('a', 'pass'), ('b', 'fail')], 'fails'),
        (5, ('inconclusive',), [('a', 'pass')], 'undecided'),
        (5, ('supported',), [('a', 'abort')], 'undecided'),
        (5, ('supported',), [('a', 'skip')], 'undecided'),
        (5, ('supported',), [('a', 'missing')], 'undecided'),
        (6, ('supported',), [('a', 'pass')], 'conforms'),
        (6, ('supported',), [('a', 'known')], 'conforms'),
        (6, ('supported',), [('a', 'not-applicable')], 'conforms'),
        (7, ('refused-scheduler', 'refused'), [], 'refuses-honestly'),
        (8, ('supported', 'refused'), [], 'better-than-claimed'),
    )
    @ddt.unpack
    def test_row(self, row, facts, checks, verdict):
        judged = _judge(_backend(*facts), *(_check(*c) for c in checks))
        self.assertEqual((row, verdict), (judged.verdict_row, judged.verdict))

    def test_should_does_not_count(self):
        judged = _judge(_backend(), _check('a', 'fail', 'should'))
        self.assertEqual('conforms', judged.verdict)

    @ddt.data('should', 'info')
    def test_data_failure_counts_whatever_the_level(self, level):
        judged = _judge(
            _backend(), _check('a', 'fail', level, data_failure=True)
        )
        self.assertEqual((4, 'fails'), (judged.verdict_row, judged.verdict))

    def test_broken_outcome_of_a_must_replaces_the_measured(self):
        judged = _judge(
            _backend(), _check('a', 'fail', outcome='data-damaged')
        )
        self.assertEqual(
            (1, 'data-damaged', 'a'),
            (judged.verdict_row, judged.outcome, judged.outcome_check),
        )
        self.assertEqual('supported', judged.measurement.outcome)

    def test_broken_outcome_of_a_data_failure_replaces_the_measured(self):
        judged = _judge(
            _backend(),
            _check(
                'a',
                'fail',
                'should',
                outcome='data-damaged',
                data_failure=True,
            ),
        )
        self.assertEqual('data-damaged', judged.outcome)

    def test_broken_outcome_of_a_should_replaces_nothing(self):
        judged = _judge(
            _backend(), _check('a', 'fail', 'should', outcome='hang')
        )
        self.assertEqual(
            ('supported', 'conforms'), (judged.outcome, judged.verdict)
        )

    def test_known_disagreement_replaces_nothing(self):
        judged = _judge(_backend(), _check('a', 'known', outcome='hang'))
        self.assertEqual(
            ('supported', 'conforms'), (judged.outcome, judged.verdict)
        )

    def test_later_refusal_is_the_failure_of_its_check(self):
        judged = _judge(
            _backend(), _check('a', 'fail', outcome='refused-driver')
        )
        self.assertEqual(
            (4, 'supported'), (judged.verdict_row, judged.outcome)
        )

    def test_first_of_several_broken_outcomes(self):
        judged = _judge(
            _backend(),
            _check(
                'late',
                'fail',
                outcome='hang',
                started_at='2026-03-02T10:20:00Z',
            ),
            _check(
                'early',
                'fail',
                outcome='inconsistent',
                started_at='2026-03-02T10:10:00Z',
            ),
        )
        self.assertEqual('early', judged.outcome_check)

    def test_broken_first_extend_stands(self):
        judged = _judge(
            _backend('control-plane-only'),
            _check('a', 'fail', outcome='inconsistent'),
        )
        self.assertEqual('control-plane-only', judged.outcome)
        self.assertIsNone(judged.outcome_check)

    def test_no_measurement_is_inconclusive(self):
        judged = _judge(_backend(None), _check('a', 'pass'))
        self.assertEqual(
            ('inconclusive', 'undecided'), (judged.outcome, judged.verdict)
        )

    def test_no_promise_is_read_as_the_scheduler_reads_silence(self):
        judged = _judge(_backend('refused-driver', None))
        self.assertEqual('contradicts-claim', judged.verdict)
        self.assertIn('silence', judged.verdict_reason)

    def test_other_backends_and_the_cloud_do_not_count(self):
        judged = _judge(
            _backend(), _check('a', 'fail', backend='other'), _cloud('fail')
        )
        self.assertEqual('conforms', judged.verdict)

    def test_only_timed_is_not_judged(self):
        results = model.Results(
            run=example.run(),
            backends=(_backend(None),),
            samples=(example.sample('b'),),
        )
        judged = judgement.judge(results)
        self.assertEqual(
            (None, None), (judged.backends[0].verdict, judged.cloud_verdict)
        )
        self.assertEqual(3, judgement.exit_code(judged))


@ddt.ddt
class ReasonTest(testtools.TestCase):
    @ddt.data(
        (('hang',), [], 'The first extend is hang: It was seen.'),
        (
            ('supported',),
            [('a', 'fail', 'hang')],
            'a found hang: a says so.',
        ),
        (
            ('refused-driver',),
            [],
            'The support matrix promised it, but it is refused-driver: It '
            'was seen.',
        ),
        (
            ('supported', 'refused', 'claims-entry'),
            [],
            'It works, but the claims entry says that it is refused.',
        ),
        (
            ('supported',),
            [('a', 'pass', None), ('b', 'fail', None), ('c', 'fail', None)],
            'b failed (and 1 more must): b says so.',
        ),
        (
            ('inconclusive',),
            [],
            'The first extend is inconclusive: It was seen.',
        ),
        ((None,), [('a', 'pass', None)], 'No extend was measured.'),
        (
            ('supported',),
            [('a', 'skip', None)],
            'a was skipped: a says so.',
        ),
        (
            ('supported',),
            [('a', 'pass', None), ('b', 'known', None)],
            'It works, as the support matrix promised; all 2 applicable '
            'musts passed, 1 as a known disagreement.',
        ),
        (
            ('refused-driver', 'refused', 'capability'),
            [],
            'It refuses, as the pool capability said; no must was planned.',
        ),
        (
            ('supported', 'refused'),
            [('a', 'pass', None)],
            'It works, though the support matrix said no; the one '
            'applicable must passed.',
        ),
    )
    @ddt.unpack
    def test_names_what_decided(self, facts, checks, reason):
        judged = _judge(
            _backend(*facts),
            *(_check(name, v, outcome=outcome) for name, v, outcome in checks),
        )
        self.assertEqual(reason, judged.verdict_reason)

    def test_is_one_sentence_for_every_backend_of_the_example(self):
        for backend in judgement.judge(example.results()).backends:
            self.assertRegex(backend.verdict_reason or '', r'^\S.*[^.]\.$')


class MissingTest(testtools.TestCase):
    def test_planned_without_result(self):
        planned = (
            model.Planned(
                check='a',
                uuid='u1',
                scope='backend',
                level='must',
                backend='b',
            ),
            model.Planned(check='c', uuid='u2', scope='cloud', level='must'),
        )
        results = model.Results(
            run=example.run(planned=planned), backends=(_backend(),)
        )
        judged = judgement.judge(results)
        self.assertEqual(
            [('a', 'b', 'missing', 'u1'), ('c', None, 'missing', 'u2')],
            [(c.check, c.backend, c.verdict, c.uuid) for c in judged.checks],
        )
        self.assertEqual('undecided', judged.backends[0].verdict)
        self.assertEqual('undecided', judged.cloud_verdict)

    def test_backend_that_only_the_plan_names(self):
        planned = model.Planned(
            check='a', uuid='u', scope='backend', level='must', backend='gone'
        )
        judged = judgement.judge(
            model.Results(run=example.run(planned=(planned,)))
        )
        self.assertEqual(
            [('gone', 'undecided')],
            [(b.volume_type, b.verdict) for b in judged.backends],
        )


@ddt.ddt
class CloudTest(testtools.TestCase):
    @ddt.data(
        ([_cloud('pass')], 'conforms', 0),
        ([_cloud('fail')], 'fails', 1),
        ([_cloud('pass'), _cloud('fail', 'should')], 'conforms', 0),
        ([_cloud('abort')], 'undecided', 3),
        # Left out by whoever chose the tests.
        ([], None, 0),
    )
    @ddt.unpack
    def test_verdict_and_exit_code(self, checks, verdict, code):
        judged = judgement.judge(
            model.Results(
                run=example.run(), backends=(_backend(),), checks=tuple(checks)
            )
        )
        self.assertEqual(
            (verdict, code),
            (judged.cloud_verdict, judgement.exit_code(judged)),
        )

    def test_nothing_ran(self):
        judged = judgement.judge(model.Results(run=example.run()))
        self.assertEqual(3, judgement.exit_code(judged))


class ExampleTest(testtools.TestCase):
    def test_every_backend_gets_what_it_must_get(self):
        judged = judgement.judge(example.results())
        self.assertEqual((), judgement.unlike_declared(judged))
        self.assertEqual(1, judgement.exit_code(judged))

    def test_another_verdict_than_declared_is_told(self):
        results = example.results()
        first = dataclasses.replace(results.backends[0], must_get='fails')
        judged = judgement.judge(
            dataclasses.replace(
                results, backends=(first, *results.backends[1:])
            )
        )
        self.assertEqual(
            ['good'],
            [b.volume_type for b in judgement.unlike_declared(judged)],
        )

    def test_judging_twice_changes_nothing(self):
        judged = judgement.judge(example.results())
        self.assertEqual(judged, judgement.judge(judged))
