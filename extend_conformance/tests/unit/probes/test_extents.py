# SPDX-License-Identifier: Apache-2.0

"""The places that stand for an area are where extends go wrong."""

import itertools

import testtools

from extend_conformance.probes import blocks
from extend_conformance.probes import extents

_MIB = 1024**2
_GIB = 1024**3


def covered(chosen, offset):
    return any(
        each.offset_bytes <= offset < each.offset_bytes + each.length_bytes
        for each in chosen
    )


class SpreadTest(testtools.TestCase):
    def test_both_sides_of_every_boundary_are_covered(self):
        chosen = extents.spread(0, 3)
        for boundary in (_GIB, 2 * _GIB):
            self.assertTrue(covered(chosen, boundary - _MIB))
            self.assertTrue(covered(chosen, boundary - 1))
            self.assertTrue(covered(chosen, boundary + _MIB - 1))

    def test_first_and_last_block_are_covered(self):
        chosen = extents.spread(1, 2)
        self.assertEqual(_GIB, chosen[0].offset_bytes)
        self.assertEqual(
            2 * _GIB, chosen[-1].offset_bytes + chosen[-1].length_bytes
        )

    def test_the_middle_is_covered_on_both_sides(self):
        chosen = extents.spread(0, 1)
        for offset in (_GIB // 2 - 1, _GIB // 2, _GIB // 2 + _MIB - 1):
            self.assertTrue(covered(chosen, offset))

    def test_no_sixteen_mib_are_left_out(self):
        chosen = extents.spread(0, 1)
        for mib in range(0, 1024, 16):
            self.assertTrue(covered(chosen, mib * _MIB), mib)

    def test_extents_are_whole_blocks(self):
        for each in extents.spread(0, 1):
            self.assertEqual(0, each.offset_bytes % blocks.BLOCK_BYTES)
            self.assertEqual(0, each.length_bytes % blocks.BLOCK_BYTES)

    def test_extents_are_in_order_and_do_not_overlap(self):
        chosen = extents.spread(0, 2)
        for one, following in itertools.pairwise(chosen):
            self.assertGreaterEqual(
                following.offset_bytes, one.offset_bytes + one.length_bytes
            )

    def test_a_part_has_the_places_of_the_whole(self):
        # What was written GiB by GiB is read in one go.
        self.assertEqual(
            extents.spread(0, 3),
            extents.spread(0, 1) + extents.spread(1, 3),
        )
