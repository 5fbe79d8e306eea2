# SPDX-License-Identifier: Apache-2.0

"""Long transfers keep their order and say where they failed."""

import os
import tempfile
import threading
from unittest import mock

import ddt
import fixtures
import testtools

from extend_conformance.cloud import device as devices
from extend_conformance.cloud import transfer

UNIT = devices.ALIGNMENT_BYTES


class SilentDevice(devices.DirectDescriptor):
    """Answers nothing until it is told to."""

    def __init__(self, descriptor):
        super().__init__(descriptor, 'silent')
        self.speaks = threading.Event()

    def read_at(self, offset, length):
        self.speaks.wait()
        return super().read_at(offset, length)

    def write_at(self, offset, content):
        self.speaks.wait()
        super().write_at(offset, content)

    def flush(self):
        self.speaks.wait()
        super().flush()


@ddt.ddt
class NoAnswerTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        handle, path = tempfile.mkstemp(dir='/var/tmp')
        self.addCleanup(os.unlink, path)
        os.truncate(path, 10 * UNIT)
        self.silent = SilentDevice(handle)
        self.addCleanup(self.silent.close)
        self.addCleanup(self.silent.speaks.set)
        patience = mock.patch.object(transfer, '_PATIENCE_S', 0.2)
        self.useFixture(fixtures.Timeout(10, gentle=True))
        self.addCleanup(patience.stop)
        patience.start()

    @ddt.data(
        (
            lambda one: list(transfer.read_ahead(one, [(0, UNIT)], UNIT)),
            'read',
        ),
        (
            lambda one: transfer.write_behind(
                one, [(at * UNIT, bytes(UNIT)) for at in range(4)]
            ),
            'write',
        ),
        (transfer.flush, 'flush'),
    )
    @ddt.unpack
    def test_says_so_and_does_not_wait_for_ever(self, use, what):
        error = self.assertRaises(transfer.NoAnswer, use, self.silent)
        self.assertIn(f'A {what}', str(error))
        self.assertIn('no answer after 0.2 s', str(error))

    def test_the_error_of_the_caller_does_not_wait_for_ever_either(self):
        def write():
            with transfer.WriteBehind(self.silent) as behind:
                behind.write(0, bytes(UNIT))
                raise KeyError('the source')

        self.assertRaises(KeyError, write)


class TransferTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        # Not in /tmp, which may be memory that knows no direct I/O.
        handle, path = tempfile.mkstemp(dir='/var/tmp')
        os.close(handle)
        self.addCleanup(os.unlink, path)
        os.truncate(path, 10 * UNIT)
        self.device = devices.BlockDevice(path)
        self.content = os.urandom(10 * UNIT)

    def write(self, *offsets):
        with self.device.open_direct(write=True) as opened:
            transfer.write_behind(
                opened,
                ((at, self.content[at : at + 3 * UNIT]) for at in offsets),
            )

    def read(self, offset, length):
        with self.device.open_direct() as opened:
            return list(
                transfer.read_ahead(opened, [(offset, length)], 3 * UNIT)
            )

    def test_what_was_written_is_read_in_order(self):
        self.write(0, 3 * UNIT, 6 * UNIT, 9 * UNIT)
        found = self.read(0, 10 * UNIT)
        self.assertEqual(
            [0, 3 * UNIT, 6 * UNIT, 9 * UNIT], [at for at, _ in found]
        )
        self.assertEqual(self.content, b''.join(part for _, part in found))

    def test_a_part_is_read_from_its_offset(self):
        self.write(0, 3 * UNIT, 6 * UNIT)
        found = self.read(2 * UNIT, 4 * UNIT)
        self.assertEqual(
            self.content[2 * UNIT : 6 * UNIT],
            b''.join(part for _, part in found),
        )

    def test_many_extents_are_read_each_at_its_place(self):
        self.write(0, 3 * UNIT, 6 * UNIT)
        extents = [
            (5 * UNIT, 4 * UNIT),
            *((number * UNIT, UNIT) for number in range(9)),
            (0, 0),
            (2 * UNIT, 2 * UNIT),
        ]
        with self.device.open_direct() as opened:
            found = list(transfer.read_ahead(opened, extents, 3 * UNIT))
        self.assertEqual(
            [
                (at, self.content[at : at + length])
                for at, length in (
                    (5 * UNIT, 3 * UNIT),
                    (8 * UNIT, UNIT),
                    *((number * UNIT, UNIT) for number in range(9)),
                    (2 * UNIT, 2 * UNIT),
                )
            ],
            found,
        )

    def test_only_so_much_is_read_ahead(self):
        asked = []

        class Recorder(devices.DirectDescriptor):
            def read_at(self, offset, length):
                asked.append(offset)
                return super().read_at(offset, length)

        with self.device.open_direct() as opened:
            recorder = Recorder(os.dup(opened.descriptor), 'recorder')
            with recorder:
                reading = transfer.read_ahead(recorder, [(0, 10 * UNIT)], UNIT)
                next(reading)
                reading.close()
        self.assertLessEqual(len(asked), 3)

    def test_the_caller_may_use_his_memory_again_at_once(self):
        content = bytearray()
        with (
            self.device.open_direct(write=True) as opened,
            transfer.WriteBehind(opened) as behind,
        ):
            for units in (1, 3, 2, 4):
                at = units * (units - 1) // 2 * UNIT
                content[:] = self.content[at : at + units * UNIT]
                behind.write(at, content)
                content[:] = bytes(len(content))
        self.assertEqual(self.content, self.device.read_direct(0, 10 * UNIT))

    def test_nothing_is_read_of_nothing(self):
        self.assertEqual([], self.read(0, 0))

    def test_a_read_past_the_end_says_where(self):
        error = self.assertRaises(
            transfer.TransferFailed, self.read, 6 * UNIT, 6 * UNIT
        )
        self.assertIn(f'read at byte {9 * UNIT}', str(error))

    def test_a_write_that_is_not_allowed_says_where(self):
        def write():
            with self.device.open_direct() as opened:
                transfer.write_behind(opened, [(UNIT, bytes(UNIT))])

        error = self.assertRaises(transfer.TransferFailed, write)
        self.assertIn(f'write at byte {UNIT}', str(error))

    def test_a_failed_write_is_told_when_all_have_to_be_done(self):
        with self.device.open_direct() as opened:
            behind = transfer.WriteBehind(opened)
            self.addCleanup(behind.close)
            behind.write(2 * UNIT, bytes(UNIT))
            error = self.assertRaises(transfer.TransferFailed, behind.drain)
        self.assertIn(f'write at byte {2 * UNIT}', str(error))

    def test_the_error_of_the_caller_comes_before_that_of_the_device(self):
        def write():
            with (
                self.device.open_direct() as opened,
                transfer.WriteBehind(opened) as behind,
            ):
                behind.write(0, bytes(UNIT))
                raise KeyError('the source')

        self.assertRaises(KeyError, write)
