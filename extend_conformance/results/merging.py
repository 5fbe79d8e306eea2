# SPDX-License-Identifier: Apache-2.0

"""Puts results of several runs together, so that nothing bad is hidden.

Which results are good or bad is decided elsewhere; this module orders the
words from the worst to the best, so that the worst is kept.
"""

import collections
import collections.abc
import dataclasses
import typing as ty

from extend_conformance.results import model

#: Verdicts of one check in several runs: the first of these is kept. What
#: was tested comes before what was not.
CHECK_VERDICTS = (
    'fail',
    'known',
    'pass',
    'abort',
    'not-applicable',
    'skip',
    'missing',
)

_TESTED = frozenset({'fail', 'known', 'pass'})

#: Outcomes of one backend in several runs: the first of these is kept.
OUTCOMES = (
    'data-damaged',
    'io-interrupted',
    'inconsistent',
    'control-plane-only',
    'hang',
    'refused-driver',
    'refused-scheduler',
    'supported',
    'inconclusive',
)

_Value = ty.TypeVar('_Value')


def union_of_runs(
    runs: collections.abc.Sequence[model.Run],
) -> model.Run:
    """What several workers of one run wrote of it.

    :param runs: not empty, all of the same id; where they disagree, the
        first is believed.
    """
    finished = [run.finished_at for run in runs if run.finished_at]
    host: dict[str, str] = {}
    for run in reversed(runs):
        host.update(run.host)
    return dataclasses.replace(
        runs[0],
        started_at=min(run.started_at for run in runs),
        finished_at=max(finished) if finished else None,
        release=_first(run.release for run in runs),
        microversion_max=_first(run.microversion_max for run in runs),
        host=host,
        planned=_planned(runs),
        not_planned=_unique(part for run in runs for part in run.not_planned),
        warnings=_unique(part for run in runs for part in run.warnings),
        pages=_pages(runs),
    )


def merge(many: collections.abc.Sequence[model.Results]) -> model.Results:
    """Put the results of several runs together, as if it were one.

    A backend is the same one where the volume type is. Of a check that two
    runs did on one backend, the worst result is kept, with a warning where
    they disagree; so is the worst measurement. Verdicts are dropped: they
    are to be given anew.

    :param many: at least one.
    :raises ValueError: if there is none.
    """
    if not many:
        raise ValueError('nothing to merge')
    parts = _per_run(many)
    warnings: list[str] = []
    checks = _merge_checks(parts, warnings)
    backends = _merge_backends(parts, warnings)
    run = _merge_runs([part.run for part in parts], warnings)
    return model.Results(
        run=run,
        backends=backends,
        checks=checks,
        samples=_merge_samples(parts),
    )


def _per_run(
    many: collections.abc.Sequence[model.Results],
) -> list[model.Results]:
    """One for each run, though a run may come in several directories."""
    by_run: dict[str, list[model.Results]] = {}
    for results in many:
        by_run.setdefault(results.run.id, []).append(results)
    return [
        dataclasses.replace(
            group[0],
            run=union_of_runs([results.run for results in group]),
            backends=tuple(b for r in group for b in r.backends),
            checks=tuple(c for r in group for c in r.checks),
            samples=tuple(
                {s.id: s for r in group for s in r.samples}.values()
            ),
        )
        for group in by_run.values()
    ]


def _merge_runs(
    runs: collections.abc.Sequence[model.Run], warnings: list[str]
) -> model.Run:
    if len(runs) == 1:
        return dataclasses.replace(
            runs[0], warnings=_unique((*runs[0].warnings, *warnings))
        )
    finished = [run.finished_at for run in runs if run.finished_at]
    doors = {run.door for run in runs}
    hosts = [run.host for run in runs]
    planned = _planned(runs)
    checks = {part.check for part in planned}
    return model.Run(
        id=' + '.join(run.id for run in runs),
        door=runs[0].door if len(doors) == 1 else 'merged',
        profile=_joined(run.profile for run in runs),
        tool_version=_joined(run.tool_version for run in runs),
        started_at=min(run.started_at for run in runs),
        finished_at=max(finished) if finished else None,
        cloud=_joined(run.cloud for run in runs),
        host={
            key: _joined(host[key] for host in hosts if key in host)
            for key in dict.fromkeys(key for host in hosts for key in host)
        },
        release=_joined(run.release for run in runs if run.release) or None,
        microversion_max=_joined(
            run.microversion_max for run in runs if run.microversion_max
        )
        or None,
        volume_types=_volume_types(runs),
        planned=planned,
        not_planned=_unique(
            part
            for run in runs
            for part in run.not_planned
            if part.check not in checks
        ),
        warnings=(
            *_unique(
                f'{run.id}: {warning}'
                for run in runs
                for warning in run.warnings
            ),
            *warnings,
        ),
        pages=_pages(runs),
        merged_from=tuple(
            dataclasses.replace(part, pages=())
            for run in runs
            for part in (run.merged_from or (run,))
        ),
    )


def _pages(
    runs: collections.abc.Iterable[model.Run],
) -> tuple[model.Page, ...]:
    """The page of each check, the first where several have one."""
    found: dict[str, model.Page] = {}
    for run in runs:
        for page in run.pages:
            found.setdefault(page.check, page)
    return tuple(found.values())


def _merge_checks(
    parts: collections.abc.Sequence[model.Results], warnings: list[str]
) -> tuple[model.CheckResult, ...]:
    groups: dict[tuple[str, str | None], list[model.CheckResult]] = (
        collections.defaultdict(list)
    )
    for part in parts:
        for result in part.checks:
            groups[result.check, result.backend].append(result)
    for (check, backend), group in groups.items():
        verdicts = _unique(
            result.verdict for result in group if result.verdict in _TESTED
        )
        if len(verdicts) > 1:
            warnings.append(
                f'{check} of {backend or "the cloud"} came out differently: '
                f'{", ".join(verdicts)}; the worst is kept.'
            )
    return tuple(
        min(
            group,
            key=lambda result: (
                CHECK_VERDICTS.index(result.verdict),
                not result.data_failure,
            ),
        )
        for group in groups.values()
    )


def _merge_backends(
    parts: collections.abc.Sequence[model.Results], warnings: list[str]
) -> tuple[model.Backend, ...]:
    groups: dict[str, list[model.Backend]] = collections.defaultdict(list)
    for part in parts:
        for backend in part.backends:
            groups[backend.volume_type].append(backend)
    merged = []
    for volume_type, group in groups.items():
        measured = [b.measurement for b in group if b.measurement]
        outcomes = _unique(m.outcome for m in measured)
        if len(outcomes) > 1:
            warnings.append(
                f'{volume_type} was measured differently: '
                f'{", ".join(outcomes)}; the worst is kept.'
            )
        first = next((b for b in group if b.promise), group[0])
        merged.append(
            dataclasses.replace(
                first,
                measurement=min(
                    measured,
                    key=lambda m: OUTCOMES.index(m.outcome),
                    default=None,
                ),
                outcome=None,
                outcome_check=None,
                verdict=None,
                verdict_row=None,
                verdict_reason=None,
            )
        )
    return tuple(merged)


def _merge_samples(
    parts: collections.abc.Sequence[model.Results],
) -> tuple[model.Sample, ...]:
    taken = collections.Counter(
        sample.id for part in parts for sample in part.samples
    )
    return tuple(
        sample
        if taken[sample.id] == 1
        else dataclasses.replace(sample, id=f'{part.run.id}/{sample.id}')
        for part in parts
        for sample in part.samples
    )


def _first(values: collections.abc.Iterable[str | None]) -> str | None:
    return next((value for value in values if value is not None), None)


def _joined(values: collections.abc.Iterable[str]) -> str:
    return ', '.join(_unique(values))


def _volume_types(
    runs: collections.abc.Sequence[model.Run],
) -> tuple[str, ...]:
    return _unique(name for run in runs for name in run.volume_types)


def _planned(
    runs: collections.abc.Sequence[model.Run],
) -> tuple[model.Planned, ...]:
    """All plans as one, the backends in the order in which they were named.

    Workers write theirs in any order.
    """
    order = {name: place for place, name in enumerate(_volume_types(runs))}
    return tuple(
        sorted(
            _unique(part for run in runs for part in run.planned),
            key=lambda part: (
                part.backend is not None,
                order.get(part.backend or '', len(order)),
            ),
        )
    )


def _unique(
    values: collections.abc.Iterable[_Value],
) -> tuple[_Value, ...]:
    """Without repetitions, in order."""
    return tuple(dict.fromkeys(values))
