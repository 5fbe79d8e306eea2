# SPDX-License-Identifier: Apache-2.0

"""Many extends in one attachment, and large ones."""

import dataclasses

from extend_conformance.checks import context as context_module
from extend_conformance.checks import findings
from extend_conformance.checks import first_extend
from extend_conformance.checks import host
from extend_conformance.checks import registry
from extend_conformance.checks import stamped
from extend_conformance.checks import stretches
from extend_conformance.cloud import calls
from extend_conformance.cloud import waiting
from extend_conformance.impl import room


@dataclasses.dataclass(frozen=True)
class _Attachment:
    """The extends that are made in one attachment.

    :param sizes_gib: one after the other.
    """

    sizes_gib: tuple[int, ...]


#: As an image of unknown size does it, GiB by GiB; then once more after the
#: volume has been somewhere else.
_ATTACHMENTS = (
    _Attachment(sizes_gib=(2, 3, 4, 5, 6)),
    _Attachment(sizes_gib=(7, 8)),
)

_LARGE_FROM_GIB = 1
#: More than ten times the size at birth, where some arrays have their limit
#: for volumes in use, and not a power of two.
_LARGE_TO_GIB = 17


@registry.check(
    'host-repeated-steps',
    '3ee65105-7cdd-43f8-b84a-c0d5ac52535f',
    level=registry.Level.MUST,
    applies=registry.Applies.WHERE_SUPPORTED,
    needs=[registry.Need.HOST],
    budget_s=120,
    typical_s=10,
    room_gib=8,
)
def host_repeated_steps(context: context_module.Context) -> None:
    """Five extends by 1 GiB in one attachment, two more in the next one.

    After each the device has grown, for new descriptors and for one that
    has been open since the attach; the new area takes data, and all that was
    written before is still there.
    """
    first_extend.must_allow_another(context)
    volume = stamped.StampedVolume(context)
    for number, attachment in enumerate(_ATTACHMENTS, start=1):
        volume.attach()
        host.must_be_whole(volume, f'at the beginning of attachment {number}')
        with volume.attached.device.open_direct(write=True) as opened:
            before = volume.attached.device.identity()
            if number == 1:
                volume.stamp_at(stretches.spread(0, 1), opened)
            for size_gib in attachment.sizes_gib:
                old_gib = volume.size_gib
                volume.grow(size_gib)
                host.must_reach(context, volume, opened, before)
                volume.stamp_at(stretches.spread(old_gib, size_gib), opened)
                volume.must_be_intact_at(
                    f'after the extend to {size_gib} GiB in attachment '
                    f'{number}',
                    stretches.spread(0, size_gib),
                )
        volume.detach()
    volume.attach()
    when = 'after all extends, detached and attached once more'
    host.must_be_whole(volume, when)
    volume.must_be_intact_at(when, stretches.spread(0, volume.size_gib))


@registry.check(
    'host-large-step',
    '436f7d97-8571-4b15-9e06-da333c54ce0c',
    level=registry.Level.MUST,
    applies=registry.Applies.WHERE_SUPPORTED,
    needs=[registry.Need.HOST],
    budget_s=180,
    typical_s=8,
    room_gib=18,
)
def host_large_step(context: context_module.Context) -> None:
    """One extend to seventeen times the size works in one attachment.

    Only stretches are written, and read again, also after detach and attach:
    around the old end, at the new one, and everywhere between.
    """
    first_extend.must_allow_another(context)
    _must_have_room(context)
    volume = stamped.StampedVolume(context, _LARGE_FROM_GIB)
    volume.attach()
    volume.stamp_at(stretches.spread(0, _LARGE_FROM_GIB))
    try:
        volume.grow(_LARGE_TO_GIB)
    except stamped.ExtendRefused:
        volume.detach()
        _a_fresh_volume_must_fit(context)
        raise
    volume.stamp_at(stretches.spread(_LARGE_FROM_GIB, _LARGE_TO_GIB))
    everywhere = stretches.spread(0, _LARGE_TO_GIB)
    volume.must_be_intact_at('right after the large extend', everywhere)
    volume.reattach()
    volume.must_be_intact_at(
        'after the large extend, detach and attach', everywhere
    )


def _must_have_room(context: context_module.Context) -> None:
    found = room.room_for(context.storage, context.volume_type, context.admin)
    if found.size_gib is not None and found.size_gib < _LARGE_TO_GIB:
        raise findings.CouldNotTest(
            f'A volume of {_LARGE_TO_GIB} GiB does not fit: {found.reason} '
            f'is {found.size_gib} GiB',
            cause='no-room',
        )


def _a_fresh_volume_must_fit(context: context_module.Context) -> None:
    """Tell a refusal from a lack of room, which can look the same."""
    context.step(f'control: create a volume of {_LARGE_TO_GIB} GiB')
    try:
        context.resources.create_volume(
            size_gib=_LARGE_TO_GIB, volume_type=context.volume_type
        )
    except (
        calls.ApiError,
        waiting.TerminalState,
        waiting.WaitTimeout,
    ) as error:
        raise findings.CouldNotTest(
            f'The extend to {_LARGE_TO_GIB} GiB was refused, and a fresh '
            f'volume of that size cannot be made either: {error}',
            cause='no-room',
        ) from error
