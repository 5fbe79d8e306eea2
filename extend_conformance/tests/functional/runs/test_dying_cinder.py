# SPDX-License-Identifier: Apache-2.0

"""Cinder is killed in the middle of an extend, and comes back or does not."""

import concurrent.futures
import json
import os
import pathlib
import signal
import subprocess

import fixtures
import testtools

from extend_conformance.checks import registry
from extend_conformance.claims import claims_file
from extend_conformance.cloud import block_storage
from extend_conformance.cloud import connection as connections
from extend_conformance.cloud import host as hosts
from extend_conformance.cloud import ledger as ledgers
from extend_conformance.cloud import leftovers
from extend_conformance.cloud import waiting
from extend_conformance.probes import context as contexts
from extend_conformance.results import storage
from extend_conformance.runs import discovery
from extend_conformance.runs import given as givens
from extend_conformance.runs import session
from extend_conformance.sandbox import state
from extend_conformance.tests.functional import base

#: An extend that is never over before Cinder is killed.
_SLOW = """[slow]
volume_driver = extend_conformance.sandbox.drivers.loop.LoopDriver
sandbox_extend_seconds = 3600
"""


class DyingCinderTest(testtools.TestCase):
    """Tests with a sandbox of their own, since they kill it."""

    def setUp(self) -> None:
        super().setUp()
        temporary = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.directory = temporary / 'sandbox'
        self.conf = temporary / 'slow.conf'
        self.conf.write_text(_SLOW)
        self.addCleanup(self._sandbox, 'down')
        self._up()
        shown = self._sandbox('env', '-f', 'json')
        environment = {
            **json.loads(shown),
            'XDG_STATE_HOME': str(temporary / 'state'),
        }
        for name, value in environment.items():
            self.useFixture(fixtures.EnvironmentVariable(name, value))
        self.host = hosts.Host(
            lock_path=environment['EXTEND_CONFORMANCE_LOCK_PATH']
        )
        self.member = connections.from_cloud('sandbox')
        self.storage = block_storage.BlockStorage(self.member)
        self.ledger = ledgers.Ledger.start()
        self.results = temporary / 'results'

    def _sandbox(self, *arguments: str) -> str:
        return subprocess.run(
            (
                *(*base.COMMAND, 'sandbox', *arguments),
                *('--state-dir', str(self.directory)),
            ),
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout

    def _up(self) -> None:
        self._sandbox(
            *('up', '--backend', 'good', '--backend-conf', str(self.conf))
        )

    def _session(self, extend_timeout_s: float) -> session.Session:
        return session.Session(
            given=givens.Given(member=self.member, host=self.host),
            settings=contexts.Settings(extend_timeout_s=extend_timeout_s),
            claims=claims_file.Claims(),
            documentation=discovery.Documentation.find(
                None, self.storage.api_versions()[1], None
            ),
            results=storage.ResultsDirectory(self.results),
            ledger=self.ledger,
        )

    def _kill_in_mid_extend(self) -> None:
        waiting.wait_until(
            self.storage.list_volumes,
            lambda volumes: any(v.status == 'extending' for v in volumes),
            timeout_s=60,
            resource='volumes',
            wanted='one that is extending',
        )
        record = state.load(state.Paths(self.directory))
        assert record is not None
        os.kill(record.processes['cinder'].pid, signal.SIGKILL)

    def test_left_in_extending_by_a_restart_it_hangs(self) -> None:
        (check,) = (
            each
            for each in registry.catalogue()
            if each.id == 'extend-completes'
        )
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            running = pool.submit(
                self._session(extend_timeout_s=60).run_check, check, 'slow'
            )
            self._kill_in_mid_extend()
            self._up()
            result = running.result(180)

        self.assertEqual(
            ('fail', 'hang'), (result.verdict, result.outcome), result.reason
        )
        self.assertNotIn('no way led out', result.reason)
        self.assertEqual((), self.storage.list_volumes())
        self.assertEqual((), self.ledger.open_entries)

    def test_a_cloud_that_stays_away_is_not_the_fault_of_a_backend(
        self,
    ) -> None:
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            running = pool.submit(
                self._session(extend_timeout_s=3).measured, 'slow'
            )
            self._kill_in_mid_extend()
            backend = running.result(180)

        assert backend.measurement is not None
        self.assertEqual('inconclusive', backend.measurement.outcome)
        self.assertIn('no answer', backend.measurement.explanation)
        self._up()
        found = tuple(
            leftovers.Sweep(
                self.storage, self.host, only=self.ledger.run_id
            ).run()
        )
        self.assertFalse(leftovers.failed(found), str(found))
        self.assertEqual((), self.storage.list_volumes())
        self.assertEqual((), self.ledger.open_entries)
