# SPDX-License-Identifier: Apache-2.0

"""What a run has changed, or snapshotted, is put right after a kill."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import typing as ty

from extend_conformance.cloud import calls
from extend_conformance.cloud import settings
from extend_conformance.tests.functional import base

_BEGIN = """
import os, signal
from extend_conformance.cloud import block_storage, connection, ledger
from extend_conformance.cloud import resources, settings
member = block_storage.BlockStorage(connection.from_cloud('sandbox'))
admin = block_storage.BlockStorage(connection.from_cloud('sandbox-admin'))
run = ledger.Ledger.start()
owned = resources.Resources(member, run)
"""


class PutBackTest(base.SandboxTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.project_id = self.storage.connection.project_id

    def _killed_run(self, text: str) -> None:
        """Run a program up to its end, which is a SIGKILL."""
        program = (
            _BEGIN
            + textwrap.dedent(text)
            + '\nos.kill(os.getpid(), signal.SIGKILL)\n'
        )
        # Broken off by itself: a with statement would put things back.
        ended = subprocess.run(
            (sys.executable, '-c', program),
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=120,
        )
        self.assertEqual(-signal.SIGKILL, ended.returncode, ended.stderr)

    def _cleanup(self) -> tuple[int, list[dict[str, ty.Any]]]:
        ended = self.run_command('cleanup', '-f', 'json')
        return ended.returncode, json.loads(ended.stdout)

    def _limit(self) -> int | None:
        return self.storage.quota().by_type['good'].limit

    def _kill_while_the_quota_is_changed(self, limit: int) -> None:
        self._killed_run(
            f"""
            changed = settings.quota_limit(
                admin, run, '{self.project_id}', 'gigabytes_good', {limit}
            )
            changed.__enter__()
            """
        )
        self.addCleanup(
            self.admin.client.quotas.update,
            self.project_id,
            gigabytes_good=settings.NO_LIMIT,
        )
        self.assertEqual(limit, self._limit())

    def test_a_quota_is_what_it_was_after_an_error(self) -> None:
        before = self._limit()

        def fail() -> None:
            with settings.quota_limit(
                self.admin, self.ledger, self.project_id, 'gigabytes_good', 77
            ):
                self.assertEqual(77, self._limit())
                raise KeyboardInterrupt

        self.assertRaises(KeyboardInterrupt, fail)

        self.assertEqual(before, self._limit())
        self.assertEqual((), self.ledger.open_entries)

    def test_a_member_changes_no_quota_and_leaves_no_entry(self) -> None:
        def change() -> None:
            with settings.quota_limit(
                self.storage,
                self.ledger,
                self.project_id,
                'gigabytes_good',
                77,
            ):
                self.fail('it was changed')

        self.assertRaises(calls.ApiError, change)

        self.assertEqual((), self.ledger.open_entries)

    def test_a_quota_of_a_killed_run_is_put_back(self) -> None:
        before = self._limit()
        self._kill_while_the_quota_is_changed(78)

        code, found = self._cleanup()

        self.assertEqual(before, self._limit())
        self.assertEqual(
            (0, [('setting', 'restored')]),
            (code, [(each['Kind'], each['Fate']) for each in found]),
        )
        self.assertEqual((0, []), self._cleanup())

    def test_without_an_administrator_it_says_what_it_needs(self) -> None:
        self._kill_while_the_quota_is_changed(78)
        self.environment['EXTEND_CONFORMANCE_ADMIN_CLOUD'] = ''

        code, found = self._cleanup()

        self.assertEqual(1, code)
        self.assertIn('--os-admin-cloud', found[0]['Reason'])
        self.assertEqual(78, self._limit())

    def test_a_quota_that_a_person_has_changed_since_stays(self) -> None:
        self._kill_while_the_quota_is_changed(78)
        self.admin.client.quotas.update(self.project_id, gigabytes_good=99)

        code, found = self._cleanup()

        self.assertEqual((0, 'spared'), (code, found[0]['Fate']))
        self.assertEqual(99, self._limit())
        self.assertEqual((0, []), self._cleanup())

    def test_snapshot_and_volume_with_another_status_go(self) -> None:
        before = self.volume_ids()
        self._killed_run(
            """
            volume = owned.create_volume(1, 'good')
            owned.put_in_use(volume.id)
            owned.create_snapshot(volume.id)
            changed = settings.volume_status(admin, run, volume.id)
            changed.__enter__()('uploading')
            """
        )

        code, found = self._cleanup()

        self.assertEqual(0, code, str(found))
        self.assertEqual(
            ['setting', 'snapshot', 'attachment', 'volume'],
            [each['Kind'] for each in found],
        )
        self.must_leave_nothing(before)
        self.assertEqual((0, []), self._cleanup())

    def test_a_volume_that_could_not_be_deleted_goes(self) -> None:
        before = self.volume_ids()
        self._killed_run(
            """
            volume = owned.create_volume(1, 'good')
            admin.reset_status(volume.id, 'error_deleting')
            """
        )

        code, found = self._cleanup()

        self.assertEqual(0, code, str(found))
        self.must_leave_nothing(before)
        self.assertEqual((0, []), self._cleanup())
