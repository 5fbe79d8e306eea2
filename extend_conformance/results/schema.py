# SPDX-License-Identifier: Apache-2.0

"""What a document of results must look like, and which versions are read.

The JSON schema beside this file is the published contract; turning documents
into values of the model, and files into documents, is left to ``storage``.
"""

import collections.abc
import functools
import importlib.resources
import json
import typing as ty

import jsonschema
import jsonschema.exceptions

from extend_conformance import exceptions
from extend_conformance.results import model

#: How a document of an older version becomes one of the next version, by
#: the older version's number. There is no older version yet.
UPGRADES: collections.abc.Mapping[
    int, collections.abc.Callable[[dict[str, ty.Any]], dict[str, ty.Any]]
] = {}


@functools.cache
def document() -> dict[str, ty.Any]:
    """The JSON schema (draft 2020-12) of the version that is written."""
    name = f'results-v{model.SCHEMA_VERSION}.schema.json'
    text = importlib.resources.files(__package__).joinpath(name).read_text()
    return dict(json.loads(text))


@functools.cache
def _validator(part: str | None) -> jsonschema.Draft202012Validator:
    schema = document()
    if part is not None:
        schema = {
            '$schema': schema['$schema'],
            '$ref': f'#/$defs/{part}Part',
            '$defs': schema['$defs'],
        }
    return jsonschema.Draft202012Validator(schema)


def problem(value: ty.Any, part: str | None = None) -> str | None:
    """What is wrong with a document of the current version.

    :param part: ``run``, ``backend``, ``check`` or ``sample`` for a file of
        the directory ``results/``; ``None`` for ``results.json``.
    :returns: a sentence without full stop that begins with the place, or
        ``None`` if nothing is wrong.
    """
    error = jsonschema.exceptions.best_match(
        _validator(part).iter_errors(value)
    )
    if error is None:
        return None
    message = error.message
    if len(message) > 200:
        message = f'{message[:90]} [...] {message[-90:]}'
    return f'{_place(error.absolute_path)}: {message}'


def _place(path: collections.abc.Iterable[str | int]) -> str:
    place = ''
    for step in path:
        place += f'[{step}]' if isinstance(step, int) else f'.{step}'
    return place.lstrip('.') or 'the document'


def current(value: ty.Any, where: str, part: str | None = None) -> ty.Any:
    """Bring a document to the current version and hold it to the schema.

    :param where: the file, for the error.
    :param part: as for :func:`problem`.
    :raises extend_conformance.exceptions.UsageError: if it is not a
        document of results, is of a newer version, or breaks the schema.
    """
    version = value.get('schema_version') if isinstance(value, dict) else None
    if not isinstance(version, int) or isinstance(version, bool):
        raise exceptions.UsageError(
            'This is not a document of results: it has no schema_version',
            resource=where,
        )
    while version in UPGRADES:
        value = UPGRADES[version](value)
        version += 1
    if version != model.SCHEMA_VERSION:
        raise exceptions.UsageError(
            'The results are of a schema version that is not known here',
            resource=where,
            wanted=f'at most {model.SCHEMA_VERSION}',
            last=str(version),
            next_step='Read them with the version of extend-conformance that '
            'wrote them, or a newer one.',
        )
    wrong = problem(value, part)
    if wrong is not None:
        raise exceptions.UsageError(
            f'The results break their schema at {wrong}', resource=where
        )
    return value
