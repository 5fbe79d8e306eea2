# SPDX-License-Identifier: Apache-2.0

"""What the life cycle of a sandbox refuses before anything is made."""

import os
import pathlib
import socket

import fixtures
import testtools

from extend_conformance import exceptions
from extend_conformance.sandbox import lifecycle
from extend_conformance.sandbox import starting
from extend_conformance.sandbox import state
from extend_conformance.tests.unit.sandbox import test_state


class RefusalTestCase(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.root = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.paths = state.Paths(self.root / 'sandbox')

    def be_root(self, yes: bool = True) -> None:
        self.useFixture(
            fixtures.MonkeyPatch('os.geteuid', lambda: 0 if yes else 1)
        )

    def test_not_root(self) -> None:
        self.be_root(False)
        error = self.assertRaises(
            exceptions.NotTestable, lifecycle.up, self.paths.root
        )
        self.assertIn('needs root', str(error))
        self.assertEqual([], os.listdir(self.root))

    def test_too_little_room(self) -> None:
        self.be_root()
        self.useFixture(
            fixtures.MonkeyPatch(
                'extend_conformance.sandbox.machine.NEEDED_BYTES', 2**60
            )
        )
        error = self.assertRaises(
            exceptions.NotTestable, lifecycle.up, self.paths.root
        )
        self.assertIn('too little room', str(error))
        self.assertEqual([], os.listdir(self.root))

    def test_unknown_client_user(self) -> None:
        self.be_root()
        self.assertRaises(
            exceptions.UsageError,
            lifecycle.up,
            self.paths.root,
            client_user='nobody-of-that-name',
        )
        self.assertEqual([], os.listdir(self.root))

    def test_unknown_backend_comes_before_the_need_of_root(self) -> None:
        self.be_root(False)
        self.assertRaises(
            exceptions.UsageError, lifecycle.up, self.paths.root, ['godd']
        )

    def test_down_without_a_sandbox_does_nothing(self) -> None:
        self.assertFalse(lifecycle.down(self.paths.root))

    def test_down_leaves_a_directory_of_somebody_else_alone(self) -> None:
        (self.root / 'client').mkdir()
        self.assertFalse(lifecycle.down(self.root))
        self.assertEqual(['client'], os.listdir(self.root))

    def test_status_without_a_sandbox(self) -> None:
        self.assertEqual(
            [(name, False) for name in state.SERVICES],
            [
                (one.service, one.alive)
                for one in lifecycle.status(self.paths.root)
            ],
        )

    def test_status_of_a_killed_sandbox(self) -> None:
        self.paths.root.mkdir()
        state.save(self.paths, test_state.a_record())
        found = {one.service: one for one in lifecycle.status(self.paths.root)}
        self.assertEqual(
            lifecycle.Status('cinder', 7, 'http://127.0.0.1:2', False),
            found['cinder'],
        )

    def test_client_without_a_sandbox_is_told(self) -> None:
        error = self.assertRaises(
            exceptions.NotTestable, lifecycle.must_run, self.paths.root
        )
        self.assertIn('sandbox up', str(error))


class PortTestCase(testtools.TestCase):
    def test_port_is_not_shared(self) -> None:
        listener = starting.listen()
        self.addCleanup(listener.close)
        other = socket.socket()
        self.addCleanup(other.close)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self.assertRaises(OSError, other.bind, listener.getsockname())
