# SPDX-License-Identifier: Apache-2.0

"""A real sandbox cloud for tests, and clients of it.

One sandbox serves all tests of a process. ``EXTEND_CONFORMANCE_TEST_SANDBOX``
names the state directory of one that runs already, and is used instead.
"""

import atexit
import functools
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile

import fixtures
import testtools

from extend_conformance.cloud import block_storage
from extend_conformance.cloud import connection as connections
from extend_conformance.cloud import host as hosts
from extend_conformance.cloud import ledger as ledgers
from extend_conformance.cloud import resources as resource_owner

MIB = 1024**2
GIB = 1024**3

#: How to run the command line of the code under test.
COMMAND = (sys.executable, '-m', 'extend_conformance.cli.main')


# Programs that are started in the background ignore it, and so would every
# command that a test interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)


@functools.cache
def sandbox_directory() -> str:
    """The state directory of a sandbox that runs; started if needed."""
    running = os.environ.get('EXTEND_CONFORMANCE_TEST_SANDBOX')
    if running:
        return running
    directory = tempfile.mkdtemp(prefix='extend-conformance-test-')
    down = (*COMMAND, 'sandbox', 'down', '--state-dir', directory)

    def stop() -> None:
        subprocess.run(down, check=True)
        shutil.rmtree(directory)

    atexit.register(stop)
    subprocess.run(
        (*COMMAND, 'sandbox', 'up', '--state-dir', directory), check=True
    )
    return directory


@functools.cache
def sandbox_environment() -> dict[str, str]:
    """What a client of the sandbox needs in its environment."""
    shown = subprocess.run(
        (
            *COMMAND,
            *('sandbox', 'env', '-f', 'json'),
            *('--state-dir', sandbox_directory()),
        ),
        check=True,
        capture_output=True,
        text=True,
    )
    return dict(json.loads(shown.stdout))


class SandboxTestCase(testtools.TestCase):
    """A test with a member, an administrator, this host, and a ledger.

    The ledger is in a directory of the test's own. What the test makes
    through ``self.resources`` goes at its end.
    """

    def setUp(self) -> None:
        super().setUp()
        state = self.useFixture(fixtures.TempDir()).path
        self.environment = {
            **sandbox_environment(),
            'XDG_STATE_HOME': state,
        }
        for name, value in self.environment.items():
            self.useFixture(fixtures.EnvironmentVariable(name, value))
        self.storage = block_storage.BlockStorage(
            connections.from_cloud('sandbox')
        )
        self.admin = block_storage.BlockStorage(
            connections.from_cloud('sandbox-admin')
        )
        self.host = hosts.Host(
            lock_path=self.environment['EXTEND_CONFORMANCE_LOCK_PATH']
        )
        self.ledger = ledgers.Ledger.start()
        self.resources = resource_owner.Resources(
            self.storage, self.ledger, self.host
        )
        self.addCleanup(self.resources.cleanup)

    def run_command(
        self, *arguments: str, stdin: int | None = subprocess.DEVNULL
    ) -> 'subprocess.CompletedProcess[str]':
        """Run a command of ours, and return how it ended."""
        return subprocess.run(
            (*COMMAND, *arguments),
            env={**os.environ, **self.environment},
            stdin=stdin,
            capture_output=True,
            text=True,
            timeout=300,
        )

    def volume_ids(self) -> set[str]:
        """All volumes of the project that there are now."""
        return {each.id for each in self.storage.list_volumes()}

    def must_leave_nothing(self, before: set[str]) -> None:
        """Assert that no volume, attachment or ledger entry is left."""
        self.assertEqual(before, self.volume_ids())
        self.assertEqual((), self.ledger.open_entries)
        links = pathlib.Path(sandbox_directory()) / 'client' / 'devices'
        left = {path.name.removeprefix('volume-') for path in links.iterdir()}
        self.assertEqual(set(), left - before)


class Content:
    """Bytes that look random, differ everywhere, and are cheap to make.

    :param size_bytes: how many there are.
    """

    def __init__(self, size_bytes: int) -> None:
        self._size_bytes = size_bytes
        self._offset = 0

    def read(self, size: int = 4 * MIB, /) -> bytes:
        """Give some, never more than 4 MiB, none at the end."""
        begin = self._offset % _PORTION_BYTES
        number = self._offset // _PORTION_BYTES
        portion = number.to_bytes(8, 'big') + _noise()
        given = portion[begin : begin + size]
        given = given[: self._size_bytes - self._offset]
        self._offset += len(given)
        return given


_PORTION_BYTES = 4 * MIB


@functools.cache
def _noise() -> bytes:
    generator = random.Random(1)  # noqa: S311
    return generator.randbytes(_PORTION_BYTES - 8)
