# SPDX-License-Identifier: Apache-2.0

"""Runs one check and makes its verdict; the same for every front door."""

import time
import traceback
import typing as ty

from extend_conformance import exceptions
from extend_conformance import masking
from extend_conformance import vocabulary
from extend_conformance.checks import registry
from extend_conformance.cloud import resources as resource_owner
from extend_conformance.probes import context as contexts
from extend_conformance.probes import findings
from extend_conformance.probes import first_extend
from extend_conformance.results import model
from extend_conformance.results import timestamps

_REFUSED = vocabulary.OutcomeClass.REFUSED
_SUPPORTED = vocabulary.OutcomeClass.SUPPORTED


def execute(
    check: registry.Check,
    context: contexts.Context,
    known_disagreement: str | None = None,
) -> model.CheckResult:
    """Run a check, clean up after it, and say what came of it.

    Only an interrupt (``KeyboardInterrupt``, ``SystemExit``, a time limit
    of the caller's) leaves by an exception, after the clean-up.

    :param known_disagreement: address of the bug for which the check is
        expected to fail; a failure is then ``known``, a pass a ``fail``.
    """
    started_at = timestamps.now()
    started_s = time.monotonic()
    finding: Exception | None = None
    try:
        with context.resources:
            _must_apply(check, context)
            check.run(context)
    except Exception as error:
        finding = error
        if not isinstance(error, exceptions.ExtendConformanceError):
            context.journal.add('error', traceback.format_exc())
            finding = _Unforeseen(error)
    result = _result(check, context, finding, known_disagreement)
    return model.CheckResult(
        check=check.id,
        uuid=check.uuid,
        scope=check.scope,
        backend=_judged(check, context.volume_type),
        started_at=started_at,
        elapsed_s=round(time.monotonic() - started_s, 3),
        figures=dict(context.figures),
        evidence=context.evidence(),
        **result,
    )


def not_begun(
    check: registry.Check, volume_type: str, error: Exception
) -> model.CheckResult:
    """The result of a check for which the cloud could not be prepared."""
    return model.CheckResult(
        check=check.id,
        uuid=check.uuid,
        scope=check.scope,
        level=check.level,
        backend=_judged(check, volume_type),
        verdict=vocabulary.CheckVerdict.ABORT,
        reason=str(error),
        started_at=timestamps.now(),
        elapsed_s=0.0,
    )


def _judged(check: registry.Check, volume_type: str) -> str | None:
    """The backend that a check says something of."""
    return volume_type if check.scope is vocabulary.Scope.BACKEND else None


class _Unforeseen(exceptions.NotTestable):
    """An error of which nobody has thought, in the words of its kind."""

    def __init__(self, error: Exception) -> None:
        super().__init__(
            f'Something unforeseen happened: {type(error).__name__}: {error}',
            next_step='See the evidence; it may be a defect of this tool.',
        )


def _must_apply(check: registry.Check, context: contexts.Context) -> None:
    """Raise unless the check has something to say of this backend.

    Where the first extend has already been refused, a check that needs an
    extend would only meet the same refusal again; where it has hung, wait as
    long again for nothing.
    """
    lacking = check.needs - context.given
    if lacking:
        raise _Skipped(
            f'The run was not given: {", ".join(sorted(lacking))}',
            cause=vocabulary.Cause.lacking(min(lacking)),
        )
    if check.feature in context.absent_features:
        raise findings.NotApplicable(
            f'The claims entry says that there is no {check.feature}',
            cause=vocabulary.Cause.FEATURE_ABSENT,
        )
    if vocabulary.Need.HOST in check.needs:
        first = context.first_extend
        if first.cause == vocabulary.Cause.HOST_CANNOT_ATTACH:
            # Each check would only wait for the same error.
            raise findings.CouldNotTest(first.explanation, cause=first.cause)
    if check.applies is vocabulary.Applies.WHERE_SUPPORTED:
        if (
            context.expects_refusal
            and context.promise.source == vocabulary.ExpectationSource.CLAIM
        ):
            raise findings.NotApplicable(
                'The claims entry says that extends are refused',
                cause=vocabulary.Cause.REFUSAL_CLAIMED,
            )
        if context.outcome.outcome_class is _REFUSED:
            raise findings.Refused(context.first_extend.explanation)
    if check.applies is vocabulary.Applies.WHERE_REFUSED:
        measured = context.outcome.outcome_class
        if measured is _SUPPORTED:
            raise findings.NotApplicable(
                'The extend works', cause=vocabulary.Cause.EXTEND_WORKS
            )
        if measured is not _REFUSED and not context.expects_refusal:
            raise findings.NotApplicable(
                'A refusal was neither promised nor met',
                cause=vocabulary.Cause.NO_REFUSAL,
            )
    first_extend.must_be(check.first_extend, context)


class _Skipped(exceptions.ExtendConformanceError):
    """The configuration leaves the check out."""

    def __init__(self, reason: str, *, cause: vocabulary.Cause) -> None:
        super().__init__(reason)
        self.cause = cause


def _result(
    check: registry.Check,
    context: contexts.Context,
    finding: Exception | None,
    known_disagreement: str | None,
) -> dict[str, ty.Any]:
    """The fields of the result that depend on what the check found."""
    outcome = None
    if (
        isinstance(finding, findings.Refused)
        and context.expects_refusal
        # What works once has to go on working.
        and context.outcome.outcome_class is not _SUPPORTED
    ):
        finding = findings.NotApplicable(
            f'Refused, as promised. {finding}',
            cause=vocabulary.Cause.REFUSED_AS_PROMISED,
        )
    match finding:
        case None:
            found = vocabulary.CheckVerdict.PASS
        case _Skipped():
            found = vocabulary.CheckVerdict.SKIP
        case findings.NotApplicable():
            found = vocabulary.CheckVerdict.NOT_APPLICABLE
        case findings.Failed():
            found = vocabulary.CheckVerdict.FAIL
            outcome = finding.outcome
        case findings.Refused():
            found = vocabulary.CheckVerdict.FAIL
        case resource_owner.CleanupFailed() if finding.did_not_let_go:
            found = vocabulary.CheckVerdict.FAIL
            outcome = vocabulary.Outcome.INCONSISTENT
        case _:
            found = vocabulary.CheckVerdict.ABORT
    reason = '' if finding is None else masking.text(str(finding))
    if known_disagreement is not None:
        if found is vocabulary.CheckVerdict.FAIL:
            found = vocabulary.CheckVerdict.KNOWN
            reason = f'{reason} Known: {known_disagreement}'
        elif found is vocabulary.CheckVerdict.PASS:
            found = vocabulary.CheckVerdict.FAIL
            reason = (
                f'It was expected to fail because of {known_disagreement}, '
                'and passed. Take the entry out of the claims file.'
            )
    damage = getattr(finding, 'damage', ())
    return {
        'level': getattr(finding, 'level', None) or check.level,
        'verdict': found,
        'reason': reason,
        'cause': getattr(finding, 'cause', None),
        'outcome': outcome,
        'damage': damage,
        'data_failure': bool(damage),
    }
