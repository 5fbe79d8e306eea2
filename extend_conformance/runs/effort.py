# SPDX-License-Identifier: Apache-2.0

"""What a plan takes: time, and room in quota and pools.

Told before anything is made. How much room there is, is found in
``impl.room``.
"""

import collections.abc
import dataclasses

from extend_conformance import exceptions
from extend_conformance.cloud import block_storage
from extend_conformance.impl import room
from extend_conformance.runs import profiles

#: Seconds that the first extend of a backend takes, which many checks judge.
_FIRST_EXTEND_S = 6


@dataclasses.dataclass(frozen=True, kw_only=True)
class Effort:
    """What checks take that run one after the other.

    :param typical_s: seconds on a good backend of the sandbox.
    :param limit_s: seconds if each check takes all that it may.
    :param volumes: how many are needed at one time.
    :param room_gib: GiB of one volume type that are needed at one time.
    :param neediest: the check that needs these GiB.
    """

    checks: int
    typical_s: float
    limit_s: float
    volumes: int
    room_gib: int
    neediest: str


def of_plan(
    plan: profiles.Plan,
    volume_types: collections.abc.Sequence[str],
    extend_timeout_s: float,
) -> Effort:
    """What a whole plan takes.

    :param extend_timeout_s: seconds that each check may wait for extends in
        addition; see ``context.Settings``.
    :raises UsageError: the plan is empty.
    """
    checks = [check for check, _ in plan.work(volume_types)]
    if not checks:
        raise exceptions.UsageError('Nothing is planned')
    neediest = max(checks, key=lambda check: check.room_gib)
    return Effort(
        checks=len(checks),
        typical_s=sum(check.typical_s for check in checks)
        + _FIRST_EXTEND_S * len(volume_types),
        limit_s=sum(check.budget_s + extend_timeout_s for check in checks),
        volumes=max(check.volumes for check in checks),
        room_gib=neediest.room_gib,
        neediest=neediest.id,
    )


def must_have_room(
    effort: Effort,
    volume_types: collections.abc.Iterable[str],
    member: block_storage.BlockStorage,
    admin: block_storage.BlockStorage | None = None,
) -> None:
    """Make sure that quota and pools have room for the neediest check.

    :param admin: sees pools; without it only the quota is asked.
    :raises NotTestable: they have not; says what there is and what it takes.
    """
    free = member.quota().volumes.free
    if free is not None and free < effort.volumes:
        raise exceptions.NotTestable(
            'The quota has no room for the volumes of a check',
            wanted=f'{effort.volumes} volumes at a time',
            last=f'{free} free',
            next_step='Delete volumes of the project, or raise its quota.',
        )
    for volume_type in volume_types:
        found = room.room_for_all(member, volume_type, admin)
        if found.size_gib is not None and found.size_gib < effort.room_gib:
            raise exceptions.NotTestable(
                f'There is no room for what {effort.neediest} needs: the '
                f'limit is {found.reason}',
                resource=f'volume type {volume_type}',
                wanted=f'{effort.room_gib} GiB at a time',
                last=f'{found.size_gib} GiB free',
                next_step='Make room there, or choose a smaller profile.',
            )
