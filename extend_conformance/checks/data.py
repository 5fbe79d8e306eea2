# SPDX-License-Identifier: Apache-2.0

"""What becomes of the data in a volume that is extended while attached."""

from extend_conformance import vocabulary
from extend_conformance.checks import registry
from extend_conformance.probes import context as contexts
from extend_conformance.probes import findings
from extend_conformance.probes import stamped

_GIB = stamped.GIB
_MIB = stamped.MIB


@registry.check(
    'data-old-intact',
    '9a44512f-0d2f-41b6-bf9f-91542f0bf461',
    level=vocabulary.Level.MUST,
    applies=vocabulary.Applies.WHERE_SUPPORTED,
    needs=[vocabulary.Need.HOST],
    profile=vocabulary.Profile.QUICK,
    first_extend=vocabulary.FirstExtend.JUDGED,
    typical_s=0,
)
def data_old_intact(context: contexts.Context) -> None:
    """Every block written before the extend is unchanged after it.

    The whole old area is read past every cache, right after the extend and
    once more after detach and attach.
    """
    first = context.first_extend
    if first.damage:
        raise findings.Failed(
            first.explanation,
            outcome=vocabulary.Outcome.DATA_DAMAGED,
            damage=first.damage,
            request_id=first.request_id,
        )
    if first.outcome != vocabulary.Outcome.SUPPORTED:
        raise findings.CouldNotTest(
            f'The data was not read back: {first.explanation}',
            cause=vocabulary.Cause.of_outcome(context.outcome),
        )


@registry.check(
    'data-boundary',
    '51f63caa-4998-4efc-a284-74f216be75c3',
    level=vocabulary.Level.MUST,
    applies=vocabulary.Applies.WHERE_SUPPORTED,
    needs=[vocabulary.Need.HOST],
    typical_s=7,
    room_gib=2,
)
def data_boundary(context: contexts.Context) -> None:
    """One write across the old end is read back whole after reattach.

    What was written on either side of it before the extend, and after it
    once more, is still there, after a first and after a second detach and
    attach.
    """
    volume = stamped.StampedVolume(context)
    volume.attach()
    old_end = volume.size_gib * _GIB
    volume.sprinkle(0, old_end)
    volume.stamp(old_end - 4 * _MIB, 4 * _MIB)
    volume.grow(volume.size_gib + 1)
    volume.must_hold_written('before anything is written after the extend')
    context.step('write a block in each MiB of the old area once more')
    volume.sprinkle(0, old_end - 4 * _MIB, generation=2)
    context.step('write 2 MiB at once, half of it behind the old end')
    volume.stamp(old_end - _MIB, 2 * _MIB, generation=2)
    volume.must_hold_written('right after a write across the old end')
    volume.reattach()
    volume.must_hold_only_written(
        'after a write across the old end, detach and attach'
    )
    volume.reattach()
    volume.must_hold_written(
        'after a write across the old end and a second detach and attach'
    )


@registry.check(
    'data-new-area-writable',
    'b06a1801-eae7-47d0-a613-4d038a4b40f9',
    level=vocabulary.Level.MUST,
    applies=vocabulary.Applies.WHERE_SUPPORTED,
    needs=[vocabulary.Need.HOST],
    budget_s=120,
    typical_s=5,
    room_gib=2,
)
def data_new_area_writable(context: contexts.Context) -> None:
    """The whole new area holds what was written to it, after reattach.

    And none of it has come to the old area.
    """
    volume = stamped.StampedVolume(context)
    volume.attach()
    old_end = volume.size_gib * _GIB
    volume.sprinkle(0, old_end)
    volume.grow(volume.size_gib + 1)
    context.step('write the whole new area with stamped blocks')
    volume.stamp(old_end)
    volume.reattach()
    volume.must_hold_only_written(
        'with the whole new area written, after detach and attach'
    )


@registry.check(
    'data-new-area-clean',
    '3a8146f9-b728-4e24-b847-9e832fb2860e',
    level=vocabulary.Level.MUST,
    applies=vocabulary.Applies.WHERE_SUPPORTED,
    needs=[vocabulary.Need.HOST],
    budget_s=120,
    typical_s=8,
    volumes=2,
    room_gib=3,
)
def data_new_area_clean(context: contexts.Context) -> None:
    """The unwritten new area never shows data of another volume.

    A volume is written whole and deleted, another one is extended twice, and
    its new area is read for what was deleted: before anything is written
    there, and around some blocks that were.
    """
    deleted = _marked(context)
    volume = stamped.StampedVolume(
        context, others={deleted.id: 'which was deleted before the extend'}
    )
    volume.attach()
    old_end = volume.size_gib * _GIB
    deleted.detach()
    context.step(f'delete volume {deleted.id}')
    context.resources.delete_volume(deleted.id)
    for size_gib in (2, 3):
        end = volume.size_gib * _GIB
        volume.grow(size_gib)
        volume.must_hold_only_written(
            f'in its unwritten new area of the extend to {size_gib} GiB',
            offset_bytes=end,
        )
        # Thin pools hand out more than what is written, in larger pieces.
        volume.sprinkle(end, _GIB, step_bytes=16 * _MIB)
    volume.reattach()
    volume.must_hold_only_written(
        'around some blocks written in its new area, after detach and attach',
        offset_bytes=old_end,
    )


def _marked(context: contexts.Context) -> stamped.StampedVolume:
    """A volume that is attached, and written whole."""
    volume = stamped.StampedVolume(context)
    volume.attach()
    context.step(f'write volume {volume.id} whole with stamped blocks')
    volume.stamp()
    return volume


@registry.check(
    'data-durable-after-detach',
    'ccd892fe-9da9-4a64-ad8a-dbed526e46d4',
    level=vocabulary.Level.MUST,
    applies=vocabulary.Applies.ALWAYS,
    needs=[vocabulary.Need.HOST],
    typical_s=3,
    room_gib=1,
)
def data_durable_after_detach(context: contexts.Context) -> None:
    """What was written and flushed before detach is there after attach.

    Written once, and part of it a second time after detach and attach. No
    extend is asked for.
    """
    volume = stamped.StampedVolume(context)
    volume.attach()
    whole = volume.size_gib * _GIB
    context.step('write 8 MiB at either end, and a block in each MiB')
    volume.sprinkle(0, whole)
    volume.stamp(0, 8 * _MIB)
    volume.stamp(whole - 8 * _MIB)
    volume.reattach()
    volume.must_hold_written('after detach and attach')
    context.step('write a part of it once more')
    volume.sprinkle(0, whole, step_bytes=2 * _MIB, generation=2)
    volume.stamp(0, 4 * _MIB, generation=2)
    volume.reattach()
    volume.must_hold_written('written again, after detach and attach')
