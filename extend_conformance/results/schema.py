# SPDX-License-Identifier: Apache-2.0

"""The JSON schema of results, which versions are read, and what is wrong.

The schema is made from the model and published in a file beside this one::

    python -m extend_conformance.results.schema > \
        extend_conformance/results/results-v1.schema.json

Turning files into documents is left to ``storage``.
"""

import collections.abc
import json
import typing as ty

import pydantic
import pydantic.json_schema

from extend_conformance import exceptions
from extend_conformance.results import model

#: How a document of an older version becomes one of the next version, by
#: the older version's number. There is no older version yet.
UPGRADES: collections.abc.Mapping[
    int, collections.abc.Callable[[dict[str, ty.Any]], dict[str, ty.Any]]
] = {}

#: Name of the file that the schema is published in.
FILE_NAME: ty.Final = f'results-v{model.SCHEMA_VERSION}.schema.json'

#: What may be in a file: of a whole run, and of a part of one.
FORMS: ty.Final[tuple[type, ...]] = (
    model.Results,
    model.RunPart,
    model.BackendPart,
    model.CheckPart,
    model.SamplePart,
)

_Form = ty.TypeVar('_Form')


class _Generator(pydantic.json_schema.GenerateJsonSchema):
    """Without titles of fields, which would only repeat their names."""

    def field_title_should_be_set(self, schema: ty.Any) -> bool:
        return False


def document() -> dict[str, ty.Any]:
    """The JSON schema (draft 2020-12) of what is written."""
    references, schema = pydantic.TypeAdapter.json_schemas(
        [(form, 'validation', pydantic.TypeAdapter(form)) for form in FORMS],
        schema_generator=_Generator,
    )
    definitions = schema['$defs']
    for form in FORMS:
        # A value has it by itself, a file has to say it.
        definitions[form.__name__]['required'].append('schema_version')
    return {
        '$schema': _Generator.schema_dialect,
        '$id': f'urn:extend-conformance:results:{model.SCHEMA_VERSION}',
        'title': 'results.json of extend-conformance, schema version '
        f'{model.SCHEMA_VERSION}',
        **references[model.Results, 'validation'],
        '$defs': definitions,
    }


def text() -> str:
    """The JSON schema as it stands in its file."""
    return json.dumps(document(), indent=2) + '\n'


def current(value: ty.Any, where: str) -> dict[str, ty.Any]:
    """Bring a document to the current version.

    :param where: the file, for the error.
    :raises extend_conformance.exceptions.UsageError: if it is not a
        document of results, or is of a newer version.
    """
    version = value.get('schema_version') if isinstance(value, dict) else None
    if not isinstance(version, int) or isinstance(version, bool):
        raise exceptions.UsageError(
            'This is not a document of results: it has no schema_version',
            resource=where,
        )
    document: dict[str, ty.Any] = value
    while version in UPGRADES:
        document = UPGRADES[version](document)
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
    return document


def structured(value: ty.Any, form: type[_Form], where: str) -> _Form:
    """Make a value of the model of a document of any version.

    :param form: one of :data:`FORMS`.
    :param where: the file, for the error.
    :raises extend_conformance.exceptions.UsageError: as :func:`current`, or
        if the document breaks the schema or contradicts itself.
    """
    document = current(value, where)
    # As JSON, where a word is text and a tuple is an array, but still no
    # text is a number. What UTF-8 cannot hold is as in the model.
    encoded = json.dumps(document, ensure_ascii=False).encode(errors='replace')
    try:
        return pydantic.TypeAdapter(form).validate_json(encoded)
    except pydantic.ValidationError as error:
        raise exceptions.UsageError(
            f'The results break their schema at {_problem(error, document)}',
            resource=where,
        ) from error


def _problem(
    error: pydantic.ValidationError, document: dict[str, ty.Any]
) -> str:
    """The first thing that is wrong: its place, its value and why."""
    first = error.errors(include_url=False)[0]
    place = _place(first['loc'], document)
    why = first['msg'].removeprefix('Value error, ')
    if first['type'] == 'unexpected_keyword_argument':
        why = 'there is no such key'
    found = first['input']
    if isinstance(found, (str, int, float)):
        place = f'{place}: {_shortened(repr(found))}'
    return f'{place}: {_shortened(why)}'


def _shortened(words: str) -> str:
    return words if len(words) <= 200 else f'{words[:90]} [...] {words[-90:]}'


def _place(
    steps: collections.abc.Sequence[str | int], document: ty.Any
) -> str:
    """For example ``checks[3].verdict``.

    :param steps: also name members of unions, which no document has.
    """
    place = ''
    for number, step in enumerate(steps, start=1):
        if isinstance(step, int) and isinstance(document, list):
            place += f'[{step}]'
            document = document[step] if step < len(document) else None
        elif isinstance(document, dict) and (
            step in document or number == len(steps)
        ):
            place += f'.{step}'
            document = document.get(step)
    return place.lstrip('.') or 'the document'


if __name__ == '__main__':
    print(text(), end='')
