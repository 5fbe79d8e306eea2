# SPDX-License-Identifier: Apache-2.0

"""Results as a run of the standard set of sandbox backends leaves them.

Made up, with the shapes and sizes of real ones, for tests of what is drawn.
"""

import dataclasses
import random
import uuid

from extend_conformance import vocabulary
from extend_conformance.results import model

GIB = 1 << 30
MIB = 1 << 20
STARTED = '2026-03-02T10:15:30Z'

#: Name, simulated, promise (expected, source), matrix value, capability,
#: outcome of the first extend, verdict that it must get.
BACKENDS = (
    (
        'good',
        None,
        ('supported', 'matrix'),
        'complete',
        'true',
        'supported',
        'conforms',
    ),
    (
        'slow-extend',
        'extend takes 2 s',
        ('supported', 'matrix'),
        'complete',
        'absent',
        'supported',
        'conforms',
    ),
    (
        'slow-attach',
        'attach takes 3 s, detach takes 1 s',
        ('refused', 'matrix'),
        'missing',
        'absent',
        'supported',
        'better-than-claimed',
    ),
    (
        'refuses-driver',
        None,
        ('supported', 'matrix'),
        'complete',
        'absent',
        'refused-driver',
        'contradicts-claim',
    ),
    (
        'refuses-capability',
        None,
        ('refused', 'claims-entry'),
        'missing',
        'false',
        'refused-scheduler',
        'refuses-honestly',
    ),
    (
        'device-stays',
        None,
        ('supported', 'matrix'),
        'complete',
        'true',
        'control-plane-only',
        'fails',
    ),
    (
        'loses-old-data',
        None,
        ('supported', 'matrix'),
        'complete',
        'true',
        'data-damaged',
        'fails',
    ),
    (
        'damages-at-detach',
        None,
        ('supported', 'matrix'),
        'complete',
        'true',
        'supported',
        'fails',
    ),
)

#: Check and level of the quick profile, without scope cloud.
CHECKS = (
    ('host-grows-in-place', 'must'),
    ('data-old-intact', 'must'),
    ('extend-refused-changes-nothing', 'must'),
    ('image-attached-unknown', 'must'),
    ('image-detached-unknown', 'must'),
    ('image-refused-extend', 'must'),
    ('claim-matrix', 'must'),
    ('claim-capability', 'should'),
    ('claim-host', 'must'),
)

EXPLANATIONS = {
    'supported': 'API, size, device and data agree on 2 GiB.',
    'refused-driver': 'Back in error_extending with 1 GiB; size, device and '
    'data are unchanged.',
    'refused-scheduler': 'Back to in-use with 1 GiB and message 007_003; an '
    'offline extend by the same amount worked.',
    'control-plane-only': 'Cinder says 2 GiB, the device still has 1 GiB '
    'after one call of os-brick.',
    'data-damaged': '16 of 262144 blocks that were written before the '
    'extend read as zeros.',
}

LOST = (
    model.Damage(
        offset_bytes=300 * MIB,
        length_bytes=64 << 10,
        kind=vocabulary.DamageKind.ZEROS,
        detail='16 blocks of generation 1 are zeros',
    ),
)

CUT = (
    model.Damage(
        offset_bytes=GIB,
        length_bytes=96 * MIB,
        kind=vocabulary.DamageKind.ZEROS,
        detail='24576 blocks written after the extend are zeros',
    ),
    model.Damage(
        offset_bytes=GIB + 400 * MIB,
        length_bytes=4096,
        kind=vocabulary.DamageKind.STALE,
        detail='generation 1 where generation 2 was written',
    ),
    model.Damage(
        offset_bytes=2 * GIB - 8 * MIB,
        length_bytes=8 * MIB,
        kind=vocabulary.DamageKind.OTHER_VOLUME,
        detail='blocks of volume 0f3c',
    ),
)


def results() -> model.Results:
    """The results of the whole run, not judged."""
    planned = [
        model.Planned(
            check='api-microversion-gate',
            uuid=_uuid('api-microversion-gate'),
            scope=vocabulary.Scope.CLOUD,
            level=vocabulary.Level.MUST,
        )
    ]
    checks = [
        model.CheckResult(
            check='api-microversion-gate',
            uuid=_uuid('api-microversion-gate'),
            scope=vocabulary.Scope.CLOUD,
            level=vocabulary.Level.MUST,
            verdict=vocabulary.CheckVerdict.PASS,
            reason='3.41 and no header answer 400, 3.42 answers 202.',
            started_at=STARTED,
            elapsed_s=4.2,
            evidence=_evidence(),
        )
    ]
    for index, facts in enumerate(BACKENDS):
        for place, (check, level) in enumerate(CHECKS):
            planned.append(
                model.Planned(
                    check=check,
                    uuid=_uuid(check),
                    scope=vocabulary.Scope.BACKEND,
                    level=vocabulary.Level(level),
                    backend=facts[0],
                )
            )
            verdict, reason, more = _result(facts[0], facts[5], check)
            checks.append(
                model.CheckResult(
                    check=check,
                    uuid=_uuid(check),
                    scope=vocabulary.Scope.BACKEND,
                    level=vocabulary.Level(level),
                    backend=facts[0],
                    verdict=verdict,
                    reason=reason,
                    started_at=f'2026-03-02T10:{16 + index}:{place * 5:02}Z',
                    elapsed_s=1.5 + place,
                    evidence=_evidence(),
                    **more,
                )
            )
    return model.Results(
        run=run(planned=tuple(planned)),
        backends=tuple(_backend(*facts) for facts in BACKENDS),
        checks=tuple(checks),
        samples=samples(),
    )


def run(**changes) -> model.Run:
    """What is true of the run."""
    return dataclasses.replace(
        model.Run(
            id='20260302-101530-7f3a',
            door=vocabulary.Door.TEMPEST,
            profile='quick',
            tool_version='0.1.0',
            started_at=STARTED,
            finished_at='2026-03-02T10:19:02Z',
            cloud='sandbox',
            host={
                'hostname': 'storage-test-01',
                'system': 'Debian GNU/Linux 12 (bookworm)',
                'kernel': '6.1.0-18-amd64',
                'cpus': '2',
                'python': '3.11.7',
                'os-brick': '7.1.1',
                'python-cinderclient': '9.9.0',
                'tempest': '47.0.0',
                'extend-conformance': '0.1.0',
            },
            release='2026.2',
            microversion_max='3.71',
            not_planned=(
                model.NotPlanned(
                    check='image-through-glance', cause='no-image'
                ),
                model.NotPlanned(
                    check='extend-usage-accounting', cause='no-own-project'
                ),
            ),
            warnings=(
                '[os_brick] lock_path /var/lock/brick is not writable; a '
                'private one was used.',
            ),
        ),
        **changes,
    )


def sample(
    backend: str = 'good',
    mode: str = 'attached',
    *,
    size_known: bool = False,
    image_gib: float = 2.5,
    repeat: int = 1,
    attach_s: float = 0.3,
    extend_s: float = 0.4,
    detach_s: float = 0.2,
    rate: float = 300 * MIB,
) -> model.Sample:
    """A sample whose spans follow from how the modes work."""
    size = int(image_gib * GIB)
    spans: list[model.Span] = []
    marks: list[model.ExtendMark] = []
    written = [(0.0, 0)]
    now = 0.0

    def pass_by(name: str, elapsed: float) -> None:
        nonlocal now
        spans.append(
            model.Span(
                name=vocabulary.Phase(name), start_s=now, end_s=now + elapsed
            )
        )
        now += elapsed

    final_gib = max(1, -(-size // GIB))
    has_gib = final_gib if size_known else 1
    pass_by('create', 0.5)
    pass_by('wait', 0.15)
    pass_by('attach', attach_s)
    written.append((now, 0))
    done = 0
    while True:
        step = min(size, has_gib * GIB) - done
        pass_by('write', step / rate)
        done += step
        written.append((now, done))
        if done == size:
            break
        begun = now
        if mode == 'detached':
            pass_by('detach', detach_s)
        pass_by('extend', extend_s)
        if mode == 'detached':
            pass_by('attach', attach_s)
        marks.append(
            model.ExtendMark(
                start_s=begun, end_s=now, from_gib=has_gib, to_gib=has_gib + 1
            )
        )
        written.append((now, done))
        has_gib += 1
    pass_by('detach', detach_s)
    known = 'known' if size_known else 'unknown'
    return model.Sample(
        id=f'{backend}-{mode}-{known}-{image_gib}-{repeat}',
        backend=backend,
        writer='reference',
        mode=vocabulary.Mode(mode),
        size_known=size_known,
        image_size_bytes=size,
        repeat=repeat,
        started_at=STARTED,
        elapsed_s=now + 0.05,
        spans=tuple(spans),
        extends=tuple(marks),
        written=tuple(written),
    )


def took(
    sample: model.Sample, elapsed_s: float, error: str | None = None
) -> model.Sample:
    """The sample, had it taken another time, on nobody knows what."""
    return dataclasses.replace(
        sample, elapsed_s=elapsed_s, error=error, spans=()
    )


def samples(repeats: int = 1) -> tuple[model.Sample, ...]:
    """A small sweep over sizes, both modes, known and unknown."""
    chance = random.Random(7)  # noqa: S311 - not for secrets
    declared = {
        'good': {},
        'slow-extend': {'extend_s': 2.2},
        'slow-attach': {'attach_s': 3.2, 'detach_s': 1.2},
    }
    return tuple(
        sample(
            backend,
            mode,
            size_known=known,
            image_gib=image_gib,
            repeat=repeat,
            rate=300 * MIB * chance.uniform(0.85, 1.1),
            **latencies,
        )
        for backend, latencies in declared.items()
        for known in (False, True)
        for image_gib in (0.5, 1.5, 3.25)
        for repeat in range(1, repeats + 1)
        for mode in ('attached', 'detached')
    )


def _uuid(check: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, check))


def _backend(name, simulated, promise, matrix, capability, outcome, must_get):
    grown = outcome in ('supported', 'data-damaged')
    asked = outcome != 'refused-scheduler'
    claimed = promise[1] == 'claims-entry'
    return model.Backend(
        volume_type=name,
        pool=f'sandbox@{name}#{name}',
        vendor='extend-conformance',
        driver_version='0.1.0',
        simulated=simulated,
        must_get=must_get,
        truths=model.Truths(
            claim=promise[0] if claimed else None,
            matrix_key='sandbox_' + name.replace('-', '_'),
            matrix_value=matrix,
            matrix_releases=('2026.2',),
            capability=capability,
            connector='extends',
            protocol='local',
        ),
        promise=model.Promise(
            expected=promise[0],
            source=promise[1],
            explanation=f'The {promise[1]} says so.',
        ),
        measurement=model.Measurement(
            outcome=outcome,
            explanation=EXPLANATIONS[outcome],
            size_before_gib=1,
            size_wanted_gib=2,
            size_after_gib=1 if outcome.startswith('refused') else 2,
            status_after='error_extending'
            if outcome == 'refused-driver'
            else 'in-use',
            http_status=202,
            request_id='req-' + _uuid(name),
            connector_bytes=2 * GIB if grown else None,
            device_before_bytes=GIB,
            device_after_bytes=2 * GIB if grown else GIB,
            extend_s=0.62 if asked else 0.2,
            damage=LOST if outcome == 'data-damaged' else (),
            evidence=_evidence(),
        ),
        matrix_patch='-driver.sandbox_slow_attach=missing\n'
        '+driver.sandbox_slow_attach=complete\n'
        if must_get == 'better-than-claimed'
        else None,
    )


def _result(backend: str, outcome: str, check: str):
    refusal = check in (
        'extend-refused-changes-nothing',
        'image-refused-extend',
    )
    refused = outcome.startswith('refused')
    if refusal and not refused:
        return 'not-applicable', 'The extend works.', {'cause': 'extend-works'}
    if refused and check in (
        'host-grows-in-place',
        'data-old-intact',
        'image-attached-unknown',
    ):
        if backend == 'refuses-capability':
            return (
                'not-applicable',
                'The extend is refused, as expected.',
                {'cause': 'refused-as-promised'},
            )
        return 'fail', 'The driver refuses the extend.', {}
    if backend == 'refuses-driver' and check == 'claim-matrix':
        return (
            'fail',
            'The row of 2026.2 says complete, but the driver refuses.',
            {},
        )
    if backend == 'refuses-driver' and check == 'claim-capability':
        return (
            'fail',
            'The pool does not state its capability, so that the scheduler '
            'lets the request run into an error.',
            {},
        )
    if backend == 'device-stays':
        return _device_stays(check)
    if backend == 'loses-old-data' and check in (
        'data-old-intact',
        'image-attached-unknown',
    ):
        return (
            'fail',
            'Of 262144 blocks 16 read as zeros, the first at 300 MiB.',
            {'outcome': 'data-damaged', 'data_failure': True, 'damage': LOST},
        )
    if backend == 'damages-at-detach' and check in (
        'data-old-intact',
        'image-attached-unknown',
    ):
        return (
            'fail',
            'After reattach 24577 blocks are not what was written, the '
            'first at 1 GiB.',
            {'outcome': 'data-damaged', 'data_failure': True, 'damage': CUT},
        )
    if backend == 'good' and check == 'claim-host':
        return (
            'known',
            'The connector returns no size.',
            {},
        )
    return 'pass', '', {}


def _device_stays(check: str):
    if check in ('host-grows-in-place', 'image-attached-unknown'):
        return (
            'fail',
            'The device has 1 GiB where Cinder says 2 GiB.',
            {'outcome': 'control-plane-only'},
        )
    if check == 'data-old-intact':
        return (
            'abort',
            'There was no new area to look at.',
            {'cause': 'outcome-control-plane-only'},
        )
    return 'pass', '', {}


def _evidence() -> tuple[model.Event, ...]:
    return (
        model.Event(
            at_s=0.0,
            kind='api-call',
            summary='POST os-extend to 2 GiB: 202',
            details={
                'http_status': 202,
                'request_id': 'req-5c9e2d1e-77a1-4a05-9bb7-3c1c1e0a6f10',
                'microversion': '3.42',
            },
        ),
        model.Event(
            at_s=0.04,
            kind='status',
            summary='extending',
            details={'size_gib': 1},
        ),
        model.Event(
            at_s=0.61,
            kind='status',
            summary='in-use',
            details={'size_gib': 2},
        ),
        model.Event(
            at_s=0.74,
            kind='device',
            summary='/dev/loop7 has 2147483648 bytes',
            details={'bytes': 2147483648, 'major_minor': '7:7', 'diskseq': 31},
        ),
    )
