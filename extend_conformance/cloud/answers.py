# SPDX-License-Identifier: Apache-2.0

"""What the answers of the APIs have to hold for this project to read them.

Whatever is between here and the service may answer JSON that is none of it.
It is held against this list as it comes in, so that nothing behind has to
doubt what it reads. Only what is read is asked for; the rest is left to the
service. Forms are those of the Block Storage API, version 3, and of the
Image API, version 2 (https://docs.openstack.org/api-ref/).
"""

import collections.abc
import dataclasses
import re
import typing as ty

import jsonschema
from jsonschema import exceptions

Schema: ty.TypeAlias = collections.abc.Mapping[str, ty.Any]


def _object(
    wanted: collections.abc.Mapping[str, Schema],
    optional: collections.abc.Mapping[str, Schema] | None = None,
) -> Schema:
    return {
        'type': 'object',
        'required': list(wanted),
        'properties': {**wanted, **(optional or {})},
    }


def _array(of: Schema) -> Schema:
    return {'type': 'array', 'items': of}


def _list(name: str, of: Schema) -> Schema:
    """A whole answer that lists something."""
    return _object({name: _array(of)})


_TEXT: Schema = {'type': 'string'}
_TEXT_OR_NULL: Schema = {'type': ['string', 'null']}
_WHOLE: Schema = {'type': 'integer'}
_OBJECT: Schema = {'type': 'object'}
_OBJECT_OR_NULL: Schema = {'type': ['object', 'null']}

_VOLUME = _object(
    {
        'id': _TEXT,
        'status': _TEXT,
        'size': _WHOLE,
        'attachments': _array(_object({'attachment_id': _TEXT})),
    },
    {
        'name': _TEXT_OR_NULL,
        'metadata': _OBJECT_OR_NULL,
        'volume_type': _TEXT_OR_NULL,
    },
)
_SNAPSHOT = _object(
    {'id': _TEXT, 'status': _TEXT, 'size': _WHOLE, 'volume_id': _TEXT},
    {'name': _TEXT_OR_NULL, 'metadata': _OBJECT_OR_NULL},
)
_ATTACHMENT = _object(
    {'id': _TEXT, 'volume_id': _TEXT},
    {'status': _TEXT_OR_NULL, 'connection_info': _OBJECT_OR_NULL},
)
_EXPORTED = _object(
    {
        'id': _TEXT,
        'volume_id': _TEXT,
        'connection_info': _object({'driver_volume_type': _TEXT}),
    },
)
_MESSAGE = _object({'id': _TEXT, 'event_id': _TEXT, 'user_message': _TEXT})
_TYPE = _object({'id': _TEXT, 'name': _TEXT}, {'extra_specs': _OBJECT_OR_NULL})
_USE = _object({'limit': _WHOLE, 'in_use': _WHOLE, 'reserved': _WHOLE})
_QUOTA: Schema = {
    **_object(
        {'volumes': _USE, 'gigabytes': _USE}, {'per_volume_gigabytes': _USE}
    ),
    'patternProperties': {'^gigabytes_': _USE},
}
_POOL = _object({'name': _TEXT}, {'capabilities': _OBJECT_OR_NULL})
_IMAGE = _object({'id': _TEXT}, {'name': _TEXT_OR_NULL})
_STORE = _object({'id': _TEXT}, {'properties': _OBJECT})


@dataclasses.dataclass(frozen=True)
class _Form:
    """What a request is answered with if all is well.

    :param methods: of HTTP.
    :param address: what the path ends with, and the query if it matters; its
        group, if it has one, is the id.
    :param noun: for what is asked for, or changed.
    """

    methods: tuple[str, ...]
    address: re.Pattern[str]
    noun: str
    validator: ty.Any

    def resource_of(self, method: str, url: str) -> str | None:
        """What a request is about; ``None`` if it is not of this kind."""
        found = self.address.search(url) if method in self.methods else None
        if found is None:
            return None
        return ' '.join((self.noun, *found.groups()))


def _form(
    methods: str,
    path: str,
    noun: str,
    holds: Schema,
    query: str | None = None,
) -> _Form:
    end = r'/?(?:\?|$)' if query is None else rf'/?\?{query}$'
    return _Form(
        tuple(methods.split()),
        re.compile(path + end),
        noun,
        jsonschema.Draft202012Validator(holds),
    )


_ID = r'/([^/?]+)'
_QUOTAS = f'/os-quota-sets{_ID}'

#: The first that fits counts. An answer that is in none is not read.
_FORMS = (
    # Block storage.
    _form('GET', '/volumes/detail', 'volumes', _list('volumes', _VOLUME)),
    _form('POST', '/volumes', 'volume', _object({'volume': _VOLUME})),
    _form('GET', f'/volumes{_ID}', 'volume', _object({'volume': _VOLUME})),
    _form(
        'POST PUT',
        f'/volumes{_ID}/metadata',
        'volume',
        _object({'metadata': _OBJECT}),
    ),
    _form(
        'GET',
        '/snapshots(?:/detail)?',
        'snapshots',
        _list('snapshots', _SNAPSHOT),
    ),
    _form('POST', '/snapshots', 'snapshot', _object({'snapshot': _SNAPSHOT})),
    _form(
        'GET', f'/snapshots{_ID}', 'snapshot', _object({'snapshot': _SNAPSHOT})
    ),
    _form(
        'GET',
        '/attachments(?:/detail)?',
        'attachments',
        _list('attachments', _ATTACHMENT),
    ),
    _form(
        'POST',
        '/attachments',
        'attachment',
        _object({'attachment': _ATTACHMENT}),
    ),
    _form(
        'PUT',
        f'/attachments{_ID}',
        'attachment',
        _object({'attachment': _EXPORTED}),
    ),
    _form(
        'GET',
        f'/attachments{_ID}',
        'attachment',
        _object({'attachment': _ATTACHMENT}),
    ),
    _form('GET', '/messages', 'messages', _list('messages', _MESSAGE)),
    _form('GET', '/types', 'volume types', _list('volume_types', _TYPE)),
    _form(
        'GET', f'/types{_ID}', 'volume type', _object({'volume_type': _TYPE})
    ),
    _form('GET', '/scheduler-stats/get_pools', 'pools', _list('pools', _POOL)),
    _form(
        'GET',
        _QUOTAS,
        'quota of project',
        _object({'quota_set': _QUOTA}),
        query='usage=True',
    ),
    _form(
        'GET PUT',
        _QUOTAS,
        'quota of project',
        _object({'quota_set': _OBJECT}),
    ),
    # Image.
    _form('GET', '/info/stores/detail', 'stores', _list('stores', _STORE)),
    _form('GET', '/images', 'images', _list('images', _IMAGE)),
    _form('POST', '/images', 'image', _IMAGE),
    _form('GET', f'/images{_ID}', 'image', _IMAGE),
)


@dataclasses.dataclass(frozen=True)
class Flaw:
    """Why an answer cannot be read.

    :param resource: what it should have told of.
    :param what: is missing or wrong in it.
    """

    resource: str
    what: str


def flaw(method: str, url: str, body: object) -> Flaw | None:
    """Find what is wrong with the body of an answer that is no error.

    :param method: of the request, with its ``url``.
    :param body: the JSON value; ``None`` if there was none.
    """
    for form in _FORMS:
        resource = form.resource_of(method, url)
        if resource is not None:
            error = exceptions.best_match(form.validator.iter_errors(body))
            return None if error is None else Flaw(resource, _describe(error))
    return None


_KINDS = {
    dict: 'an object',
    list: 'a list',
    str: 'text',
    bool: 'a truth value',
    int: 'a number',
    float: 'a number',
    type(None): 'nothing',
}
_WANTED = {
    'object': 'an object',
    'array': 'a list',
    'string': 'text',
    'integer': 'a whole number',
    'null': 'nothing',
}


def _describe(error: ty.Any) -> str:
    """Put it into words; what is there may be a secret, and is not quoted."""
    place = ''.join(
        f'[{part}]' if isinstance(part, int) else f'.{part}'
        for part in error.absolute_path
    )
    where = place.removeprefix('.') or 'it'
    if error.validator == 'required':
        lacking = [
            name
            for name in error.validator_value
            if name not in error.instance
        ]
        return f'{where} has no {", ".join(lacking)}'
    types = error.validator_value
    wanted = [
        _WANTED[each]
        for each in ([types] if isinstance(types, str) else types)
    ]
    return (
        f'{where} is {_KINDS[type(error.instance)]}, not {" or ".join(wanted)}'
    )
