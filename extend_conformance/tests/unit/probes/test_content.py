# SPDX-License-Identifier: Apache-2.0

"""All that was written is judged, each block by its own generation."""

import uuid

import testtools

from extend_conformance.probes import blocks
from extend_conformance.probes import content as contents

VOLUME = str(uuid.UUID(int=1))
OTHER = str(uuid.UUID(int=2))
BLOCK = blocks.BLOCK_BYTES


class ContentTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.pattern = blocks.Pattern('run-1', VOLUME, {OTHER: 'the other'})
        self.content = contents.Content(self.pattern)
        self.content.remember(2, 4, 1)
        self.content.remember(3, 1, 2)

    def found(self):
        """What has to be on the volume, with noise where nothing is."""
        return bytearray(
            b'x' * 2 * BLOCK
            + self.pattern.blocks(2, 1, 1)
            + self.pattern.blocks(3, 1, 2)
            + self.pattern.blocks(4, 2, 1)
            + bytes(2 * BLOCK)
        )

    def examine(self, found, first=0):
        return [
            (one.offset_bytes // BLOCK, one.kind, one.detail)
            for one in self.content.examine(first * BLOCK, bytes(found))
        ]

    def test_intact_with_old_noise_where_nothing_was_written(self):
        self.assertEqual([], self.examine(self.found()))

    def test_a_part_of_it_is_judged_by_its_own_place(self):
        self.assertEqual([], self.examine(self.found()[3 * BLOCK :], first=3))

    def test_a_lost_rewrite_is_stale(self):
        found = self.found()
        found[3 * BLOCK : 4 * BLOCK] = self.pattern.blocks(3, 1, 1)
        self.assertEqual(
            [(3, 'stale', 'holds generation 1, not 2')], self.examine(found)
        )

    def test_a_copy_knows_nothing_of_what_is_written_later(self):
        copied = self.content.copy()
        self.content.remember(3, 1, 3)
        self.assertEqual(
            [2, 3], [c.generation(2, 4) for c in (copied, self.content)]
        )
        self.assertEqual([], copied.examine(0, bytes(self.found())))

    def test_data_of_a_known_volume_where_nothing_was_written(self):
        found = self.found()
        other = blocks.Pattern('run-1', OTHER)
        found[7 * BLOCK :] = other.blocks(7, 1)
        self.assertEqual(
            [
                (
                    7,
                    'other-volume',
                    f'holds data of volume {OTHER}, the other, where nothing '
                    'was written',
                )
            ],
            self.examine(found),
        )

    def test_own_data_that_shows_at_a_second_place(self):
        found = self.found()
        found[:BLOCK] = self.pattern.blocks(4, 1)
        self.assertEqual(
            [
                (
                    0,
                    'other-block',
                    'holds data from +16384 bytes away, where nothing was '
                    'written',
                )
            ],
            self.examine(found),
        )

    def test_a_sector_of_another_volume_is_enough(self):
        found = self.found()
        other = blocks.Pattern('run-2', OTHER).blocks(9, 1)
        found[7 * BLOCK + 512 : 7 * BLOCK + 1024] = other[:512]
        ((number, kind, detail),) = self.examine(found)
        self.assertEqual((7, 'noise'), (number, kind))
        self.assertIn(f'data of volume {OTHER} of another run', detail)

    def test_written_extents_are_in_order(self):
        self.assertEqual(
            [
                (2 * BLOCK, BLOCK),
                (3 * BLOCK, BLOCK),
                (4 * BLOCK, 2 * BLOCK),
            ],
            list(self.content.written(0, 100 * BLOCK)),
        )

    def test_the_newest_generation_of_some_blocks(self):
        self.assertEqual(2, self.content.generation(2, 4))
        self.assertEqual(0, self.content.generation(50, 4))
