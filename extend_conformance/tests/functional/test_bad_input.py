# SPDX-License-Identifier: Apache-2.0

"""Wrong input is one clear sentence and its exit code; nothing is made."""

import pathlib

import fixtures
import yaml

from extend_conformance.tests.functional import base


class BadInputTest(base.SandboxTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.directory = self.useFixture(fixtures.TempDir()).path
        before = self.volume_ids()
        self.addCleanup(lambda: self.must_leave_nothing(before))

    def must_say(self, code: int, *sentences: str, arguments: str) -> None:
        """Run a command; it has to end with this code and say this."""
        ended = self.run_command(*arguments.split())
        self.assertEqual(code, ended.returncode, ended.stderr)
        for sentence in sentences:
            self.assertIn(sentence, ended.stderr)
        self.assertNotIn('Traceback', ended.stderr)

    def write(self, name: str, text: str) -> pathlib.Path:
        path = pathlib.Path(self.directory, name)
        path.write_text(text, encoding='utf-8')
        return path

    def test_unknown_volume_type_names_the_nearest(self) -> None:
        self.must_say(
            2,
            "The cloud has no volume type 'goood'",
            "Did you mean 'good'?",
            arguments='certify --volume-type goood',
        )

    def test_misspelt_key_of_the_claims_file(self) -> None:
        path = self.write('claims.yaml', 'backends:\n  - volume_typ: good\n')
        self.must_say(
            2,
            f'{path}, line 2',
            'Did you mean "volume_type"?',
            arguments=f'certify --volume-type good --claims-file {path}',
        )

    def test_misspelt_check_in_the_claims_file(self) -> None:
        path = self.write(
            'claims.yaml',
            'backends:\n  - volume_type: good\n    known_disagreement:\n'
            '      host-grow-in-place: https://bugs.example.org/1\n',
        )
        self.must_say(
            2,
            'Did you mean "host-grows-in-place"?',
            arguments=f'certify --volume-type good --claims-file {path}',
        )

    def test_unreadable_claims_file(self) -> None:
        self.must_say(
            2,
            'No such file or directory',
            arguments='certify --volume-type good --claims-file /nowhere',
        )

    def test_discover_needs_an_administrator(self) -> None:
        self.environment['EXTEND_CONFORMANCE_ADMIN_CLOUD'] = ''
        self.must_say(
            3,
            'Only an administrator sees pools',
            '--os-admin-cloud',
            arguments='discover',
        )

    def test_unreachable_cloud(self) -> None:
        clouds = yaml.safe_load(
            pathlib.Path(self.environment['OS_CLIENT_CONFIG_FILE']).read_text(
                encoding='utf-8'
            )
        )
        clouds['clouds']['sandbox']['auth']['auth_url'] = 'http://127.0.0.1:9'
        path = self.write('clouds.yaml', yaml.safe_dump(clouds))
        self.environment['OS_CLIENT_CONFIG_FILE'] = str(path)
        self.must_say(
            3,
            'The identity service cannot be used',
            arguments='certify --volume-type good',
        )

    def test_unknown_cloud_names_the_nearest(self) -> None:
        self.must_say(
            2,
            'Did you mean sandbox?',
            arguments='certify --os-cloud sandbx --volume-type good',
        )

    def test_unknown_release(self) -> None:
        self.environment['EXTEND_CONFORMANCE_MATRIX_FILE'] = ''
        self.must_say(
            2,
            'No Cinder release "2026.7" is known',
            arguments='certify --volume-type good --release 2026.7',
        )
