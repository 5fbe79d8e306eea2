# SPDX-License-Identifier: Apache-2.0

"""What a run leaves behind, as immutable values.

The model knows how results look, not where they come from: words that the
verdict table owns (verdicts, outcomes, levels) are plain strings here, held
to their vocabulary by the JSON schema.
"""

import collections.abc
import dataclasses
import typing as ty

#: Version of the schema, raised whenever a reader of the old one would
#: misread the new one.
#:
#: 1: first version.
SCHEMA_VERSION = 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class Event:
    """One thing that was seen, at a moment of the check or measurement.

    :param at_s: seconds since the check or measurement began (monotonic).
    :param kind: ``api-call``, ``status``, ``message``, ``device``,
        ``connector``, ``data``, ``capability``, ``step`` or ``error``.
    :param summary: one line for a person.
    :param details: the same for a program; JSON scalars and lists.
    """

    at_s: float
    kind: str
    summary: str
    details: collections.abc.Mapping[str, ty.Any] = dataclasses.field(
        default_factory=dict
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Damage:
    """A extent of a volume that did not hold what was written to it.

    :param offset_bytes: where it begins.
    :param length_bytes: how much of it there is.
    :param kind: ``zeros``, ``other-block`` (of this volume), ``stale`` (an
        older generation), ``other-volume``, ``noise`` or ``unreadable``.
    :param detail: what was found instead, for a person.
    """

    offset_bytes: int
    length_bytes: int
    kind: str
    detail: str


@dataclasses.dataclass(frozen=True, kw_only=True)
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

    outcome: str
    explanation: str
    cause: str | None = None
    size_before_gib: int | None = None
    size_wanted_gib: int | None = None
    size_after_gib: int | None = None
    status_after: str | None = None
    http_status: int | None = None
    request_id: str | None = None
    connector_bytes: int | None = None
    device_before_bytes: int | None = None
    device_after_bytes: int | None = None
    extend_s: float | None = None
    damage: tuple[Damage, ...] = ()
    evidence: tuple[Event, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Truths:
    """What four witnesses say of a backend; ``None``: no word from it.

    :param claim: ``expect`` of the claims entry.
    :param matrix_key: the backend's row in the support matrix.
    :param matrix_value: the row's value for ``matrix_releases``.
    :param matrix_releases: the releases that the cloud may be of.
    :param capability: the pool's ``online_extend_support`` as its JSON
        text; ``absent`` if the pool does not state it.
    :param connector: what os-brick's connector for ``protocol`` can do:
        ``extends``, ``cannot-extend`` or ``no-connector``.
    :param protocol: ``driver_volume_type`` of a connection.
    """

    claim: str | None = None
    matrix_key: str | None = None
    matrix_value: str | None = None
    matrix_releases: tuple[str, ...] = ()
    capability: str | None = None
    connector: str | None = None
    protocol: str | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Promise:
    """What was promised, by whom, and why it is read that way."""

    expected: str
    source: str
    explanation: str


@dataclasses.dataclass(frozen=True, kw_only=True)
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

    volume_type: str
    pool: str | None = None
    vendor: str | None = None
    driver_version: str | None = None
    simulated: str | None = None
    must_get: str | None = None
    truths: Truths = Truths()
    promise: Promise | None = None
    measurement: Measurement | None = None
    outcome: str | None = None
    outcome_check: str | None = None
    verdict: str | None = None
    verdict_row: int | None = None
    verdict_reason: str | None = None
    matrix_patch: str | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class CheckResult:
    """What one check said of one backend, or of the cloud.

    :param backend: the volume type; ``None`` for scope ``cloud``.
    :param verdict: ``pass``, ``fail``, ``abort``, ``skip``,
        ``not-applicable``, ``missing`` or ``known``.
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

    check: str
    uuid: str
    scope: str
    level: str
    verdict: str
    backend: str | None = None
    reason: str = ''
    cause: str | None = None
    outcome: str | None = None
    data_failure: bool = False
    started_at: str | None = None
    elapsed_s: float | None = None
    damage: tuple[Damage, ...] = ()
    figures: collections.abc.Mapping[str, float] = dataclasses.field(
        default_factory=dict
    )
    evidence: tuple[Event, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Span:
    """A named part of the time, on the sample's monotonic clock.

    :param name: ``create``, ``attach``, ``write``, ``extend``, ``detach``
        or ``wait``. Spans of one sample do not overlap, so that they can be
        stacked.
    :param uncertainty_s: the end may have been up to this much earlier,
        because the state was polled.
    """

    name: str
    start_s: float
    end_s: float
    uncertainty_s: float = 0.0

    def __post_init__(self) -> None:
        if self.end_s < self.start_s:
            raise ValueError(f'span {self.name} ends before it starts')

    @property
    def elapsed_s(self) -> float:
        """Seconds from start to end."""
        return self.end_s - self.start_s


@dataclasses.dataclass(frozen=True, kw_only=True)
class ExtendMark:
    """An extend during the creation of an image volume.

    :param start_s: when it was begun, on the sample's clock.
    :param end_s: when the next byte could be written.
    """

    start_s: float
    end_s: float
    from_gib: int
    to_gib: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sample:
    """One timed creation of an image volume, kept raw.

    :param id: unique within the run.
    :param backend: the volume type.
    :param writer: ``reference`` for the reference writer.
    :param mode: ``attached`` or ``detached``.
    :param size_known: whether the writer knew the image's size in advance.
    :param repeat: 1 for the first sample of its cell.
    :param elapsed_s: from the first call to the finished image volume.
    :param written: ``(seconds, bytes)`` points: how many bytes had been
        written when.
    :param error: why it failed; a failed sample is a result.
    """

    id: str
    backend: str
    writer: str
    mode: str
    size_known: bool
    image_size_bytes: int
    repeat: int
    started_at: str
    elapsed_s: float
    spans: tuple[Span, ...] = ()
    extends: tuple[ExtendMark, ...] = ()
    written: tuple[tuple[float, int], ...] = ()
    error: str | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Planned:
    """A check that the profile planned.

    :param backend: the volume type; ``None`` for scope ``cloud``.
    """

    check: str
    uuid: str
    scope: str
    level: str
    backend: str | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class NotPlanned:
    """A check of the profile that was left out, and why."""

    check: str
    cause: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Page:
    """How a check is explained, for reports that are read without a network.

    :param proves: one sentence.
    :param matters: why it matters, in reStructuredText.
    :param mend: what to do if it fails, in reStructuredText.
    """

    check: str
    proves: str
    matters: str = ''
    mend: str = ''


@dataclasses.dataclass(frozen=True, kw_only=True)
class Run:
    """What is true of the whole run.

    :param door: ``tempest``, ``pytest``, ``certify`` or ``bench``;
        ``merged`` if runs of several doors were put together.
    :param host: the machine under test: ``hostname``, ``kernel``,
        ``python`` and versions of the programs that took part. Attachments
        are made there; Nova's compute hosts are not looked at.
    :param release: the release of the cloud, if it was told.
    :param volume_types: all that there are to test, in the order in which
        people named them, also those of which nothing was planned.
    :param planned: what was planned, so that a missing result is noticed.
    :param pages: of the planned checks.
    :param merged_from: the runs that were put together, as they were.
    """

    id: str
    door: str
    profile: str
    tool_version: str
    started_at: str
    cloud: str
    host: collections.abc.Mapping[str, str]
    finished_at: str | None = None
    release: str | None = None
    microversion_max: str | None = None
    volume_types: tuple[str, ...] = ()
    planned: tuple[Planned, ...] = ()
    not_planned: tuple[NotPlanned, ...] = ()
    warnings: tuple[str, ...] = ()
    pages: tuple[Page, ...] = ()
    merged_from: 'tuple[Run, ...]' = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Results:
    """Everything in ``results.json``."""

    run: Run
    schema_version: int = SCHEMA_VERSION
    cloud_verdict: str | None = None
    backends: tuple[Backend, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    samples: tuple[Sample, ...] = ()
