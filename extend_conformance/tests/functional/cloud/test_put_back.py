# SPDX-License-Identifier: Apache-2.0

"""What a run has changed, or snapshotted, is put right after a kill."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import textwrap
import threading
import time
import typing as ty

import fixtures
import psutil

from extend_conformance import interrupts
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

    def _interrupted(self) -> tuple[str, ...]:
        """Change the quota and be interrupted; returns what that says."""

        def change() -> None:
            with (
                interrupts.like_ctrl_c(),
                settings.quota_limit(
                    self.admin,
                    self.ledger,
                    self.project_id,
                    'gigabytes_good',
                    77,
                ),
            ):
                pass

        return interrupts.told(self.assertRaises(KeyboardInterrupt, change))

    def test_an_interrupt_before_the_change_leaves_no_entry(self) -> None:
        enter = self.ledger.setting

        def interrupted(*arguments: ty.Any, **facts: ty.Any) -> ty.Any:
            entry = enter(*arguments, **facts)
            signal.raise_signal(signal.SIGINT)
            return entry

        self.useFixture(
            fixtures.MonkeyPatch(
                'extend_conformance.cloud.ledger.Ledger.setting',
                lambda _, *arguments, **facts: interrupted(
                    *arguments, **facts
                ),
            )
        )

        self.assertEqual((), self._interrupted())

        self.assertEqual((), self.ledger.open_entries)

    def _interrupt_putting_back(self, count: int) -> None:
        restore = settings.restore

        def interrupted(*arguments: ty.Any) -> str | None:
            for _ in range(count):
                signal.raise_signal(signal.SIGINT)
            return restore(*arguments)

        self.useFixture(
            fixtures.MonkeyPatch(
                'extend_conformance.cloud.settings.restore', interrupted
            )
        )

    def test_a_quota_is_put_back_before_an_interrupt(self) -> None:
        before = self._limit()
        self._interrupt_putting_back(1)

        self.assertEqual((), self._interrupted())

        self.assertEqual(before, self._limit())
        self.assertEqual((), self.ledger.open_entries)

    def test_a_second_one_leaves_the_quota_and_names_it(self) -> None:
        self.addCleanup(
            self.admin.client.quotas.update,
            self.project_id,
            gigabytes_good=settings.NO_LIMIT,
        )
        self._interrupt_putting_back(2)

        self.assertEqual(
            (
                'Left behind: setting quota gigabytes_good of project '
                f'{self.project_id}. Run extend-conformance cleanup.',
            ),
            self._interrupted(),
        )

        self.assertEqual(77, self._limit())

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
            (code, [(each['Kind'], each['Status']) for each in found]),
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

        self.assertEqual((0, 'spared'), (code, found[0]['Status']))
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

    def test_a_process_that_the_kernel_ends_late_is_waited_for(self) -> None:
        before = self.volume_ids()
        disk = self._frozen_disk()
        process = subprocess.Popen(
            (
                *(sys.executable, '-c'),
                _BEGIN
                + "owned.create_volume(1, 'good')\n"
                + "print('made', flush=True)\n"
                + f"open('{disk / 'held'}', 'wb')\n",
            ),
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        assert process.stdout is not None
        self.assertEqual('made\n', process.stdout.readline())
        held = psutil.Process(process.pid)
        while held.status() != psutil.STATUS_DISK_SLEEP:
            self.assertIsNone(process.poll())
            time.sleep(0.01)
        process.kill()
        thaw = threading.Timer(5, subprocess.run, [('fsfreeze', '-u', disk)])
        thaw.start()
        self.addCleanup(thaw.join)

        code, found = self._cleanup()

        self.assertFalse(thaw.is_alive())
        self.assertEqual(
            (0, [('volume', 'removed')]),
            (code, [(each['Kind'], each['Status']) for each in found]),
        )
        self.must_leave_nothing(before)
        self.assertEqual((0, []), self._cleanup())

    def _frozen_disk(self) -> pathlib.Path:
        """A file system that holds whoever writes to it, in the kernel."""
        directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        image = directory / 'image'
        disk = directory / 'disk'
        disk.mkdir()
        with image.open('wb') as stream:
            stream.truncate(16 * base.MIB)
        for words in (
            ('mkfs.ext4', '-q', image),
            ('mount', '-o', 'loop', image, disk),
        ):
            subprocess.run(words, check=True)
        self.addCleanup(subprocess.run, ('umount', disk), check=True)
        subprocess.run(('fsfreeze', '-f', disk), check=True)
        self.addCleanup(
            subprocess.run, ('fsfreeze', '-u', disk), capture_output=True
        )
        return disk

    def test_a_run_that_goes_on_is_named_and_left_alone(self) -> None:
        volume = self.resources.create_volume(1, 'good')

        code, found = self._cleanup()

        self.assertEqual(
            (0, [('ledger', 'spared', self.ledger.run_id)]),
            (
                code,
                [
                    (each['Kind'], each['Status'], each['Run'])
                    for each in found
                ],
            ),
        )
        self.assertIn(str(os.getpid()), found[0]['Reason'])
        self.assertIn(volume.id, self.volume_ids())
