# SPDX-License-Identifier: Apache-2.0

"""Bytes and sizes through real descriptors, on regular files."""

import errno
import os

import fixtures
import testtools

from extend_conformance.cloud import device as devices

UNIT = devices.ALIGNMENT_BYTES


class BlockDeviceTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        # Beside the code, since a temporary directory may be a tmpfs.
        directory = self.useFixture(
            fixtures.TempDir(rootdir=os.path.dirname(__file__))
        ).path
        self.path = os.path.join(directory, 'volume')
        with open(self.path, 'wb') as stream:
            stream.truncate(4 * UNIT)
        self.device = devices.BlockDevice(self.path)

    def test_what_was_written_is_read_back(self) -> None:
        self.device.write_direct(UNIT, b'a' * UNIT + b'b' * UNIT)

        self.assertEqual(
            b'\0' * UNIT + b'a' * UNIT + b'b' * UNIT + b'\0' * UNIT,
            self.device.read_direct(0, 4 * UNIT),
        )

    def test_content_longer_than_the_scratch_arrives_whole(self) -> None:
        content = os.urandom(5 * 1024 * 1024 + UNIT)
        os.truncate(self.path, UNIT + len(content))

        self.device.write_direct(UNIT, content)

        self.assertEqual(content, self.device.read_direct(UNIT, len(content)))

    def test_size_is_read_anew_each_time(self) -> None:
        before = self.device.size_bytes()
        os.truncate(self.path, 6 * UNIT)

        self.assertEqual(
            (4 * UNIT, 6 * UNIT), (before, self.device.size_bytes())
        )

    def test_an_open_descriptor_sees_the_growth(self) -> None:
        with self.device.open_direct() as opened:
            os.truncate(self.path, 6 * UNIT)

            self.assertEqual(6 * UNIT, opened.size_bytes())

    def test_reading_past_the_end_is_an_error(self) -> None:
        error = self.assertRaises(
            devices.ShortTransfer, self.device.read_direct, 2 * UNIT, 4 * UNIT
        )

        self.assertIn(f'{2 * UNIT} bytes', error.last or '')

    def test_unaligned_offset_and_length_are_refused(self) -> None:
        self.assertRaises(ValueError, self.device.read_direct, 1, UNIT)
        self.assertRaises(ValueError, self.device.write_direct, 0, b'abc')

    def test_opening_for_reading_does_not_allow_writes(self) -> None:
        with self.device.open_direct() as opened:
            error = self.assertRaises(OSError, opened.write_at, 0, b'a' * UNIT)

        self.assertEqual(errno.EBADF, error.errno)

    def test_identity_of_another_file_differs(self) -> None:
        first = self.device.identity()
        os.rename(self.path, self.path + '.old')
        with open(self.path, 'wb'):
            pass

        self.assertNotEqual(first, self.device.identity())

    def test_identity_survives_growth(self) -> None:
        first = self.device.identity()
        os.truncate(self.path, 8 * UNIT)

        self.assertEqual(first, self.device.identity())

    def test_closing_twice_does_nothing(self) -> None:
        opened = self.device.open_direct()
        opened.close()
        opened.close()

        self.assertRaises(ValueError, opened.size_bytes)

    def test_owner_is_asked_for_only_when_opening_is_not_allowed(self) -> None:
        lent = []
        device = devices.BlockDevice(self.path, lambda: lent.append(1))

        device.size_bytes()

        self.assertEqual([], lent)


class HandleDeviceTest(testtools.TestCase):
    """A handle without a descriptor of its own, as librbd's is."""

    def setUp(self) -> None:
        super().setUp()
        path = os.path.join(self.useFixture(fixtures.TempDir()).path, 'rbd')
        self.handle = open(path, 'w+b', buffering=0)  # noqa: SIM115
        self.addCleanup(self.handle.close)
        self.handle.truncate(4 * UNIT)
        self.device = devices.HandleDevice(self.handle, 'pool/volume-1')

    def test_what_was_written_is_read_back(self) -> None:
        self.device.write_direct(UNIT, b'a' * UNIT)

        self.assertEqual(
            b'\0' * UNIT + b'a' * UNIT, self.device.read_direct(0, 2 * UNIT)
        )

    def test_size_follows_the_handle(self) -> None:
        self.handle.truncate(6 * UNIT)

        self.assertEqual(6 * UNIT, self.device.size_bytes())

    def test_a_write_past_the_end_writes_nothing(self) -> None:
        error = self.assertRaises(
            OSError, self.device.write_direct, 3 * UNIT, b'a' * 2 * UNIT
        )

        self.assertEqual(errno.ENOSPC, error.errno)
        self.assertEqual(b'\0' * UNIT, self.device.read_direct(3 * UNIT, UNIT))

    def test_closing_what_was_opened_keeps_the_handle(self) -> None:
        self.device.open_direct().close()

        self.assertEqual(4 * UNIT, self.device.size_bytes())
