# SPDX-License-Identifier: Apache-2.0

"""The published schema is that of the model; what breaks it is named."""

import copy
import json
import pathlib
import typing as ty

import ddt
import fixtures
import jsonschema
import testtools

import extend_conformance
from extend_conformance import exceptions
from extend_conformance.results import model
from extend_conformance.results import schema
from extend_conformance.results import storage
from extend_conformance.tests.unit.report import example

_PACKAGE = pathlib.Path(extend_conformance.__file__).parent
_PUBLISHED = _PACKAGE / 'results' / schema.FILE_NAME

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


def _published(part=None):
    document = json.loads(_PUBLISHED.read_text(encoding='utf-8'))
    if part is not None:
        document = {**document, '$ref': f'#/$defs/{part}'}
    return jsonschema.Draft202012Validator(document)


@ddt.ddt
class PublishedTest(testtools.TestCase):
    def test_it_is_made_from_the_model(self):
        path = _PUBLISHED.relative_to(_PACKAGE.parent)
        self.assertEqual(
            schema.text(),
            _PUBLISHED.read_text(encoding='utf-8'),
            f'{path} is stale: python -m {schema.__name__} > {path}',
        )

    def test_it_is_a_schema(self):
        jsonschema.Draft202012Validator.check_schema(schema.document())

    def test_every_object_is_strict(self):
        for name, definition in schema.document()['$defs'].items():
            if 'properties' in definition:
                self.assertIs(False, definition['additionalProperties'], name)

    @ddt.data(*(form.__name__ for form in schema.FORMS))
    def test_a_document_names_its_version(self, name):
        definition = schema.document()['$defs'][name]
        self.assertIn('schema_version', definition['required'])
        self.assertEqual(
            model.SCHEMA_VERSION,
            definition['properties']['schema_version']['const'],
        )

    def test_results_follow_it(self):
        _published().validate(storage.as_json(example.results()))

    @ddt.data(
        model.RunPart(run=example.run()),
        model.BackendPart(backend=example.results().backends[0]),
        model.CheckPart(check=example.results().checks[0]),
        model.SamplePart(sample=example.sample()),
    )
    def test_a_part_follows_it(self, part):
        _published(type(part).__name__).validate(storage.as_json(part))


@ddt.ddt
class BrokenTest(testtools.TestCase):
    """Whoever has the schema alone refuses what this program refuses."""

    @ddt.data(
        ('run', 'colour', 'red'),
        ('run', 'started_at', 'yesterday'),
        ('run', 'host', {'cpus': 2}),
        ('run', 'door', 'window'),
        ('run', 'id', ''),
        ('run', 'volume_types', 'good'),
        ('backends', 0, 'volume_type', None),
        ('backends', 0, 'verdict', 'pass'),
        ('backends', 0, 'measurement', 'size_after_gib', '2'),
        ('backends', 0, 'measurement', 'size_after_gib', -1),
        ('backends', 0, 'measurement', 'evidence', 0, 'at_s', -1),
        ('backends', 0, 'measurement', 'evidence', 0, 'kind', 'rumour'),
        ('backends', 0, 'truths', 'connector', 'extend'),
        ('checks', 0, 'verdict', 'maybe'),
        ('checks', 0, 'cause', 'because'),
        ('checks', 0, 'data_failure', 1),
        ('checks', 0, 'figures', {'x': 'y'}),
        ('samples', 0, 'repeat', 0),
        ('samples', 0, 'spans', 0, 'name', 'rest'),
        ('samples', 0, 'written', 0, 1, -1),
        ('samples', 0, 'written', 0, [1.0]),
        ('cloud_verdict', 'contradicts-claim'),
    )
    def test_a_value(self, change):
        *steps, last, value = change
        document = copy.deepcopy(storage.as_json(example.results()))
        place = document
        for step in steps:
            place = place[step]
        place[last] = value
        self.assertFalse(_published().is_valid(document))
        error = self.assertRaises(
            exceptions.UsageError,
            schema.structured,
            document,
            model.Results,
            'some.json',
        )
        self.assertIn('some.json', str(error))
        self.assertIn('The results break their schema at ', str(error))
        named = ''.join(
            f'[{step}]' if isinstance(step, int) else f'.{step}'
            for step in (*steps, last)
        )
        self.assertIn(named.lstrip('.'), str(error))

    def test_the_place_is_that_of_the_document_alone(self):
        check = storage.as_json(example.results().checks[0])
        check['cause'] = 'because'
        error = self.assertRaises(
            exceptions.UsageError,
            schema.structured,
            {**MINIMAL, 'checks': [check]},
            model.Results,
            'some.json',
        )
        self.assertIn("at checks[0].cause: 'because': ", str(error))

    def test_an_unknown_key_is_called_one(self):
        run = {**MINIMAL['run'], 'colour': 'red'}
        error = self.assertRaises(
            exceptions.UsageError,
            schema.structured,
            {**MINIMAL, 'run': run},
            model.Results,
            'some.json',
        )
        self.assertIn("at run.colour: 'red': there is no such key", str(error))

    def test_a_missing_key_is_named(self):
        run = {**MINIMAL['run']}
        del run['cloud']
        error = self.assertRaises(
            exceptions.UsageError,
            schema.structured,
            {**MINIMAL, 'run': run},
            model.Results,
            'some.json',
        )
        self.assertIn('at run.cloud: Field required', str(error))

    def test_a_long_value_is_cut(self):
        error = self.assertRaises(
            exceptions.UsageError,
            schema.structured,
            {**MINIMAL, 'cloud_verdict': f'begin{"x" * 5000}end'},
            model.Results,
            'some.json',
        )
        self.assertIn("'beginx", str(error))
        self.assertIn("xend'", str(error))
        self.assertTrue(len(str(error)) < 600, str(error))

    def test_a_part_is_not_the_whole(self):
        self.assertRaises(
            exceptions.UsageError,
            schema.structured,
            MINIMAL,
            model.CheckPart,
            'some.json',
        )


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

    def test_an_older_version_is_read_as_the_current_one(self):
        self.useFixture(
            fixtures.MonkeyPatch(
                f'{schema.__name__}.UPGRADES',
                {0: lambda old: {**MINIMAL, 'checks': old['tests']}},
            )
        )
        read = schema.structured(
            {'schema_version': 0, 'tests': []}, model.Results, 'some.json'
        )
        self.assertEqual('r1', read.run.id)
