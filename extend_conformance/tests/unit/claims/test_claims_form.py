# SPDX-License-Identifier: Apache-2.0

"""What is said of a claims file that is wrong, and of which line."""

import importlib.resources
import json
import pathlib
import tempfile

import ddt
import testtools

from extend_conformance import claims
from extend_conformance import exceptions
from extend_conformance import vocabulary
from extend_conformance.claims import claims_file


@ddt.ddt
class TestWrongFile(testtools.TestCase):
    """Each error by its line and with the nearest right name."""

    def setUp(self) -> None:
        super().setUp()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = pathlib.Path(directory.name) / 'claims.yaml'

    def _error(self, text: str) -> str:
        self.path.write_text(text)
        error = self.assertRaises(
            exceptions.UsageError,
            claims_file.load,
            self.path,
            checks=('data-old-intact', 'host-grows-in-place'),
        )
        self.assertIn(str(self.path), str(error))
        return str(error)

    @ddt.data(
        (
            'relaese: zed\n',
            'line 1: "relaese" is no key here. Did you mean "release"?',
        ),
        (
            'backends:\n- volume_type: a\n  expct: refused\n',
            'line 3: "expct" is no key here. Did you mean "expect"?',
        ),
        (
            'zzzz: 1\n',
            'line 1: "zzzz" is no key here. Known are backends, release.',
        ),
        (
            'backends:\n- volume_type: a\n  expect: refuse\n',
            'line 3: backends.expect is "refuse", which must be one of '
            'supported, refused. Did you mean "refused"?',
        ),
        (
            'backends:\n- volume_type: a\n  expect: yes\n',
            'line 3: backends.expect is "yes"',
        ),
        (
            'backends:\n- expect: refused\n',
            'line 2: the entry has no volume_type',
        ),
        (
            'backends:\n- volume_type: 3\n',
            'line 2: backends.volume_type is 3, which must be text',
        ),
        (
            'backends:\n- volume_type: ""\n',
            'line 2: backends.volume_type is "", which must be not empty',
        ),
        (
            'backends:\n- volume_type: a\n\n- volume_type: a\n',
            'line 4: volume type "a" has an entry in line 2 already',
        ),
        (
            'backends:\n  good: {}\n',
            'line 1: backends is {"good": {}}, which must be a list',
        ),
        ('- good\n', 'line 1: the whole is ["good"], which must be keys'),
        (
            'release: [zed]\n',
            'line 1: release is ["zed"], which must be text (in quotes if '
            'it looks like a number) or a number',
        ),
        (
            'backends:\n- volume_type: a\n  absent_features:\n'
            '  - snapshot\n  - multiatach\n',
            'line 5: backends.absent_features is "multiatach", which must be '
            'one of clone, multiattach, snapshot. Did you mean '
            '"multiattach"?',
        ),
        (
            'backends:\n- volume_type: a\n'
            '  absent_features: [snapshot, snapshot]\n',
            'line 3: backends.absent_features is ["snapshot", "snapshot"], '
            'which must be without repetition',
        ),
        (
            'backends:\n- volume_type: a\n  known_disagreement:\n'
            '    data-old-intat: https://bugs.example.org/1\n',
            'line 4: known_disagreement: "data-old-intat" is no check. Did '
            'you mean "data-old-intact"?',
        ),
        (
            'backends:\n- volume_type: a\n  known_disagreement:\n'
            '    data-old-intact: LP 1\n',
            'line 4: backends.known_disagreement.data-old-intact is "LP 1", '
            'which must be the URL of a bug',
        ),
        (
            'backends:\n- volume_type: a\n  volume_type: b\n',
            'line 3: is not YAML: found duplicate key',
        ),
        ('a: [\n', 'line 2: is not YAML'),
        ('a: \x00', 'is not YAML'),
    )
    @ddt.unpack
    def test_error(self, text: str, expected: str) -> None:
        self.assertIn(expected, self._error(text))

    def test_the_first_of_two_errors(self) -> None:
        error = self._error(
            'backends:\n- volume_type: 1\n- volume_type: a\n  expct: x\n'
        )
        self.assertIn('line 2:', error)

    def test_merged_key_is_told_by_its_entry(self) -> None:
        error = self._error(
            'backends:\n- &a\n  volume_type: a\n- <<: *a\n'
            '  expect: refuse\n  absent_features: []\n'
        )
        self.assertIn('line 5:', error)
        error = self._error('backends:\n- &a\n  volume_type: a\n\n- <<: *a\n')
        self.assertIn('line 5: volume type "a" has an entry', error)

    def test_absent_file(self) -> None:
        error = self.assertRaises(
            exceptions.UsageError, claims_file.load, self.path
        )
        self.assertIn('discover', str(error))

    def test_not_text(self) -> None:
        self.path.write_bytes(b'\xff\xfe\x00')
        self.assertRaises(exceptions.UsageError, claims_file.load, self.path)

    def test_any_name_if_none_are_given(self) -> None:
        self.path.write_text(
            'backends:\n- volume_type: a\n'
            '  known_disagreement: {any: "https://bugs.example.org/1"}\n'
        )
        claim = claims_file.load(self.path).find('a')
        self.assertEqual(
            ['any'], list(claim.known_disagreement) if claim else None
        )


class TestSchema(testtools.TestCase):
    """The schema is a file that others may read; its words are ours."""

    def test_words(self) -> None:
        entry = json.loads(
            importlib.resources.files(claims)
            .joinpath('claims_file.schema.json')
            .read_text(encoding='utf-8')
        )['properties']['backends']['items']['properties']
        self.assertEqual(
            [list(vocabulary.Expectation), list(vocabulary.Feature)],
            [
                entry['expect']['enum'],
                entry['absent_features']['items']['enum'],
            ],
        )
