# SPDX-License-Identifier: Apache-2.0

"""The one table that makes a verdict of promise and outcome.

Nothing else in this project decides whether a backend passes. How an outcome
is measured is the business of ``checks``; how a promise is found is the
business of the rest of this room.
"""

import collections.abc
import dataclasses
import enum

from extend_conformance import exceptions


class Expectation(enum.StrEnum):
    """What was promised of extending an attached volume."""

    SUPPORTED = 'supported'
    REFUSED = 'refused'


class ExpectationSource(enum.StrEnum):
    """Who promised it; the first of these that speaks is believed."""

    CLAIM = 'claims-entry'
    MATRIX = 'matrix'
    CAPABILITY = 'capability'


class OutcomeClass(enum.StrEnum):
    """The four kinds of outcome that the table knows."""

    SUPPORTED = 'supported'
    REFUSED = 'refused'
    BROKEN = 'broken'
    INCONCLUSIVE = 'inconclusive'


class Outcome(enum.StrEnum):
    """What was measured when an attached volume was extended."""

    SUPPORTED = 'supported'
    REFUSED_SCHEDULER = 'refused-scheduler'
    REFUSED_DRIVER = 'refused-driver'
    CONTROL_PLANE_ONLY = 'control-plane-only'
    INCONSISTENT = 'inconsistent'
    DATA_DAMAGED = 'data-damaged'
    IO_INTERRUPTED = 'io-interrupted'
    HANG = 'hang'
    INCONCLUSIVE = 'inconclusive'

    @property
    def outcome_class(self) -> OutcomeClass:
        """The kind of outcome, which is all that the table looks at."""
        return _OUTCOME_CLASSES.get(self, OutcomeClass.BROKEN)


_OUTCOME_CLASSES = {
    Outcome.SUPPORTED: OutcomeClass.SUPPORTED,
    Outcome.REFUSED_SCHEDULER: OutcomeClass.REFUSED,
    Outcome.REFUSED_DRIVER: OutcomeClass.REFUSED,
    Outcome.INCONCLUSIVE: OutcomeClass.INCONCLUSIVE,
}


class CheckVerdict(enum.StrEnum):
    """What one check says of one backend, or of the cloud."""

    PASS = 'pass'  # noqa: S105 - a verdict
    FAIL = 'fail'
    ABORT = 'abort'
    SKIP = 'skip'
    NOT_APPLICABLE = 'not-applicable'
    MISSING = 'missing'
    KNOWN = 'known'


class BackendVerdict(enum.StrEnum):
    """What the table says of a backend."""

    CONFORMS = 'conforms'
    REFUSES_HONESTLY = 'refuses-honestly'
    BETTER_THAN_CLAIMED = 'better-than-claimed'
    CONTRADICTS_CLAIM = 'contradicts-claim'
    FAILS = 'fails'
    UNDECIDED = 'undecided'

    @property
    def exit_code(self) -> exceptions.ExitCode:
        """The exit code that this verdict asks of the run."""
        if self in (self.FAILS, self.CONTRADICTS_CLAIM):
            return exceptions.ExitCode.FAILED
        if self is self.UNDECIDED:
            return exceptions.ExitCode.NOT_TESTABLE
        return exceptions.ExitCode.AS_EXPECTED


_UNTESTED = frozenset(
    {CheckVerdict.ABORT, CheckVerdict.MISSING, CheckVerdict.SKIP}
)
_FAILED = frozenset({CheckVerdict.FAIL})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the table; ``None`` in a column means "any".

    :param number: the row's number in the documentation.
    :param musts: the row asks that one of the applicable musts has one of
        these verdicts.
    """

    number: int
    verdict: BackendVerdict
    expected: Expectation | None = None
    sources: frozenset[ExpectationSource] | None = None
    outcome: OutcomeClass | None = None
    musts: frozenset[CheckVerdict] | None = None

    def holds(
        self,
        expected: Expectation,
        source: ExpectationSource,
        outcome: OutcomeClass,
        musts: collections.abc.Collection[CheckVerdict],
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
        outcome=OutcomeClass.BROKEN,
        verdict=BackendVerdict.FAILS,
    ),
    Row(
        number=2,
        expected=Expectation.SUPPORTED,
        outcome=OutcomeClass.REFUSED,
        verdict=BackendVerdict.CONTRADICTS_CLAIM,
    ),
    Row(
        number=3,
        expected=Expectation.REFUSED,
        sources=frozenset({ExpectationSource.CLAIM}),
        outcome=OutcomeClass.SUPPORTED,
        verdict=BackendVerdict.CONTRADICTS_CLAIM,
    ),
    Row(
        number=4,
        musts=_FAILED,
        verdict=BackendVerdict.FAILS,
    ),
    Row(
        number=5,
        outcome=OutcomeClass.INCONCLUSIVE,
        verdict=BackendVerdict.UNDECIDED,
    ),
    Row(
        number=5,
        musts=_UNTESTED,
        verdict=BackendVerdict.UNDECIDED,
    ),
    Row(
        number=6,
        expected=Expectation.SUPPORTED,
        outcome=OutcomeClass.SUPPORTED,
        verdict=BackendVerdict.CONFORMS,
    ),
    Row(
        number=7,
        expected=Expectation.REFUSED,
        outcome=OutcomeClass.REFUSED,
        verdict=BackendVerdict.REFUSES_HONESTLY,
    ),
    Row(
        number=8,
        expected=Expectation.REFUSED,
        sources=frozenset(
            {ExpectationSource.MATRIX, ExpectationSource.CAPABILITY}
        ),
        outcome=OutcomeClass.SUPPORTED,
        verdict=BackendVerdict.BETTER_THAN_CLAIMED,
    ),
)


def judge_backend(
    expected: Expectation,
    source: ExpectationSource,
    outcome: Outcome,
    musts: collections.abc.Collection[CheckVerdict],
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
    musts: collections.abc.Collection[CheckVerdict],
) -> BackendVerdict:
    """The verdict of the cloud's own API: fails, undecided or conforms.

    :param musts: the verdicts of the planned musts of scope ``cloud``.
    """
    if not _FAILED.isdisjoint(musts):
        return BackendVerdict.FAILS
    if not musts or not _UNTESTED.isdisjoint(musts):
        return BackendVerdict.UNDECIDED
    return BackendVerdict.CONFORMS


def exit_code(
    verdicts: collections.abc.Collection[BackendVerdict],
) -> exceptions.ExitCode:
    """The exit code of a run: 1 before 3 before 0.

    :param verdicts: of every backend and of the cloud. None at all means
        that nothing ran, which is never a success.
    """
    codes = {verdict.exit_code for verdict in verdicts}
    for code in (
        exceptions.ExitCode.FAILED,
        exceptions.ExitCode.NOT_TESTABLE,
        exceptions.ExitCode.AS_EXPECTED,
    ):
        if code in codes:
            return code
    return exceptions.ExitCode.NOT_TESTABLE
