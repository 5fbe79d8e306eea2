# SPDX-License-Identifier: Apache-2.0

"""What makes no sense is refused when it is made."""

import dataclasses
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
BACKEND = model.Backend(volume_type='t')
CHECK = model.CheckResult(
    check='c',
    uuid='u',
    scope=vocabulary.Scope.CLOUD,
    level=vocabulary.Level.MUST,
    verdict=vocabulary.CheckVerdict.PASS,
)
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
        (MEASUREMENT, 'http_status', -1),
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
        (BACKEND, 'verdict_row', -1),
        (BACKEND, 'truths', None),
        (CHECK, 'check', ''),
        (CHECK, 'scope', 'world'),
        (CHECK, 'level', 'may'),
        (CHECK, 'verdict', 'maybe'),
        (CHECK, 'cause', 'because'),
        (CHECK, 'data_failure', 1),
        (CHECK, 'started_at', '2026-03-02 10:15:30'),
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
        (PLANNED, 'level', 'may'),
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


@ddt.ddt
class TakenTest(testtools.TestCase):
    def test_a_word_becomes_that_of_the_vocabulary(self):
        failed = dataclasses.replace(CHECK, verdict='fail')
        self.assertIs(vocabulary.CheckVerdict.FAIL, failed.verdict)

    @ddt.data('http-503', 'http-999', *vocabulary.Cause)
    def test_a_cause(self, cause):
        result = dataclasses.replace(CHECK, cause=str(cause))
        self.assertEqual(cause, result.cause)

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
        self.assertEqual({'sizes': [1]}, event.details)

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
        self.assertEqual({'a?b': [['a?b']]}, event.details)
        self.assertEqual('a?b', dataclasses.replace(CHECK, reason=wild).reason)
