# SPDX-License-Identifier: Apache-2.0

"""What a run leaves behind, as immutable values that make sense.

Everything that is true of a result by itself stands here, and nowhere else:
its fields, its words, and what is refused when it is made. The JSON schema,
reading and writing follow from it. Where results come from is left to others.
"""

import collections.abc
import dataclasses
import datetime
import itertools
import types
import typing as ty

import pydantic
import pydantic.dataclasses

from extend_conformance import vocabulary

#: Version of the schema, raised whenever a reader of the old one would
#: misread the new one.
#:
#: 1: first version.
SCHEMA_VERSION: ty.Final = 1

_T = ty.TypeVar('_T')


@ty.dataclass_transform(
    frozen_default=True,
    kw_only_default=True,
    field_specifiers=(dataclasses.field,),
)
def _value(form: type[_T]) -> type[_T]:
    """Make a frozen dataclass that refuses what its fields do not allow.

    Nothing is taken for something else, neither ``'5'`` nor ``True`` for a
    number, and no key is let pass that the class does not have.

    :raises pydantic.ValidationError: when a value is made; a ``ValueError``.
    """
    made = pydantic.dataclasses.dataclass(
        form,
        frozen=True,
        kw_only=True,
        config=pydantic.ConfigDict(
            strict=True, extra='forbid', allow_inf_nan=False
        ),
    )
    return ty.cast(type[_T], made)


def _encodable(value: ty.Any) -> ty.Any:
    """Put ``?`` where UTF-8 has nothing, as in the name of a file.

    A result must not be lost for it when it is written.
    """
    if isinstance(value, str):
        return value.encode(errors='replace').decode()
    if isinstance(value, collections.abc.Mapping):
        return {_encodable(k): _encodable(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_encodable(each) for each in value]
    return value


def _frozen(value: ty.Any) -> ty.Any:
    """The same, so that nobody can change it."""
    if isinstance(value, collections.abc.Mapping):
        return types.MappingProxyType(
            {key: _frozen(each) for key, each in value.items()}
        )
    if isinstance(value, (list, tuple)):
        return tuple(_frozen(each) for each in value)
    return value


def _must_be_a_time(text: str) -> str:
    datetime.datetime.fromisoformat(text)
    return text


def _of_cloud(
    verdict: vocabulary.BackendVerdict,
) -> vocabulary.BackendVerdict:
    if verdict not in _CLOUD_VERDICTS:
        raise ValueError(f'{verdict} is no verdict of a cloud')
    return verdict


#: Nothing is promised of the cloud itself, so that nothing contradicts it.
_CLOUD_VERDICTS: ty.Final = (
    vocabulary.BackendVerdict.CONFORMS,
    vocabulary.BackendVerdict.FAILS,
    vocabulary.BackendVerdict.UNDECIDED,
)

#: A word of the vocabulary, which may also be given as text.
_Word: ty.TypeAlias = ty.Annotated[_T, pydantic.Strict(False)]

_Text = ty.Annotated[str, pydantic.BeforeValidator(_encodable)]
_Name = ty.Annotated[_Text, pydantic.Field(min_length=1)]
_Count = ty.Annotated[int, pydantic.Field(ge=0)]
_Positive = ty.Annotated[int, pydantic.Field(ge=1)]
_Seconds = ty.Annotated[float, pydantic.Field(ge=0)]
#: Of an answer. Servers have more than HTTP has, up to three digits.
_Status = ty.Annotated[int, pydantic.Field(ge=100, le=999)]
#: As many as the verdict table has.
_VerdictRow = ty.Annotated[int, pydantic.Field(ge=1, le=8)]
_Frozen: ty.TypeAlias = ty.Annotated[_T, pydantic.AfterValidator(_frozen)]
_Details = _Frozen[
    ty.Annotated[
        collections.abc.Mapping[str, ty.Any],
        pydantic.BeforeValidator(_encodable),
    ]
]
#: Whole ones stay whole: bytes are told without a decimal point.
_Number = ty.Annotated[
    int | float, pydantic.WithJsonSchema({'type': 'number'})
]
#: ISO 8601, UTC.
_Time = ty.Annotated[
    str,
    pydantic.Field(
        description='ISO 8601, UTC',
        pattern=r'^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}'
        r'(\.[0-9]+)?(Z|\+00:00)$',
    ),
    pydantic.AfterValidator(_must_be_a_time),
]
_CloudVerdict = ty.Annotated[
    _Word[vocabulary.BackendVerdict],
    pydantic.AfterValidator(_of_cloud),
    pydantic.WithJsonSchema({'enum': list(_CLOUD_VERDICTS)}),
]
#: A word, or what :func:`vocabulary.http_cause` makes of a status.
_Cause: ty.TypeAlias = (
    _Word[vocabulary.Cause]
    | ty.Annotated[
        str,
        pydantic.Field(pattern=r'^http-[1-9][0-9]{2}$'),
    ]
)


def _nothing() -> collections.abc.Mapping[str, ty.Any]:
    return types.MappingProxyType({})


def _must_follow(what: str, moments: collections.abc.Iterable[float]) -> None:
    """Refuse moments, or counts, that go back."""
    for before, after in itertools.pairwise(moments):
        if after < before:
            raise ValueError(f'{what}: {after} comes after {before}')


@_value
class Event:
    """One thing that was seen, at a moment of the check or measurement.

    :param at_s: seconds since the check or measurement began (monotonic).
    :param summary: one line for a person.
    :param details: the same for a program; JSON scalars and lists.
    """

    at_s: _Seconds
    kind: vocabulary.EventKind
    summary: _Text
    details: _Details = dataclasses.field(default_factory=_nothing)


@_value
class Damage:
    """An extent of a volume that did not hold what was written to it.

    :param offset_bytes: where it begins.
    :param length_bytes: how much of it there is.
    :param kind: ``other-block`` is of this volume, ``stale`` of an older
        generation.
    :param detail: what was found instead, for a person.
    """

    offset_bytes: _Count
    length_bytes: _Positive
    kind: _Word[vocabulary.DamageKind]
    detail: _Text


@_value
class Measurement:
    """The first extend of a fresh attached volume: what it came to.

    :param outcome: an outcome of the verdict table.
    :param explanation: one sentence that says how it was decided.
    :param cause: machine-readable, of an outcome ``inconclusive``;
        ``host-cannot-attach`` if the very first attachment failed.
    :param http_status: of the answer to ``os-extend``; ``None`` if it was
        never asked.
    :param connector_bytes: what one call of os-brick's ``extend_volume``
        returned; ``None`` if it returned nothing or was not called.
    :param device_before_bytes: size of the block device before the extend.
    :param device_after_bytes: size of the block device after that call.
    :param extend_s: seconds from the request until the state settled.
    """

    outcome: _Word[vocabulary.Outcome]
    explanation: _Text
    cause: _Cause | None = None
    size_before_gib: _Count | None = None
    size_wanted_gib: _Count | None = None
    size_after_gib: _Count | None = None
    status_after: _Text | None = None
    http_status: _Status | None = None
    request_id: _Text | None = None
    connector_bytes: _Count | None = None
    device_before_bytes: _Count | None = None
    device_after_bytes: _Count | None = None
    extend_s: _Seconds | None = None
    damage: tuple[Damage, ...] = ()
    evidence: tuple[Event, ...] = ()

    def __post_init__(self) -> None:
        if self.damage and self.outcome is vocabulary.Outcome.SUPPORTED:
            raise ValueError('damage was found, so outcome is not supported')
        if self.size_before_gib is None or self.size_wanted_gib is None:
            return
        if self.size_wanted_gib < self.size_before_gib:
            raise ValueError('size_wanted_gib is less than size_before_gib')


@_value
class Truths:
    """What four witnesses say of a backend; ``None``: no word from it.

    :param claim: ``expect`` of the claims entry.
    :param matrix_key: the backend's row in the support matrix.
    :param matrix_value: the row's value for ``matrix_releases``.
    :param matrix_releases: the releases that the cloud may be of.
    :param capability: the pool's ``online_extend_support`` as its JSON
        text; ``absent`` if the pool does not state it.
    :param connector: what os-brick's connector for ``protocol`` can do.
    :param protocol: ``driver_volume_type`` of a connection.
    """

    claim: _Word[vocabulary.Expectation] | None = None
    matrix_key: _Text | None = None
    matrix_value: _Word[vocabulary.MatrixValue] | None = None
    matrix_releases: tuple[_Text, ...] = ()
    capability: _Text | None = None
    connector: _Word[vocabulary.Connector] | None = None
    protocol: _Text | None = None


@_value
class Promise:
    """What was promised, by whom, and why it is read that way."""

    expected: _Word[vocabulary.Expectation]
    source: _Word[vocabulary.ExpectationSource]
    explanation: _Text


@_value
class Backend:
    """A backend under test, named by its volume type.

    :param simulated: what of its behaviour is declared and not real, for
        example ``attach takes 3 s``; ``None`` for real storage.
    :param must_get: the verdict that a sandbox backend declares for itself.
    :param outcome: the outcome that was judged: that of ``measurement``, or
        a broken one that a later check found; ``None`` until judged.
    :param outcome_check: the check whose outcome replaced the measured one.
    :param verdict: given by the verdict table, ``None`` until judged.
    :param verdict_row: the number of the row that decided.
    :param matrix_patch: a ready line for the support matrix when it is
        wrong.
    """

    volume_type: _Name
    pool: _Text | None = None
    vendor: _Text | None = None
    driver_version: _Text | None = None
    simulated: _Text | None = None
    must_get: _Word[vocabulary.BackendVerdict] | None = None
    truths: Truths = Truths()
    promise: Promise | None = None
    measurement: Measurement | None = None
    outcome: _Word[vocabulary.Outcome] | None = None
    outcome_check: _Text | None = None
    verdict: _Word[vocabulary.BackendVerdict] | None = None
    verdict_row: _VerdictRow | None = None
    verdict_reason: _Text | None = None
    matrix_patch: _Text | None = None


def _must_name_its_backend(
    scope: vocabulary.Scope, backend: str | None
) -> None:
    if (scope is vocabulary.Scope.BACKEND) is not bool(backend):
        raise ValueError(f'scope is {scope}, and backend is {backend!r}')


#: Verdicts of a check that found no fault.
_WITHOUT_FAULT: ty.Final = (
    vocabulary.CheckVerdict.PASS,
    vocabulary.CheckVerdict.NOT_APPLICABLE,
    vocabulary.CheckVerdict.SKIP,
    vocabulary.CheckVerdict.MISSING,
)


@_value
class CheckResult:
    """What one check said of one backend, or of the cloud.

    :param backend: the volume type; ``None`` for scope ``cloud``.
    :param reason: one sentence; for a failure, what failed.
    :param cause: machine-readable cause of a skip, abort or
        not-applicable, for example ``no-host``.
    :param outcome: the broken outcome that this check found, if any; it
        replaces that of the first extend.
    :param data_failure: wrong, lost or foreign data was found: counts as a
        must whatever the level.
    :param started_at: ISO 8601, UTC.
    :param figures: numbers of an ``info`` check, by name with unit.
    """

    check: _Name
    uuid: _Text
    scope: _Word[vocabulary.Scope]
    level: _Word[vocabulary.Level]
    verdict: _Word[vocabulary.CheckVerdict]
    backend: _Text | None = None
    reason: _Text = ''
    cause: _Cause | None = None
    outcome: _Word[vocabulary.Outcome] | None = None
    data_failure: bool = False
    started_at: _Time | None = None
    elapsed_s: _Seconds | None = None
    damage: tuple[Damage, ...] = ()
    figures: _Frozen[collections.abc.Mapping[str, _Number]] = (
        dataclasses.field(default_factory=_nothing)
    )
    evidence: tuple[Event, ...] = ()

    def __post_init__(self) -> None:
        _must_name_its_backend(self.scope, self.backend)
        if self.verdict in _WITHOUT_FAULT and (
            self.outcome or self.damage or self.data_failure
        ):
            raise ValueError(
                f'verdict {self.verdict} has an outcome, damage or '
                'data_failure, which are of a fault'
            )
        if self.outcome is vocabulary.Outcome.SUPPORTED:
            raise ValueError('outcome supported is of no fault')
        if self.damage and not self.data_failure:
            raise ValueError('damage was found, so data_failure is true')


@_value
class Span:
    """A named part of the time, on the sample's monotonic clock.

    Spans of one sample do not overlap, so that they can be stacked.

    :param uncertainty_s: the end may have been up to this much earlier,
        because the state was polled.
    """

    name: _Word[vocabulary.Phase]
    start_s: _Seconds
    end_s: _Seconds
    uncertainty_s: _Seconds = 0.0

    def __post_init__(self) -> None:
        if self.end_s < self.start_s:
            raise ValueError(f'span {self.name} ends before it starts')

    @property
    def elapsed_s(self) -> float:
        """Seconds from start to end."""
        return self.end_s - self.start_s


@_value
class ExtendMark:
    """An extend during the creation of an image volume.

    :param start_s: when it was begun, on the sample's clock.
    :param end_s: when the next byte could be written.
    """

    start_s: _Seconds
    end_s: _Seconds
    from_gib: _Count
    to_gib: _Count

    def __post_init__(self) -> None:
        if self.end_s < self.start_s:
            raise ValueError('an extend ends before it starts')
        if self.to_gib < self.from_gib:
            raise ValueError('an extend makes a volume smaller')


def _moments(
    parts: collections.abc.Iterable[Span | ExtendMark],
) -> collections.abc.Iterator[float]:
    for one in parts:
        yield from (one.start_s, one.end_s)


@_value
class Sample:
    """One timed creation of an image volume, kept raw.

    :param id: unique within the run.
    :param backend: the volume type.
    :param writer: ``reference`` for the reference writer.
    :param size_known: whether the writer knew the image's size in advance.
    :param repeat: 1 for the first sample of its cell.
    :param elapsed_s: from the first call to the finished image volume.
    :param written: ``(seconds, bytes)`` points: how many bytes had been
        written when.
    :param error: why it failed; a failed sample is a result.
    """

    id: _Name
    backend: _Name
    writer: _Name
    mode: _Word[vocabulary.Mode]
    size_known: bool
    image_size_bytes: _Count
    repeat: _Positive
    started_at: _Time
    elapsed_s: _Seconds
    spans: tuple[Span, ...] = ()
    extends: tuple[ExtendMark, ...] = ()
    written: tuple[tuple[_Seconds, _Count], ...] = ()
    error: _Text | None = None

    def __post_init__(self) -> None:
        _must_follow('spans', _moments(self.spans))
        _must_follow('extends', _moments(self.extends))
        _must_follow('seconds of written', [at_s for at_s, _ in self.written])
        _must_follow('bytes of written', [total for _, total in self.written])
        if self.spans and self.spans[-1].end_s > self.elapsed_s:
            raise ValueError('the last of spans ends after elapsed_s')


@_value
class Planned:
    """A check that the profile planned.

    :param backend: the volume type; ``None`` for scope ``cloud``.
    """

    check: _Name
    uuid: _Text
    scope: _Word[vocabulary.Scope]
    level: _Word[vocabulary.Level]
    backend: _Text | None = None

    def __post_init__(self) -> None:
        _must_name_its_backend(self.scope, self.backend)


@_value
class NotPlanned:
    """A check of the profile that was left out, and why."""

    check: _Name
    cause: _Cause


@_value
class Page:
    """How a check is explained, for reports that are read without a network.

    :param proves: one sentence.
    :param matters: why it matters, in reStructuredText.
    :param mend: what to do if it fails, in reStructuredText.
    """

    check: _Text
    proves: _Text
    matters: _Text = ''
    mend: _Text = ''


@_value
class Run:
    """What is true of the whole run.

    :param host: the machine under test: ``hostname``, ``kernel``,
        ``python`` and versions of the programs that took part. Attachments
        are made there; Nova's compute hosts are not looked at.
    :param release: the release of the cloud, if it was told.
    :param volume_types: all that there are to test, in the order in which
        people named them, also those of which nothing was planned.
    :param planned: what was planned, so that a missing result is noticed.
    :param pages: of the planned checks.
    :param merged_from: the runs that were put together, as they were.

    The clock of the machine may be set in mid-run, so that ``finished_at``
    need not be later than ``started_at``.
    """

    id: _Name
    door: _Word[vocabulary.Door]
    profile: _Text
    tool_version: _Text
    started_at: _Time
    cloud: _Text
    host: _Frozen[collections.abc.Mapping[_Text, _Text]]
    finished_at: _Time | None = None
    release: _Text | None = None
    microversion_max: _Text | None = None
    volume_types: tuple[_Text, ...] = ()
    planned: tuple[Planned, ...] = ()
    not_planned: tuple[NotPlanned, ...] = ()
    warnings: tuple[_Text, ...] = ()
    pages: tuple[Page, ...] = ()
    merged_from: 'tuple[Run, ...]' = ()


@_value
class Results:
    """Everything in ``results.json``."""

    run: Run
    schema_version: ty.Literal[1] = SCHEMA_VERSION
    cloud_verdict: _CloudVerdict | None = None
    backends: tuple[Backend, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    samples: tuple[Sample, ...] = ()


@_value
class RunPart:
    """A file ``results/run.json``."""

    schema_version: ty.Literal[1] = SCHEMA_VERSION
    run: Run


@_value
class BackendPart:
    """A file ``results/backend.*.json``."""

    schema_version: ty.Literal[1] = SCHEMA_VERSION
    backend: Backend


@_value
class CheckPart:
    """A file ``results/check.*.json``."""

    schema_version: ty.Literal[1] = SCHEMA_VERSION
    check: CheckResult


@_value
class SamplePart:
    """A file ``results/sample.*.json``."""

    schema_version: ty.Literal[1] = SCHEMA_VERSION
    sample: Sample
