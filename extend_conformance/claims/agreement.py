# SPDX-License-Identifier: Apache-2.0

"""Whether a row of the support matrix agrees with what was measured.

What weighs how much is for the check that asks; the text of a patch is made
in ``matrix_patch``.
"""

import enum

from extend_conformance import vocabulary


class Agreement(enum.StrEnum):
    """How a row and a measurement get along."""

    AGREES = 'agrees'
    TOO_MUCH = 'promises too much'
    TOO_LITTLE = 'promises too little'
    NO_PROMISE = 'promises nothing'
    NOT_MEASURED = 'not measured'


def compare(
    value: vocabulary.MatrixValue, measured: vocabulary.OutcomeClass | None
) -> Agreement:
    """Compare the value of a row with the outcome of an extend.

    :param measured: ``None`` if nothing was.
    """
    if value not in (
        vocabulary.MatrixValue.COMPLETE,
        vocabulary.MatrixValue.MISSING,
    ):
        return Agreement.NO_PROMISE
    if measured in (None, vocabulary.OutcomeClass.INCONCLUSIVE):
        return Agreement.NOT_MEASURED
    works = measured is vocabulary.OutcomeClass.SUPPORTED
    if value is vocabulary.MatrixValue.COMPLETE:
        return Agreement.AGREES if works else Agreement.TOO_MUCH
    return Agreement.TOO_LITTLE if works else Agreement.AGREES
