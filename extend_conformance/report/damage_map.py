# SPDX-License-Identifier: Apache-2.0

"""Where on a volume the damage is, as a strip and in words."""

import collections.abc
import dataclasses

from extend_conformance.results import model

GIB = 1 << 30

#: The strip is as many units wide; every damaged unit is shown, however
#: small the damage in it.
WIDTH = 500

#: Extents that are told in words.
LISTED = 20


@dataclasses.dataclass(frozen=True, kw_only=True)
class Extent:
    """Damaged units of the strip, all of one kind."""

    start: int
    width: int
    kind: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Strip:
    """A volume from its first to its last byte.

    :param size_gib: of the volume, as far as it is known from the results.
    :param old_end: where the volume ended before the extend, in units of
        the strip; ``None`` if it is not known or does not matter.
    :param old_size_gib: the same in GiB.
    :param total_bytes: how much is damaged in all, by kind.
    :param unlisted: how many extents are beyond ``listed``.
    """

    size_gib: int
    old_end: int | None
    old_size_gib: int | None
    extents: tuple[Extent, ...]
    total_bytes: collections.abc.Mapping[str, int]
    listed: tuple[model.Damage, ...]
    unlisted: int


def strip(
    damage: collections.abc.Sequence[model.Damage],
    measurement: model.Measurement | None,
) -> Strip | None:
    """Map damage to a strip; ``None`` if there is none.

    :param measurement: tells the sizes of the volume. Damage beyond them
        belongs to a larger volume, whose old end is not known.
    """
    if not damage:
        return None
    last = max(one.offset_bytes + one.length_bytes for one in damage)
    size_gib = -(-last // GIB)
    old_gib = None
    if measurement is not None and measurement.size_wanted_gib is not None:
        if size_gib <= measurement.size_wanted_gib:
            old_gib = measurement.size_before_gib
        size_gib = max(size_gib, measurement.size_wanted_gib)
    size_bytes = size_gib * GIB
    totals: dict[str, int] = {}
    units: dict[int, str] = {}
    for one in sorted(damage, key=lambda one: one.offset_bytes):
        totals[one.kind] = totals.get(one.kind, 0) + one.length_bytes
        first = one.offset_bytes * WIDTH // size_bytes
        end = one.offset_bytes + one.length_bytes - 1
        for unit in range(first, end * WIDTH // size_bytes + 1):
            units.setdefault(unit, one.kind)
    return Strip(
        size_gib=size_gib,
        old_end=None if old_gib is None else old_gib * WIDTH // size_gib,
        old_size_gib=old_gib,
        extents=_extents(units),
        total_bytes=totals,
        listed=tuple(damage[:LISTED]),
        unlisted=max(0, len(damage) - LISTED),
    )


def _extents(
    units: collections.abc.Mapping[int, str],
) -> tuple[Extent, ...]:
    found: list[Extent] = []
    for unit, kind in sorted(units.items()):
        last = found[-1] if found else None
        if last and last.kind == kind and last.start + last.width == unit:
            found[-1] = dataclasses.replace(last, width=last.width + 1)
        else:
            found.append(Extent(start=unit, width=1, kind=kind))
    return tuple(found)


def amount(size_bytes: int) -> str:
    """A number of bytes for a reader, exact where it is a round one."""
    for unit, name in ((GIB, 'GiB'), (1 << 20, 'MiB'), (1 << 10, 'KiB')):
        if size_bytes >= unit:
            value = size_bytes / unit
            return (
                f'{value:.0f} {name}'
                if value.is_integer()
                else (f'{value:.2f} {name}')
            )
    return f'{size_bytes} bytes'
