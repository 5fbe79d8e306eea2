# SPDX-License-Identifier: Apache-2.0

"""Whose word is believed about a backend, and what is said of it."""

import ddt
import testtools

from extend_conformance import exceptions
from extend_conformance import vocabulary
from extend_conformance.claims import claims_file
from extend_conformance.claims import expectation
from extend_conformance.claims import matrix

Capability = vocabulary.Capability
SUPPORTED = vocabulary.Expectation.SUPPORTED
REFUSED = vocabulary.Expectation.REFUSED
CLAIM = vocabulary.ExpectationSource.CLAIM
MATRIX = vocabulary.ExpectationSource.MATRIX
CAPABILITY = vocabulary.ExpectationSource.CAPABILITY


def _matrix(name: str, **values: str) -> matrix.Matrix:
    return matrix.Matrix(
        name=name,
        path=name,
        rows={
            key: matrix.Row(key, key, vocabulary.MatrixValue(value))
            for key, value in values.items()
        },
    )


def _claim(
    expect: vocabulary.Expectation | None = None, key: str | None = None
) -> claims_file.BackendClaim:
    return claims_file.BackendClaim(
        volume_type='gold', expect=expect, matrix_key=key
    )


@ddt.ddt
class TestCapability(testtools.TestCase):
    """How a pool is read, with the identity test of Cinder's scheduler."""

    @ddt.data(
        (None, None),
        ({}, 'absent'),
        ({'online_extend_support': True}, 'true'),
        ({'online_extend_support': False}, 'false'),
        ({'online_extend_support': 'False'}, '"False"'),
        ({'online_extend_support': 0}, '0'),
        ({'online_extend_support': None}, 'null'),
    )
    @ddt.unpack
    def test_read(
        self, capabilities: dict[str, object] | None, expected: str | None
    ) -> None:
        self.assertEqual(expected, expectation.read_capability(capabilities))


class TestFindMatrices(testtools.TestCase):
    """Which matrices may hold for a cloud."""

    def _names(self, **known: object) -> list[str]:
        found = expectation.find_matrices(**known)  # type: ignore[arg-type]
        return [source.name for source in found]

    def test_own_comes_first(self) -> None:
        own = _matrix('own')
        self.assertEqual(
            ['own'],
            self._names(own=own, release='zed', max_microversion='3.71'),
        )

    def test_release_comes_before_the_microversion(self) -> None:
        self.assertEqual(
            ['zed'], self._names(release='zed', max_microversion='3.71')
        )

    def test_microversion(self) -> None:
        self.assertEqual(
            ['zed', '2023.1', '2023.2'], self._names(max_microversion='3.70')
        )

    def test_nothing_known(self) -> None:
        self.assertEqual([], self._names())

    def test_wrong_release(self) -> None:
        self.assertRaises(
            exceptions.UsageError, expectation.find_matrices, release='zet'
        )


@ddt.ddt
class TestPromise(testtools.TestCase):
    """The order of the three: entry, row, capability."""

    @ddt.data(
        # Entry, row, capability; then expected, source, known.
        (
            SUPPORTED,
            'missing',
            Capability.FALSE,
            SUPPORTED,
            CLAIM,
            True,
        ),
        (REFUSED, 'complete', Capability.TRUE, REFUSED, CLAIM, True),
        (None, 'missing', Capability.TRUE, REFUSED, MATRIX, True),
        (None, 'complete', Capability.FALSE, SUPPORTED, MATRIX, True),
        (None, 'partial', Capability.FALSE, REFUSED, CAPABILITY, True),
        (None, 'unknown', Capability.FALSE, REFUSED, CAPABILITY, True),
        (None, None, Capability.FALSE, REFUSED, CAPABILITY, True),
        (None, None, Capability.TRUE, SUPPORTED, CAPABILITY, True),
        (None, None, Capability.ABSENT, SUPPORTED, CAPABILITY, True),
        (None, None, '"False"', SUPPORTED, CAPABILITY, False),
        (None, None, None, SUPPORTED, CAPABILITY, False),
    )
    @ddt.unpack
    def test_order(
        self,
        expect: vocabulary.Expectation | None,
        value: str | None,
        capability: str | None,
        expected: vocabulary.Expectation,
        source: vocabulary.ExpectationSource,
        known: bool,
    ) -> None:
        own = _matrix('own', **({'a': value} if value else {}))
        promise = expectation.promise(_claim(expect), ['a'], [own], capability)
        self.assertEqual(
            (expected, source, known),
            (promise.expected, promise.source, promise.known),
        )

    @ddt.data(
        # Values of one row in three releases; absent: not in that release.
        (['complete', 'complete', 'complete'], SUPPORTED, MATRIX),
        (['missing', 'missing', 'missing'], REFUSED, MATRIX),
        ([None, None, 'missing'], REFUSED, MATRIX),
        (['complete', 'missing', 'missing'], REFUSED, CAPABILITY),
        (['missing', 'partial', 'missing'], REFUSED, CAPABILITY),
        ([None, None, None], REFUSED, CAPABILITY),
    )
    @ddt.unpack
    def test_several_releases(
        self,
        values: list[str | None],
        expected: vocabulary.Expectation,
        source: vocabulary.ExpectationSource,
    ) -> None:
        matrices = [
            _matrix(f'r{number}', **({'a': value} if value else {}))
            for number, value in enumerate(values)
        ]
        promise = expectation.promise(None, ['a'], matrices, Capability.FALSE)
        self.assertEqual(
            (expected, source), (promise.expected, promise.source)
        )

    @ddt.data(
        ('complete', 'complete', SUPPORTED, MATRIX),
        ('missing', 'missing', REFUSED, MATRIX),
        ('complete', 'missing', REFUSED, CAPABILITY),
    )
    @ddt.unpack
    def test_several_rows(
        self,
        first: str,
        second: str,
        expected: vocabulary.Expectation,
        source: vocabulary.ExpectationSource,
    ) -> None:
        promise = expectation.promise(
            None,
            ['a', 'b'],
            [_matrix('own', a=first, b=second)],
            Capability.FALSE,
        )
        self.assertEqual(
            (expected, source), (promise.expected, promise.source)
        )

    def test_key_of_the_entry_wins(self) -> None:
        promise = expectation.promise(
            _claim(key='b'),
            ['a'],
            [_matrix('own', a='complete', b='missing')],
            Capability.ABSENT,
        )
        self.assertEqual(REFUSED, promise.expected)
        self.assertEqual(['b'], [found.row.key for found in promise.rows])

    def test_key_of_the_entry_that_no_matrix_has(self) -> None:
        error = self.assertRaises(
            exceptions.UsageError,
            expectation.promise,
            _claim(key='infinydat'),
            [],
            expectation.find_matrices(max_microversion='3.70'),
            Capability.ABSENT,
        )
        self.assertIn('volume type gold', str(error))
        self.assertIn('not in zed to 2023.2', str(error))
        self.assertIn('Did you mean "infinidat"?', str(error))

    def test_key_of_the_entry_with_the_release_unknown(self) -> None:
        promise = expectation.promise(
            _claim(key='lvm'), [], [], Capability.FALSE
        )
        self.assertEqual(CAPABILITY, promise.source)

    def test_renamed_row(self) -> None:
        promise = expectation.promise(
            None,
            ['netapp_ontap_nfs'],
            expectation.find_matrices(release='zed'),
            Capability.FALSE,
        )
        self.assertEqual(SUPPORTED, promise.expected)
        self.assertEqual(
            [('zed', 'netapp_ontap')],
            [(found.source.name, found.row.key) for found in promise.rows],
        )

    def test_the_row_is_kept_though_the_entry_decides(self) -> None:
        promise = expectation.promise(
            _claim(REFUSED),
            ['a'],
            [_matrix('own', a='complete')],
            Capability.TRUE,
        )
        self.assertEqual(['a'], [found.row.key for found in promise.rows])


@ddt.ddt
class TestExplanation(testtools.TestCase):
    """The sentences of a report."""

    def _explain(
        self,
        keys: list[str],
        capability: str | None = Capability.ABSENT,
        claim: claims_file.BackendClaim | None = None,
        **known: str,
    ) -> str:
        matrices = expectation.find_matrices(**known)  # type: ignore[arg-type]
        return expectation.promise(
            claim, keys, matrices, capability
        ).explanation

    def test_row(self) -> None:
        self.assertEqual(
            'Matrix row lvm says complete in 2024.1 to 2026.2.',
            self._explain(['lvm'], max_microversion='3.71'),
        )

    def test_entry(self) -> None:
        self.assertEqual(
            'The claims entry of volume type gold says refused. Matrix row '
            'lvm says complete in zed.',
            self._explain(['lvm'], claim=_claim(REFUSED), release='zed'),
        )

    def test_disagreement(self) -> None:
        self.assertEqual(
            'The rows that it may be disagree: netapp_ontap_nfs complete in '
            '2024.1 to 2025.1, netapp_ontap_nfs missing in 2025.2 to 2026.2. '
            'The pool says online_extend_support False.',
            self._explain(
                ['netapp_ontap_nfs'],
                Capability.FALSE,
                max_microversion='3.71',
            ),
        )

    def test_no_release(self) -> None:
        self.assertEqual(
            'The matrix is not asked: the release is not known. The pool '
            'says nothing of online_extend_support, which Cinder reads as '
            'True.',
            self._explain(['lvm']),
        )

    def test_no_key(self) -> None:
        self.assertEqual(
            'The matrix is not asked: the backend fits no row. The pool '
            'says online_extend_support True.',
            self._explain([], Capability.TRUE, release='zed'),
        )

    def test_no_row(self) -> None:
        self.assertStartsWith(
            'No row vastdata in rocky.',
            self._explain(['vastdata'], release='rocky'),
        )

    @ddt.data(
        ('"False"', 'is not a boolean'),
        (None, 'takes an administrator'),
    )
    @ddt.unpack
    def test_unknown_is_said(self, capability: str | None, why: str) -> None:
        explanation = self._explain([], capability, release='zed')
        self.assertIn(why, explanation)
        self.assertIn('unknown, and supported is assumed', explanation)

    def assertStartsWith(self, start: str, text: str) -> None:
        self.assertEqual(start, text[: len(start)])


@ddt.ddt
class TestClaimableKey(testtools.TestCase):
    """The key that a discovery may write down."""

    @ddt.data(
        (['lvm'], '2026.2', 'lvm'),
        (['lvm', 'rbd_iscsi'], '2026.2', None),
        (['lvm', 'rbd_iscsi'], 'victoria', 'lvm'),
        (['vastdata'], 'zed', None),
        (['netapp_ontap_nfs'], 'zed', 'netapp_ontap'),
        ([], 'zed', None),
    )
    @ddt.unpack
    def test_key(
        self, keys: list[str], release: str, expected: str | None
    ) -> None:
        self.assertEqual(
            expected,
            expectation.claimable_key(
                keys, expectation.find_matrices(release=release)
            ),
        )

    def test_not_in_a_matrix_of_ones_own(self) -> None:
        own = _matrix('own', sandbox_good='complete')
        self.assertIsNone(expectation.claimable_key(['lvm'], [own]))
