# SPDX-License-Identifier: Apache-2.0

"""Claims beside the measurement: what agrees, and how much it weighs."""

import dataclasses

import ddt
import testtools

from extend_conformance import vocabulary
from extend_conformance.checks import registry
from extend_conformance.results import model
from extend_conformance.runs import execution
from extend_conformance.tests.unit import checking

CHECKS = {check.id: check for check in registry.catalogue()}


def verdict_of(check_id, outcome, expected='supported', **truths):
    context = checking.make_context(
        outcome=outcome, expected=expected, host=object()
    )
    said = model.Truths(**truths)
    backend = dataclasses.replace(context.backend, truths=said)
    measured = dataclasses.replace(context.measure(), truths=said)
    result = execution.execute(
        CHECKS[check_id],
        dataclasses.replace(
            context,
            backend=backend,
            measure=lambda: measured,
            admin=object(),
            given=frozenset({vocabulary.Need.HOST, vocabulary.Need.ADMIN}),
        ),
    )
    return result.verdict, str(result.level), result.cause


@ddt.ddt
class MatrixTest(testtools.TestCase):
    @ddt.data(
        ('complete', 'supported', ('pass', 'must', None)),
        ('complete', 'refused-driver', ('fail', 'must', None)),
        ('complete', 'hang', ('fail', 'must', None)),
        ('missing', 'refused-scheduler', ('pass', 'must', None)),
        ('missing', 'supported', ('fail', 'should', None)),
        ('partial', 'supported', ('not-applicable', 'must', 'no-promise')),
        (
            'complete',
            'inconclusive',
            ('abort', 'must', 'outcome-inconclusive'),
        ),
        (None, 'supported', ('not-applicable', 'must', 'no-matrix-row')),
    )
    @ddt.unpack
    def test_a_row_and_an_outcome(self, value, outcome, expected):
        self.assertEqual(
            expected,
            verdict_of(
                'claim-matrix', outcome, matrix_key='a', matrix_value=value
            ),
        )


@ddt.ddt
class CapabilityTest(testtools.TestCase):
    @ddt.data(
        ('true', 'supported', ('pass', 'must', None)),
        ('true', 'refused-driver', ('fail', 'must', None)),
        ('true', 'data-damaged', ('fail', 'must', None)),
        ('false', 'refused-scheduler', ('pass', 'must', None)),
        ('false', 'supported', ('fail', 'must', None)),
        ('"False"', 'supported', ('fail', 'must', None)),
        ('absent', 'supported', ('pass', 'must', None)),
        ('absent', 'refused-driver', ('fail', 'should', None)),
        (None, 'supported', ('abort', 'must', 'no-pool')),
        ('true', 'inconclusive', ('abort', 'must', 'outcome-inconclusive')),
    )
    @ddt.unpack
    def test_a_statement_and_an_outcome(self, stated, outcome, expected):
        self.assertEqual(
            expected,
            verdict_of('claim-capability', outcome, capability=stated),
        )


class HostTest(testtools.TestCase):
    def verdict(self, connector, **more):
        return verdict_of(
            'claim-host', 'supported', connector=connector, **more
        )

    def test_a_connector_that_extends(self):
        self.assertEqual('pass', self.verdict('extends')[0])

    def test_one_that_cannot_or_is_not_there(self):
        for connector in ('cannot-extend', 'no-connector'):
            self.assertEqual('fail', self.verdict(connector)[0])

    def test_without_a_connection_nothing_is_known(self):
        self.assertEqual(
            ('abort', 'must', 'no-connection'), self.verdict(None)
        )

    def test_where_a_refusal_was_promised_no_host_has_to_follow(self):
        self.assertEqual(
            'not-applicable',
            self.verdict('cannot-extend', expected='refused')[0],
        )
