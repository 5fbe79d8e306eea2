# SPDX-License-Identifier: Apache-2.0

"""Gives every backend and the cloud its verdict, and says why.

The table itself is in ``claims.verdict``; here its facts are gathered from
results and the row that held is put into a sentence.
"""

import collections.abc
import dataclasses

from extend_conformance import exceptions
from extend_conformance import vocabulary
from extend_conformance.claims import verdict
from extend_conformance.results import model

#: Of a backend without a promise on record: Cinder's scheduler takes a
#: capability that is absent for ``True``.
_UNSTATED = model.Promise(
    expected=vocabulary.Expectation.SUPPORTED,
    source=vocabulary.ExpectationSource.CAPABILITY,
    explanation='Nothing was promised on record, and the scheduler takes '
    'silence for yes.',
)

_SOURCES = {
    vocabulary.ExpectationSource.CLAIM: 'the claims entry',
    vocabulary.ExpectationSource.MATRIX: 'the support matrix',
    vocabulary.ExpectationSource.CAPABILITY: 'the pool capability',
}


def judge(results: model.Results) -> model.Results:
    """Give every backend and the cloud its verdict.

    Checks that were planned and have no result get one, ``missing``.
    Backends that only checks or the plan name are added. What only has
    samples was not tested for conformance and keeps the verdict ``None``.
    Judging twice changes nothing.
    """
    checks = (*results.checks, *_missing(results))
    backends = tuple(
        _judge_backend(
            backend,
            [
                check
                for check in checks
                if check.scope == vocabulary.Scope.BACKEND
                and check.backend == backend.volume_type
            ],
        )
        for backend in (*results.backends, *_unwritten(results))
    )
    return dataclasses.replace(
        results,
        checks=checks,
        backends=backends,
        cloud_verdict=_judge_cloud(checks),
    )


def exit_code(results: model.Results) -> exceptions.ExitCode:
    """The exit code of a run with these results, once judged."""
    verdicts = [backend.verdict for backend in results.backends]
    return verdict.exit_code(
        [
            given
            for given in (*verdicts, results.cloud_verdict)
            if given is not None
        ]
    )


def unlike_declared(results: model.Results) -> tuple[model.Backend, ...]:
    """Judged backends that did not get the verdict they must get."""
    return tuple(
        backend
        for backend in results.backends
        if backend.must_get not in (None, backend.verdict)
    )


def counts_as_must(result: model.CheckResult) -> bool:
    """Whether a result is part of the verdict."""
    return result.verdict != vocabulary.CheckVerdict.NOT_APPLICABLE and (
        result.level == vocabulary.Level.MUST or result.data_failure
    )


def counted_failure(result: model.CheckResult) -> bool:
    """Whether a result fails the backend or the cloud."""
    return result.verdict == vocabulary.CheckVerdict.FAIL and counts_as_must(
        result
    )


def _missing(results: model.Results) -> tuple[model.CheckResult, ...]:
    written = {(result.check, result.backend) for result in results.checks}
    return tuple(
        model.CheckResult(
            check=planned.check,
            uuid=planned.uuid,
            scope=planned.scope,
            level=planned.level,
            backend=planned.backend,
            verdict=vocabulary.CheckVerdict.MISSING,
            reason='It was planned, but nothing wrote a result.',
            cause=vocabulary.Cause.NO_RESULT,
        )
        for planned in results.run.planned
        if (planned.check, planned.backend) not in written
    )


def _unwritten(results: model.Results) -> tuple[model.Backend, ...]:
    known = {backend.volume_type for backend in results.backends}
    named = (
        *(planned.backend for planned in results.run.planned),
        *(check.backend for check in results.checks),
        *(sample.backend for sample in results.samples),
    )
    return tuple(
        model.Backend(volume_type=name)
        for name in dict.fromkeys(named)
        if name is not None and name not in known
    )


def _judge_cloud(
    checks: collections.abc.Sequence[model.CheckResult],
) -> vocabulary.BackendVerdict | None:
    """``None`` if nothing of scope ``cloud`` was planned or ran.

    Every profile plans something of it, so then a person chose otherwise.
    """
    of_cloud = [
        check for check in checks if check.scope == vocabulary.Scope.CLOUD
    ]
    if not of_cloud:
        return None
    return verdict.judge_cloud(
        [check.verdict for check in of_cloud if counts_as_must(check)]
    )


def _judge_backend(
    backend: model.Backend,
    checks: collections.abc.Sequence[model.CheckResult],
) -> model.Backend:
    if not checks and backend.measurement is None:
        return backend
    musts = [check for check in checks if counts_as_must(check)]
    promise = backend.promise or _UNSTATED
    outcome, carrier = _outcome(backend, musts)
    row = verdict.judge_backend(
        promise.expected,
        promise.source,
        outcome,
        [check.verdict for check in musts],
    )
    return dataclasses.replace(
        backend,
        outcome=outcome,
        outcome_check=None if carrier is None else carrier.check,
        verdict=row.verdict,
        verdict_row=row.number,
        verdict_reason=_reason(backend, promise, outcome, carrier, musts, row),
    )


def _outcome(
    backend: model.Backend,
    musts: collections.abc.Sequence[model.CheckResult],
) -> tuple[vocabulary.Outcome, model.CheckResult | None]:
    """The outcome that is judged, and the check that brought it, if one did.

    A broken first extend stands, as it says more than what followed from
    it. A known disagreement counts as pass and replaces nothing.
    """
    outcome = vocabulary.Outcome.INCONCLUSIVE
    if backend.measurement is not None:
        outcome = backend.measurement.outcome
    if outcome.outcome_class is vocabulary.OutcomeClass.BROKEN:
        return outcome, None
    for check in sorted(musts, key=lambda must: must.started_at or '~'):
        if check.outcome is None:
            continue
        if check.verdict != vocabulary.CheckVerdict.FAIL:
            continue
        later = check.outcome
        if later.outcome_class is vocabulary.OutcomeClass.BROKEN:
            return later, check
    return outcome, None


def _reason(
    backend: model.Backend,
    promise: model.Promise,
    outcome: vocabulary.Outcome,
    carrier: model.CheckResult | None,
    musts: collections.abc.Sequence[model.CheckResult],
    row: verdict.Row,
) -> str:
    """One sentence that names the check or the fact that decided."""
    promiser = _promiser(backend, promise)
    if row.outcome is vocabulary.OutcomeClass.BROKEN:
        if carrier is not None:
            return _sentence(
                f'{carrier.check} found {outcome}', carrier.reason
            )
        return _sentence(f'The first extend is {outcome}', _explained(backend))
    if row.musts is not None:
        return _musts_reason(musts, row.musts)
    if row.outcome is vocabulary.OutcomeClass.INCONCLUSIVE:
        if backend.measurement is None:
            return 'No extend was measured.'
        return _sentence(
            'The first extend is inconclusive', _explained(backend)
        )
    if row.verdict is vocabulary.BackendVerdict.CONFORMS:
        return f'It works, as {promiser} promised{_passed(musts)}.'
    if row.verdict is vocabulary.BackendVerdict.REFUSES_HONESTLY:
        return f'It refuses, as {promiser} said{_passed(musts)}.'
    if row.verdict is vocabulary.BackendVerdict.BETTER_THAN_CLAIMED:
        return f'It works, though {promiser} said no{_passed(musts)}.'
    if row.outcome is vocabulary.OutcomeClass.REFUSED:
        return _sentence(
            f'{promiser[0].upper()}{promiser[1:]} promised it, but it is '
            f'{outcome}',
            _explained(backend),
        )
    return f'It works, but {promiser} says that it is refused.'


def _promiser(backend: model.Backend, promise: model.Promise) -> str:
    if promise is _UNSTATED:
        return 'the silence of the pool capability'
    source = promise.source
    key = backend.truths.matrix_key
    if source is vocabulary.ExpectationSource.MATRIX and key:
        return f'row {key} of the support matrix'
    return _SOURCES[source]


def _musts_reason(
    musts: collections.abc.Sequence[model.CheckResult],
    decisive: collections.abc.Collection[vocabulary.CheckVerdict],
) -> str:
    deciding = [must for must in musts if must.verdict in decisive]
    first = min(deciding, key=lambda must: must.started_at or '~')
    words = {
        vocabulary.CheckVerdict.FAIL: 'failed',
        vocabulary.CheckVerdict.ABORT: 'could not be tested',
        vocabulary.CheckVerdict.SKIP: 'was skipped',
        vocabulary.CheckVerdict.MISSING: 'has no result',
    }
    begin = f'{first.check} {words[first.verdict]}'
    if len(deciding) > 1:
        others = len(deciding) - 1
        begin += f' (and {others} more must{"s" if others > 1 else ""})'
    return _sentence(begin, first.reason)


def _explained(backend: model.Backend) -> str:
    return backend.measurement.explanation if backend.measurement else ''


def _passed(musts: collections.abc.Sequence[model.CheckResult]) -> str:
    if not musts:
        return '; no must was planned'
    known = sum(
        must.verdict == vocabulary.CheckVerdict.KNOWN for must in musts
    )
    passed = f'; all {len(musts)} applicable musts passed'
    if len(musts) == 1:
        passed = '; the one applicable must passed'
    return passed + (f', {known} as a known disagreement' if known else '')


def _sentence(begin: str, reason: str) -> str:
    reason = reason.strip().rstrip('.')
    return f'{begin}: {reason}.' if reason else f'{begin}.'
