# SPDX-License-Identifier: Apache-2.0

"""Cinder's support matrix: what the documentation promises, by release.

Knows the published rows since Rocky, and upstream's INI form. Which row a
running backend is, and whether the row is right, are for others to say.
"""

import collections.abc
import configparser
import dataclasses
import difflib
import enum
import functools
import importlib.resources
import json
import pathlib
import re
import types

from extend_conformance import exceptions

OPERATION = 'operation.online_extend_support'
UPSTREAM_PATH = 'doc/source/reference/support-matrix.ini'
_DRIVER = 'driver.'
_CONTEXT = 3

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


class Value(enum.StrEnum):
    """The four values that upstream's form allows."""

    COMPLETE = 'complete'
    MISSING = 'missing'
    PARTIAL = 'partial'
    UNKNOWN = 'unknown'


@dataclasses.dataclass(frozen=True)
class Row:
    """One driver's claim about extending attached volumes.

    :param line: number of the claim's line in the INI file, from 1.
    """

    key: str
    title: str
    value: Value
    note: str | None = None
    line: int | None = None


@dataclasses.dataclass(frozen=True)
class Matrix:
    """The claims of one release, or of one file.

    :param name: the series, such as ``2026.1``, or the path of the file.
    :param path: name of the INI file in a patch of it.
    :param rows: by key.
    :param before: the lines of the INI file above the first claim.
    :param after: those below the last one.
    """

    name: str
    path: str
    rows: collections.abc.Mapping[str, Row]
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

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
            matrix=Matrix(
                name=release['series'],
                path=UPSTREAM_PATH,
                rows=types.MappingProxyType(
                    {
                        key: Row(
                            key=key,
                            title=row['title'],
                            value=Value(row['value']),
                            note=row.get('note'),
                            line=row['line'],
                        )
                        for key, row in release['rows'].items()
                    }
                ),
                before=tuple(release['lines_before']),
                after=tuple(release['lines_after']),
            ),
        )
        for release in json.loads(text)['releases']
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


def load_ini(path: pathlib.Path) -> Matrix:
    """Read a matrix in upstream's form, as its page would read it.

    :param path: a file like cinder's ``doc/source/reference/
        support-matrix.ini``; other operations in it are left alone.
    :raises UsageError: unreadable, not of that form, a value that upstream
        does not know, or a claim about a driver that is not declared.
    """
    try:
        text = path.read_text(encoding='utf-8')
    except (OSError, UnicodeError) as error:
        raise exceptions.UsageError(
            f'The matrix file {path} cannot be read: {error}',
            next_step='Name a file like the support-matrix.ini of Cinder.',
        ) from error
    return parse_ini(text, str(path))


def parse_ini(text: str, name: str, path: str | None = None) -> Matrix:
    """Read the text of a matrix in upstream's form; see :func:`load_ini`."""
    parser = configparser.ConfigParser()
    try:
        parser.read_string(text, name)
        if not parser.has_section(OPERATION):
            raise _malformed(name, None, f'has no section [{OPERATION}]')
        claims = [
            option
            for option in parser.options(OPERATION)
            if option.startswith(_DRIVER)
        ]
        lines = text.splitlines()
        rows = {}
        for option in claims:
            row = _read_row(parser, option, name, lines)
            rows[row.key] = row
    except configparser.Error as error:
        raise _malformed(
            name, _error_line(error), _first_line(error)
        ) from error
    numbers = [row.line for row in rows.values() if row.line is not None]
    first, last = (min(numbers), max(numbers)) if numbers else (1, 0)
    return Matrix(
        name=name,
        path=path or name,
        rows=types.MappingProxyType(rows),
        before=tuple(lines[max(0, first - 1 - _CONTEXT) : first - 1]),
        after=tuple(lines[last : last + _CONTEXT]),
    )


def _read_row(
    parser: configparser.ConfigParser,
    option: str,
    name: str,
    lines: list[str],
) -> Row:
    key = option.removeprefix(_DRIVER)
    line = _line_of(lines, option)
    if not parser.has_section(option):
        near = difflib.get_close_matches(option, parser.sections(), n=1)
        raise _malformed(
            name,
            line,
            f'option {option} of [{OPERATION}] has no section [{option}]'
            + (f'; the nearest is [{near[0]}]' if near else ''),
        )
    text = parser.get(OPERATION, option)
    if text not in list(Value):
        near = difflib.get_close_matches(text.lower(), list(Value), n=1)
        raise _malformed(
            name,
            line,
            f'option {option} of [{OPERATION}] is "{text}", which must be '
            f'one of {", ".join(Value)}'
            + (f'; the nearest is "{near[0]}"' if near else ''),
        )
    return Row(
        key=key,
        title=parser.get(option, 'title').strip('"'),
        value=Value(text),
        note=parser.get(OPERATION, f'driver-notes.{key}', fallback=None),
        line=line,
    )


def _line_of(lines: list[str], option: str) -> int | None:
    inside = False
    for number, line in enumerate(lines, start=1):
        if line.startswith('['):
            inside = line.startswith(f'[{OPERATION}]')
        elif inside and re.match(
            rf'{re.escape(option)}\s*[=:]', line, re.IGNORECASE
        ):
            return number
    return None


def _error_line(error: configparser.Error) -> int | None:
    if isinstance(error, configparser.ParsingError) and error.errors:
        return int(error.errors[0][0])
    line = getattr(error, 'lineno', None)
    return line if isinstance(line, int) else None


def _first_line(error: configparser.Error) -> str:
    return f'is not well formed: {str(error.message).splitlines()[0]}'


def _malformed(
    name: str, line: int | None, what: str
) -> exceptions.UsageError:
    where = name if line is None else f'{name}, line {line}'
    return exceptions.UsageError(
        f'The matrix file {where}: {what}',
        next_step=(
            f'It has to have the form of {UPSTREAM_PATH} in the source of '
            'Cinder.'
        ),
    )
