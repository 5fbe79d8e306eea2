# SPDX-License-Identifier: Apache-2.0

"""How large an image may become before something says no.

An image that does not end must not fill a backend that others use, so there
is always a limit where one can be known.
"""

import dataclasses
import math

from extend_conformance.cloud import block_storage
from extend_conformance.cloud import views
from extend_conformance.impl import sizes


@dataclasses.dataclass(frozen=True)
class Room:
    """The size that volumes may have, and who says so.

    :param size_gib: ``None`` if nobody knows a limit.
    """

    size_gib: int | None
    reason: str

    @property
    def size_bytes(self) -> int | None:
        """The size that the image may have."""
        return None if self.size_gib is None else self.size_gib * sizes.GIB


def room_for(
    storage: block_storage.BlockStorage,
    volume_type: str | None,
    admin: block_storage.BlockStorage | None = None,
) -> Room:
    """What there is room for in one volume, at this moment.

    :param volume_type: of the volume that is to be made; ``None`` for the
        default type.
    :param admin: sees pools; without it only the quota is asked.
    """
    quota = storage.quota()
    known = _left(quota, volume_type, admin)
    if quota.volume_gib is not None:
        known.append(
            (quota.volume_gib, 'the quota of gigabytes of one volume')
        )
    return _least(known)


def room_for_all(
    storage: block_storage.BlockStorage,
    volume_type: str | None,
    admin: block_storage.BlockStorage | None = None,
) -> Room:
    """What there is room for in any number of volumes; as above."""
    return _least(_left(storage.quota(), volume_type, admin))


def _least(known: list[tuple[int, str]]) -> Room:
    return Room(*min(known)) if known else Room(None, 'no limit is known')


def _left(
    quota: views.Quota,
    volume_type: str | None,
    admin: block_storage.BlockStorage | None,
) -> list[tuple[int, str]]:
    """What quota and pool have left, in GiB, and which of them it is."""
    known: list[tuple[int, str]] = []
    if quota.gigabytes.free is not None:
        known.append(
            (quota.gigabytes.free, 'what is left of the quota of gigabytes')
        )
    if volume_type is not None and volume_type in quota.by_type:
        of_type = quota.by_type[volume_type].free
        if of_type is not None:
            known.append(
                (of_type, f'what is left of the quota of type {volume_type}')
            )
    if admin is not None:
        # Unknown capacities do not limit, the scheduler takes them so, too.
        free_gib = [
            math.inf if pool.free_gib is None else pool.free_gib
            for pool in admin.pools(volume_type)
        ]
        largest_gib = max(free_gib, default=math.inf)
        if math.isfinite(largest_gib):
            known.append((math.floor(largest_gib), 'what is free in the pool'))
    return known
