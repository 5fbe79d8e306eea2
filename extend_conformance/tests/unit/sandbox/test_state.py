# SPDX-License-Identifier: Apache-2.0

"""The record of a sandbox, and the lock on its directory."""

import os
import pathlib
import stat

import fixtures
import testtools

from extend_conformance import exceptions
from extend_conformance import vocabulary
from extend_conformance.sandbox import declared
from extend_conformance.sandbox import state


def a_record(**changes: object) -> state.Record:
    """Return a record as ``up`` would make one."""
    values: dict[str, object] = {
        'complete': True,
        'made_root': True,
        'root_mode': 0o711,
        'client_user': 'root',
        'token_expiration_s': 60,
        'chosen': declared.STANDARD,
        'passwords': dict.fromkeys(state.ACCOUNTS, 'secret'),
        'ports': {'keystone': 1, 'cinder': 2, 'glance': 3, 'web': 4},
        'processes': {'cinder': state.Process(7, 1.25)},
        'image_id': 'image-1',
    }
    return state.Record(**{**values, **changes})  # type: ignore[arg-type]


class StateTestCase(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.root = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.paths = state.Paths(self.root)

    def test_record_survives_the_disk(self) -> None:
        state.save(self.paths, a_record())
        self.assertEqual(a_record(), state.load(self.paths))

    def test_what_a_backend_must_get_is_read_as_words(self) -> None:
        state.save(self.paths, a_record())
        record = state.load(self.paths)
        assert record is not None
        good = record.chosen[0]
        self.assertIs(vocabulary.MatrixValue.COMPLETE, good.matrix)
        self.assertIs(vocabulary.BackendVerdict.CONFORMS, good.verdict)
        self.assertIs(vocabulary.Outcome.SUPPORTED, good.outcomes[0])

    def test_a_word_that_there_is_not_is_said_so(self) -> None:
        state.save(self.paths, a_record())
        text = self.paths.record.read_text()
        self.paths.record.write_text(text.replace('"conforms"', '"shines"'))
        error = self.assertRaises(
            exceptions.UsageError, state.load, self.paths
        )
        self.assertIn('shines', str(error))

    def test_no_record_is_no_sandbox(self) -> None:
        self.assertIsNone(state.load(self.paths))

    def test_record_is_secret(self) -> None:
        state.save(self.paths, a_record())
        self.assertEqual(0o600, stat.S_IMODE(self.paths.record.stat().st_mode))

    def test_damaged_record_is_said_so(self) -> None:
        self.paths.record.write_text('{"version": 1')
        error = self.assertRaises(
            exceptions.UsageError, state.load, self.paths
        )
        self.assertIn(str(self.paths.record), str(error))

    def test_record_of_another_version_is_said_so(self) -> None:
        self.paths.record.write_text('{"version": 99}')
        self.assertRaises(exceptions.UsageError, state.load, self.paths)

    def test_failed_write_leaves_the_old_file(self) -> None:
        path = self.root / 'file'
        state.write_atomically(path, 'old')
        self.assertRaises(
            TypeError,
            state.write_atomically,
            path,
            b'new',
        )
        self.assertEqual('old', path.read_text())

    def test_passwords_differ(self) -> None:
        passwords = state.new_passwords()
        self.assertEqual(len(state.ACCOUNTS), len(set(passwords.values())))

    def test_second_lock_is_refused(self) -> None:
        with state.locked(self.root, wait_s=0):
            self.assertRaises(
                exceptions.UsageError,
                state.locked(self.root, wait_s=0).__enter__,
            )

    def test_lock_ends_with_the_block(self) -> None:
        with state.locked(self.root, wait_s=0):
            pass
        with state.locked(self.root, wait_s=0):
            self.assertEqual([], os.listdir(self.root))
