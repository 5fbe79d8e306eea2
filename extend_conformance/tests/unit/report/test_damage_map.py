# SPDX-License-Identifier: Apache-2.0

"""Damage on a strip and in words."""

import typing as ty

import ddt
import testtools

from extend_conformance.report import damage_map
from extend_conformance.results import model

GIB = 1 << 30


def _damage(offset_bytes, length_bytes, kind='zeros'):
    return model.Damage(
        offset_bytes=offset_bytes,
        length_bytes=length_bytes,
        kind=kind,
        detail='',
    )


def _strip(damage, measurement) -> ty.Any:
    return damage_map.strip(damage, measurement)


def _measured(before=1, wanted=2):
    return model.Measurement(
        outcome='data-damaged',
        explanation='',
        size_before_gib=before,
        size_wanted_gib=wanted,
    )


@ddt.ddt
class StripTest(testtools.TestCase):
    def test_no_damage(self):
        self.assertIsNone(_strip((), _measured()))

    @ddt.data((0, 4096, 0, 1), (GIB, GIB, 250, 250), (2 * GIB - 1, 1, 499, 1))
    @ddt.unpack
    def test_place(self, offset, length, start, width):
        strip = _strip((_damage(offset, length),), _measured())
        (extent,) = strip.extents
        self.assertEqual((start, width), (extent.start, extent.width))

    def test_old_end(self):
        strip = _strip((_damage(0, 1),), _measured())
        self.assertEqual(
            (250, 1, 2), (strip.old_end, strip.old_size_gib, strip.size_gib)
        )

    def test_larger_volume_than_the_measured_one(self):
        strip = _strip((_damage(4 * GIB, 1),), _measured())
        self.assertEqual((5, None), (strip.size_gib, strip.old_end))

    def test_without_measurement(self):
        strip = _strip((_damage(GIB - 1, 1),), None)
        self.assertEqual((1, None), (strip.size_gib, strip.old_end))

    def test_kinds_side_by_side_keep_apart(self):
        strip = _strip(
            (_damage(0, GIB), _damage(GIB, GIB, 'stale')), _measured()
        )
        self.assertEqual(
            [(0, 250, 'zeros'), (250, 250, 'stale')],
            [(s.start, s.width, s.kind) for s in strip.extents],
        )

    def test_many_extents(self):
        damage = tuple(_damage(n * 8192, 4096) for n in range(100_000))
        strip = _strip(damage, _measured())
        self.assertEqual(1, len(strip.extents))
        self.assertEqual(100_000 * 4096, strip.total_bytes['zeros'])
        self.assertEqual(
            (damage_map.LISTED, 100_000 - damage_map.LISTED),
            (len(strip.listed), strip.unlisted),
        )


@ddt.ddt
class AmountTest(testtools.TestCase):
    @ddt.data(
        (0, '0 bytes'),
        (512, '512 bytes'),
        (4096, '4 KiB'),
        (300 << 20, '300 MiB'),
        (GIB + (GIB >> 1), '1.50 GiB'),
    )
    @ddt.unpack
    def test_words(self, size_bytes, words):
        self.assertEqual(words, damage_map.amount(size_bytes))
