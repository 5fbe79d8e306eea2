# SPDX-License-Identifier: Apache-2.0

"""Many extends in one attachment, and large ones."""

from extend_conformance import vocabulary
from extend_conformance.checks import host
from extend_conformance.checks import registry
from extend_conformance.cloud import calls
from extend_conformance.cloud import waiting
from extend_conformance.impl import room
from extend_conformance.probes import context as contexts
from extend_conformance.probes import extents
from extend_conformance.probes import findings
from extend_conformance.probes import online_extend
from extend_conformance.probes import stamped

#: Sizes to extend to, one after the other, in each of several attachments: as
#: an image of unknown size does it, GiB by GiB, and once more after the
#: volume has been somewhere else.
_SIZES_GIB = ((2, 3, 4, 5, 6), (7, 8))

_LARGE_FROM_GIB = 1
#: More than ten times the size at birth, where some arrays have their limit
#: for volumes in use, and not a power of two.
_LARGE_TO_GIB = 17


@registry.check(
    'host-repeated-steps',
    '3ee65105-7cdd-43f8-b84a-c0d5ac52535f',
    level=vocabulary.Level.MUST,
    applies=vocabulary.Applies.WHERE_SUPPORTED,
    needs=[vocabulary.Need.HOST],
    first_extend=vocabulary.FirstExtend.ALLOWS_ANOTHER,
    budget_s=240,
    typical_s=18,
    volumes=2,
    room_gib=8,
)
def host_repeated_steps(context: contexts.Context) -> None:
    """Five extends by 1 GiB in one attachment, two more in the next one.

    After each the device has grown, for new descriptors and for one that
    has been open since the attach; the new area takes data, and what was
    written around its borders and in its middle before is still there. In the
    end of each attachment, and after the last one, all of it is read.
    """
    _must_have_room(context, _SIZES_GIB[-1][-1])
    volume = stamped.StampedVolume(context)
    for number, sizes_gib in enumerate(_SIZES_GIB, start=1):
        volume.attach()
        host.must_be_whole(volume, f'at the beginning of attachment {number}')
        with volume.attached.device.open_direct(write=True) as opened:
            before = volume.attached.device.identity()
            if number == 1:
                volume.stamp()
            for size_gib in sizes_gib:
                old_gib = volume.size_gib
                _grow(context, volume, size_gib)
                host.must_reach(context, volume, opened, before)
                volume.stamp_at(extents.spread(old_gib, size_gib), opened)
                volume.sprinkle(old_gib * stamped.GIB, stamped.GIB)
                volume.must_be_intact_at(
                    f'after the extend to {size_gib} GiB in attachment '
                    f'{number}',
                    extents.spread(0, size_gib),
                )
        volume.must_hold_written(f'after all extends of attachment {number}')
        volume.detach()
    volume.attach()
    when = 'after all extends, detached and attached once more'
    host.must_be_whole(volume, when)
    volume.must_hold_written(when)


@registry.check(
    'host-large-step',
    '436f7d97-8571-4b15-9e06-da333c54ce0c',
    level=vocabulary.Level.MUST,
    applies=vocabulary.Applies.WHERE_SUPPORTED,
    needs=[vocabulary.Need.HOST],
    profile=vocabulary.Profile.CERTIFIED,
    first_extend=vocabulary.FirstExtend.ALLOWS_ANOTHER,
    budget_s=240,
    typical_s=8,
    volumes=2,
    room_gib=17,
)
def host_large_step(context: contexts.Context) -> None:
    """One extend to seventeen times the size works in one attachment.

    Only extents are written, and read again, also after detach and attach:
    around the old end, at the new one, and everywhere between.
    """
    _must_have_room(context, _LARGE_TO_GIB)
    volume = stamped.StampedVolume(context, _LARGE_FROM_GIB)
    volume.attach()
    volume.stamp_at(extents.spread(0, _LARGE_FROM_GIB))
    _grow(context, volume, _LARGE_TO_GIB)
    volume.stamp_at(extents.spread(_LARGE_FROM_GIB, _LARGE_TO_GIB))
    everywhere = extents.spread(0, _LARGE_TO_GIB)
    volume.must_be_intact_at('right after the large extend', everywhere)
    volume.reattach()
    volume.must_be_intact_at(
        'after the large extend, detach and attach', everywhere
    )


def _must_have_room(context: contexts.Context, size_gib: int) -> None:
    found = room.room_for(context.storage, context.volume_type, context.admin)
    if found.size_gib is not None and found.size_gib < size_gib:
        raise findings.CouldNotTest(
            f'A volume of {size_gib} GiB does not fit: {found.reason} is '
            f'{found.size_gib} GiB',
            cause=vocabulary.Cause.NO_ROOM,
        )


def _grow(
    context: contexts.Context, volume: stamped.StampedVolume, to_gib: int
) -> None:
    """Extend, and tell a refusal from a lack of room, which looks the same.

    :raises CouldNotTest: it was refused, and there is no room for a fresh
        volume of what it should have grown by.
    """
    growth_gib = to_gib - volume.size_gib
    try:
        volume.grow(to_gib)
    except online_extend.ExtendRefused as refusal:
        context.step(f'control: create a volume of {growth_gib} GiB')
        try:
            context.resources.create_volume(
                size_gib=growth_gib, volume_type=context.volume_type
            )
        except (
            calls.ApiError,
            waiting.TerminalState,
            waiting.WaitTimeout,
        ) as error:
            raise findings.CouldNotTest(
                f'{refusal} There is no room for a fresh volume of '
                f'{growth_gib} GiB either: {error}',
                cause=vocabulary.Cause.NO_ROOM,
            ) from error
        raise
