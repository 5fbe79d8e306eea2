# SPDX-License-Identifier: Apache-2.0

"""Cinder's support matrix: what the documentation promises, by release.

Knows the published rows since Rocky; a matrix of one's own is read by
``matrix_ini``. Which row a running backend is, and whether the row is right,
are for others to say.
"""

import collections.abc
import dataclasses
import difflib
import enum
import functools
import importlib.resources
import json
import re
import types
import typing as ty

from extend_conformance import exceptions
from extend_conformance import vocabulary

OPERATION = 'operation.online_extend_support'
UPSTREAM_PATH = 'doc/source/reference/support-matrix.ini'

# Keys that were renamed, or divided, while the driver stayed: old key to new
# keys. Found by comparing the rows of neighbouring releases.
_RENAMED = {
    'dell_emc_vxflexos': ('dell_emc_powerflex',),
    'dell_emc_xtremeio': ('dell_emc_xtremio',),
    'hpe_mmsa': ('hpe_msa',),
    'netapp_ontap': (
        'netapp_ontap_iscsi_fc',
        'netapp_ontap_nfs',
        'netapp_ontap_nvme_tcp',
    ),
    'nimble': ('hpe_nimble',),
    'toyou': ('toyou_netstor',),
}

# The names that OpenStack gives to its date-numbered releases besides.
_CODE_NAMES = {
    'antelope': '2023.1',
    'bobcat': '2023.2',
    'caracal': '2024.1',
    'dalmatian': '2024.2',
    'epoxy': '2025.1',
    'flamingo': '2025.2',
    'gazpacho': '2026.1',
}


@dataclasses.dataclass(frozen=True)
class Row:
    """One driver's claim about extending attached volumes.

    :param line: number of the claim's line in the INI file, from 1.
    """

    key: str
    title: str
    value: vocabulary.MatrixValue
    note: str | None = None
    line: int | None = None


@dataclasses.dataclass(frozen=True)
class Matrix:
    """The claims of one release, or of one file.

    :param name: the series, such as ``2026.1``, or the path of the file.
    :param path: name of the INI file in a patch of it.
    :param rows: by key.
    :param lines: what is known of the lines of the INI file, by number from
        1: those of the claims, and three above and below them.
    """

    name: str
    path: str
    rows: collections.abc.Mapping[str, Row]
    lines: collections.abc.Mapping[int, str] = dataclasses.field(
        default_factory=dict
    )

    def find(self, key: str) -> tuple[Row, ...]:
        """Return the row of this key, under whatever name it has here.

        :returns: one row; several if the key was divided into them since;
            none if this matrix does not have the driver.
        """
        if key in self.rows:
            return (self.rows[key],)
        older = [old for old, new in _RENAMED.items() if key in new]
        candidates = (*_RENAMED.get(key, ()), *older)
        return tuple(
            self.rows[name] for name in candidates if name in self.rows
        )

    def nearest_key(self, key: str) -> str | None:
        """Return the key that looks most like this one."""
        found = difflib.get_close_matches(key, self.rows, n=1)
        return found[0] if found else None


@dataclasses.dataclass(frozen=True)
class Release:
    """One Cinder series and its matrix.

    :param series: ``rocky`` to ``zed``, ``2023.1`` and later.
    :param cinder_version: the release of cinder that was read.
    :param max_microversion: the highest that this series answers to.
    """

    series: str
    cinder_version: str
    max_microversion: str
    sdist_sha256: str
    matrix: Matrix


class Change(enum.StrEnum):
    """How a row differs between two matrices."""

    ADDED = 'added'
    REMOVED = 'removed'
    CHANGED = 'changed'
    RENAMED = 'renamed'


@dataclasses.dataclass(frozen=True)
class Difference:
    """A row that is not the same in two matrices.

    :param change: ``renamed`` only if the value stayed the same.
    """

    change: Change
    old: Row | None
    new: Row | None


@functools.cache
def releases() -> tuple[Release, ...]:
    """Return every Cinder series since Rocky, oldest first."""
    text = (
        importlib.resources.files('extend_conformance.claims')
        .joinpath('online_extend_matrix.json')
        .read_text(encoding='utf-8')
    )
    return tuple(
        Release(
            series=release['series'],
            cinder_version=release['cinder_version'],
            max_microversion=release['max_microversion'],
            sdist_sha256=release['sdist_sha256'],
            matrix=_matrix(release),
        )
        for release in json.loads(text)['releases']
    )


def _matrix(release: collections.abc.Mapping[str, ty.Any]) -> Matrix:
    rows = {
        key: Row(
            key=key,
            title=row['title'],
            value=vocabulary.MatrixValue(row['value']),
            note=row.get('note'),
            line=row['line'],
        )
        for key, row in release['rows'].items()
    }
    # The generator has made sure that a claim's line is just this.
    lines = {
        row['line']: f'driver.{key}={row["value"]}'
        for key, row in release['rows'].items()
    }
    first, last = min(lines), max(lines)
    before = release['lines_before']
    lines.update(enumerate(before, start=first - len(before)))
    lines.update(enumerate(release['lines_after'], start=last + 1))
    return Matrix(
        name=release['series'],
        path=UPSTREAM_PATH,
        rows=types.MappingProxyType(rows),
        lines=types.MappingProxyType(lines),
    )


def load_release(name: str) -> Release:
    """Return one Cinder series.

    :param name: the series (``2026.1``, ``zed``), a code name
        (``gazpacho``), or a version of cinder (``28.0.0``, ``28``); upper
        or lower case.
    :raises UsageError: no such series is known.
    """
    wanted = name.strip().lower()
    wanted = _CODE_NAMES.get(wanted, wanted)
    known = releases()
    for release in known:
        major = release.cinder_version.partition('.')[0]
        if wanted == release.series or re.fullmatch(
            rf'{major}(\.\d+){{0,2}}', wanted
        ):
            return release
    names = [*(release.series for release in known), *_CODE_NAMES]
    near = difflib.get_close_matches(wanted, names, n=1)
    raise exceptions.UsageError(
        f'No Cinder release "{name}" is known',
        next_step=(
            (f'Did you mean "{near[0]}"? ' if near else '')
            + f'Known are {known[0].series} to {known[-1].series}.'
        ),
    )


def candidate_releases(max_microversion: str) -> tuple[Release, ...]:
    """Return the series whose maximum microversion this is, oldest first.

    Several series share one: a maximum of 3.71 is that of all since 2024.1.

    :param max_microversion: of the cloud's Block Storage API.
    :returns: none if no known series has it, as that of a newer one.
    """
    return tuple(
        release
        for release in releases()
        if release.max_microversion == max_microversion
    )


def diff(old: Matrix, new: Matrix) -> tuple[Difference, ...]:
    """Compare two matrices, following renamed keys; ordered by key."""
    found = []
    followed: set[str] = set()
    for key, row in old.rows.items():
        successors = tuple(
            successor
            for successor in new.find(key)
            if successor.key == key or successor.key not in old.rows
        )
        followed.update(successor.key for successor in successors)
        if not successors:
            found.append(Difference(Change.REMOVED, row, None))
        for successor in successors:
            if successor.value is not row.value:
                found.append(Difference(Change.CHANGED, row, successor))
            elif successor.key != key:
                found.append(Difference(Change.RENAMED, row, successor))
    for key, row in new.rows.items():
        if key not in followed:
            found.append(Difference(Change.ADDED, None, row))
    return tuple(sorted(found, key=_difference_key))


def _difference_key(difference: Difference) -> tuple[str, ...]:
    return tuple(
        row.key for row in (difference.old, difference.new) if row is not None
    )
