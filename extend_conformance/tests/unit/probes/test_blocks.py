# SPDX-License-Identifier: Apache-2.0

"""Each kind of damage is named for what it is, where it is."""

import io
import uuid

import testtools

from extend_conformance.probes import blocks

VOLUME = str(uuid.UUID(int=1))
BLOCK = blocks.BLOCK_BYTES


class BlocksTest(testtools.TestCase):
    def test_every_block_is_intact_and_says_where_it_belongs(self):
        pattern = blocks.Pattern('run-1', VOLUME)
        for first in (0, 250, 2**16 - 3, 2**40 - 3):
            made = pattern.blocks(first, 6, generation=7)
            said = [
                blocks.identify(made[at : at + BLOCK])
                for at in range(0, 6 * BLOCK, BLOCK)
            ]
            self.assertNotIn(None, said)
            self.assertEqual(
                [(number, 7) for number in range(first, first + 6)],
                [(one.number, one.generation) for one in said],
            )


class ExamineTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.pattern = blocks.Pattern('run-1', VOLUME)
        self.data = bytearray(self.pattern.blocks(10, 8))

    def examine(self):
        return [
            (one.offset_bytes, one.length_bytes, one.kind)
            for one in self.pattern.examine(10 * BLOCK, bytes(self.data))
        ]

    def put(self, number, content):
        start = (number - 10) * BLOCK
        self.data[start : start + len(content)] = content

    def test_intact(self):
        self.assertEqual([], self.examine())

    def test_intact_and_cut_inside_a_block(self):
        del self.data[-1000:]
        self.assertEqual([], self.examine())

    def test_zeros_of_neighbours_are_one_extent(self):
        self.put(12, bytes(2 * BLOCK))
        self.assertEqual([(12 * BLOCK, 2 * BLOCK, 'zeros')], self.examine())

    def test_two_blocks_swapped(self):
        self.put(11, self.pattern.blocks(13, 1))
        self.put(13, self.pattern.blocks(11, 1))
        self.assertEqual(
            [
                (11 * BLOCK, BLOCK, 'other-block'),
                (13 * BLOCK, BLOCK, 'other-block'),
            ],
            self.examine(),
        )

    def test_a_shift_is_said_in_bytes(self):
        self.put(11, self.pattern.blocks(13, 1))
        (damage,) = self.pattern.examine(10 * BLOCK, bytes(self.data))
        self.assertIn('from +8192 bytes away', damage.detail)

    def test_older_generation(self):
        (damage,) = self.pattern.examine(
            0, self.pattern.blocks(0, 1, 1), generation=2
        )
        self.assertEqual('stale', damage.kind)
        self.assertIn('generation 1, not 2', damage.detail)

    def test_block_of_another_volume(self):
        other = blocks.Pattern('run-1', str(uuid.UUID(int=2)))
        self.put(12, other.blocks(12, 1))
        (damage,) = self.pattern.examine(10 * BLOCK, bytes(self.data))
        self.assertEqual('other-volume', damage.kind)
        self.assertIn(str(uuid.UUID(int=2)), damage.detail)

    def test_block_of_another_run(self):
        other = blocks.Pattern('run-2', VOLUME)
        self.put(12, other.blocks(12, 1))
        (damage,) = self.pattern.examine(10 * BLOCK, bytes(self.data))
        self.assertEqual('other-volume', damage.kind)
        self.assertIn('of another run', damage.detail)

    def test_one_flipped_bit_is_noise(self):
        self.data[2 * BLOCK + 2000] ^= 1
        self.assertEqual([(12 * BLOCK, BLOCK, 'noise')], self.examine())

    def test_torn_block_is_noise(self):
        self.put(12, self.pattern.blocks(13, 1)[:512])
        self.assertEqual([(12 * BLOCK, BLOCK, 'noise')], self.examine())

    def test_torn_between_two_generations_is_said(self):
        self.data[2 * BLOCK : 2 * BLOCK + 512] = self.pattern.blocks(12, 1, 2)[
            :512
        ]
        (damage,) = self.pattern.examine(10 * BLOCK, bytes(self.data))
        self.assertEqual(
            ('noise', 'is torn between generation 2 and generation 1'),
            (damage.kind, damage.detail),
        )

    def test_sectors_of_zeros_are_said(self):
        self.data[2 * BLOCK + 512 : 2 * BLOCK + 1024] = bytes(512)
        (damage,) = self.pattern.examine(10 * BLOCK, bytes(self.data))
        self.assertEqual(
            'is torn between generation 1 and zeros', damage.detail
        )

    def test_noise_alone_is_nobodys(self):
        (damage,) = self.pattern.examine(0, b'x' * BLOCK)
        self.assertEqual('holds nothing that any run wrote', damage.detail)

    def test_another_volume_of_the_run_is_called_by_its_name(self):
        mine = blocks.Pattern(
            'run-1', VOLUME, {str(uuid.UUID(int=2)): 'the neighbour'}
        )
        other = blocks.Pattern('run-1', str(uuid.UUID(int=2)))
        (damage,) = mine.examine(0, other.blocks(0, 1))
        self.assertEqual(
            f'holds data of volume {uuid.UUID(int=2)}, the neighbour',
            damage.detail,
        )

    def test_offset_inside_a_block_is_refused(self):
        self.assertRaises(ValueError, self.pattern.examine, 1, b'x')


class DescribeTest(testtools.TestCase):
    def test_says_what_where_and_how_much(self):
        pattern = blocks.Pattern('run-1', VOLUME)
        damage = pattern.examine(0, bytes(BLOCK) + b'x' * BLOCK)
        self.assertEqual(
            '8192 bytes are not what was written, in 2 extents; the first, '
            '4096 bytes at offset 0, reads zeros; elsewhere also noise',
            blocks.describe(damage),
        )


class StreamTest(testtools.TestCase):
    def test_reads_as_the_pattern_and_ends_inside_a_block(self):
        pattern = blocks.Pattern('run-1', VOLUME)
        size = 300 * BLOCK + 17
        stream = io.BufferedReader(blocks.Stream(pattern, size))
        self.assertEqual(pattern.blocks(0, 301)[:size], stream.read())

    def test_can_be_read_by_odd_amounts(self):
        pattern = blocks.Pattern('run-1', VOLUME)
        stream = blocks.Stream(pattern, 3 * BLOCK)
        pieces = list(iter(lambda: stream.read(1000), b''))
        self.assertEqual(pattern.blocks(0, 3), b''.join(pieces))

    def test_cannot_be_rewound(self):
        stream = blocks.Stream(blocks.Pattern('run-1', VOLUME), BLOCK)
        self.assertFalse(stream.seekable())
