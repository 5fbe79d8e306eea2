# SPDX-License-Identifier: Apache-2.0

"""From bytes to GiB: how big the volume is at first, and how big next."""

import dataclasses

GIB = 1024**3

#: By how much a volume of an image of unknown size grows, in GiB; what
#: Glance's cinder store does.
STEP_GIB = 1


def gib_for(size_bytes: int) -> int:
    """The smallest volume that holds so many bytes, in GiB.

    Cinder has no volume of 0 GiB: also an empty image gets one.

    :raises ValueError: the size is negative.
    """
    if size_bytes < 0:
        raise ValueError(f'a size of {size_bytes} bytes')
    return max(-(-size_bytes // GIB), 1)


@dataclasses.dataclass(frozen=True)
class SizePlan:
    """The sizes that a volume goes through.

    :param size_bytes: of the image; ``None`` if nobody knows.
    """

    size_bytes: int | None
    step_gib: int = STEP_GIB

    @property
    def first_gib(self) -> int:
        """The size to create the volume with."""
        return gib_for(self.size_bytes or 0)

    def next_gib(self, now_gib: int) -> int:
        """The size to extend to when one more byte is to be written."""
        return now_gib + self.step_gib

    @staticmethod
    def room_bytes(size_gib: int, device_bytes: int) -> int:
        """How many bytes may be written before the next extend.

        Backends round up, so a device may be larger than its volume; what
        lies past the volume's size is not part of it.
        """
        return min(size_gib * GIB, device_bytes)
