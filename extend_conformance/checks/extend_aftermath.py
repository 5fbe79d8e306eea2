# SPDX-License-Identifier: Apache-2.0

"""Volumes with a past: a snapshot, or an extend that failed.

What a single extend leaves in Cinder is in ``extend``.
"""

from extend_conformance.checks import context as context_module
from extend_conformance.checks import findings
from extend_conformance.checks import provoked
from extend_conformance.checks import registry
from extend_conformance.checks import stamped
from extend_conformance.claims import verdict
from extend_conformance.cloud import waiting

MIB = 1024**2

#: Where these checks write: eight stretches, from the first byte of a GiB to
#: the last. In bytes: offset and length.
_STRETCH_BYTES = 8 * MIB
_STRETCHES = tuple(
    number * (stamped.GIB - _STRETCH_BYTES) // 7 // MIB * MIB
    for number in range(8)
)


def _stamp(
    volume: stamped.StampedVolume, first_gib: int = 0, generation: int = 1
) -> None:
    """Write the stretches of one GiB of a volume."""
    for offset in _STRETCHES:
        volume.stamp(
            first_gib * stamped.GIB + offset, _STRETCH_BYTES, generation
        )


def _must_be_intact(
    volume: stamped.StampedVolume,
    when: str,
    first_gib: int = 0,
    generation: int = 1,
) -> None:
    """Read the stretches of one GiB of a volume back."""
    for offset in _STRETCHES:
        volume.must_be_intact(
            when,
            first_gib * stamped.GIB + offset,
            _STRETCH_BYTES,
            generation,
        )


def _must_grow(volume: stamped.StampedVolume) -> None:
    """Extend by 1 GiB, look at the device, and write what is new.

    :raises findings.Failed: anything of it is not as it must be.
    :raises stamped.ExtendRefused: it was refused.
    """
    old_gib = volume.size_gib
    volume.extend(old_gib + 1)
    volume.grow_on_host()
    found = volume.device_bytes()
    if found < volume.size_gib * stamped.GIB:
        raise findings.Failed(
            f'Cinder calls volume {volume.id} {volume.size_gib} GiB; the '
            f'device has {found} bytes',
            outcome=verdict.Outcome.INCONSISTENT,
        )
    _must_be_intact(volume, 'right after the extend')
    _stamp(volume, first_gib=old_gib)


@registry.check(
    'extend-with-snapshot',
    '78593e24-d97b-437f-b28e-125bbe78ed05',
    level=registry.Level.SHOULD,
    applies=registry.Applies.WHERE_SUPPORTED,
    needs=[registry.Need.HOST],
    room_gib=4,
    feature=registry.Feature.SNAPSHOT,
)
def extend_with_snapshot(context: context_module.Context) -> None:
    """A volume with a snapshot extends online, and the snapshot stays.

    The volume is written anew after the extend, whole; a volume that is made
    from the snapshot then holds what was there when it was taken.
    """
    volume = stamped.StampedVolume(context)
    volume.attach()
    _stamp(volume)
    context.step('take a snapshot of the attached volume')
    snapshot = context.resources.create_snapshot(volume.id)
    _must_grow(volume)
    _stamp(volume, generation=2)
    volume.reattach()
    _must_be_intact(volume, 'written after the extend', generation=2)
    _must_be_intact(volume, 'written in the new area', first_gib=1)
    volume.detach()
    context.step('make a volume from the snapshot')
    copy = stamped.StampedVolume(
        context, snapshot.size_gib, snapshot_id=snapshot.id, holds=volume.id
    )
    copy.attach()
    _must_be_intact(
        copy,
        f'made from a snapshot of volume {volume.id} that was taken before '
        'the extend',
    )
    if (found := copy.device_bytes()) < snapshot.size_gib * stamped.GIB:
        raise findings.Failed(
            f'Volume {copy.id}, made from a snapshot of {snapshot.size_gib} '
            f'GiB, has a device of {found} bytes',
            outcome=verdict.Outcome.INCONSISTENT,
        )


@registry.check(
    'extend-again-after-failure',
    'b19ece4a-7e92-49a8-8d73-2c8e947ac243',
    level=registry.Level.SHOULD,
    applies=registry.Applies.WHERE_SUPPORTED,
    needs=[registry.Need.HOST],
)
def extend_again_after_failure(context: context_module.Context) -> None:
    """After an extend that failed, the next one, with room for it, works.

    The failed one asked for more than there is. It changes nothing: device,
    attachment and data are as before. Where it leaves ``error_extending``,
    detach and attach are the way back for a member of the project.
    """
    volume = stamped.StampedVolume(context)
    volume.attach()
    _stamp(volume)
    device_bytes = volume.device_bytes()
    attachments = context.storage.get_volume(volume.id).attachments
    failure = provoked.fail_an_extend(context, volume.id, volume.size_gib)
    if context.storage.get_volume(volume.id).attachments != attachments:
        raise findings.Failed(
            f'The failed extend changed the attachments of volume {volume.id}',
            outcome=verdict.Outcome.INCONSISTENT,
            request_id=failure.request_id,
        )
    if (found := volume.device_bytes()) != device_bytes:
        raise findings.Failed(
            f'The failed extend changed the device of volume {volume.id} '
            f'from {device_bytes} to {found} bytes',
            outcome=verdict.Outcome.INCONSISTENT,
            request_id=failure.request_id,
        )
    _must_be_intact(volume, 'after the failed extend')
    if failure.status == 'error_extending':
        volume.reattach()
        _must_be_intact(volume, 'after the failed extend, detach and attach')
    try:
        _must_grow(volume)
    except stamped.ExtendRefused as refused:
        raise findings.Failed(
            f'After an extend that failed, the next one, for which there is '
            f'room, fails too: {refused.what}',
            request_id=refused.request_id,
        ) from refused
    volume.reattach()
    _must_be_intact(volume, 'after both extends, detach and attach')
    _must_be_intact(volume, 'written in the new area', first_gib=1)


@registry.check(
    'extend-error-recovery',
    'd050d3f8-787c-41f9-9b78-88e7f9d2e76c',
    level=registry.Level.MUST,
    applies=registry.Applies.ALWAYS,
    needs=[registry.Need.ADMIN],
)
def extend_error_recovery(context: context_module.Context) -> None:
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
            cause='no-host',
        )
    volume = stamped.StampedVolume(context)
    volume.attach()
    _stamp(volume)
    _get_into_error(context, volume)
    _reset(context, volume.id, 'in-use')
    _must_be_intact(volume, 'after error_extending and a reset')
    _stamp(volume, generation=2)
    _reset(context, volume.id, 'error_extending')
    volume.reattach()
    _must_be_intact(
        volume, 'after error_extending, detach and attach', generation=2
    )
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
            outcome=verdict.Outcome.INCONSISTENT,
        ) from error


def _get_into_error(
    context: context_module.Context, volume: stamped.StampedVolume
) -> None:
    """Let an extend fail in the driver; if none does, an administrator."""
    try:
        if context.outcome is verdict.Outcome.REFUSED_DRIVER:
            volume.extend(volume.size_gib + 1)
        else:
            provoked.fail_an_extend(context, volume.id, volume.size_gib)
    except (stamped.ExtendRefused, findings.NotApplicable) as ended:
        context.step(str(ended))
    if context.storage.get_volume(volume.id).status != 'error_extending':
        _reset(context, volume.id, 'error_extending')


def _reset(
    context: context_module.Context, volume_id: str, status: str
) -> None:
    """Write a state into Cinder's records, as an administrator does."""
    assert context.admin is not None
    context.step(f'reset the state to {status}')
    context.admin.reset_status(volume_id, status)
