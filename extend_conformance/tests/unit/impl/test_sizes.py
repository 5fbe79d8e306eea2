# SPDX-License-Identifier: Apache-2.0

"""The sizes that break things."""

import ddt
import testtools

from extend_conformance.impl import sizes

GIB = sizes.GIB


@ddt.ddt
class SizesTest(testtools.TestCase):
    @ddt.unpack
    @ddt.data(
        (0, 1),
        (1, 1),
        (GIB - 1, 1),
        (GIB, 1),
        (GIB + 1, 2),
        (2 * GIB, 2),
        (5 * GIB + 511, 6),
        # Where a float has not enough digits.
        (2**53 * GIB + 1, 2**53 + 1),
    )
    def test_smallest_volume_for_bytes(self, size: int, gib: int) -> None:
        self.assertEqual(gib, sizes.gib_for(size))

    def test_a_negative_size_is_refused(self) -> None:
        self.assertRaises(ValueError, sizes.gib_for, -1)

    def test_unknown_size_begins_with_one_gib(self) -> None:
        self.assertEqual(1, sizes.SizePlan(None).first_gib)

    def test_known_size_is_right_at_once(self) -> None:
        self.assertEqual(3, sizes.SizePlan(2 * GIB + 1).first_gib)

    def test_growth_is_by_one_gib(self) -> None:
        self.assertEqual(4, sizes.SizePlan(None).next_gib(3))

    @ddt.unpack
    @ddt.data(
        (2, 2 * GIB, 2 * GIB),
        (2, 8 * GIB, 2 * GIB),
        (2, 2 * GIB - 512, 2 * GIB - 512),
    )
    def test_room_is_what_volume_and_device_both_have(
        self, volume_gib: int, device_bytes: int, room_bytes: int
    ) -> None:
        self.assertEqual(
            room_bytes, sizes.SizePlan.room_bytes(volume_gib, device_bytes)
        )
