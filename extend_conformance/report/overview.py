# SPDX-License-Identifier: Apache-2.0

"""The table that every form of the report begins with, and its headline."""

import collections
import dataclasses

from extend_conformance import vocabulary
from extend_conformance.report import judgement
from extend_conformance.report import timings
from extend_conformance.results import model

_SOURCES = {
    vocabulary.ExpectationSource.CLAIM: 'claims entry',
    vocabulary.ExpectationSource.MATRIX: 'matrix',
    vocabulary.ExpectationSource.CAPABILITY: 'capability',
}

#: Verdict to what one backend does, and what several do.
_DEEDS = {
    vocabulary.BackendVerdict.CONFORMS: ('conforms', 'conform'),
    vocabulary.BackendVerdict.REFUSES_HONESTLY: (
        'refuses honestly',
        'refuse honestly',
    ),
    vocabulary.BackendVerdict.BETTER_THAN_CLAIMED: (
        'is better than claimed',
        'are better than claimed',
    ),
    vocabulary.BackendVerdict.CONTRADICTS_CLAIM: (
        'contradicts its claim',
        'contradict their claims',
    ),
    vocabulary.BackendVerdict.FAILS: ('fails', 'fail'),
    vocabulary.BackendVerdict.UNDECIDED: ('is undecided', 'are undecided'),
    None: ('was only timed', 'were only timed'),
}


#: What was missing, by the cause of a check that was left out for it.
_MISSING: dict[str, str] = {
    vocabulary.Cause.NO_ADMIN: 'without an administrator',
    vocabulary.Cause.NO_IMAGE: 'without an image service',
    vocabulary.Cause.NO_OWN_PROJECT: 'without a project of its own',
    vocabulary.Cause.NO_READER: 'without a reader of the project',
    vocabulary.Cause.NO_OTHER_PROJECT: 'without another project',
    vocabulary.Cause.NO_HOST: 'without a host that attaches',
    vocabulary.Cause.HOST_CANNOT_ATTACH: 'because the host cannot attach',
}
#: No sentence lists more checks by name.
_NAMED = 6


@dataclasses.dataclass(frozen=True, kw_only=True)
class Line:
    """What a reader wants to know first of a backend.

    :param promised_by: who promised it; empty if nobody did.
    :param attached: the cell whose time is shown for attached mode.
    :param detached: the same for detached mode.
    """

    backend: model.Backend
    promised: str
    promised_by: str
    measured: str
    verdict: str
    must_get: str
    attached: timings.Cell | None
    detached: timings.Cell | None


def lines(results: model.Results) -> tuple[Line, ...]:
    """A line for each backend of judged results."""
    return tuple(
        Line(
            backend=backend,
            promised=backend.promise.expected if backend.promise else '',
            promised_by=_SOURCES[backend.promise.source]
            if backend.promise
            else '',
            measured=backend.outcome or '',
            verdict=backend.verdict or 'not judged',
            must_get=backend.must_get or '',
            attached=timings.headline(
                results.samples, backend.volume_type, vocabulary.Mode.ATTACHED
            ),
            detached=timings.headline(
                results.samples, backend.volume_type, vocabulary.Mode.DETACHED
            ),
        )
        for backend in results.backends
    )


def time(cell: timings.Cell | None) -> str:
    """The time that a cell shows."""
    if cell is None:
        return ''
    if cell.typical is None:
        return 'failed'
    return timings.seconds(cell.typical.elapsed_s)


def headline(results: model.Results) -> str:
    """How many backends got which verdict, and the cloud's, in a sentence."""
    found: collections.Counter[str | None] = collections.Counter(
        b.verdict for b in results.backends
    )
    number = len(results.backends)
    parts = [
        f'{found[verdict]} {many if found[verdict] > 1 else one}'
        for verdict, (one, many) in _DEEDS.items()
        if found[verdict]
    ]
    begin = f'{number} backend{"" if number == 1 else "s"}'
    said = f'{begin}: {", ".join(parts)}.' if parts else 'No backend.'
    if results.cloud_verdict is not None:
        said += f" The cloud's own API {_DEEDS[results.cloud_verdict][0]}."
    return said


def declared(results: model.Results) -> str:
    """Whether the sandbox's backends got what they must get, if any must."""
    if not any(backend.must_get for backend in results.backends):
        return ''
    wrong = judgement.unlike_declared(results)
    if not wrong:
        return 'Every backend got the verdict that it must get.'
    return (
        'Not the verdict that it must get: '
        + ', '.join(
            f'{backend.volume_type} ({backend.verdict}, must get '
            f'{backend.must_get})'
            for backend in wrong
        )
        + '.'
    )


def times_note(results: model.Results) -> str:
    """What the times of the table are times of; empty if there are none."""
    found = [
        cell
        for line in lines(results)
        for cell in (line.attached, line.detached)
        if cell is not None
    ]
    if not found:
        return ''
    sizes = list(
        dict.fromkeys(timings.size(cell.image_size_bytes) for cell in found)
    )
    known = {cell.size_known for cell in found}
    if known == {False}:
        kind = ', size unknown in advance'
    elif known == {True}:
        kind = ', size known in advance'
    else:
        kind = ', size unknown in advance where that was measured'
    counts = sorted({cell.n for cell in found})
    number = timings.count(counts[0])
    if len(counts) > 1:
        number = f'n = {counts[0]} to {counts[-1]}'
    return (
        f'Times: creation of an image volume of {" or ".join(sizes)}{kind}; '
        f'{number}.'
    )


def untested(results: model.Results) -> tuple[str, ...]:
    """What could not be tested and what was missing for it, in sentences."""
    found: dict[str, dict[str, None]] = {cause: {} for cause in _MISSING}
    left_out = [
        *((one.check, one.cause) for one in results.run.not_planned),
        *(
            (one.check, one.cause)
            for one in results.checks
            if one.verdict
            in (
                vocabulary.CheckVerdict.SKIP,
                vocabulary.CheckVerdict.ABORT,
            )
        ),
    ]
    for check, cause in left_out:
        if cause in found:
            found[cause][check] = None
    return tuple(
        f'Not tested {_MISSING[cause]}: {_listed(list(checks))}.'
        for cause, checks in found.items()
        if checks
    )


def _listed(names: list[str]) -> str:
    if len(names) <= _NAMED:
        return ', '.join(names)
    rest = len(names) - _NAMED + 1
    return f'{", ".join(names[: _NAMED - 1])} and {rest} more'


def corrections(results: model.Results) -> tuple[str, ...]:
    """The lines that would put the support matrix right, in sentences."""
    found = {}
    for backend in results.backends:
        for line in (backend.matrix_patch or '').splitlines():
            if line.startswith('+') and not line.startswith('+++'):
                found[line.removeprefix('+')] = backend.volume_type
    return tuple(
        f'The support matrix is wrong about {volume_type}. The right line '
        f'is: {line}'
        for line, volume_type in found.items()
    )


def host(results: model.Results) -> str:
    """Where volumes were attached, and what that says nothing about."""
    name = results.run.host.get('hostname')
    if name is None:
        return ''
    return (
        f'Attached on host {name}, as Glance attaches; no compute host was '
        'looked at.'
    )
