# SPDX-License-Identifier: Apache-2.0

"""Reader of a support matrix in upstream's INI form.

Follows the rules of sphinx_feature_classification, which renders Cinder's
page: configparser, a ``driver.KEY`` section for each driver, and an option of
that name in the operation. A driver may be without a claim here.
"""

import configparser
import difflib
import pathlib
import re
import types

from extend_conformance import exceptions
from extend_conformance import vocabulary
from extend_conformance.claims import matrix

_DRIVER = 'driver.'
_CONTEXT = 3


def load_ini(path: pathlib.Path) -> matrix.Matrix:
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
    return parse(text, str(path))


def parse(text: str, name: str, path: str | None = None) -> matrix.Matrix:
    """Read the text of a matrix in upstream's form; see :func:`load_ini`."""
    parser = configparser.ConfigParser()
    try:
        parser.read_string(text, name)
        if not parser.has_section(matrix.OPERATION):
            raise _malformed(
                name, None, f'has no section [{matrix.OPERATION}]'
            )
        claims = [
            option
            for option in parser.options(matrix.OPERATION)
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
    first = min(numbers, default=1) - _CONTEXT
    last = max(numbers, default=0) + _CONTEXT
    return matrix.Matrix(
        name=name,
        # A patch is applied where the file is, wherever that will be.
        path=path or pathlib.PurePath(name).name,
        rows=types.MappingProxyType(rows),
        lines=types.MappingProxyType(
            {
                number: line
                for number, line in enumerate(lines, start=1)
                if first <= number <= last
            }
        ),
    )


def _read_row(
    parser: configparser.ConfigParser,
    option: str,
    name: str,
    lines: list[str],
) -> matrix.Row:
    key = option.removeprefix(_DRIVER)
    line = _line_of(lines, option)
    if not parser.has_section(option):
        near = difflib.get_close_matches(option, parser.sections(), n=1)
        raise _malformed(
            name,
            line,
            f'option {option} of [{matrix.OPERATION}] has no section '
            f'[{option}]' + (f'; the nearest is [{near[0]}]' if near else ''),
        )
    text = parser.get(matrix.OPERATION, option)
    if text not in list(vocabulary.MatrixValue):
        near = difflib.get_close_matches(
            text.lower(), list(vocabulary.MatrixValue), n=1
        )
        raise _malformed(
            name,
            line,
            f'option {option} of [{matrix.OPERATION}] is "{text}", which must '
            f'be one of {", ".join(vocabulary.MatrixValue)}'
            + (f'; the nearest is "{near[0]}"' if near else ''),
        )
    return matrix.Row(
        key=key,
        title=parser.get(option, 'title').strip('"'),
        value=vocabulary.MatrixValue(text),
        note=parser.get(
            matrix.OPERATION, f'driver-notes.{key}', fallback=None
        ),
        line=line,
    )


def _line_of(lines: list[str], option: str) -> int | None:
    inside = False
    for number, line in enumerate(lines, start=1):
        if line.startswith('['):
            inside = line.startswith(f'[{matrix.OPERATION}]')
        elif inside and re.match(
            rf'{re.escape(option)}\s*[=:]', line, re.IGNORECASE
        ):
            return number
    return None


def _error_line(error: configparser.Error) -> int | None:
    # ParsingError alone collects several, each with its line.
    collected = getattr(error, 'errors', None)
    if collected:
        return int(collected[0][0])
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
            f'It has to have the form of {matrix.UPSTREAM_PATH} in the '
            'source of Cinder.'
        ),
    )
