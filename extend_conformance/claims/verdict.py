# SPDX-License-Identifier: Apache-2.0

"""The one table that makes a verdict of promise and outcome.

Nothing else in this project decides whether a backend passes. How an outcome
is measured is the business of ``probes``; how a promise is found is the
business of the rest of this package.
"""

import collections.abc
import dataclasses

from extend_conformance import exceptions
from extend_conformance import vocabulary

_UNTESTED = frozenset(
    {
        vocabulary.CheckVerdict.ABORT,
        vocabulary.CheckVerdict.MISSING,
        vocabulary.CheckVerdict.SKIP,
    }
)
_FAILED = frozenset({vocabulary.CheckVerdict.FAIL})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the table; ``None`` in a column means "any".

    :param number: the row's number in the documentation.
    :param musts: the row asks that one of the applicable musts has one of
        these verdicts.
    """

    number: int
    verdict: vocabulary.BackendVerdict
    expected: vocabulary.Expectation | None = None
    sources: frozenset[vocabulary.ExpectationSource] | None = None
    outcome: vocabulary.OutcomeClass | None = None
    musts: frozenset[vocabulary.CheckVerdict] | None = None

    def holds(
        self,
        expected: vocabulary.Expectation,
        source: vocabulary.ExpectationSource,
        outcome: vocabulary.OutcomeClass,
        musts: collections.abc.Collection[vocabulary.CheckVerdict],
    ) -> bool:
        """Whether every column of this row agrees with the facts."""
        return (
            self.expected in (None, expected)
            and (self.sources is None or source in self.sources)
            and self.outcome in (None, outcome)
            and (self.musts is None or not self.musts.isdisjoint(musts))
        )


#: Tried in order; the first row that holds decides.
TABLE = (
    Row(
        number=1,
        outcome=vocabulary.OutcomeClass.BROKEN,
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Row(
        number=2,
        expected=vocabulary.Expectation.SUPPORTED,
        outcome=vocabulary.OutcomeClass.REFUSED,
        verdict=vocabulary.BackendVerdict.CONTRADICTS_CLAIM,
    ),
    Row(
        number=3,
        expected=vocabulary.Expectation.REFUSED,
        sources=frozenset({vocabulary.ExpectationSource.CLAIM}),
        outcome=vocabulary.OutcomeClass.SUPPORTED,
        verdict=vocabulary.BackendVerdict.CONTRADICTS_CLAIM,
    ),
    Row(
        number=4,
        musts=_FAILED,
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Row(
        number=5,
        outcome=vocabulary.OutcomeClass.INCONCLUSIVE,
        verdict=vocabulary.BackendVerdict.UNDECIDED,
    ),
    Row(
        number=5,
        musts=_UNTESTED,
        verdict=vocabulary.BackendVerdict.UNDECIDED,
    ),
    Row(
        number=6,
        expected=vocabulary.Expectation.SUPPORTED,
        outcome=vocabulary.OutcomeClass.SUPPORTED,
        verdict=vocabulary.BackendVerdict.CONFORMS,
    ),
    Row(
        number=7,
        expected=vocabulary.Expectation.REFUSED,
        outcome=vocabulary.OutcomeClass.REFUSED,
        verdict=vocabulary.BackendVerdict.REFUSES_HONESTLY,
    ),
    Row(
        number=8,
        expected=vocabulary.Expectation.REFUSED,
        sources=frozenset(
            {
                vocabulary.ExpectationSource.MATRIX,
                vocabulary.ExpectationSource.CAPABILITY,
            }
        ),
        outcome=vocabulary.OutcomeClass.SUPPORTED,
        verdict=vocabulary.BackendVerdict.BETTER_THAN_CLAIMED,
    ),
)


def judge_backend(
    expected: vocabulary.Expectation,
    source: vocabulary.ExpectationSource,
    outcome: vocabulary.Outcome,
    musts: collections.abc.Collection[vocabulary.CheckVerdict],
) -> Row:
    """Find the row of the table that decides about a backend.

    :param expected: what was promised.
    :param source: who promised it.
    :param outcome: what was measured, after a broken outcome of a later
        applicable must has replaced that of the first extend.
    :param musts: the verdicts of the backend's applicable musts (planned by
        the profile and not ``not-applicable``). A check that found wrong,
        lost or foreign data counts as a must whatever its level.
    :returns: the first row that holds; one always does.
    """
    return next(
        row
        for row in TABLE
        if row.holds(expected, source, outcome.outcome_class, musts)
    )


def judge_cloud(
    musts: collections.abc.Collection[vocabulary.CheckVerdict],
) -> vocabulary.BackendVerdict:
    """The verdict of the cloud's own API: fails, undecided or conforms.

    :param musts: the verdicts of the planned musts of scope ``cloud``.
    """
    if not _FAILED.isdisjoint(musts):
        return vocabulary.BackendVerdict.FAILS
    if not musts or not _UNTESTED.isdisjoint(musts):
        return vocabulary.BackendVerdict.UNDECIDED
    return vocabulary.BackendVerdict.CONFORMS


def exit_code_of(
    verdict: vocabulary.BackendVerdict,
) -> exceptions.ExitCode:
    """The exit code that one verdict asks of the run."""
    match verdict:
        case (
            vocabulary.BackendVerdict.FAILS
            | vocabulary.BackendVerdict.CONTRADICTS_CLAIM
        ):
            return exceptions.ExitCode.FAILED
        case vocabulary.BackendVerdict.UNDECIDED:
            return exceptions.ExitCode.NOT_TESTABLE
        case _:
            return exceptions.ExitCode.AS_EXPECTED


def exit_code(
    verdicts: collections.abc.Collection[vocabulary.BackendVerdict],
) -> exceptions.ExitCode:
    """The exit code of a run: 1 before 3 before 0.

    :param verdicts: of every backend and of the cloud. None at all means
        that nothing ran, which is never a success.
    """
    codes = {exit_code_of(verdict) for verdict in verdicts}
    for code in (
        exceptions.ExitCode.FAILED,
        exceptions.ExitCode.NOT_TESTABLE,
        exceptions.ExitCode.AS_EXPECTED,
    ):
        if code in codes:
            return code
    return exceptions.ExitCode.NOT_TESTABLE
