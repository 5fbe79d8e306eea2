# SPDX-License-Identifier: Apache-2.0

"""What a check raises becomes a verdict, in one place for all doors."""

import dataclasses

import testtools

from extend_conformance import exceptions
from extend_conformance import vocabulary
from extend_conformance.cloud import attachment as attachments
from extend_conformance.cloud import calls
from extend_conformance.cloud import connection as connections
from extend_conformance.cloud import resources as resource_owner
from extend_conformance.cloud import waiting
from extend_conformance.probes import findings
from extend_conformance.results import model
from extend_conformance.runs import execution
from extend_conformance.tests.unit import checking

Applies = vocabulary.Applies
FirstExtend = vocabulary.FirstExtend
Need = vocabulary.Need


class VerdictTest(testtools.TestCase):
    def execute(self, error=None, *, known=None, **kwargs):
        def run(checked):
            if error is not None:
                raise error

        applies = kwargs.pop('applies', Applies.ALWAYS)
        needs = kwargs.pop('needs', ())
        return execution.execute(
            checking.make_check(run, applies, needs),
            checking.make_context(**kwargs),
            known,
        )

    def test_returning_is_a_pass(self):
        result = self.execute()
        self.assertEqual(
            ('pass', 'must', 't'),
            (result.verdict, result.level, result.backend),
        )

    def test_a_finding_is_a_fail_with_its_outcome(self):
        result = self.execute(
            findings.Failed('It is wrong', outcome=vocabulary.Outcome.HANG)
        )
        self.assertEqual(
            ('fail', 'hang', 'It is wrong.'),
            (result.verdict, result.outcome, result.reason),
        )

    def test_damage_is_a_data_failure(self):
        damage = model.Damage(
            offset_bytes=0, length_bytes=1, kind='zeros', detail='reads zeros'
        )
        result = self.execute(findings.Failed('Lost', damage=[damage]))
        self.assertTrue(result.data_failure)
        self.assertEqual((damage,), result.damage)

    def test_a_finding_may_weigh_less_than_its_check(self):
        result = self.execute(
            findings.Failed('Meh', level=vocabulary.Level.SHOULD)
        )
        self.assertEqual(('fail', 'should'), (result.verdict, result.level))

    def test_what_is_in_the_way_is_an_abort_with_its_cause(self):
        result = self.execute(findings.CouldNotTest('No', cause='http-413'))
        self.assertEqual(('abort', 'http-413'), (result.verdict, result.cause))

    def test_any_other_error_of_ours_is_an_abort(self):
        result = self.execute(exceptions.WorkFailed('Oh'))
        self.assertEqual('abort', result.verdict)

    def test_what_the_backend_keeps_is_a_fail(self):
        stuck = waiting.TerminalState('It cannot be deleted')
        result = self.execute(resource_owner.CleanupFailed([stuck]))
        self.assertEqual(
            ('fail', 'inconsistent'), (result.verdict, result.outcome)
        )

    def test_what_nobody_could_be_asked_for_is_an_abort(self):
        away = connections.CloudUnreachable('no answer')
        detach = attachments.DetachFailed('not detached')
        detach.__cause__ = away
        failing = calls.ApiError('No', status=500, message='No')
        stuck = waiting.WaitTimeout('still there')
        for errors in ([detach], [stuck, away], [stuck, failing]):
            result = self.execute(resource_owner.CleanupFailed(errors))
            self.assertEqual('abort', result.verdict, errors)

    def test_a_bug_is_an_abort_with_its_traceback(self):
        result = self.execute(ZeroDivisionError('division by zero'))
        self.assertEqual('abort', result.verdict)
        self.assertIn('ZeroDivisionError', result.evidence[-1].summary)

    def test_an_interrupt_is_not_swallowed(self):
        self.assertRaises(KeyboardInterrupt, self.execute, KeyboardInterrupt())

    def test_what_was_not_given_is_a_skip(self):
        result = self.execute(needs=[Need.HOST])
        self.assertEqual(('skip', 'no-host'), (result.verdict, result.cause))

    def test_a_refusal_that_was_promised_is_not_applicable(self):
        result = self.execute(
            findings.Refused('No'),
            outcome='refused-driver',
            expected='refused',
            source='matrix',
        )
        self.assertEqual(
            ('not-applicable', 'refused-as-promised'),
            (result.verdict, result.cause),
        )

    def test_a_refusal_that_was_not_promised_is_a_fail(self):
        self.assertEqual('fail', self.execute(findings.Refused('No')).verdict)

    def test_refusal_after_a_first_extend_that_worked_fails(self):
        result = self.execute(
            findings.Refused('No'), outcome='supported', expected='refused'
        )
        self.assertEqual('fail', result.verdict)

    def test_figures_of_the_check_are_kept(self):
        checked = checking.make_context()

        def run(context):
            context.figures['bytes'] = 1.0

        result = execution.execute(checking.make_check(run), checked)
        self.assertEqual({'bytes': 1.0}, result.figures)

    def test_a_known_failure_is_known(self):
        result = self.execute(findings.Failed('Oh'), known='https://bug/1')
        self.assertEqual('known', result.verdict)
        self.assertIn('https://bug/1', result.reason)

    def test_an_unexpected_pass_of_it_is_a_fail(self):
        result = self.execute(known='https://bug/1')
        self.assertEqual('fail', result.verdict)
        self.assertIn('Take the entry out', result.reason)


class HostTest(testtools.TestCase):
    def execute(self, needs, cause='host-cannot-attach'):
        ran = []
        result = execution.execute(
            checking.make_check(ran.append, needs=needs),
            checking.make_context(
                outcome='inconclusive', host=object(), cause=cause
            ),
        )
        return result.verdict, result.cause, len(ran)

    def test_a_host_that_cannot_attach_is_not_tried_again(self):
        self.assertEqual(
            ('abort', 'host-cannot-attach', 0), self.execute([Need.HOST])
        )

    def test_what_needs_no_host_runs_all_the_same(self):
        self.assertEqual(('pass', None, 1), self.execute([]))

    def test_another_cause_says_nothing_about_the_host(self):
        self.assertEqual(
            ('pass', None, 1), self.execute([Need.HOST], 'http-413')
        )


class FeatureTest(testtools.TestCase):
    def verdict(self, absent):
        check = dataclasses.replace(
            checking.make_check(checking.passes),
            feature=vocabulary.Feature.CLONE,
        )
        result = execution.execute(
            check,
            dataclasses.replace(
                checking.make_context(), absent_features=frozenset(absent)
            ),
        )
        return result.verdict, result.cause

    def test_what_the_claims_entry_says_is_not_there_is_not_checked(self):
        self.assertEqual(
            ('not-applicable', 'feature-absent'),
            self.verdict([vocabulary.Feature.CLONE]),
        )

    def test_another_feature_that_is_not_there_changes_nothing(self):
        self.assertEqual(
            ('pass', None), self.verdict([vocabulary.Feature.SNAPSHOT])
        )


class AppliesTest(testtools.TestCase):
    def verdict(self, applies, outcome, expected, source='matrix'):
        result = execution.execute(
            checking.make_check(checking.passes, applies),
            checking.make_context(
                outcome=outcome, expected=expected, source=source
            ),
        )
        return result.verdict

    def test_where_supported_and_it_works(self):
        self.assertEqual(
            'pass',
            self.verdict(Applies.WHERE_SUPPORTED, 'supported', 'refused'),
        )

    def test_where_supported_but_the_claim_says_refused(self):
        self.assertEqual(
            'not-applicable',
            self.verdict(
                Applies.WHERE_SUPPORTED, 'supported', 'refused', 'claims-entry'
            ),
        )

    def test_where_supported_and_refused_as_expected(self):
        self.assertEqual(
            'not-applicable',
            self.verdict(Applies.WHERE_SUPPORTED, 'refused-driver', 'refused'),
        )

    def test_where_supported_and_refused_unexpectedly(self):
        self.assertEqual(
            'fail',
            self.verdict(
                Applies.WHERE_SUPPORTED, 'refused-scheduler', 'supported'
            ),
        )

    def test_where_refused_and_it_was(self):
        self.assertEqual(
            'pass',
            self.verdict(Applies.WHERE_REFUSED, 'refused-driver', 'supported'),
        )

    def test_where_refused_and_it_works(self):
        self.assertEqual(
            'not-applicable',
            self.verdict(Applies.WHERE_REFUSED, 'supported', 'refused'),
        )

    def test_where_refused_and_neither_promised_nor_met(self):
        self.assertEqual(
            'not-applicable',
            self.verdict(
                Applies.WHERE_REFUSED, 'control-plane-only', 'supported'
            ),
        )

    def test_where_refused_was_promised_and_something_broke(self):
        self.assertEqual(
            'pass',
            self.verdict(
                Applies.WHERE_REFUSED, 'control-plane-only', 'refused'
            ),
        )


class FirstExtendTest(testtools.TestCase):
    def execute(self, outcome, asked, applies=Applies.WHERE_SUPPORTED, **more):
        ran = []
        result = execution.execute(
            checking.make_check(ran.append, applies, first_extend=asked),
            checking.make_context(outcome=outcome, **more),
        )
        return result.verdict, result.cause, len(ran)

    def test_after_a_hang_no_further_extend_is_tried(self):
        for asked in (FirstExtend.NOT_HUNG, FirstExtend.ALLOWS_ANOTHER):
            for applies in (Applies.ALWAYS, Applies.WHERE_SUPPORTED):
                self.assertEqual(
                    ('abort', 'outcome-hang', 0),
                    self.execute('hang', asked, applies),
                )

    def test_nor_where_a_refusal_was_promised(self):
        self.assertEqual(
            ('abort', 'outcome-hang', 0),
            self.execute(
                'hang',
                FirstExtend.NOT_HUNG,
                Applies.WHERE_REFUSED,
                expected='refused',
            ),
        )

    def test_what_was_in_the_way_is_not_met_again(self):
        self.assertEqual(
            ('abort', 'outcome-inconclusive', 0),
            self.execute('inconclusive', FirstExtend.ALLOWS_ANOTHER),
        )

    def test_what_only_a_hang_could_spoil_runs(self):
        self.assertEqual(
            ('pass', None, 1),
            self.execute('inconclusive', FirstExtend.NOT_HUNG),
        )

    def test_an_extend_that_broke_allows_another(self):
        self.assertEqual(
            ('pass', None, 1),
            self.execute('control-plane-only', FirstExtend.ALLOWS_ANOTHER),
        )

    def test_what_judges_it_or_asks_nothing_runs_after_a_hang(self):
        for asked in (FirstExtend.JUDGED, FirstExtend.ANY):
            self.assertEqual(('pass', None, 1), self.execute('hang', asked))

    def test_what_does_not_apply_is_not_asked_for_its_first_extend(self):
        self.assertEqual(
            ('not-applicable', 'refusal-claimed', 0),
            self.execute(
                'hang',
                FirstExtend.NOT_HUNG,
                expected='refused',
                source='claims-entry',
            ),
        )
