# SPDX-License-Identifier: Apache-2.0

"""The ledger outlives its writers and keeps what several of them enter."""

import collections.abc
import multiprocessing
import os
import pathlib
import re
import resource
import signal
import stat
import subprocess
import time
import typing as ty

import fixtures
import psutil
import testtools

from extend_conformance import exceptions
from extend_conformance import interrupts
from extend_conformance.cloud import ledger as ledgers


def _enter(directory: str, run_id: str, count: int) -> None:
    ledger = ledgers.Ledger.start(run_id, pathlib.Path(directory))
    for number in range(count):
        entry = ledger.intend('volume', 'sandbox', 'p', f'volume-{number}')
        ledger.made(entry, f'id-{number}')


def _enter_for_ever(directory: str, run_id: str) -> None:
    ledger = ledgers.Ledger.start(run_id, pathlib.Path(directory))
    while True:
        ledger.gone(ledger.intend('volume', 'sandbox', 'p', 'volume'))


class LedgerTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.ledger = ledgers.Ledger.start(directory=self.directory)

    def _again(self) -> ledgers.Ledger:
        return ledgers.Ledger(self.ledger.run_id, self.directory)

    def test_an_intention_is_there_before_anything_was_made(self) -> None:
        self.ledger.intend('volume', 'sandbox', 'p1', 'image-1', size_gib=2)

        (entry,) = self._again().open_entries

        self.assertEqual('image-1', entry.name)
        self.assertIsNone(entry.id)
        self.assertEqual({'size_gib': 2}, entry.facts)

    def _interrupted(
        self, replace: collections.abc.Callable[..., None]
    ) -> None:
        """Enter something, and be interrupted while the file is replaced."""
        self.useFixture(fixtures.MonkeyPatch('os.replace', replace))

        def enter() -> None:
            with interrupts.like_ctrl_c():
                self.ledger.intend('volume', 'sandbox', 'p1', 'image-1')

        self.assertRaises(KeyboardInterrupt, enter)

    def test_an_interrupt_waits_until_it_is_entered(self) -> None:
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.addCleanup(signal.signal, signal.SIGINT, before)
        replace = os.replace

        def interrupted(*arguments: ty.Any) -> None:
            signal.raise_signal(signal.SIGINT)
            replace(*arguments)

        self._interrupted(interrupted)

        (entry,) = self._again().open_entries
        self.assertEqual('image-1', entry.name)

    def test_an_interrupt_at_the_last_moment_is_no_other_error(self) -> None:
        replace = os.replace

        def interrupted(*arguments: ty.Any) -> None:
            replace(*arguments)
            raise KeyboardInterrupt

        self._interrupted(interrupted)

        self.assertEqual(1, len(self._again().open_entries))

    def test_a_full_disk_is_told_and_spoils_nothing(self) -> None:
        entry = self.ledger.intend('volume', 'sandbox', 'p1', 'image-1')
        _, hard = before = resource.getrlimit(resource.RLIMIT_FSIZE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_FSIZE, before)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))

        error = self.assertRaises(
            exceptions.NotTestable, self.ledger.made, entry, 'b5a1'
        )

        self.assertIn('The ledger cannot be written: File too', str(error))
        self.assertEqual((entry,), self._again().open_entries)
        self.assertEqual(
            [self.ledger.path], list(self.directory.glob('[!.]*'))
        )

    def test_the_id_of_what_was_made_is_kept(self) -> None:
        entry = self.ledger.intend('volume', 'sandbox', 'p1', 'image-1')
        self.ledger.made(entry, 'b5a1', device='/dev/loop1')

        (entry,) = self._again().open_entries

        self.assertEqual('b5a1', entry.id)
        self.assertEqual({'device': '/dev/loop1'}, entry.facts)

    def test_what_is_gone_is_not_open(self) -> None:
        entry = self.ledger.intend('volume', 'sandbox', 'p1', 'image-1')
        self.ledger.gone(self.ledger.made(entry, 'b5a1'))

        self.assertEqual((), self._again().open_entries)
        self.assertEqual('b5a1', self._again().entries[0].id)

    def test_the_old_value_of_a_setting_is_kept(self) -> None:
        self.ledger.setting('sandbox', 'p1', 'quota gigabytes', 1000)

        (entry,) = self._again().open_entries

        self.assertEqual('setting', entry.kind)
        self.assertEqual({'old': 1000}, entry.facts)

    def test_only_the_owner_may_read_it(self) -> None:
        mode = stat.S_IMODE(self.ledger.path.stat().st_mode)

        self.assertEqual(0o600, mode)

    def test_a_ledger_with_open_entries_is_not_closed(self) -> None:
        entry = self.ledger.intend('volume', 'sandbox', 'p1', 'image-1')

        self.assertFalse(self.ledger.close())
        self.ledger.gone(entry)
        self.assertTrue(self.ledger.close())
        self.assertEqual((), ledgers.Ledger.runs(self.directory))

    def test_runs_are_listed_oldest_first(self) -> None:
        for run_id in ('20260102t000000-b', '20260101t000000-a'):
            ledgers.Ledger.start(run_id, self.directory)

        runs = [each.run_id for each in ledgers.Ledger.runs(self.directory)]

        self.assertEqual(
            ['20260101t000000-a', '20260102t000000-b', self.ledger.run_id],
            runs,
        )

    def test_several_processes_lose_no_entry_of_each_other(self) -> None:
        context = multiprocessing.get_context('spawn')
        arguments = (str(self.directory), self.ledger.run_id, 20)
        writers = [
            context.Process(target=_enter, args=arguments) for _ in range(3)
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()

        entries = self.ledger.open_entries

        self.assertEqual(60, len(entries))
        self.assertNotIn(None, [entry.id for entry in entries])

    def test_kill_in_the_middle_leaves_a_readable_ledger(self) -> None:
        context = multiprocessing.get_context('spawn')
        writer = context.Process(
            target=_enter_for_ever,
            args=(str(self.directory), self.ledger.run_id),
        )
        writer.start()
        while len(self.ledger.entries) < 5:
            time.sleep(0.01)
        os.kill(_known(writer.pid), signal.SIGKILL)
        writer.join()

        # The lock is free again, too.
        self.assertLessEqual(5, len(self.ledger.entries))
        self.ledger.intend('volume', 'sandbox', 'p1', 'after')

    def test_a_run_is_alive_as_long_as_one_of_its_processes(self) -> None:
        context = multiprocessing.get_context('spawn')
        run_id = ledgers.new_run_id()
        writer = context.Process(
            target=_enter, args=(str(self.directory), run_id, 1)
        )
        writer.start()
        writer.join()
        other = ledgers.Ledger(run_id, self.directory)

        self.assertEqual([True], _alive(self.ledger))
        self.assertEqual([False], _alive(other))
        # This process joins the run of the other one.
        ledgers.Ledger.start(run_id, self.directory)
        self.assertEqual([False, True], _alive(other))

    def test_a_zombie_is_no_writer_any_more(self) -> None:
        child = subprocess.Popen(('cat',), stdin=subprocess.PIPE)
        assert child.stdin is not None
        process = psutil.Process(child.pid)
        writer = ledgers.Writer(
            pid=child.pid,
            created_s=process.create_time() - psutil.boot_time(),
        )
        self.assertTrue(writer.is_alive)

        child.stdin.close()
        # It ends; nobody asks for it, so that it stays.
        while process.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)

        self.addCleanup(child.wait)
        self.assertFalse(writer.is_alive)
        # Does not wait either.
        writer.wait_until_ended(300.0)

    def test_a_pid_that_is_used_again_is_not_the_writer(self) -> None:
        now = ledgers.Writer.this()
        before = ledgers.Writer(pid=now.pid, created_s=now.created_s - 3600.0)

        self.assertTrue(now.is_alive)
        self.assertFalse(before.is_alive)

    def test_a_clock_that_steps_ends_no_run(self) -> None:
        now = ledgers.Writer.this()
        start_s = psutil.boot_time()
        # The kernel moves the date of its own start with its clock.
        self.useFixture(
            fixtures.MonkeyPatch(
                'psutil._psplatform.boot_time', lambda: start_s + 86400
            )
        )

        self.assertTrue(now.is_alive)

    def test_a_file_that_is_no_ledger_is_a_clear_error(self) -> None:
        self.ledger.path.write_text('{"version": 1}')

        error = self.assertRaises(
            ledgers.LedgerUnreadable, lambda: self.ledger.entries
        )

        self.assertEqual(str(self.ledger.path), error.resource)
        self.assertEqual(exceptions.ExitCode.USAGE, error.exit_code)

    def test_a_directory_that_cannot_be_made_is_a_clear_error(self) -> None:
        file = self.directory / 'file'
        file.touch()

        self.assertRaises(
            exceptions.NotTestable,
            ledgers.Ledger.start,
            directory=file / 'runs',
        )


def _alive(ledger: ledgers.Ledger) -> list[bool]:
    return [writer.is_alive for writer in ledger.writers]


def _known(pid: int | None) -> int:
    assert pid is not None
    return pid


class RunIdTest(testtools.TestCase):
    def test_run_ids_are_unique_and_fit_names(self) -> None:
        ids = {ledgers.new_run_id() for _ in range(100)}

        self.assertEqual(100, len(ids))
        for run_id in ids:
            self.assertTrue(re.fullmatch('[a-z0-9-]+', run_id))

    def test_runs_live_under_the_state_directory(self) -> None:
        self.useFixture(
            fixtures.EnvironmentVariable('XDG_STATE_HOME', '/state')
        )

        self.assertEqual(
            pathlib.Path('/state/extend-conformance/runs'),
            ledgers.runs_directory(),
        )
