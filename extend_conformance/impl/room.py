# SPDX-License-Identifier: Apache-2.0

"""How large an image may become before something says no.

An image that does not end must not fill a backend that others use, so there
is always a limit where one can be known.
"""

import dataclasses
import math

from extend_conformance.cloud import block_storage
from extend_conformance.impl import sizes


@dataclasses.dataclass(frozen=True)
class Room:
    """The size that an image volume may have, and who says so.

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
    """What quota and pool have room for, at this moment.

    :param volume_type: of the volume that is to be made; ``None`` for the
        default type.
    :param admin: sees pools; without it only the quota is asked.
    """
    quota = storage.quota()
    known: list[tuple[int, str]] = []
    for free, reason in (
        (quota.gigabytes.free, 'what is left of the quota of gigabytes'),
        (quota.volume_gib, 'the quota of gigabytes of one volume'),
    ):
        if free is not None:
            known.append((free, reason))
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
    if not known:
        return Room(None, 'no limit is known')
    return Room(*min(known))
