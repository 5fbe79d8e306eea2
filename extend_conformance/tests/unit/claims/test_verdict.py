# SPDX-License-Identifier: Apache-2.0

"""The verdict table, row by row, and the order of its rows."""

import itertools
import typing as ty

import ddt
import testtools

from extend_conformance import vocabulary
from extend_conformance.claims import verdict

CLAIM = vocabulary.ExpectationSource.CLAIM
MATRIX = vocabulary.ExpectationSource.MATRIX
CAPABILITY = vocabulary.ExpectationSource.CAPABILITY
SUPPORTED = vocabulary.Expectation.SUPPORTED
REFUSED = vocabulary.Expectation.REFUSED
Outcome = vocabulary.Outcome
Check = vocabulary.CheckVerdict

#: Name, facts, and the row and verdict that they must get.
CASES: tuple[tuple[ty.Any, ...], ...] = (
    ('broken', SUPPORTED, CLAIM, Outcome.HANG, [Check.PASS], 1, 'fails'),
    (
        'broken_though_refusal_was_promised',
        REFUSED,
        MATRIX,
        Outcome.DATA_DAMAGED,
        [],
        1,
        'fails',
    ),
    (
        'promised_by_claim_but_refused',
        SUPPORTED,
        CLAIM,
        Outcome.REFUSED_DRIVER,
        [Check.PASS],
        2,
        'contradicts-claim',
    ),
    (
        'promised_by_matrix_but_refused_and_a_must_failed',
        SUPPORTED,
        MATRIX,
        Outcome.REFUSED_SCHEDULER,
        [Check.FAIL],
        2,
        'contradicts-claim',
    ),
    (
        'refusal_claimed_but_works',
        REFUSED,
        CLAIM,
        Outcome.SUPPORTED,
        [Check.PASS],
        3,
        'contradicts-claim',
    ),
    (
        'a_must_failed',
        SUPPORTED,
        MATRIX,
        Outcome.SUPPORTED,
        [Check.PASS, Check.FAIL],
        4,
        'fails',
    ),
    (
        'failed_and_inconclusive',
        SUPPORTED,
        MATRIX,
        Outcome.INCONCLUSIVE,
        [Check.FAIL, Check.ABORT],
        4,
        'fails',
    ),
    (
        'inconclusive',
        SUPPORTED,
        MATRIX,
        Outcome.INCONCLUSIVE,
        [Check.PASS],
        5,
        'undecided',
    ),
    (
        'a_must_was_aborted',
        SUPPORTED,
        CLAIM,
        Outcome.SUPPORTED,
        [Check.PASS, Check.ABORT],
        5,
        'undecided',
    ),
    (
        'a_must_has_no_result',
        REFUSED,
        CLAIM,
        Outcome.REFUSED_DRIVER,
        [Check.MISSING],
        5,
        'undecided',
    ),
    (
        'a_must_was_skipped',
        REFUSED,
        MATRIX,
        Outcome.SUPPORTED,
        [Check.SKIP],
        5,
        'undecided',
    ),
    (
        'kept_its_promise',
        SUPPORTED,
        MATRIX,
        Outcome.SUPPORTED,
        [Check.PASS],
        6,
        'conforms',
    ),
    (
        'known_disagreements_count_as_passed',
        SUPPORTED,
        CLAIM,
        Outcome.SUPPORTED,
        [Check.PASS, Check.KNOWN],
        6,
        'conforms',
    ),
    (
        'refuses_as_promised',
        REFUSED,
        CAPABILITY,
        Outcome.REFUSED_SCHEDULER,
        [Check.PASS],
        7,
        'refuses-honestly',
    ),
    (
        'works_though_the_matrix_says_missing',
        REFUSED,
        MATRIX,
        Outcome.SUPPORTED,
        [Check.PASS],
        8,
        'better-than-claimed',
    ),
    (
        'works_though_the_capability_says_no',
        REFUSED,
        CAPABILITY,
        Outcome.SUPPORTED,
        [Check.PASS],
        8,
        'better-than-claimed',
    ),
)


@ddt.ddt
class TableTest(testtools.TestCase):
    @ddt.named_data(*CASES)
    @ddt.unpack
    def test_row(self, expected, source, outcome, musts, number, wanted):
        row = verdict.judge_backend(expected, source, outcome, musts)
        self.assertEqual((number, wanted), (row.number, row.verdict))

    def test_every_row_is_tested(self):
        self.assertEqual(
            {row.number for row in verdict.TABLE}, {case[5] for case in CASES}
        )

    def test_some_row_holds_for_all_facts(self):
        for facts in itertools.product(
            vocabulary.Expectation,
            vocabulary.ExpectationSource,
            vocabulary.Outcome,
            [[], *([check] for check in Check)],
        ):
            verdict.judge_backend(*facts)


@ddt.ddt
class OutcomeTest(testtools.TestCase):
    @ddt.data(
        ('supported', 'supported'),
        ('refused-scheduler', 'refused'),
        ('refused-driver', 'refused'),
        ('control-plane-only', 'broken'),
        ('inconsistent', 'broken'),
        ('data-damaged', 'broken'),
        ('io-interrupted', 'broken'),
        ('hang', 'broken'),
        ('inconclusive', 'inconclusive'),
    )
    @ddt.unpack
    def test_class(self, outcome, wanted):
        self.assertEqual(wanted, Outcome(outcome).outcome_class)


@ddt.ddt
class CloudTest(testtools.TestCase):
    @ddt.data(
        ([Check.PASS], 'conforms'),
        ([Check.PASS, Check.KNOWN], 'conforms'),
        ([Check.PASS, Check.FAIL, Check.ABORT], 'fails'),
        ([Check.PASS, Check.SKIP], 'undecided'),
        ([], 'undecided'),
    )
    @ddt.unpack
    def test_verdict(self, musts, wanted):
        self.assertEqual(wanted, verdict.judge_cloud(musts))


@ddt.ddt
class ExitCodeTest(testtools.TestCase):
    @ddt.data(
        (['conforms', 'refuses-honestly', 'better-than-claimed'], 0),
        (['conforms', 'undecided'], 3),
        (['undecided', 'fails'], 1),
        (['conforms', 'contradicts-claim'], 1),
        ([], 3),
    )
    @ddt.unpack
    def test_exit_code(self, verdicts, wanted):
        self.assertEqual(
            wanted,
            verdict.exit_code(
                [vocabulary.BackendVerdict(v) for v in verdicts]
            ),
        )
