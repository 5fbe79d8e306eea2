# SPDX-License-Identifier: Apache-2.0

"""I/O that goes on while a volume is extended: on it, and on its neighbour."""

import concurrent.futures
import threading

from extend_conformance import vocabulary
from extend_conformance.checks import registry
from extend_conformance.probes import context as contexts
from extend_conformance.probes import findings
from extend_conformance.probes import stamped
from extend_conformance.probes import traffic

_GIB = stamped.GIB
_MIB = stamped.MIB


def _traffic(
    context: contexts.Context, volume: stamped.StampedVolume
) -> traffic.Traffic:
    context.step(f'keep writing and reading volume {volume.id}')
    return traffic.Traffic(
        volume.attached.device,
        volume.content,
        volume.size_gib * _GIB,
        journal=context.journal,
        max_stall_s=context.settings.max_stall_s,
    )


@registry.check(
    'io-during-extend',
    '557cf377-94c2-40b7-9650-22567fd988d6',
    level=vocabulary.Level.MUST,
    applies=vocabulary.Applies.WHERE_SUPPORTED,
    needs=[vocabulary.Need.HOST],
    budget_s=120,
    typical_s=8,
    room_gib=3,
)
def io_during_extend(context: contexts.Context) -> None:
    """A writer and a reader keep going while their volume is extended twice.

    No error, no stall over the limit, and no write is lost: all of it is
    read back at the end, and again after detach and attach.
    """
    volume = stamped.StampedVolume(context)
    volume.attach()
    # Between the portions that are written again and again.
    volume.sprinkle(_MIB // 2, _GIB - _MIB)
    with _traffic(context, volume) as flow:
        for size_gib in (2, 3):
            old_end = volume.size_gib * _GIB
            volume.grow(size_gib)
            flow.widen(old_end, _GIB)
            volume.sprinkle(old_end + _MIB // 2, _GIB - _MIB)
            flow.flow()
    flow.must_have_flowed(f'Volume {volume.id}, while it was extended')
    volume.must_hold_written('after extends while it was written')
    volume.reattach()
    volume.must_hold_written(
        'after extends while it was written, detach and attach'
    )


@registry.check(
    'neighbour-undisturbed',
    '7fc8e906-9fb4-435c-8989-0aecbcaa2e98',
    level=vocabulary.Level.MUST,
    applies=vocabulary.Applies.WHERE_SUPPORTED,
    needs=[vocabulary.Need.HOST],
    budget_s=120,
    typical_s=28,
    volumes=3,
    room_gib=7,
)
def neighbour_undisturbed(context: contexts.Context) -> None:
    """I/O on a second volume goes on, intact, while the first is extended.

    Before, both are extended once at the same time. The new area of the first
    one shows nothing of the others. The second one is read back whole when
    the first one has been extended twice more, written in its new area,
    detached and deleted. A third one, which is attached nowhere meanwhile, is
    what it was.
    """
    bystander = stamped.StampedVolume(context)
    bystander.attach()
    context.step('write the third volume whole with stamped blocks')
    bystander.stamp()
    bystander.detach()
    neighbour = stamped.StampedVolume(context)
    neighbour.attach()
    context.step('write the neighbour whole with stamped blocks')
    neighbour.stamp()
    volume = stamped.StampedVolume(
        context,
        others={neighbour.id: 'the neighbour', bystander.id: 'the third one'},
    )
    volume.attach()
    _grow_at_once(context, volume, neighbour)
    neighbour.sprinkle(_GIB, _GIB)
    # A backend that rounds up gives it more than its size.
    device_bytes = neighbour.device_bytes()
    with _traffic(context, neighbour) as flow:
        volume.sprinkle(0, 2 * _GIB)
        volume.grow(3)
        # Before it is written: what is seen there may be gone after.
        volume.must_hold_only_written('new beside its neighbour', 2 * _GIB)
        volume.sprinkle(2 * _GIB, _GIB)
        flow.flow()
        volume.must_hold_written('written beside its neighbour')
        volume.grow(4)
        volume.detach()
        context.resources.delete_volume(volume.id)
    flow.must_have_flowed(
        f'Volume {neighbour.id}, while its neighbour {volume.id} was extended'
    )
    _must_be_as_before(context, neighbour, device_bytes)
    neighbour.reattach()
    bystander.attach()
    for other in (neighbour, bystander):
        other.must_hold_written(
            f'after the extends of its neighbour {volume.id}'
        )


def _grow_at_once(
    context: contexts.Context, *volumes: stamped.StampedVolume
) -> None:
    """Extend attached volumes by 1 GiB, all at the same time.

    :raises findings.Failed: and the other errors of a single extend.
    """
    context.step(f'extend {len(volumes)} volumes at the same time')
    before = [volume.device_bytes() for volume in volumes]
    start = threading.Barrier(len(volumes))

    def extend(volume: stamped.StampedVolume) -> None:
        start.wait()
        volume.extend(volume.size_gib + 1)

    with concurrent.futures.ThreadPoolExecutor(len(volumes)) as pool:
        # Ended both, before one of them is judged.
        ends = [pool.submit(extend, volume) for volume in volumes]
    for volume, had, end in zip(volumes, before, ends, strict=True):
        end.result()
        volume.grow_on_host()
        volume.must_have_grown(had)


def _must_be_as_before(
    context: contexts.Context,
    volume: stamped.StampedVolume,
    device_bytes: int,
) -> None:
    shown = context.storage.get_volume(volume.id)
    found = shown.status, shown.size_gib, volume.device_bytes()
    if found != ('in-use', volume.size_gib, device_bytes):
        raise findings.Failed(
            f'The extend of its neighbour left volume {volume.id} {found[0]} '
            f'with {found[1]} GiB and a device of {found[2]} bytes; it was '
            f'in-use with {volume.size_gib} GiB and {device_bytes} bytes',
            outcome=vocabulary.Outcome.INCONSISTENT,
        )
