# SPDX-License-Identifier: Apache-2.0

"""The strict form of a claims file: what is wrong in it, and in which line.

The form itself is the JSON schema beside this file. What the entries mean is
known to ``claims_file``.
"""

import collections.abc
import contextlib
import difflib
import functools
import importlib.resources
import json
import pathlib
import typing as ty

import jsonschema

from extend_conformance import exceptions

#: Types of JSON schema in words of YAML.
_KINDS = {
    'array': 'a list',
    'number': 'a number',
    'object': 'keys with values',
    'string': 'text (in quotes if it looks like a number)',
}
_EXAMPLE = 'The documentation, "Claims", shows every key.'


def check(path: pathlib.Path, document: ty.Any) -> None:
    """Hold a document, read with its line numbers, against the schema.

    :raises UsageError: it does not fit; names the first line that does not.
    """
    errors = jsonschema.Draft202012Validator(_schema()).iter_errors(document)
    found = [
        (line_of(document, tuple(error.absolute_path)), error)
        for error in errors
    ]
    if found:
        # A misspelt key is also a missing one; the mistake is the first.
        _, error = min(
            found,
            key=lambda pair: (pair[0], pair[1].validator == 'required'),
        )
        raise _explain(path, document, error)


def wrong_check(
    path: pathlib.Path,
    document: ty.Any,
    where: tuple[str | int, ...],
    allowed: collections.abc.Collection[str],
) -> exceptions.UsageError:
    """An error about a key, the last part of a place, that is no check."""
    *_, parent, name = where
    return wrong_file(
        path,
        line_of(document, where),
        f'{parent}: "{name}" is no check',
        _nearest(name, allowed),
    )


def line_of(document: ty.Any, where: tuple[str | int, ...]) -> int:
    """Return the line, from 1, of a key or an item."""
    line = 0
    node = document
    for part in where:
        # What a YAML merge key brings has no line; that of its parent is it.
        with contextlib.suppress(KeyError, TypeError):
            position = node.lc
            line = (
                position.item(part)[0]
                if isinstance(part, int)
                else position.key(part)[0]
            )
        node = node[part]
    return int(line) + 1


def wrong_file(
    path: pathlib.Path,
    line: int | None,
    what: str,
    next_step: str = _EXAMPLE,
) -> exceptions.UsageError:
    where = str(path) if line is None else f'{path}, line {line}'
    return exceptions.UsageError(
        f'The claims file {where}: {what}', next_step=next_step
    )


@functools.cache
def _schema() -> ty.Any:
    return json.loads(
        importlib.resources.files('extend_conformance.claims')
        .joinpath('claims_file.schema.json')
        .read_text(encoding='utf-8')
    )


def _explain(
    path: pathlib.Path, document: ty.Any, error: ty.Any
) -> exceptions.UsageError:
    """Turn a ValidationError of jsonschema into a sentence with its line."""
    where = tuple(error.absolute_path)
    name = '.'.join(part for part in where if isinstance(part, str))
    line = line_of(document, where)
    shown = json.dumps(error.instance, default=str)
    if error.validator == 'additionalProperties':
        allowed = list(error.schema['properties'])
        bad = next(key for key in error.instance if key not in allowed)
        return wrong_file(
            path,
            line_of(document, (*where, bad)),
            f'"{bad}" is no key here',
            _nearest(bad, allowed),
        )
    if error.validator == 'enum':
        allowed = list(error.validator_value)
        return wrong_file(
            path,
            line,
            f'{name} is {shown}, which must be one of {", ".join(allowed)}',
            _nearest(error.instance, allowed),
        )
    if error.validator == 'required':
        return wrong_file(path, line, 'the entry has no volume_type')
    wanted = {
        'type': _either(
            error.validator_value if error.validator == 'type' else []
        ),
        'minLength': 'not empty',
        'uniqueItems': 'without repetition',
        'pattern': 'the URL of a bug (https://...)',
    }[error.validator]
    return wrong_file(
        path, line, f'{name or "the whole"} is {shown}, which must be {wanted}'
    )


def _nearest(word: object, allowed: collections.abc.Collection[str]) -> str:
    near = difflib.get_close_matches(str(word).lower(), allowed, n=1)
    if near:
        return f'Did you mean "{near[0]}"?'
    return f'Known are {", ".join(sorted(allowed))}.'


def _either(names: str | list[str]) -> str:
    listed = [names] if isinstance(names, str) else names
    return ' or '.join(_KINDS[name] for name in listed if name in _KINDS)
