# SPDX-License-Identifier: Apache-2.0

"""What the machine that attached the volume sees of one extend.

Several of them in a row are left to ``host_steps``, the connection itself to
``host_connection``.
"""

from extend_conformance import vocabulary
from extend_conformance.checks import registry
from extend_conformance.cloud import device as devices
from extend_conformance.probes import context as contexts
from extend_conformance.probes import extents
from extend_conformance.probes import findings
from extend_conformance.probes import stamped


@registry.check(
    'host-grows-in-place',
    '7973953d-294d-4117-8700-0fc89406eafa',
    level=vocabulary.Level.MUST,
    applies=vocabulary.Applies.WHERE_SUPPORTED,
    needs=[vocabulary.Need.HOST],
    profile=vocabulary.Profile.QUICK,
    first_extend=vocabulary.FirstExtend.JUDGED,
    typical_s=0,
    room_gib=2,
)
def host_grows_in_place(context: contexts.Context) -> None:
    """One call of os-brick's extend_volume makes the block device grow.

    Once Cinder says ``in-use`` with the new size, the call returns the new
    size and the device has at least it, without a new attachment.
    """
    first = context.first_extend
    if first.outcome == vocabulary.Outcome.INCONCLUSIVE:
        raise findings.CouldNotTest(
            first.explanation, cause=vocabulary.Cause.OUTCOME_INCONCLUSIVE
        )
    wanted = (first.size_wanted_gib or 0) * contexts.GIB
    device = first.device_after_bytes or 0
    if first.size_after_gib != first.size_wanted_gib:
        raise findings.Failed(first.explanation)
    if device < wanted:
        raise findings.Failed(
            f'The device has {device} bytes after the extend, {wanted} were '
            f'asked for: {first.explanation}',
            outcome=first.outcome,
            request_id=first.request_id,
        )
    if first.connector_bytes != device:
        raise findings.Failed(
            f"os-brick's extend_volume returned {first.connector_bytes}; "
            f'the device has {device} bytes',
            request_id=first.request_id,
        )


@registry.check(
    'host-open-descriptor-grows',
    '30289797-e099-4043-bd9b-d73fef617a3d',
    level=vocabulary.Level.MUST,
    applies=vocabulary.Applies.WHERE_SUPPORTED,
    needs=[vocabulary.Need.HOST],
    first_extend=vocabulary.FirstExtend.ALLOWS_ANOTHER,
    typical_s=4,
    room_gib=3,
)
def host_open_descriptor_grows(context: contexts.Context) -> None:
    """A descriptor that was open before the extend reaches the last new byte.

    It can seek to it and write it, and what it wrote is there after detach
    and attach. No descriptor is opened anew in between. The extend is by 2
    GiB: most other checks go on by one.
    """
    volume = stamped.StampedVolume(context)
    volume.attach()
    old, new = extents.spread(0, 1), extents.spread(1, 3)
    with volume.attached.device.open_direct(write=True) as opened:
        before = volume.attached.device.identity()
        volume.stamp_at(old, opened)
        volume.extend(3)
        volume.grow_on_host()
        must_reach(context, volume, opened, before)
        context.step('write the new area through the old descriptor')
        volume.stamp_at(new, opened)
    volume.must_be_intact_at(
        'written through the old descriptor, read through a new one',
        (*old, *new),
    )
    volume.reattach()
    volume.must_be_intact_at(
        'written through the old descriptor, read after detach and attach',
        (*old, *new),
    )


def must_reach(
    context: contexts.Context,
    volume: stamped.StampedVolume,
    opened: devices.OpenDevice,
    before: devices.DeviceIdentity | None,
) -> None:
    """Fail unless an old descriptor reaches the volume's last byte.

    :param before: the device that was opened.
    :raises Failed: it ends before.
    """
    size = opened.size_bytes()
    context.step(f'the descriptor that was open before reaches {size} bytes')
    wanted = volume.size_gib * contexts.GIB
    if size >= wanted:
        return
    now = volume.attached.device.identity()
    which = (
        f'it is still {before}'
        if now == before
        else f'{before} was opened, and its path leads to {now} by now'
    )
    raise findings.Failed(
        f'Cinder calls volume {volume.id} {volume.size_gib} GiB; a '
        f'descriptor of {volume.attached.device.name} that was open before '
        f'the extend ends after {size} bytes; {which}',
        outcome=vocabulary.Outcome.INCONSISTENT,
    )


@registry.check(
    'host-size-granularity',
    '2eb1bf6f-5581-492f-941b-56bc0aba76dc',
    level=vocabulary.Level.INFO,
    applies=vocabulary.Applies.WHERE_SUPPORTED,
    needs=[vocabulary.Need.HOST],
    first_extend=vocabulary.FirstExtend.JUDGED,
    typical_s=0,
    room_gib=2,
)
def host_size_granularity(context: contexts.Context) -> None:
    """The device has the size that was asked for, or that much more.

    A figure, not a fault: a backend may round up, and a writer may not take
    the device's size for the volume's.
    """
    first = context.first_extend
    for when, size_gib, found in (
        ('before', first.size_before_gib, first.device_before_bytes),
        ('after', first.size_wanted_gib, first.device_after_bytes),
    ):
        if size_gib is None or found is None:
            raise findings.CouldNotTest(
                f'The device was not measured: {first.explanation}',
                cause=vocabulary.Cause.of_outcome(context.outcome),
            )
        beyond = found - size_gib * contexts.GIB
        context.step(
            f'{when} the extend the device had {found} bytes for '
            f'{size_gib} GiB: {_beyond(beyond)}'
        )
        context.figures[f'bytes_beyond_size_{when}_extend'] = beyond


def _beyond(count: int) -> str:
    if count == 0:
        return 'exactly as asked'
    return f'{abs(count)} bytes {"more" if count > 0 else "fewer"}'


@registry.check(
    'host-survives-reattach',
    '9f9b22a5-6705-4e15-b035-0c662c9d781b',
    level=vocabulary.Level.MUST,
    applies=vocabulary.Applies.WHERE_SUPPORTED,
    needs=[vocabulary.Need.HOST],
    first_extend=vocabulary.FirstExtend.ALLOWS_ANOTHER,
    typical_s=4,
    room_gib=2,
)
def host_survives_reattach(context: contexts.Context) -> None:
    """After detach and attach the device has the size of the extended volume.

    Twice in a row, and what was written near the new end is there. Whether
    the device had grown before the detach is not judged here.
    """
    volume = stamped.StampedVolume(context)
    volume.attach()
    written = extents.spread(0, 1)
    volume.stamp_at(written)
    volume.extend(2)
    try:
        volume.grow_on_host()
    except findings.Failed as failure:
        context.step(f'not judged here: {failure}')
    wanted = volume.size_gib * contexts.GIB
    if volume.device_bytes() >= wanted:
        new = extents.spread(1, 2)
        volume.stamp_at(new)
        written = (*written, *new)
    for times in ('once', 'twice'):
        volume.reattach()
        when = f'after the extend, detached and attached {times}'
        must_be_whole(volume, when)
        volume.must_be_intact_at(when, written)


def must_be_whole(volume: stamped.StampedVolume, when: str) -> None:
    """Fail unless the device is as large as Cinder says.

    :param when: for the sentence.
    :raises Failed: outcome ``inconsistent``.
    """
    wanted = volume.size_gib * contexts.GIB
    found = volume.device_bytes()
    if found < wanted:
        raise findings.Failed(
            f'Cinder calls volume {volume.id} {volume.size_gib} GiB; {when}, '
            f'its device has {found} bytes, {wanted - found} too few',
            outcome=vocabulary.Outcome.INCONSISTENT,
        )
