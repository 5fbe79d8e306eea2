# SPDX-License-Identifier: Apache-2.0

"""Volumes with a past: a snapshot, or an extend that failed.

What a single extend leaves in Cinder is in ``extend``.
"""

import collections.abc
import contextlib

from extend_conformance import vocabulary
from extend_conformance.checks import registry
from extend_conformance.cloud import views
from extend_conformance.cloud import waiting
from extend_conformance.probes import content as contents
from extend_conformance.probes import context as contexts
from extend_conformance.probes import extents
from extend_conformance.probes import failed_extend
from extend_conformance.probes import findings
from extend_conformance.probes import online_extend
from extend_conformance.probes import stamped
from extend_conformance.probes import volume_attributes

_AREA = extents.spread(0, 1)


def _must_grow(volume: stamped.StampedVolume) -> None:
    """Extend by 1 GiB, look at the device, and write what is new.

    :raises findings.Failed: anything of it is not as it must be.
    :raises online_extend.ExtendRefused: it was refused.
    """
    old_gib = volume.size_gib
    volume.extend(old_gib + 1)
    volume.grow_on_host()
    found = volume.device_bytes()
    if found < volume.size_gib * stamped.GIB:
        raise findings.Failed(
            f'Cinder calls volume {volume.id} {volume.size_gib} GiB; the '
            f'device has {found} bytes',
            outcome=vocabulary.Outcome.INCONSISTENT,
        )
    volume.must_be_intact_at('right after the extend', _AREA)
    volume.sprinkle(old_gib * stamped.GIB, stamped.GIB)
    volume.stamp_at(extents.spread(old_gib, volume.size_gib))


@registry.check(
    'extend-with-snapshot',
    '78593e24-d97b-437f-b28e-125bbe78ed05',
    level=vocabulary.Level.SHOULD,
    applies=vocabulary.Applies.WHERE_SUPPORTED,
    needs=[vocabulary.Need.HOST],
    budget_s=120,
    typical_s=36,
    volumes=2,
    room_gib=8,
    feature=vocabulary.Feature.SNAPSHOT,
)
def extend_with_snapshot(context: contexts.Context) -> None:
    """A volume with a snapshot extends online, and the snapshot stays.

    The volume is written anew after the extend; a volume that is made from
    the snapshot then holds what was there when it was taken. One that is made
    from a second snapshot, taken after the extend, has the new area too, and
    can be extended online itself. With both snapshots, the volume is extended
    once more. It outlives the first one.
    """
    volume = stamped.StampedVolume(context)
    volume.attach()
    context.step(f'write volume {volume.id} whole with stamped blocks')
    volume.stamp()
    context.step('take a snapshot of the attached volume')
    snapshot = context.resources.create_snapshot(volume.id)
    then = volume.content.copy()
    _must_grow(volume)
    volume.must_hold_written('after the extend of a volume with a snapshot')
    context.step('write the old area again')
    volume.stamp(length_bytes=stamped.GIB, generation=2)
    volume.reattach()
    volume.must_hold_written('written after the extend')
    context.step('take a snapshot of the extended volume')
    with _must_not_come_to_an_error(
        f'A second snapshot of volume {volume.id}, taken after the extend,'
    ):
        second = context.resources.create_snapshot(volume.id)
    later = volume.content.copy()
    _must_grow(volume)
    volume.detach()
    made = _must_hold(
        context,
        snapshot,
        then,
        f'made from a snapshot of volume {volume.id} that was taken before '
        'the extend',
    )
    made.detach()
    context.resources.delete_volume(made.id)
    _delete(context, snapshot)
    made = _must_hold(
        context,
        second,
        later,
        f'made from a snapshot of volume {volume.id} that was taken after '
        'the extend',
    )
    made.grow(made.size_gib + 1)
    made.reattach()
    made.must_hold_written('made from a snapshot, and extended')
    volume.attach()
    volume.must_hold_written('when its first snapshot had gone')


def _delete(context: contexts.Context, snapshot: views.Snapshot) -> None:
    context.step('delete the snapshot of before the extend')
    try:
        context.resources.delete_snapshot(
            snapshot.id, context.settings.state_timeout_s
        )
    except (waiting.TerminalState, waiting.WaitTimeout) as error:
        raise findings.Failed(
            f'A snapshot of volume {snapshot.volume_id} cannot be deleted '
            f'after the extend: {error}'
        ) from error


@contextlib.contextmanager
def _must_not_come_to_an_error(
    what: str,
) -> collections.abc.Iterator[None]:
    """Make a finding of something that Cinder could not make."""
    try:
        yield
    except waiting.TerminalState as error:
        raise findings.Failed(f'{what} came to an error: {error}') from error


def _must_hold(
    context: contexts.Context,
    snapshot: views.Snapshot,
    held: contents.Content,
    how: str,
) -> stamped.StampedVolume:
    """Make a volume from a snapshot, attach it, and compare it.

    :param held: what the snapshot has to hold.
    :param how: the volume was made, for the sentence.
    :returns: the volume, attached.
    :raises findings.Failed: it cannot be made, or its data or its size
        differ.
    """
    context.step(f'make a volume from snapshot {snapshot.id}')
    with _must_not_come_to_an_error(f'A volume {how},'):
        made = stamped.StampedVolume(
            context, snapshot.size_gib, snapshot_id=snapshot.id, holds=held
        )
    made.attach()
    if (found := made.device_bytes()) < snapshot.size_gib * stamped.GIB:
        raise findings.Failed(
            f'Volume {made.id}, made from a snapshot of {snapshot.size_gib} '
            f'GiB, has a device of {found} bytes',
            outcome=vocabulary.Outcome.INCONSISTENT,
        )
    made.must_hold_written(how)
    return made


@registry.check(
    'extend-again-after-failure',
    'b19ece4a-7e92-49a8-8d73-2c8e947ac243',
    level=vocabulary.Level.SHOULD,
    applies=vocabulary.Applies.WHERE_SUPPORTED,
    needs=[vocabulary.Need.HOST],
    budget_s=120,
    typical_s=14,
    volumes=2,
    room_gib=4,
)
def extend_again_after_failure(context: contexts.Context) -> None:
    """After an extend that failed, the next one, with room for it, works.

    The failed one asked for more than there is. It changes nothing: device,
    data, what Cinder knows of the volume, and another volume are as before,
    and both volumes can be extended.
    Where it leaves ``error_extending``, detach and attach are the way back
    for a member of the project.
    """
    neighbour = stamped.StampedVolume(context)
    neighbour.attach()
    context.step('write a neighbour whole with stamped blocks')
    neighbour.stamp()
    volume = stamped.StampedVolume(context)
    volume.attach()
    context.step(f'write volume {volume.id} whole with stamped blocks')
    volume.stamp()
    device_bytes = volume.device_bytes()
    before = context.storage.get_volume(volume.id)
    failure = failed_extend.fail_an_extend(context, volume.id, volume.size_gib)
    after = context.storage.get_volume(volume.id)
    volume_attributes.must_be_kept(
        before, after, 'The failed extend', failure.request_id
    )
    if (found := volume.device_bytes()) != device_bytes:
        raise findings.Failed(
            f'The failed extend changed the device of volume {volume.id} '
            f'from {device_bytes} to {found} bytes',
            outcome=vocabulary.Outcome.INCONSISTENT,
            request_id=failure.request_id,
        )
    volume.must_be_intact('after the failed extend')
    context.step('write the old area again')
    volume.stamp(generation=2)
    if failure.status == 'error_extending':
        volume.reattach()
        volume.must_hold_written('after the failed extend, detach and attach')
    try:
        for each in (volume, neighbour):
            _must_grow(each)
    except online_extend.ExtendRefused as refused:
        raise findings.Failed(
            f'After an extend that failed, the next one, for which there is '
            f'room, fails too: {refused.what}',
            request_id=refused.request_id,
        ) from refused
    volume.reattach()
    volume.must_hold_written('after both extends, detach and attach')
    neighbour.reattach()
    neighbour.must_hold_written(
        f'after an extend of its neighbour {volume.id} that failed'
    )


@registry.check(
    'extend-error-recovery',
    'd050d3f8-787c-41f9-9b78-88e7f9d2e76c',
    level=vocabulary.Level.MUST,
    applies=vocabulary.Applies.ALWAYS,
    needs=[vocabulary.Need.ADMIN],
    profile=vocabulary.Profile.CERTIFIED,
)
def extend_error_recovery(context: contexts.Context) -> None:
    """From error_extending a reset, a detach and a delete lead out.

    The state is reached by an extend that fails, or else set by an
    administrator. A reset to ``in-use`` finds the old data under the same
    attachment, a detach ends ``available`` with the old data, and what is
    detached can be deleted.
    """
    if context.host is None:
        raise findings.CouldNotTest(
            'No host attaches volumes in this run, so that nobody can look '
            'at the data',
            cause=vocabulary.Cause.NO_HOST,
        )
    volume = stamped.StampedVolume(context)
    volume.attach()
    volume.stamp()
    _get_into_error(context, volume)
    _reset(context, volume.id, 'in-use')
    volume.must_hold_written('after error_extending and a reset')
    volume.stamp(generation=2)
    _reset(context, volume.id, 'error_extending')
    volume.reattach()
    volume.must_hold_written('after error_extending, detach and attach')
    volume.detach()
    _reset(context, volume.id, 'error_extending')
    context.step('delete the volume')
    try:
        context.resources.delete_volume(
            volume.id, context.settings.state_timeout_s
        )
    except (waiting.TerminalState, waiting.WaitTimeout) as error:
        raise findings.Failed(
            f'Volume {volume.id} cannot be deleted from error_extending: '
            f'{error}',
            outcome=vocabulary.Outcome.INCONSISTENT,
        ) from error


def _get_into_error(
    context: contexts.Context, volume: stamped.StampedVolume
) -> None:
    """Let an extend fail in the driver; if none does, an administrator."""
    try:
        if context.outcome is vocabulary.Outcome.REFUSED_DRIVER:
            volume.extend(volume.size_gib + 1)
        else:
            failed_extend.fail_an_extend(context, volume.id, volume.size_gib)
    except (online_extend.ExtendRefused, findings.NotApplicable) as ended:
        context.step(str(ended))
    if context.storage.get_volume(volume.id).status != 'error_extending':
        _reset(context, volume.id, 'error_extending')


def _reset(context: contexts.Context, volume_id: str, status: str) -> None:
    """Write a state into Cinder's records, as an administrator does."""
    assert context.admin is not None
    context.step(f'reset the state to {status}')
    context.admin.reset_status(volume_id, status)
