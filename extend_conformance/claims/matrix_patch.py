# SPDX-License-Identifier: Apache-2.0

"""The correction of a matrix row that a measurement proved wrong.

Makes text that ``git apply`` takes in a checkout of Cinder. Whether a row is
wrong enough to matter is a question for ``verdict``.
"""

import itertools
import re

from extend_conformance.claims import matrix
from extend_conformance.claims import verdict

_CONTEXT = 3
_RIGHT_VALUES = {
    verdict.OutcomeClass.SUPPORTED: matrix.Value.COMPLETE,
    verdict.OutcomeClass.REFUSED: matrix.Value.MISSING,
}


def right_value(outcome: verdict.Outcome) -> matrix.Value | None:
    """The value that a measurement proves; ``None`` if it proves none."""
    return _RIGHT_VALUES.get(outcome.outcome_class)


def matrix_patch(
    source: matrix.Matrix, row: matrix.Row, outcome: verdict.Outcome
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
    start = row.line - len(before)
    count = len(before) + 1 + len(after)
    return (
        '\n'.join(
            [
                f'--- a/{source.path}',
                f'+++ b/{source.path}',
                f'@@ -{start},{count} +{start},{count} @@ '
                f'[{matrix.OPERATION}]',
                *(f' {line}' for line in reversed(before)),
                f'-{old}',
                f'+{new}',
                *(f' {line}' for line in after),
            ]
        )
        + '\n'
    )


def _run(source: matrix.Matrix, numbers: range) -> list[str]:
    """Return the lines with these numbers up to the first unknown one."""
    return [
        source.lines[number]
        for number in itertools.takewhile(source.lines.__contains__, numbers)
    ]
