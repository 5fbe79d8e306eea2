# SPDX-License-Identifier: Apache-2.0

"""The correction of a matrix row that a measurement proved wrong.

Makes text that ``git apply`` takes in a checkout of Cinder. Whether a row is
wrong enough to matter is a question for ``verdict``.
"""

import collections.abc
import itertools
import re

from extend_conformance import vocabulary
from extend_conformance.claims import matrix

_CONTEXT = 3
_HUNK = re.compile(r'@@ -(?P<first>\d+),')
_RIGHT_VALUES = {
    vocabulary.OutcomeClass.SUPPORTED: vocabulary.MatrixValue.COMPLETE,
    vocabulary.OutcomeClass.REFUSED: vocabulary.MatrixValue.MISSING,
}


def right_value(outcome: vocabulary.Outcome) -> vocabulary.MatrixValue | None:
    """The value that a measurement proves; ``None`` if it proves none."""
    return _RIGHT_VALUES.get(outcome.outcome_class)


def matrix_patch(
    source: matrix.Matrix, row: matrix.Row, outcome: vocabulary.Outcome
) -> str | None:
    """Return a unified diff that makes the row agree with the measurement.

    :param source: the matrix that has the row.
    :returns: a diff with one hunk; only a removed and an added line if it
        is not known where the row stands; ``None`` if there is nothing to
        mend, or if the outcome proves no value (broken, inconclusive).
    """
    right = right_value(outcome)
    if right is None or right is row.value:
        return None
    if row.line is None or row.line not in source.lines:
        return f'-driver.{row.key}={row.value}\n+driver.{row.key}={right}\n'
    old = source.lines[row.line]
    new = re.sub(r'([=:]\s*)\S+', rf'\g<1>{right}', old, count=1)
    before = _run(source, range(row.line - 1, row.line - 1 - _CONTEXT, -1))
    after = _run(source, range(row.line + 1, row.line + 1 + _CONTEXT))
    known = {
        row.line - len(before) + place: (line, line)
        for place, line in enumerate([*reversed(before), old, *after])
    }
    known[row.line] = (old, new)
    return _text(
        [
            f'--- a/{source.path}',
            f'+++ b/{source.path}',
            *_hunks(known),
        ]
    )


def joined(patches: collections.abc.Iterable[str]) -> list[str]:
    """Join the patches of each matrix into one.

    Rows stand next to each other, so that each patch would be the end of
    the context of another, and only one of them would apply.

    :param patches: as :func:`matrix_patch` makes them of unchanged matrices.
    :returns: a patch for each matrix; what names no matrix stays as it is.
    """
    matrices: dict[tuple[str, ...], dict[int, tuple[str, str]]] = {}
    others = []
    for patch in patches:
        lines = patch.splitlines()
        found = _HUNK.match(''.join(lines[2:3]))
        if found is None:
            others.append(patch)
            continue
        known = matrices.setdefault(tuple(lines[:2]), {})
        number = int(found['first'])
        for line in lines[3:]:
            if line.startswith('+'):
                known[number - 1] = (known[number - 1][0], line[1:])
            else:
                known.setdefault(number, (line[1:], line[1:]))
                number += 1
    return [
        *(
            _text([*header, *_hunks(known)])
            for header, known in matrices.items()
        ),
        *others,
    ]


def _hunks(
    known: collections.abc.Mapping[int, tuple[str, str]],
) -> collections.abc.Iterator[str]:
    """Write hunks, one for each run of lines that are known.

    :param known: old and new text of lines, by their number.
    """
    for first in sorted(known):
        if first - 1 in known:
            continue
        run = list(
            itertools.takewhile(known.__contains__, itertools.count(first))
        )
        yield (
            f'@@ -{first},{len(run)} +{first},{len(run)} @@ '
            f'[{matrix.OPERATION}]'
        )
        for number in run:
            old, new = known[number]
            yield from [f' {old}'] if old == new else [f'-{old}', f'+{new}']


def _text(lines: collections.abc.Iterable[str]) -> str:
    return ''.join(f'{line}\n' for line in lines)


def _run(source: matrix.Matrix, numbers: range) -> list[str]:
    """Return the lines with these numbers up to the first unknown one."""
    return [
        source.lines[number]
        for number in itertools.takewhile(source.lines.__contains__, numbers)
    ]
