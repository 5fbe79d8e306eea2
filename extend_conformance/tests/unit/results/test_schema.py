# SPDX-License-Identifier: Apache-2.0

"""The JSON schema: strict, and held to the model and to the verdict table."""

import dataclasses
import typing as ty

import ddt
import jsonschema
import testtools

from extend_conformance import exceptions
from extend_conformance import vocabulary
from extend_conformance.claims import verdict
from extend_conformance.results import model
from extend_conformance.results import schema

FORMS = (
    model.Event,
    model.Damage,
    model.Measurement,
    model.Truths,
    model.Promise,
    model.Backend,
    model.CheckResult,
    model.Span,
    model.ExtendMark,
    model.Sample,
    model.Planned,
    model.NotPlanned,
    model.Run,
)

VOCABULARIES = (
    ('outcome', vocabulary.Outcome),
    ('checkVerdict', vocabulary.CheckVerdict),
    ('backendVerdict', vocabulary.BackendVerdict),
    ('expectation', vocabulary.Expectation),
    ('expectationSource', vocabulary.ExpectationSource),
)

MINIMAL: dict[str, ty.Any] = {
    'schema_version': 1,
    'run': {
        'id': 'r1',
        'door': 'certify',
        'profile': 'quick',
        'tool_version': '1',
        'started_at': '2026-03-02T10:15:30Z',
        'cloud': 'c',
        'host': {},
    },
}


def _required(form):
    return {
        field.name
        for field in dataclasses.fields(form)
        if field.default is dataclasses.MISSING
        and field.default_factory is dataclasses.MISSING
    }


@ddt.ddt
class ModelTest(testtools.TestCase):
    """The schema says of every value what the model says."""

    def test_is_a_schema(self):
        jsonschema.Draft202012Validator.check_schema(schema.document())

    @ddt.data(*FORMS)
    def test_fields(self, form):
        definition = schema.document()['$defs'][form.__name__]
        names = {field.name for field in dataclasses.fields(form)}
        self.assertEqual(names, set(definition['properties']))

    @ddt.data(*FORMS)
    def test_required(self, form):
        definition = schema.document()['$defs'][form.__name__]
        self.assertEqual(_required(form), set(definition['required']))

    def test_fields_of_the_document(self):
        names = {field.name for field in dataclasses.fields(model.Results)}
        self.assertEqual(names, set(schema.document()['properties']))

    def test_every_object_is_strict(self):
        for name, definition in schema.document()['$defs'].items():
            if 'properties' in definition:
                self.assertIs(False, definition['additionalProperties'], name)

    def test_version(self):
        version = schema.document()['properties']['schema_version']
        self.assertEqual({'const': model.SCHEMA_VERSION}, version)


@ddt.ddt
class VocabularyTest(testtools.TestCase):
    @ddt.data(*VOCABULARIES)
    @ddt.unpack
    def test_words(self, name, words):
        definition = schema.document()['$defs'][name]
        self.assertEqual(
            {str(word) for word in words}, set(definition['enum'])
        )

    def test_cloud_verdicts(self):
        every = {
            str(verdict.judge_cloud([word]))
            for word in vocabulary.CheckVerdict
        }
        definition = schema.document()['$defs']['cloudVerdict']
        self.assertEqual(every, set(definition['enum']))


@ddt.ddt
class CurrentTest(testtools.TestCase):
    def test_minimal(self):
        self.assertIs(MINIMAL, schema.current(MINIMAL, 'f'))

    @ddt.data([], {}, {'schema_version': '1'}, {'schema_version': True}, 1)
    def test_not_results(self, value):
        error = self.assertRaises(
            exceptions.UsageError, schema.current, value, 'some.json'
        )
        self.assertIn('some.json', str(error))
        self.assertIn('schema_version', str(error))

    def test_newer_version(self):
        error = self.assertRaises(
            exceptions.UsageError,
            schema.current,
            {**MINIMAL, 'schema_version': 2},
            'some.json',
        )
        self.assertIn('some.json', str(error))
        self.assertIn('last seen 2', str(error))

    def test_unknown_key(self):
        run = {**MINIMAL['run'], 'colour': 'red'}
        error = self.assertRaises(
            exceptions.UsageError,
            schema.current,
            {**MINIMAL, 'run': run},
            'some.json',
        )
        self.assertIn('some.json', str(error))
        self.assertIn('at run: ', str(error))
        self.assertIn('colour', str(error))

    def test_unknown_word_is_named_with_its_place(self):
        check = {
            'check': 'a',
            'uuid': 'u',
            'scope': 'cloud',
            'level': 'must',
            'verdict': 'maybe',
        }
        error = self.assertRaises(
            exceptions.UsageError,
            schema.current,
            {**MINIMAL, 'checks': [check]},
            'some.json',
        )
        self.assertIn("checks[0].verdict: 'maybe'", str(error))
