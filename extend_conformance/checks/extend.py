# SPDX-License-Identifier: Apache-2.0

"""What an extend, or its refusal, leaves in Cinder."""

import dataclasses

import tenacity

from extend_conformance.checks import context as context_module
from extend_conformance.checks import findings
from extend_conformance.checks import registry
from extend_conformance.checks import stamped
from extend_conformance.claims import verdict
from extend_conformance.cloud import views


@registry.check(
    'extend-refused-changes-nothing',
    'a9695844-296d-44e7-945d-10a32a63d78f',
    level=registry.Level.MUST,
    applies=registry.Applies.WHERE_REFUSED,
    needs=[registry.Need.HOST],
)
def extend_refused_changes_nothing(context: context_module.Context) -> None:
    """After a refusal the volume is what it was, and still takes writes.

    Size, data, attachment and quota are as before; the old area is written
    once more while the attachment of before the refusal is still there.
    """
    volume = stamped.StampedVolume(context)
    volume.attach()
    volume.stamp()
    before = context.storage.get_volume(volume.id)
    usage = _usage(context)
    device = volume.device_bytes()
    try:
        volume.extend(volume.size_gib + 1)
    except stamped.ExtendRefused as refusal:
        request_id = refusal.request_id
    else:
        raise findings.NotApplicable(
            'The extend was not refused this time', cause='extend-works'
        )
    after = context.storage.get_volume(volume.id)
    context.step('compare size, attachment, device, data and quota')
    if after.attachments != before.attachments:
        raise findings.Failed(
            f'The refused extend changed the attachments of volume '
            f'{volume.id} from {before.attachments} to {after.attachments}',
            outcome=verdict.Outcome.INCONSISTENT,
            request_id=request_id,
        )
    if volume.device_bytes() != device:
        raise findings.Failed(
            f'The refused extend changed the device of volume {volume.id} '
            f'from {device} to {volume.device_bytes()} bytes',
            outcome=verdict.Outcome.INCONSISTENT,
            request_id=request_id,
        )
    volume.must_be_intact('after the refused extend')
    volume.stamp(generation=2)
    volume.reattach()
    volume.must_be_intact(
        'written after the refused extend, read after detach and attach',
        generation=2,
    )
    _usage_must_be(context, usage, request_id)


@dataclasses.dataclass(frozen=True)
class _Usage:
    """What the project has of the volume type, and what it is charged for.

    :param volumes: size in GiB by id, as Cinder lists them.
    """

    volumes: dict[str, int]
    gigabytes: views.QuotaUse | None


def _usage(context: context_module.Context) -> _Usage:
    return _Usage(
        volumes={
            volume.id: volume.size_gib
            for volume in context.storage.list_volumes()
            if volume.volume_type == context.volume_type
        },
        gigabytes=context.storage.quota().by_type.get(context.volume_type),
    )


def _usage_must_be(
    context: context_module.Context, before: _Usage, request_id: str | None
) -> None:
    """Wait a moment for the old usage: the driver's refusal is seen first.

    Cinder returns the reservation after it has changed the status. Only the
    usage of this volume type is compared, and not at all if other volumes
    of it came or went in the project meanwhile.
    """
    look = tenacity.Retrying(
        stop=tenacity.stop_after_delay(context.settings.message_patience_s),
        wait=tenacity.wait_fixed(0.2),
        retry=tenacity.retry_if_result(lambda after: after != before),
        retry_error_callback=lambda state: (
            state.outcome.result() if state.outcome else before
        ),
    )
    after = look(_usage, context)
    if after.volumes != before.volumes:
        context.step('other volumes came or went: quota was not compared')
    elif after != before:
        raise findings.Failed(
            f'The refused extend changed the quota usage of volume type '
            f'{context.volume_type} from {before.gigabytes} to '
            f'{after.gigabytes}',
            request_id=request_id,
        )
