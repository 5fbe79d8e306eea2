# SPDX-License-Identifier: Apache-2.0

"""What makes no sense is refused when it is made."""

import dataclasses
import operator
import types

import ddt
import testtools

from extend_conformance import vocabulary
from extend_conformance.claims import verdict
from extend_conformance.results import model
from extend_conformance.tests.unit.report import example

EVENT = model.Event(at_s=1.5, kind='step', summary='s')
DAMAGE = model.Damage(
    offset_bytes=0,
    length_bytes=1,
    kind=vocabulary.DamageKind.ZEROS,
    detail='zeros',
)
MEASUREMENT = model.Measurement(
    outcome=vocabulary.Outcome.SUPPORTED, explanation='It works.'
)
GROWN = model.Measurement(
    outcome=vocabulary.Outcome.SUPPORTED,
    explanation='It works.',
    size_before_gib=1,
    size_wanted_gib=2,
)
TRUTHS = model.Truths()
BACKEND = model.Backend(volume_type='t')
CHECK = model.CheckResult(
    check='c',
    uuid='u',
    scope=vocabulary.Scope.CLOUD,
    level=vocabulary.Level.MUST,
    verdict=vocabulary.CheckVerdict.PASS,
)
FAILED = dataclasses.replace(CHECK, verdict=vocabulary.CheckVerdict.FAIL)
SPAN = model.Span(name=vocabulary.Phase.WRITE, start_s=1, end_s=2)
MARK = model.ExtendMark(start_s=1, end_s=2, from_gib=1, to_gib=2)
SAMPLE = example.sample()
PLANNED = model.Planned(
    check='c',
    uuid='u',
    scope=vocabulary.Scope.CLOUD,
    level=vocabulary.Level.MUST,
)
RUN = example.run()
RESULTS = model.Results(run=RUN)


@ddt.ddt
class RefusedTest(testtools.TestCase):
    @ddt.data(
        (EVENT, 'at_s', -0.1),
        (EVENT, 'at_s', float('nan')),
        (EVENT, 'at_s', '1.5'),
        (EVENT, 'kind', 'rumour'),
        (EVENT, 'details', ['a']),
        (DAMAGE, 'offset_bytes', -1),
        (DAMAGE, 'length_bytes', 0),
        (DAMAGE, 'length_bytes', True),
        (DAMAGE, 'kind', 'rust'),
        (MEASUREMENT, 'outcome', 'splendid'),
        (MEASUREMENT, 'cause', 'bad-luck'),
        (MEASUREMENT, 'cause', 'http-0'),
        (MEASUREMENT, 'size_before_gib', -1),
        (MEASUREMENT, 'size_wanted_gib', '2'),
        (MEASUREMENT, 'size_after_gib', 1.0),
        (MEASUREMENT, 'http_status', 7),
        (MEASUREMENT, 'http_status', 99999),
        (MEASUREMENT, 'damage', (DAMAGE,)),
        (GROWN, 'size_before_gib', 3),
        (MEASUREMENT, 'connector_bytes', -1),
        (MEASUREMENT, 'device_before_bytes', -1),
        (MEASUREMENT, 'device_after_bytes', -1),
        (MEASUREMENT, 'extend_s', float('inf')),
        (MEASUREMENT, 'evidence', ('a',)),
        (BACKEND, 'volume_type', ''),
        (BACKEND, 'vendor', 7),
        (BACKEND, 'must_get', 'praise'),
        (BACKEND, 'outcome', 'splendid'),
        (BACKEND, 'verdict', 'pass'),
        (BACKEND, 'verdict_row', 0),
        (BACKEND, 'verdict_row', 99),
        (BACKEND, 'truths', None),
        (TRUTHS, 'matrix_value', 'perhaps'),
        (CHECK, 'check', ''),
        (CHECK, 'scope', 'world'),
        (CHECK, 'scope', 'backend'),
        (CHECK, 'backend', 't'),
        (CHECK, 'outcome', 'hang'),
        (CHECK, 'data_failure', True),
        (FAILED, 'outcome', 'supported'),
        (FAILED, 'damage', (DAMAGE,)),
        (CHECK, 'level', 'may'),
        (CHECK, 'verdict', 'maybe'),
        (CHECK, 'cause', 'because'),
        (CHECK, 'data_failure', 1),
        (CHECK, 'started_at', '2026-03-02 10:15:30'),
        (CHECK, 'started_at', '2026-13-99T99:99:99Z'),
        (CHECK, 'started_at', '2026-02-29T10:15:30Z'),
        (CHECK, 'started_at', '2026-03-02T10:15:30+01:00'),
        (CHECK, 'started_at', '2026-03-02T10:15:30Z\n'),
        (CHECK, 'elapsed_s', -1.0),
        (CHECK, 'figures', {'x': float('nan')}),
        (CHECK, 'figures', {'x': '1'}),
        (SPAN, 'name', 'rest'),
        (SPAN, 'start_s', -1.0),
        (SPAN, 'end_s', 0.5),
        (SPAN, 'uncertainty_s', -0.1),
        (MARK, 'end_s', 0.5),
        (MARK, 'from_gib', -1),
        (MARK, 'to_gib', 0),
        (SAMPLE, 'mode', 'floating'),
        (SAMPLE, 'image_size_bytes', -1),
        (SAMPLE, 'repeat', 0),
        (SAMPLE, 'written', ((-1.0, 0),)),
        (SAMPLE, 'written', ((1.0, 0, 0),)),
        (SAMPLE, 'written', ((1.0, 0), (0.5, 1))),
        (SAMPLE, 'written', ((1.0, 1), (1.5, 0))),
        (SAMPLE, 'spans', (SPAN, SPAN)),
        (SAMPLE, 'extends', (MARK, MARK)),
        (SAMPLE, 'elapsed_s', 0.1),
        (PLANNED, 'level', 'may'),
        (PLANNED, 'backend', 't'),
        (PLANNED, 'scope', 'backend'),
        (RUN, 'id', ''),
        (RUN, 'door', 'window'),
        (RUN, 'started_at', 'yesterday'),
        (RUN, 'host', {'cpus': 2}),
        (RUN, 'merged_from', (1,)),
        (RESULTS, 'schema_version', 2),
        (RESULTS, 'cloud_verdict', 'contradicts-claim'),
        (RESULTS, 'checks', [CHECK]),
    )
    @ddt.unpack
    def test_a_value(self, whole, name, value):
        error = self.assertRaises(
            ValueError, dataclasses.replace, whole, **{name: value}
        )
        self.assertIn(name, str(error))

    def test_a_field_that_there_is_not(self):
        self.assertRaises(
            ValueError, model.Event, at_s=0, kind='step', summary='', why='x'
        )

    def test_every_verdict_of_a_cloud_is_taken(self):
        for word in vocabulary.CheckVerdict:
            judged = verdict.judge_cloud([word])
            results = dataclasses.replace(RESULTS, cloud_verdict=judged)
            self.assertIs(judged, results.cloud_verdict)

    @ddt.data(EVENT.details, CHECK.figures, RUN.host)
    def test_a_change_of_a_mapping(self, mapping):
        self.assertRaises(TypeError, operator.setitem, mapping, 'a', 'b')

    def test_a_change_inside_a_mapping(self):
        event = dataclasses.replace(EVENT, details={'a': [{'b': 1}]})
        (inner,) = event.details['a']
        self.assertRaises(TypeError, operator.setitem, inner, 'b', 2)


@ddt.ddt
class TakenTest(testtools.TestCase):
    def test_a_word_becomes_that_of_the_vocabulary(self):
        failed = dataclasses.replace(CHECK, verdict='fail')
        self.assertIs(vocabulary.CheckVerdict.FAIL, failed.verdict)

    @ddt.data('http-503', 'http-999', *vocabulary.Cause)
    def test_a_cause(self, cause):
        result = dataclasses.replace(CHECK, cause=str(cause))
        self.assertEqual(cause, result.cause)

    @ddt.data(*verdict.TABLE)
    def test_a_row_of_the_verdict_table(self, row):
        judged = dataclasses.replace(BACKEND, verdict_row=row.number)
        self.assertEqual(row.number, judged.verdict_row)

    def test_a_measurement_that_asked_for_nothing(self):
        begun = dataclasses.replace(MEASUREMENT, size_before_gib=1)
        self.assertEqual(1, begun.size_before_gib)

    def test_a_clock_that_was_set_back_in_mid_run(self):
        run = dataclasses.replace(RUN, finished_at='2001-01-01T00:00:00Z')
        self.assertLess(run.finished_at, run.started_at)

    def test_a_cause_that_is_a_word_becomes_one(self):
        result = dataclasses.replace(CHECK, cause='no-host')
        self.assertIs(vocabulary.Cause.NO_HOST, result.cause)

    def test_a_whole_figure_stays_whole(self):
        result = dataclasses.replace(CHECK, figures={'a': 4096, 'b': 1})
        self.assertEqual("{'a': 4096, 'b': 1}", str(result.figures))

    def test_what_is_nested_stays_the_same_value(self):
        results = dataclasses.replace(RESULTS, checks=(CHECK,))
        self.assertIs(CHECK, results.checks[0])

    def test_details_do_not_follow_what_they_were_made_from(self):
        facts = {'sizes': [1]}
        event = dataclasses.replace(
            EVENT, details=types.MappingProxyType(facts)
        )
        facts['sizes'].append(2)
        self.assertEqual({'sizes': (1,)}, event.details)

    def test_values_without_mappings_can_be_keys(self):
        self.assertEqual(1, len({PLANNED, dataclasses.replace(PLANNED)}))

    def test_nothing_can_be_changed(self):
        self.assertRaises(
            dataclasses.FrozenInstanceError, setattr, CHECK, 'reason', 'x'
        )

    def test_what_utf_8_has_not_is_a_question_mark(self):
        """The name of a file, for example, as Python reads it."""
        wild = 'a\udc80b'
        event = model.Event(
            at_s=0, kind='error', summary=wild, details={wild: [(wild,)]}
        )
        self.assertEqual('a?b', event.summary)
        self.assertEqual({'a?b': (('a?b',),)}, event.details)
        self.assertEqual('a?b', dataclasses.replace(CHECK, reason=wild).reason)
