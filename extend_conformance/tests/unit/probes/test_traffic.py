# SPDX-License-Identifier: Apache-2.0

"""What I/O meets is found, named, and judged; on files, not on devices."""

import errno
import itertools
import os
import pathlib
import threading
import time
import uuid

import fixtures
import testtools

from extend_conformance.cloud import device as devices
from extend_conformance.cloud import journal as journals
from extend_conformance.probes import blocks
from extend_conformance.probes import content as contents
from extend_conformance.probes import findings
from extend_conformance.probes import traffic

MIB = 1024**2
SIZE = 8 * MIB


class Disturbed(devices.BlockDevice):
    """A file on which some writes go wrong.

    :param disturb: called with the offset before every write; the write is
        lost if it returns true.
    """

    def __init__(self, path, disturb):
        super().__init__(path)
        self._disturb = disturb

    def open_direct(self, write=False):
        opened = super().open_direct(write)
        if write:
            write_at = opened.write_at

            def disturbed(offset, data):
                if not self._disturb(offset):
                    write_at(offset, data)

            opened.write_at = disturbed
        return opened


class TrafficTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        directory = self.useFixture(fixtures.TempDir()).path
        self.path = pathlib.Path(directory) / 'volume'
        self.path.touch()
        os.truncate(self.path, SIZE)
        self.content = contents.Content(
            blocks.Pattern('run-1', str(uuid.UUID(int=1)))
        )
        self.journal = journals.Journal()

    def make(self, disturb=lambda offset: None, max_stall_s=10):
        return traffic.Traffic(
            Disturbed(str(self.path), disturb),
            self.content,
            SIZE,
            journal=self.journal,
            max_stall_s=max_stall_s,
        )

    def failure(self, flow):
        return self.assertRaises(
            findings.Failed, flow.must_have_flowed, 'Meanwhile'
        )

    def test_undisturbed_all_is_there_and_nothing_is_found(self):
        with self.make() as flow:
            flow.flow()
        flow.must_have_flowed('Meanwhile')
        self.assertEqual([], self.content.examine(0, self.path.read_bytes()))

    def test_every_place_was_written_more_than_once(self):
        with self.make() as flow:
            flow.flow()
        self.assertGreaterEqual(self.content.generation(0, 1), 2)
        self.assertGreaterEqual(
            self.content.generation(SIZE // blocks.BLOCK_BYTES - 1, 1), 2
        )

    def test_what_it_did_is_recorded(self):
        with self.make() as flow:
            flow.flow()
        event = self.journal.events[-1]
        self.assertIn('writes and', event.summary)
        self.assertGreaterEqual(event.details['writes'], 128)
        self.assertLess(event.details['longest_write_s'], 10)

    def test_it_goes_on_in_a_further_area(self):
        with self.make() as flow:
            os.truncate(self.path, 2 * SIZE)
            flow.widen(SIZE, SIZE)
            flow.flow()
        last = 2 * SIZE // blocks.BLOCK_BYTES - 1
        self.assertGreater(self.content.generation(last, 1), 0)

    def refused_for_room(self):
        def refuse(offset):
            raise OSError(errno.ENOSPC, 'No space left on device')

        with self.make(refuse) as flow:
            flow.flow()
        return flow

    def test_storage_that_is_full_is_not_the_backends_fault(self):
        flow = self.refused_for_room()
        error = self.assertRaises(
            findings.CouldNotTest, flow.must_have_flowed, 'Meanwhile'
        )
        self.assertEqual('no-room', error.cause)

    def test_a_device_that_ends_too_early_is(self):
        os.truncate(self.path, 0)
        self.failure(self.refused_for_room())

    def test_an_error_is_named_and_its_duration_measured(self):
        refusals = iter(range(5))
        recovered = threading.Event()

        def refuse(offset):
            if next(refusals, None) is not None:
                raise OSError(errno.EIO, 'it is away')
            recovered.set()

        with self.make(refuse) as flow:
            self.assertTrue(recovered.wait(30))
        failed = self.failure(flow)
        self.assertEqual('io-interrupted', failed.outcome)
        self.assertIn('a write at byte 0 failed', str(failed))
        self.assertIn('it is away', str(failed))
        self.assertIn('5 errors in all', str(failed))
        # It was tried again after pauses of 0.05 s.
        self.assertGreater(
            self.journal.events[-1].details['longest_write_s'], 0.2
        )

    def test_a_stall_over_the_limit_fails(self):
        stalls = iter([0.4])
        stalled = threading.Event()

        def stall(offset):
            time.sleep(next(stalls, 0))
            stalled.set()

        with self.make(stall, max_stall_s=0.2) as flow:
            self.assertTrue(stalled.wait(30))
        failed = self.failure(flow)
        self.assertEqual('io-interrupted', failed.outcome)
        self.assertIn('stalled for longer than 0.2 s', str(failed))

    def test_a_write_that_never_returns_does_not_keep_the_check(self):
        never = threading.Event()
        self.addCleanup(never.set)
        with self.make(
            lambda offset: never.wait(600), max_stall_s=0.2
        ) as flow:
            pass
        self.assertFalse(never.is_set())
        self.assertIn('stalled', str(self.failure(flow)))

    def test_a_lost_write_is_seen_by_the_reader(self):
        first = threading.Event()

        def lose(offset):
            if offset:
                return False
            lost = first.is_set()
            first.set()
            return lost

        with self.make(lose) as flow:
            flow.flow()
            flow.flow()
        failed = self.failure(flow)
        self.assertEqual('data-damaged', failed.outcome)
        (damage,) = failed.damage
        self.assertEqual(('stale', 0), (damage.kind, damage.offset_bytes))

    def test_a_loss_is_seen_before_it_is_written_over(self):
        writes = itertools.count()

        def disturb(offset):
            # Between two writes of the one thread: the other one has not
            # looked at this place yet, and may never do.
            if offset == 0 and next(writes) == 1:
                with self.path.open('r+b') as file:
                    file.seek(SIZE // 64)
                    file.write(bytes(4096))
            return False

        with self.make(disturb) as flow:
            flow.flow()
            flow.flow()
        (damage,) = self.failure(flow).damage
        self.assertEqual(
            ('zeros', SIZE // 64), (damage.kind, damage.offset_bytes)
        )
