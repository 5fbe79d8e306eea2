# SPDX-License-Identifier: Apache-2.0

"""Finding and ending the processes of a sandbox, and no others."""

import os
import pathlib
import subprocess
import sys

import fixtures
import psutil
import testtools

from extend_conformance.sandbox import processes
from extend_conformance.sandbox import state


class ProcessesTestCase(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.root = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def spawn(
        self, root: pathlib.Path | None, code: str = 'import time\n'
    ) -> 'subprocess.Popen[bytes]':
        variables = dict(os.environ)
        if root is not None:
            variables[processes.MARKER] = str(root)
        child = subprocess.Popen(
            [
                sys.executable,
                '-c',
                f'{code}import time\nprint(1, flush=True)\ntime.sleep(60)',
            ],
            env=variables,
            stdout=subprocess.PIPE,
        )
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        assert child.stdout is not None
        self.addCleanup(child.stdout.close)
        child.stdout.readline()
        return child

    def test_marked_process_is_found(self) -> None:
        child = self.spawn(self.root)
        found = processes.belonging(self.root)
        self.assertEqual([child.pid], [one.pid for one in found])

    def test_process_of_another_sandbox_is_not_found(self) -> None:
        self.spawn(self.root / 'other')
        self.assertEqual([], processes.belonging(self.root))

    def test_recorded_process_is_found_without_marker(self) -> None:
        child = self.spawn(None)
        found = processes.belonging(self.root, [processes.identify(child.pid)])
        self.assertEqual([child.pid], [one.pid for one in found])

    def test_later_process_of_the_same_pid_is_not_found(self) -> None:
        child = self.spawn(None)
        earlier = state.Process(
            child.pid, processes.identify(child.pid).create_time - 60
        )
        self.assertEqual([], processes.belonging(self.root, [earlier]))

    def test_process_is_the_same_when_the_clock_has_stepped(self) -> None:
        child = processes.identify(self.spawn(None).pid)
        start_s = psutil.boot_time()
        # The kernel moves the date of its own start with its clock.
        self.useFixture(
            fixtures.MonkeyPatch(
                'psutil._psplatform.boot_time', lambda: start_s - 86400
            )
        )
        self.assertTrue(processes.alive(child))

    def test_end_reaches_one_that_ignores_sigterm(self) -> None:
        child = self.spawn(
            self.root,
            'import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n',
        )
        self.assertEqual([], processes.end(self.root, [], grace_s=0.1))
        self.assertFalse(psutil.pid_exists(child.pid))

    def test_end_leaves_others_alone(self) -> None:
        other = self.spawn(self.root / 'other')
        processes.end(self.root, [], grace_s=0.1)
        self.assertIsNone(other.poll())

    def test_dead_process_is_not_alive(self) -> None:
        child = self.spawn(None)
        identity = processes.identify(child.pid)
        child.kill()
        child.wait()
        self.assertFalse(processes.alive(identity))

    def test_daemon_does_not_inherit_another_cloud(self) -> None:
        self.useFixture(fixtures.EnvironmentVariable('OS_AUTH_URL', 'x'))
        found = processes.environment(state.Paths(self.root))
        self.assertNotIn('OS_AUTH_URL', found)

    def test_daemon_inherits_pythonpath(self) -> None:
        self.useFixture(fixtures.EnvironmentVariable('PYTHONPATH', '/mine'))
        found = processes.environment(state.Paths(self.root))
        self.assertEqual('/mine', found['PYTHONPATH'])
