# SPDX-License-Identifier: Apache-2.0

"""Places that stand for an area which is too large to be written whole.

Chosen, not drawn by lot, so that two runs look at the same places. What is
written there is left to ``stamped``.
"""

import typing as ty

from extend_conformance.probes import blocks

_MIB = 1024**2
_GIB = 1024**3
_MIB_PER_GIB = _GIB // _MIB
#: Numbers of the MiB of a GiB that are covered whole.
_WHOLE = (0, _MIB_PER_GIB // 2 - 1, _MIB_PER_GIB // 2, _MIB_PER_GIB - 1)
_GRID = 16


class Extent(ty.NamedTuple):
    """A part of a volume, in whole blocks of 4 KiB."""

    offset_bytes: int
    length_bytes: int


def spread(first_gib: int, end_gib: int) -> tuple[Extent, ...]:
    """Extents in every GiB from ``first_gib`` up to, not with, ``end_gib``.

    Of each GiB the first and the last MiB and the two in the middle are
    covered whole, and of every sixteenth other one the first block: where
    extends go wrong, and enough besides for damage that is wide or regular.
    Denser is not quicker than everything, since each read waits once.

    :returns: in the order of their offsets, without overlap; 4 MiB of each
        GiB.
    """
    return tuple(
        Extent(gib * _GIB + mib * _MIB, length)
        for gib in range(first_gib, end_gib)
        for mib in range(_MIB_PER_GIB)
        if (length := _length(mib))
    )


def _length(mib: int) -> int:
    if mib in _WHOLE:
        return _MIB
    return 0 if mib % _GRID else blocks.BLOCK_BYTES
