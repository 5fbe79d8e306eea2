# SPDX-License-Identifier: Apache-2.0

"""Puts results of several runs together, so that nothing bad is hidden.

Every field has a rule here that says what becomes of it; one without a rule
cannot be merged at all. Which results are good or bad is decided elsewhere:
the words of the vocabulary are declared the worst first, and the worst is
kept.
"""

import collections
import collections.abc
import dataclasses
import typing as ty

from extend_conformance import vocabulary
from extend_conformance.results import model

_Value = ty.TypeVar('_Value')

#: Gives the value of a field from the parts that are put together, at least
#: one, and the name of the field.
Rule: ty.TypeAlias = collections.abc.Callable[
    [collections.abc.Sequence[ty.Any], str], ty.Any
]


@dataclasses.dataclass(frozen=True)
class Rules:
    """What becomes of a field.

    :param of_one_run: where workers, or directories, have the same run.
    :param of_several_runs: where they have different ones.
    """

    of_one_run: Rule
    of_several_runs: Rule


def union_of_runs(
    runs: collections.abc.Sequence[model.Run],
) -> model.Run:
    """What several workers of one run wrote of it.

    :param runs: not empty, all of the same id; where they disagree, the
        first is believed.
    """
    return _combined(model.Run, runs, _of_one_run(RUN))


def merge(many: collections.abc.Sequence[model.Results]) -> model.Results:
    """Put the results of several runs together, as if it were one.

    A backend is the same one where the volume type is. Of a check that two
    runs did on one backend, the worst result is kept, with a warning where
    they disagree; so is the worst measurement, with what was promised and
    said of the backend then. Verdicts are dropped: they are to be given anew.

    :param many: at least one.
    :raises ValueError: if there is none.
    """
    if not many:
        raise ValueError('nothing to merge')
    # One for each run, though a run may come in several directories.
    by_run: dict[str, list[model.Results]] = {}
    for results in many:
        by_run.setdefault(results.run.id, []).append(results)
    parts = [
        _combined(model.Results, group, _of_one_run(RESULTS))
        for group in by_run.values()
    ]
    merged = _combined(model.Results, parts, _of_several_runs(RESULTS))
    return dataclasses.replace(
        merged,
        run=dataclasses.replace(
            merged.run,
            warnings=_unique(
                (
                    *merged.run.warnings,
                    *_differing_checks(parts),
                    *_differing_backends(parts),
                )
            ),
        ),
    )


def _combined(
    form: type[_Value],
    parts: collections.abc.Sequence[_Value],
    rules: collections.abc.Mapping[str, Rule],
) -> _Value:
    """A value of which every field is what its rule says."""
    return form(
        **{
            field.name: rules[field.name](parts, field.name)
            for field in dataclasses.fields(form)  # type: ignore[arg-type]
        }
    )


def _of_one_run(
    table: collections.abc.Mapping[str, Rules],
) -> dict[str, Rule]:
    return {name: rules.of_one_run for name, rules in table.items()}


def _of_several_runs(
    table: collections.abc.Mapping[str, Rules],
) -> dict[str, Rule]:
    return {name: rules.of_several_runs for name, rules in table.items()}


# Rules of any field.


def _of_first(parts: collections.abc.Sequence[ty.Any], name: str) -> ty.Any:
    return getattr(parts[0], name)


def _dropped(_: collections.abc.Sequence[ty.Any], __: str) -> None:
    """To be given anew."""
    return None


def _values(
    parts: collections.abc.Sequence[ty.Any], name: str
) -> list[ty.Any]:
    """All values that there are."""
    values = [getattr(part, name) for part in parts]
    return [value for value in values if value is not None]


def _first_known(parts: collections.abc.Sequence[ty.Any], name: str) -> ty.Any:
    return next(iter(_values(parts, name)), None)


def _earliest(parts: collections.abc.Sequence[ty.Any], name: str) -> ty.Any:
    return min(_values(parts, name), default=None)


def _latest(parts: collections.abc.Sequence[ty.Any], name: str) -> ty.Any:
    return max(_values(parts, name), default=None)


def _joined(parts: collections.abc.Sequence[ty.Any], name: str) -> str | None:
    """All words, for a person."""
    return ', '.join(_unique(_values(parts, name))) or None


def _every(
    parts: collections.abc.Sequence[ty.Any], name: str
) -> tuple[ty.Any, ...]:
    return tuple(one for part in parts for one in getattr(part, name))


def _each_once(
    parts: collections.abc.Sequence[ty.Any], name: str
) -> tuple[ty.Any, ...]:
    return _unique(_every(parts, name))


# Rules of a run.


def _all_ids(runs: collections.abc.Sequence[model.Run], _: str) -> str:
    return ' + '.join(run.id for run in runs)


def _door(
    runs: collections.abc.Sequence[model.Run], _: str
) -> vocabulary.Door:
    doors = {run.door for run in runs}
    return runs[0].door if len(doors) == 1 else vocabulary.Door.MERGED


def _told_words(runs: collections.abc.Sequence[model.Run], name: str) -> str:
    """As :func:`_joined`, of what every run has."""
    return _joined(runs, name) or ''


def _first_host(
    runs: collections.abc.Sequence[model.Run], _: str
) -> dict[str, str]:
    host: dict[str, str] = {}
    for run in reversed(runs):
        host.update(run.host)
    return host


def _all_hosts(
    runs: collections.abc.Sequence[model.Run], _: str
) -> dict[str, str]:
    hosts = [run.host for run in runs]
    return {
        key: ', '.join(_unique(host[key] for host in hosts if key in host))
        for key in dict.fromkeys(key for host in hosts for key in host)
    }


def _planned(
    runs: collections.abc.Sequence[model.Run], name: str
) -> tuple[model.Planned, ...]:
    """All plans as one, the backends in the order in which they were named.

    Workers write theirs in any order.
    """
    volume_types = _each_once(runs, 'volume_types')
    order = {name: place for place, name in enumerate(volume_types)}
    return tuple(
        sorted(
            _each_once(runs, name),
            key=lambda part: (
                part.backend is not None,
                order.get(part.backend or '', len(order)),
            ),
        )
    )


def _planned_nowhere(
    runs: collections.abc.Sequence[model.Run], name: str
) -> tuple[model.NotPlanned, ...]:
    checks = {part.check for run in runs for part in run.planned}
    return tuple(
        part for part in _each_once(runs, name) if part.check not in checks
    )


def _warnings_of_runs(
    runs: collections.abc.Sequence[model.Run], _: str
) -> tuple[str, ...]:
    return _unique(
        f'{run.id}: {warning}' for run in runs for warning in run.warnings
    )


def _pages(
    runs: collections.abc.Sequence[model.Run], _: str
) -> tuple[model.Page, ...]:
    """The page of each check, the first where several have one."""
    found: dict[str, model.Page] = {}
    for run in runs:
        for page in run.pages:
            found.setdefault(page.check, page)
    return tuple(found.values())


def _as_they_were(
    runs: collections.abc.Sequence[model.Run], _: str
) -> tuple[model.Run, ...]:
    return tuple(
        dataclasses.replace(part, pages=())
        for run in runs
        for part in (run.merged_from or (run,))
    )


#: What becomes of each field of :class:`model.Run`.
RUN: ty.Final[collections.abc.Mapping[str, Rules]] = {
    'id': Rules(_of_first, _all_ids),
    'door': Rules(_of_first, _door),
    'profile': Rules(_of_first, _told_words),
    'tool_version': Rules(_of_first, _told_words),
    'started_at': Rules(_earliest, _earliest),
    'cloud': Rules(_of_first, _told_words),
    'host': Rules(_first_host, _all_hosts),
    'finished_at': Rules(_latest, _latest),
    'release': Rules(_first_known, _joined),
    'microversion_max': Rules(_first_known, _joined),
    'volume_types': Rules(_of_first, _each_once),
    'planned': Rules(_planned, _planned),
    'not_planned': Rules(_each_once, _planned_nowhere),
    'warnings': Rules(_each_once, _warnings_of_runs),
    'pages': Rules(_pages, _pages),
    'merged_from': Rules(_of_first, _as_they_were),
}


# Rules of a backend.


def _of_worst_measurement(
    backends: collections.abc.Sequence[model.Backend], name: str
) -> ty.Any:
    """That of the backend whose measurement is kept.

    Without any measurement, of the first that has a promise, or the first.
    """
    outcomes = list(vocabulary.Outcome)
    kept = min(
        backends,
        key=lambda one: (
            outcomes.index(one.measurement.outcome)
            if one.measurement
            else len(outcomes),
            one.promise is None,
        ),
    )
    return getattr(kept, name)


#: What becomes of each field of :class:`model.Backend`. What was promised and
#: said of the one that was measured, and what its measurement mends, stay with
#: it: a verdict holds a measurement to the promise that it was made for.
BACKEND: ty.Final[collections.abc.Mapping[str, Rule]] = {
    'volume_type': _of_first,
    'pool': _first_known,
    'vendor': _first_known,
    'driver_version': _first_known,
    'simulated': _first_known,
    'must_get': _first_known,
    'truths': _of_worst_measurement,
    'promise': _of_worst_measurement,
    'measurement': _of_worst_measurement,
    'outcome': _dropped,
    'outcome_check': _dropped,
    'verdict': _dropped,
    'verdict_row': _dropped,
    'verdict_reason': _dropped,
    'matrix_patch': _of_worst_measurement,
}


# Rules of results.


def _run_of_workers(
    parts: collections.abc.Sequence[model.Results], _: str
) -> model.Run:
    return union_of_runs([part.run for part in parts])


def _run_of_runs(
    parts: collections.abc.Sequence[model.Results], _: str
) -> model.Run:
    runs = [part.run for part in parts]
    if len(runs) == 1:
        return runs[0]
    return _combined(model.Run, runs, _of_several_runs(RUN))


def _backends(
    parts: collections.abc.Sequence[model.Results], _: str
) -> tuple[model.Backend, ...]:
    return tuple(
        _combined(model.Backend, group, BACKEND)
        for group in _grouped_backends(parts).values()
    )


def _worst_checks(
    parts: collections.abc.Sequence[model.Results], _: str
) -> tuple[model.CheckResult, ...]:
    verdicts = list(vocabulary.CheckVerdict)
    return tuple(
        min(
            group,
            key=lambda result: (
                verdicts.index(result.verdict),
                not result.data_failure,
            ),
        )
        for group in _grouped_checks(parts).values()
    )


def _samples_of_one_run(
    parts: collections.abc.Sequence[model.Results], name: str
) -> tuple[model.Sample, ...]:
    return tuple({one.id: one for one in _every(parts, name)}.values())


def _samples_of_runs(
    parts: collections.abc.Sequence[model.Results], _: str
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


#: What becomes of each field of :class:`model.Results`.
RESULTS: ty.Final[collections.abc.Mapping[str, Rules]] = {
    'run': Rules(_run_of_workers, _run_of_runs),
    'schema_version': Rules(_of_first, _of_first),
    'cloud_verdict': Rules(_dropped, _dropped),
    'backends': Rules(_every, _backends),
    'checks': Rules(_every, _worst_checks),
    'samples': Rules(_samples_of_one_run, _samples_of_runs),
}


# Who disagrees.


def _grouped_checks(
    parts: collections.abc.Sequence[model.Results],
) -> dict[tuple[str, str | None], list[model.CheckResult]]:
    groups: dict[tuple[str, str | None], list[model.CheckResult]] = (
        collections.defaultdict(list)
    )
    for part in parts:
        for result in part.checks:
            groups[result.check, result.backend].append(result)
    return groups


def _grouped_backends(
    parts: collections.abc.Sequence[model.Results],
) -> dict[str, list[model.Backend]]:
    groups: dict[str, list[model.Backend]] = collections.defaultdict(list)
    for part in parts:
        for backend in part.backends:
            groups[backend.volume_type].append(backend)
    return groups


_TESTED: ty.Final = (
    vocabulary.CheckVerdict.FAIL,
    vocabulary.CheckVerdict.KNOWN,
    vocabulary.CheckVerdict.PASS,
)


def _differing_checks(
    parts: collections.abc.Sequence[model.Results],
) -> collections.abc.Iterator[str]:
    for (check, backend), group in _grouped_checks(parts).items():
        verdicts = _unique(
            result.verdict for result in group if result.verdict in _TESTED
        )
        if len(verdicts) > 1:
            yield (
                f'{check} of {backend or "the cloud"} came out differently: '
                f'{", ".join(verdicts)}; the worst is kept.'
            )


def _differing_backends(
    parts: collections.abc.Sequence[model.Results],
) -> collections.abc.Iterator[str]:
    for volume_type, group in _grouped_backends(parts).items():
        outcomes = _unique(
            one.measurement.outcome for one in group if one.measurement
        )
        if len(outcomes) > 1:
            yield (
                f'{volume_type} was measured differently: '
                f'{", ".join(outcomes)}; the worst is kept.'
            )


def _unique(
    values: collections.abc.Iterable[_Value],
) -> tuple[_Value, ...]:
    """Without repetitions, in order."""
    return tuple(dict.fromkeys(values))
