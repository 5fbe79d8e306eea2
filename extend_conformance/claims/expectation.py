# SPDX-License-Identifier: Apache-2.0

"""What a backend promised: claims entry, else matrix row, else capability.

Collects what each of the three says and which of them is believed. Whether
the promise is kept is decided by the table in ``verdict``.
"""

import collections.abc
import dataclasses
import json
import typing as ty

from extend_conformance import exceptions
from extend_conformance import vocabulary
from extend_conformance.claims import claims_file
from extend_conformance.claims import matrix

CAPABILITY = 'online_extend_support'
_VALUES = {
    vocabulary.MatrixValue.COMPLETE: vocabulary.Expectation.SUPPORTED,
    vocabulary.MatrixValue.MISSING: vocabulary.Expectation.REFUSED,
}


@dataclasses.dataclass(frozen=True)
class FoundRow:
    """A row that may be the backend's, and where it stands.

    :param source: the matrix, to look up lines for a patch.
    """

    source: matrix.Matrix
    row: matrix.Row


@dataclasses.dataclass(frozen=True, kw_only=True)
class Promise:
    """What is expected of a backend.

    :param source: who promised it. With no word from anyone, it is the
        capability, and ``known`` is false.
    :param known: false if nobody could be asked, so that *supported* is
        merely assumed.
    :param explanation: how it came to this, as sentences for a report.
    :param rows: all rows that may be the backend's, believed or not.
    """

    expected: vocabulary.Expectation
    source: vocabulary.ExpectationSource
    known: bool
    explanation: str
    rows: tuple[FoundRow, ...]


def read_capability(
    capabilities: collections.abc.Mapping[str, ty.Any] | None,
) -> str | None:
    """Read ``online_extend_support`` of a pool.

    Cinder's scheduler refuses an extend of an attached volume only if the
    capability is the boolean false (capabilities_filter.py); a silent one is
    true to it, and so is any text.

    :param capabilities: all that the pool reports; ``None`` if nobody could
        look, since it takes an administrator.
    :returns: a :class:`vocabulary.Capability`, or whatever else is stated,
        as JSON; ``None`` if nobody could look.
    """
    if capabilities is None:
        return None
    if CAPABILITY not in capabilities:
        return vocabulary.Capability.ABSENT
    return json.dumps(capabilities[CAPABILITY])


def find_matrices(
    *,
    own: matrix.Matrix | None = None,
    release: str | None = None,
    max_microversion: str | None = None,
) -> tuple[matrix.Matrix, ...]:
    """Return the matrices that may hold for a cloud; the best word first.

    :param own: a matrix file that the user gave; it stands for Cinder's.
    :param release: the cloud's Cinder series, as the user gave it.
    :param max_microversion: of the cloud, which narrows the series.
    :raises UsageError: no such series.
    """
    if own is not None:
        return (own,)
    if release is not None:
        return (matrix.load_release(release).matrix,)
    if max_microversion is not None:
        return tuple(
            candidate.matrix
            for candidate in matrix.candidate_releases(max_microversion)
        )
    return ()


def promise(
    claim: claims_file.BackendClaim | None,
    keys: collections.abc.Sequence[str],
    matrices: collections.abc.Sequence[matrix.Matrix],
    capability: str | None,
) -> Promise:
    """Find what a backend promised.

    :param claim: its entry in the claims file. A ``matrix_key`` there takes
        the place of ``keys``.
    :param keys: the rows that it may be, as ``driver_identity.match`` found
        them.
    :param matrices: those that may hold, from :func:`find_matrices`. One
        that does not have the driver at all says nothing against those that
        do.
    :param capability: what its pool says, from :func:`read_capability`.
    :raises UsageError: the claims entry names a row that none of the
        matrices has.
    """
    if claim is not None and claim.matrix_key is not None:
        keys = (claim.matrix_key,)
    rows = _find_rows(keys, matrices)
    if claim is not None and claim.matrix_key is not None:
        _must_have_rows(claim, matrices, rows)
    of_matrix, matrix_says = _read_rows(keys, matrices, rows)
    of_capability, capability_says = _read_capability(capability)
    if claim is not None and claim.expect is not None:
        return Promise(
            expected=claim.expect,
            source=vocabulary.ExpectationSource.CLAIM,
            known=True,
            explanation=(
                f'The claims entry of volume type {claim.volume_type} says '
                f'{claim.expect}. {matrix_says}'
            ),
            rows=rows,
        )
    if of_matrix is not None:
        return Promise(
            expected=of_matrix,
            source=vocabulary.ExpectationSource.MATRIX,
            known=True,
            explanation=matrix_says,
            rows=rows,
        )
    return Promise(
        expected=of_capability or vocabulary.Expectation.SUPPORTED,
        source=vocabulary.ExpectationSource.CAPABILITY,
        known=of_capability is not None,
        explanation=f'{matrix_says} {capability_says}',
        rows=rows,
    )


def claimable_key(
    keys: collections.abc.Sequence[str],
    matrices: collections.abc.Sequence[matrix.Matrix],
) -> str | None:
    """Return the key that may be written down as a backend's ``matrix_key``.

    :param keys: the rows that it may be, as ``driver_identity.match`` found
        them.
    :returns: the one key that :func:`promise` would find in these matrices;
        ``None`` if there is none, or more than one.
    """
    found = {found.row.key for found in _find_rows(keys, matrices)}
    return found.pop() if len(found) == 1 else None


def _find_rows(
    keys: collections.abc.Sequence[str],
    matrices: collections.abc.Sequence[matrix.Matrix],
) -> tuple[FoundRow, ...]:
    found: list[FoundRow] = []
    for source in matrices:
        # Keys that were one row once lead to it from several sides.
        rows = {row.key: row for key in keys for row in source.find(key)}
        found.extend(FoundRow(source, row) for row in rows.values())
    return tuple(found)


def _must_have_rows(
    claim: claims_file.BackendClaim,
    matrices: collections.abc.Sequence[matrix.Matrix],
    rows: tuple[FoundRow, ...],
) -> None:
    if rows or not matrices or claim.matrix_key is None:
        return
    near = matrices[-1].nearest_key(claim.matrix_key)
    raise exceptions.UsageError(
        f'The claims entry of volume type {claim.volume_type} names the '
        f'matrix key "{claim.matrix_key}", which is not in '
        + _names(matrices),
        next_step=(
            f'Did you mean "{near}"?'
            if near
            else 'A key is that of a line driver.KEY= of the matrix.'
        ),
    )


def _read_rows(
    keys: collections.abc.Sequence[str],
    matrices: collections.abc.Sequence[matrix.Matrix],
    rows: tuple[FoundRow, ...],
) -> tuple[vocabulary.Expectation | None, str]:
    """Return what the rows promise together, and a sentence about it."""
    if not matrices:
        return None, 'The matrix is not asked: the release is not known.'
    if not keys:
        return None, 'The matrix is not asked: the backend fits no row.'
    if not rows:
        return None, f'No row {_either(keys)} in {_names(matrices)}.'
    said = {found.row.value for found in rows}
    if len(said) > 1:
        return None, f'The rows that it may be disagree: {_tell_apart(rows)}.'
    quoted = _either(sorted({found.row.key for found in rows}))
    where = _names([found.source for found in rows])
    value = said.pop()
    sentence = f'Matrix row {quoted} says {value} in {where}.'
    if value not in _VALUES:
        return None, f'{sentence} That promises nothing.'
    return _VALUES[value], sentence


def _tell_apart(rows: tuple[FoundRow, ...]) -> str:
    sources: dict[tuple[str, str], list[matrix.Matrix]] = {}
    for found in rows:
        says = (found.row.key, str(found.row.value))
        sources.setdefault(says, []).append(found.source)
    return ', '.join(
        f'{key} {value} in {_names(where)}'
        for (key, value), where in sources.items()
    )


def _read_capability(
    capability: str | None,
) -> tuple[vocabulary.Expectation | None, str]:
    """Return what the capability promises, and a sentence about it."""
    if capability == vocabulary.Capability.FALSE:
        return (
            vocabulary.Expectation.REFUSED,
            f'The pool says {CAPABILITY} False.',
        )
    if capability == vocabulary.Capability.TRUE:
        return (
            vocabulary.Expectation.SUPPORTED,
            f'The pool says {CAPABILITY} True.',
        )
    if capability == vocabulary.Capability.ABSENT:
        return (
            vocabulary.Expectation.SUPPORTED,
            f'The pool says nothing of {CAPABILITY}, which Cinder reads as '
            'True.',
        )
    why = (
        'could not be looked at, which takes an administrator'
        if capability is None
        else 'is not a boolean'
    )
    return (
        None,
        f'{CAPABILITY} of the pool {why}: unknown, and supported is assumed.',
    )


def _either(names: collections.abc.Sequence[str]) -> str:
    return ' or '.join(names)


def _names(matrices: collections.abc.Sequence[matrix.Matrix]) -> str:
    names = list(dict.fromkeys(source.name for source in matrices))
    if len(names) > 2:
        return f'{names[0]} to {names[-1]}'
    return ' and '.join(names)
