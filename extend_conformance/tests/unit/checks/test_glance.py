# SPDX-License-Identifier: Apache-2.0

"""A download is compared whatever the size of its portions."""

import testtools

from extend_conformance.checks import glance
from extend_conformance.probes import blocks
from extend_conformance.probes import findings
from extend_conformance.probes import image_volumes
from extend_conformance.tests.unit import checking

_SIZE = 5 * blocks.BLOCK_BYTES + 100


class DamageTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.image = image_volumes.StampedImage(checking.make_context(), _SIZE)
        self.content = bytearray(self.image.stream().read(_SIZE))

    def damage(self, portion=4000):
        return [
            (one.offset_bytes, one.length_bytes, one.kind)
            for one in glance._damage(
                self.image,
                [
                    bytes(self.content[at : at + portion])
                    for at in range(0, len(self.content), portion)
                ],
            )
        ]

    def test_intact_in_portions_of_any_size(self):
        for portion in (1000, 4096, 5000, 8192, 10**6):
            self.assertEqual([], self.damage(portion))

    def test_zeros_across_portions_are_one_extent(self):
        self.content[4096:12288] = bytes(8192)
        self.assertEqual([(4096, 8192, 'zeros')], self.damage())

    def test_a_damaged_end_inside_a_block_is_seen(self):
        self.content[-1] ^= 1
        self.assertEqual([(20480, 100, 'noise')], self.damage())

    def test_a_short_download_fails(self):
        del self.content[-1:]
        self.assertRaisesRegex(
            findings.Failed, f'{_SIZE - 1} back', self.damage
        )


class StoresTest(testtools.TestCase):
    def test_without_an_administrator_nobody_can_tell(self):
        context = checking.make_context()
        error = self.assertRaises(
            findings.NotApplicable, glance._stores, context
        )
        self.assertEqual('stores-not-shown', error.cause)
