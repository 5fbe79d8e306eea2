# SPDX-License-Identifier: Apache-2.0

"""What an extend, or its refusal, leaves in Cinder."""

import collections.abc

from extend_conformance import exceptions
from extend_conformance import vocabulary
from extend_conformance.checks import registry
from extend_conformance.cloud import calls
from extend_conformance.probes import context as contexts
from extend_conformance.probes import failed_extend
from extend_conformance.probes import findings
from extend_conformance.probes import online_extend
from extend_conformance.probes import quota_usage
from extend_conformance.probes import stamped
from extend_conformance.probes import volume_attributes


@registry.check(
    'extend-completes',
    '20adab37-01e0-4a24-9bf0-5a0e3de3dc15',
    level=vocabulary.Level.MUST,
    applies=vocabulary.Applies.ALWAYS,
)
def extend_completes(context: contexts.Context) -> None:
    """An extend ends within its deadline, in a state that fits its outcome.

    Two are asked for, one after the other. A success in ``in-use`` with the
    new size, a refusal in ``in-use`` or ``error_extending`` with the old one.
    Nothing else that Cinder knows of the volume changes. From a hang a reset,
    detach and delete lead out, which is tried.
    """
    volume = context.resources.create_volume(1, context.volume_type)
    _make_bootable(context, volume.id)
    detach = online_extend.put_in_use(context, volume.id)
    before = context.storage.get_volume(volume.id)
    request_id = None
    try:
        for size_gib in (1, 2):
            request_id = online_extend.extend(
                context,
                volume.id,
                size_gib,
                size_gib + 1,
                wait=online_extend.unless_first_hung,
            ).request_id
    except online_extend.ExtendRefused as refused:
        request_id = refused.request_id
        context.step(f'refused, in a state that fits: {refused}')
    except findings.Failed as failure:
        if failure.outcome is not vocabulary.Outcome.HANG:
            raise
        try:
            _leave_a_hang(context, volume.id, detach)
        except exceptions.ExtendConformanceError as error:
            raise findings.Failed(
                f'{failure.what}, and no way led out of it: {error}',
                outcome=failure.outcome,
                request_id=failure.request_id,
            ) from error
        raise
    after = context.storage.get_volume(volume.id)
    volume_attributes.must_be_kept(before, after, 'The extend', request_id)


def _make_bootable(context: contexts.Context, volume_id: str) -> None:
    """Give it a flag that it could lose, if a member may do that."""
    try:
        context.storage.action(
            volume_id, {'os-set_bootable': {'bootable': True}}
        )
    except calls.ApiError as error:
        context.step(f'not made bootable: HTTP {error.status}')


def _leave_a_hang(
    context: contexts.Context,
    volume_id: str,
    detach: collections.abc.Callable[[], object],
) -> None:
    """Reset (where there is an administrator), detach and delete."""
    if context.admin is not None:
        context.step('recover from the hang: reset the state to in-use')
        context.admin.reset_status(volume_id, 'in-use')
    context.step('recover from the hang: detach and delete')
    detach()
    context.resources.delete_volume(
        volume_id, context.settings.state_timeout_s
    )


@registry.check(
    'extend-usage-accounting',
    'efb01a8a-ed31-4597-801b-cfdb10fd9bba',
    level=vocabulary.Level.MUST,
    applies=vocabulary.Applies.ALWAYS,
    needs=[vocabulary.Need.OWN_PROJECT],
    first_extend=vocabulary.FirstExtend.NOT_HUNG,
)
def extend_usage_accounting(context: contexts.Context) -> None:
    """The project is charged for what it has, after success and failure.

    Two extends by 1 GiB, and one that is too large: each time the gigabytes
    in use are the sum of the sizes, as they were before, and none stays
    reserved.
    """
    before = quota_usage.read(context)
    volume = context.resources.create_volume(1, context.volume_type)
    online_extend.put_in_use(context, volume.id)
    size_gib = 1
    try:
        for _ in range(2):
            online_extend.extend(context, volume.id, size_gib, size_gib + 1)
            size_gib += 1
            _must_be_balanced(
                context, before, f'After an extend to {size_gib} GiB'
            )
        failed_extend.fail_an_extend(context, volume.id, size_gib)
    except (online_extend.ExtendRefused, findings.NotApplicable) as ended:
        context.step(str(ended))
    _must_be_balanced(
        context, before, f'After an extend that failed at {size_gib} GiB'
    )


def _must_be_balanced(
    context: contexts.Context, before: quota_usage.Usage, when: str
) -> None:
    """Fail if the project is charged for more or less than it has."""
    after = quota_usage.settled(
        context, lambda usage: usage.balance == before.balance
    )
    if after.balance != before.balance:
        raise findings.Failed(
            f'{when} the project is charged wrongly: {after.describe()}; '
            f'before: {before.describe()}'
        )


@registry.check(
    'extend-failure-message',
    '6c6c6669-8e07-445c-8683-465ad0b1538f',
    level=vocabulary.Level.SHOULD,
    applies=vocabulary.Applies.WHERE_REFUSED,
    typical_s=0,
)
def extend_failure_message(context: contexts.Context) -> None:
    """A refused extend leaves a user message for its request.

    Cinder has answered 202 long before, so that nothing else tells a user
    what became of it.
    """
    volume = context.resources.create_volume(1, context.volume_type)
    online_extend.put_in_use(context, volume.id)
    try:
        online_extend.extend(context, volume.id, 1, 2)
    except online_extend.ExtendRefused as refused:
        if refused.message is None:
            raise findings.Failed(
                f'{refused.what}; the user is told nothing',
                request_id=refused.request_id,
            ) from refused
        context.step(
            f'told by {refused.message.event_id}: {refused.message.text}'
        )
    else:
        raise findings.NotApplicable(
            'The extend was not refused this time',
            cause=vocabulary.Cause.EXTEND_WORKS,
        )


@registry.check(
    'extend-refused-changes-nothing',
    'a9695844-296d-44e7-945d-10a32a63d78f',
    level=vocabulary.Level.MUST,
    applies=vocabulary.Applies.WHERE_REFUSED,
    needs=[vocabulary.Need.HOST],
    profile=vocabulary.Profile.QUICK,
    typical_s=0,
    volumes=2,
)
def extend_refused_changes_nothing(context: contexts.Context) -> None:
    """After a refusal the volume is what it was, and still takes writes.

    Size, data, attachment and quota are as before; the old area is written
    once more while the attachment of before the refusal is still there.
    Another volume has its data, too.
    """
    neighbour = stamped.StampedVolume(context)
    neighbour.attach()
    context.step('write a neighbour whole with stamped blocks')
    neighbour.stamp()
    volume = stamped.StampedVolume(context)
    volume.attach()
    volume.stamp()
    before = context.storage.get_volume(volume.id)
    usage = quota_usage.read(context)
    device = volume.device_bytes()
    try:
        volume.extend(volume.size_gib + 1)
    except online_extend.ExtendRefused as refusal:
        request_id = refusal.request_id
    else:
        raise findings.NotApplicable(
            'The extend was not refused this time',
            cause=vocabulary.Cause.EXTEND_WORKS,
        )
    after = context.storage.get_volume(volume.id)
    context.step('compare size, attachment, device, data and quota')
    volume_attributes.must_be_kept(
        before, after, 'The refused extend', request_id
    )
    if volume.device_bytes() != device:
        raise findings.Failed(
            f'The refused extend changed the device of volume {volume.id} '
            f'from {device} to {volume.device_bytes()} bytes',
            outcome=vocabulary.Outcome.INCONSISTENT,
            request_id=request_id,
        )
    volume.must_be_intact('after the refused extend')
    volume.stamp(generation=2)
    volume.reattach()
    volume.must_be_intact(
        'written after the refused extend, read after detach and attach',
        generation=2,
    )
    neighbour.reattach()
    neighbour.must_hold_written(
        f'after an extend of its neighbour {volume.id} that was refused'
    )
    _usage_must_be(context, usage, request_id)


def _usage_must_be(
    context: contexts.Context,
    before: quota_usage.Usage,
    request_id: str | None,
) -> None:
    """Fail if the usage of this volume type has changed.

    It is not compared if other volumes of it came or went in the project
    meanwhile: here nobody says that the project is ours alone.
    """
    after = quota_usage.settled(
        context, lambda usage: usage.of_type == before.of_type
    )
    if after.type_sizes != before.type_sizes:
        context.step('other volumes came or went: quota was not compared')
    elif after.of_type != before.of_type:
        raise findings.Failed(
            f'The refused extend changed the quota usage of volume type '
            f'{context.volume_type}: it was {before.describe()}, and is '
            f'{after.describe()}',
            request_id=request_id,
        )
