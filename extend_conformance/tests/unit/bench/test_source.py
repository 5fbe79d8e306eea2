# SPDX-License-Identifier: Apache-2.0

"""The image to write: as long as asked, the same again, never repeating."""

import io
import zlib

import testtools

from extend_conformance.bench import source

MIB = 1024**2


def read(size_bytes, seed=0):
    return io.BufferedReader(source.RandomImage(size_bytes, seed)).read()


class RandomImageTest(testtools.TestCase):
    def test_is_exactly_as_long_as_asked(self):
        self.assertEqual(MIB + 17, len(read(MIB + 17)))

    def test_is_the_same_for_the_same_seed_only(self):
        self.assertEqual(read(MIB, 1), read(MIB, 1))
        self.assertNotEqual(read(MIB, 1), read(MIB, 2))

    def test_no_two_blocks_are_equal_beyond_the_pool(self):
        image = read(40 * MIB)
        blocks = [image[at : at + 4096] for at in range(0, len(image), 4096)]
        self.assertEqual(len(blocks), len(set(blocks)))

    def test_cannot_be_compressed(self):
        image = read(MIB)
        self.assertGreater(len(zlib.compress(image)), len(image))

    def test_cannot_be_rewound(self):
        self.assertFalse(source.RandomImage(MIB).seekable())
