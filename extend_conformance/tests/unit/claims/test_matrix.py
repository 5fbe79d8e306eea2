# SPDX-License-Identifier: Apache-2.0

"""The published matrices, and how releases are named and compared."""

import collections

import ddt
import testtools

from extend_conformance import exceptions
from extend_conformance import vocabulary
from extend_conformance.claims import matrix


def _row(key: str, value: vocabulary.MatrixValue) -> matrix.Row:
    return matrix.Row(key=key, title=key, value=value)


def _matrix(name: str, **values: str) -> matrix.Matrix:
    return matrix.Matrix(
        name=name,
        path=name,
        rows={
            key: _row(key, vocabulary.MatrixValue(value))
            for key, value in values.items()
        },
    )


@ddt.ddt
class TestPublished(testtools.TestCase):
    """What the generated file has, against figures counted by hand."""

    @ddt.data(
        ('rocky', '3.55', 61, 1),
        ('stein', '3.59', 60, 1),
        ('train', '3.59', 57, 3),
        ('ussuri', '3.60', 55, 2),
        ('victoria', '3.62', 54, 4),
        ('wallaby', '3.64', 58, 6),
        ('xena', '3.66', 58, 6),
        ('yoga', '3.68', 61, 5),
        ('zed', '3.70', 62, 7),
        ('2023.1', '3.70', 63, 8),
        ('2023.2', '3.70', 66, 7),
        ('2024.1', '3.71', 66, 7),
        ('2024.2', '3.71', 67, 7),
        ('2025.1', '3.71', 67, 7),
        ('2025.2', '3.71', 66, 8),
        ('2026.1', '3.71', 66, 9),
        ('2026.2', '3.71', 66, 9),
    )
    @ddt.unpack
    def test_counts(
        self, series: str, microversion: str, complete: int, missing: int
    ) -> None:
        release = matrix.load_release(series)
        values = collections.Counter(
            row.value for row in release.matrix.rows.values()
        )
        self.assertEqual(microversion, release.max_microversion)
        self.assertEqual(
            {'complete': complete, 'missing': missing}, dict(values)
        )

    def test_missing_rows_of_the_newest(self) -> None:
        rows = matrix.load_release('2026.2').matrix.rows.values()
        self.assertEqual(
            {
                'datacore',
                'fungible',
                'ibm_gpfs',
                'ibm_xiv',
                'netapp_ontap_nfs',
                'nfs',
                'opene_joviandss',
                'quobyte',
                'vmstore',
            },
            {
                row.key
                for row in rows
                if row.value is vocabulary.MatrixValue.MISSING
            },
        )

    def test_series_are_in_the_order_of_release(self) -> None:
        majors = [
            int(release.cinder_version.partition('.')[0])
            for release in matrix.releases()
        ]
        self.assertEqual(list(range(13, 30)), majors)

    def test_each_names_its_source(self) -> None:
        digests = {release.sdist_sha256 for release in matrix.releases()}
        self.assertEqual(17, len(digests))
        for digest in digests:
            self.assertRegex(digest, '^[0-9a-f]{64}$')

    def test_a_title_is_upstreams(self) -> None:
        row = matrix.load_release('2026.2').matrix.rows['lvm']
        self.assertEqual(
            'Logical Volume Manager (LVM) Reference Driver (iSCSI)', row.title
        )


@ddt.ddt
class TestLoadRelease(testtools.TestCase):
    """The names that a release answers to."""

    @ddt.data(
        ('2026.1', '2026.1'),
        ('Gazpacho', '2026.1'),
        ('28', '2026.1'),
        ('28.0.0', '2026.1'),
        ('28.9.1', '2026.1'),
        (' Zed ', 'zed'),
    )
    @ddt.unpack
    def test_name(self, name: str, series: str) -> None:
        self.assertEqual(series, matrix.load_release(name).series)

    @ddt.data('2', '2026', '290', '12.0.0', '', '2026.3')
    def test_unknown(self, name: str) -> None:
        self.assertRaises(exceptions.UsageError, matrix.load_release, name)

    def test_unknown_names_the_nearest(self) -> None:
        error = self.assertRaises(
            exceptions.UsageError, matrix.load_release, 'victorai'
        )
        self.assertIn('Did you mean "victoria"?', str(error))


class TestCandidates(testtools.TestCase):
    """What a maximum microversion tells of the release."""

    def test_one(self) -> None:
        found = matrix.candidate_releases('3.62')
        self.assertEqual(['victoria'], [one.series for one in found])

    def test_several(self) -> None:
        found = matrix.candidate_releases('3.70')
        self.assertEqual(
            ['zed', '2023.1', '2023.2'], [one.series for one in found]
        )

    def test_newer_than_all(self) -> None:
        self.assertEqual((), matrix.candidate_releases('3.99'))


@ddt.ddt
class TestFind(testtools.TestCase):
    """Rows under the names that they had."""

    @ddt.data(
        ('rocky', 'dell_emc_xtremio', {'dell_emc_xtremeio'}),
        ('stein', 'hpe_msa', {'hpe_mmsa'}),
        ('ussuri', 'dell_emc_powerflex', {'dell_emc_vxflexos'}),
        ('xena', 'toyou_netstor', {'toyou'}),
        ('yoga', 'hpe_nimble', {'nimble'}),
        ('zed', 'netapp_ontap_nfs', {'netapp_ontap'}),
        ('2023.2', 'netapp_ontap_nfs', {'netapp_ontap_nfs'}),
        ('2023.2', 'netapp_ontap_iscsi_fc', {'netapp_ontap'}),
        ('2026.2', 'nimble', {'hpe_nimble'}),
        (
            '2026.2',
            'netapp_ontap',
            {
                'netapp_ontap_iscsi_fc',
                'netapp_ontap_nfs',
                'netapp_ontap_nvme_tcp',
            },
        ),
        ('rocky', 'vastdata', set()),
    )
    @ddt.unpack
    def test_key(self, series: str, key: str, expected: set[str]) -> None:
        rows = matrix.load_release(series).matrix.find(key)
        self.assertEqual(expected, {row.key for row in rows})

    def test_nearest_key(self) -> None:
        newest = matrix.load_release('2026.2').matrix
        self.assertEqual('infinidat', newest.nearest_key('infinydat'))
        self.assertIsNone(newest.nearest_key('zzzzzz'))


class TestDiff(testtools.TestCase):
    """How two matrices differ."""

    def _diff(
        self, old: matrix.Matrix, new: matrix.Matrix
    ) -> list[tuple[str, str | None, str | None]]:
        return [
            (
                str(one.change),
                one.old.key if one.old else None,
                one.new.key if one.new else None,
            )
            for one in matrix.diff(old, new)
        ]

    def test_same(self) -> None:
        newest = matrix.load_release('2026.2').matrix
        self.assertEqual([], self._diff(newest, newest))

    def test_every_kind(self) -> None:
        old = _matrix('a', gone='complete', lvm='complete', nimble='complete')
        new = _matrix(
            'b', came='missing', lvm='missing', hpe_nimble='complete'
        )
        self.assertEqual(
            [
                ('added', None, 'came'),
                ('removed', 'gone', None),
                ('changed', 'lvm', 'lvm'),
                ('renamed', 'nimble', 'hpe_nimble'),
            ],
            self._diff(old, new),
        )

    def test_renamed_with_another_value_is_a_change(self) -> None:
        old = _matrix('a', toyou='missing')
        new = _matrix('b', toyou_netstor='complete')
        self.assertEqual(
            [('changed', 'toyou', 'toyou_netstor')], self._diff(old, new)
        )

    def test_divided_after_one_part_was_there_already(self) -> None:
        old = matrix.load_release('2024.1').matrix
        new = matrix.load_release('2024.2').matrix
        self.assertEqual(
            [
                ('renamed', 'netapp_ontap', 'netapp_ontap_iscsi_fc'),
                ('renamed', 'netapp_ontap', 'netapp_ontap_nvme_tcp'),
            ],
            self._diff(old, new),
        )

    def test_a_correction_upstream(self) -> None:
        differences = matrix.diff(
            matrix.load_release('2025.1').matrix,
            matrix.load_release('2025.2').matrix,
        )
        self.assertEqual(
            [('netapp_ontap_nfs', 'complete', 'missing')],
            [
                (one.new.key, str(one.old.value), str(one.new.value))
                for one in differences
                if one.old is not None and one.new is not None
            ],
        )
