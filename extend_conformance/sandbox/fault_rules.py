# SPDX-License-Identifier: Apache-2.0

"""Rules of the fault plane: what a request has to be, and what becomes of it.

Kept in a file of the state directory that the daemons look at with every
request. What an action does to a request is left to ``fault_plane``.
"""

import collections.abc
import contextlib
import dataclasses
import difflib
import http
import json
import math
import pathlib
import re
import threading
import typing as ty

import pydantic

from extend_conformance import exceptions
from extend_conformance.sandbox import state

METHODS: ty.Final = ('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE')

#: Matches requests that name no microversion.
NO_MICROVERSION: ty.Final = 'none'

_LOCK_WAIT_S: ty.Final = 10.0
_VERSION: ty.Final = 1


@dataclasses.dataclass(frozen=True)
class Answer:
    """Answer a status, in the form of the service.

    :param status: of HTTP; an error has the service's own kind of body.
    :param body: JSON text in its place.
    :param after_effect: whether the request is carried out before.
    """

    status: int
    body: str | None = None
    after_effect: bool = False
    do: ty.Literal['answer'] = dataclasses.field(
        default='answer', kw_only=True, repr=False
    )

    def __str__(self) -> str:
        return f'answer {self.status}{_when(self.after_effect)}'


@dataclasses.dataclass(frozen=True)
class Delay:
    """Take longer.

    :param seconds: by how much.
    :param after_effect: whether the request is carried out before.
    """

    seconds: float
    after_effect: bool = False
    do: ty.Literal['delay'] = dataclasses.field(
        default='delay', kw_only=True, repr=False
    )

    def __str__(self) -> str:
        return f'wait {self.seconds:g} s{_when(self.after_effect)}'


@dataclasses.dataclass(frozen=True)
class Drop:
    """Close the connection without an answer.

    :param after_effect: whether the request is carried out before.
    """

    after_effect: bool = False
    do: ty.Literal['drop'] = dataclasses.field(
        default='drop', kw_only=True, repr=False
    )

    def __str__(self) -> str:
        return f'drop{_when(self.after_effect)}'


@dataclasses.dataclass(frozen=True)
class Garbage:
    """Answer 200 with something that is not JSON.

    :param after_effect: whether the request is carried out before; its
        status is then kept.
    """

    after_effect: bool = False
    do: ty.Literal['garbage'] = dataclasses.field(
        default='garbage', kw_only=True, repr=False
    )

    def __str__(self) -> str:
        return f'garbage{_when(self.after_effect)}'


@dataclasses.dataclass(frozen=True)
class Truncate:
    """Carry the request out and answer the first half of the body."""

    do: ty.Literal['truncate'] = dataclasses.field(
        default='truncate', kw_only=True, repr=False
    )

    def __str__(self) -> str:
        return 'half an answer'


@dataclasses.dataclass(frozen=True)
class Change:
    """Change a field of the request's JSON body; then carry it out.

    :param key: the field, its objects before it: ``volume.size``.
    :param value: JSON text.
    """

    key: str
    value: str
    do: ty.Literal['change'] = dataclasses.field(
        default='change', kw_only=True, repr=False
    )

    def __str__(self) -> str:
        return f'set {self.key}={self.value}'


Action: ty.TypeAlias = Answer | Delay | Drop | Garbage | Truncate | Change


def _when(after_effect: bool) -> str:
    return ' after the effect' if after_effect else ''


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rule:
    """What becomes of certain requests to one service.

    :param service: ``keystone``, ``cinder`` or ``glance``.
    :param method: of HTTP; None for any.
    :param path: regular expression that is searched for in the path and
        query; the empty one is found in every path.
    :param body_key: field that the JSON body must have, its objects before
        it: ``os-extend.new_size``; None for any request.
    :param body_value: JSON text that the field must be equal to, or None.
    :param microversion: as the request names it, :data:`NO_MICROVERSION` if
        it must name none, or None for any request.
    :param nth: the first of the requests that match on which to act; 1 is
        the next one.
    :param count: on how many to act, or None for all that follow.
    """

    service: str
    action: ty.Annotated[Action, pydantic.Discriminator('do')]
    method: str | None = None
    path: str = ''
    body_key: str | None = None
    body_value: str | None = None
    microversion: str | None = None
    nth: int = 1
    count: int | None = None

    def __post_init__(self) -> None:
        """Hold it to what a rule may be.

        :raises extend_conformance.exceptions.UsageError: it is not that.
        """
        _must_be_one_of('service', self.service, state.SERVICES)
        if self.method is not None:
            _must_be_one_of('method', self.method, METHODS)
        try:
            re.compile(self.path)
        except re.error as error:
            raise exceptions.UsageError(
                f'The path {self.path!r} is no regular expression: {error}'
            ) from error
        if self.nth < 1 or (self.count is not None and self.count < 1):
            raise exceptions.UsageError(
                'Calls are counted from 1',
                last=f'nth {self.nth}, count {self.count}',
            )
        if self.microversion is not None and not re.fullmatch(
            rf'\d+\.\d+|latest|{NO_MICROVERSION}', self.microversion
        ):
            raise exceptions.UsageError(
                f'{self.microversion!r} is no microversion',
                wanted=f'for example 3.42, latest, or {NO_MICROVERSION} for '
                'requests that name none',
            )
        if self.body_key is not None:
            _must_be_key(self.body_key)
        if self.body_value is not None:
            if self.body_key is None:
                raise exceptions.UsageError(
                    'A value of the body needs the key of its field'
                )
            parse_json(self.body_value)
        _must_be_possible(self.action)

    def is_due(self, seen: int) -> bool:
        """Whether to act on a request, the ``seen``-th that matches."""
        last = math.inf if self.count is None else self.nth + self.count - 1
        return self.nth <= seen <= last

    def acted(self, seen: int) -> int:
        """On how many requests it has acted, if so many matched."""
        most = math.inf if self.count is None else self.count
        return int(max(min(seen - self.nth + 1, most), 0))


@dataclasses.dataclass(frozen=True)
class Numbered:
    """A rule that is in force.

    :param number: never given to another rule of the same sandbox.
    """

    number: int
    rule: Rule


def _must_be_one_of(
    what: str, name: str, known: collections.abc.Sequence[str]
) -> None:
    if name in known:
        return
    lower = {each.lower(): each for each in known}
    near = difflib.get_close_matches(name.lower(), lower, n=1)
    raise exceptions.UsageError(
        f'There is no {what} {name!r}',
        next_step=(
            f'Did you mean {lower[near[0]]!r}?'
            if near
            else f'There are: {", ".join(known)}.'
        ),
    )


def _must_be_key(key: str) -> None:
    if not all(key.split('.')):
        raise exceptions.UsageError(
            f'{key!r} names no field of a body',
            wanted='names joined by dots, for example volume.size',
        )


def _must_be_possible(action: Action) -> None:
    match action:
        case Answer():
            if action.status not in {status.value for status in _STATUSES}:
                raise exceptions.UsageError(
                    f'HTTP has no final status {action.status}'
                )
            if action.body is not None:
                parse_json(action.body)
        case Delay():
            if not 0 < action.seconds <= 3600:
                raise exceptions.UsageError(
                    f'A delay of {action.seconds:g} s is none',
                    wanted='more than 0 s, at most an hour',
                )
        case Change():
            _must_be_key(action.key)
            parse_json(action.value)


_STATUSES: ty.Final = tuple(
    status for status in http.HTTPStatus if status.value >= 200
)


def parse_json(text: str) -> ty.Any:
    """Read a JSON value.

    :raises extend_conformance.exceptions.UsageError: if it is none.
    """
    try:
        return json.loads(text)
    except ValueError as error:
        raise exceptions.UsageError(
            f'{text!r} is no JSON value: {error}',
            next_step='Text has to be in double quotes.',
        ) from error


#: Names its action by ``do``, which every action has for that alone.
_FORM: ty.Final = pydantic.TypeAdapter(
    tuple[Numbered, ...], config=pydantic.ConfigDict(extra='forbid')
)


class RuleStore:
    """The rules of one sandbox, in its state directory."""

    def __init__(self, paths: state.Paths) -> None:
        self._paths = paths
        self.path: pathlib.Path = paths.etc / 'faults.json'

    def rules(self) -> tuple[Numbered, ...]:
        """All rules, the oldest first.

        :raises extend_conformance.exceptions.UsageError: if the file is
            damaged.
        :raises extend_conformance.exceptions.NotTestable: if there is no
            sandbox, or it belongs to somebody else.
        """
        self._must_be_there()
        return self._read()[1]

    def add(self, rule: Rule) -> int:
        """Put a rule in force; return its number.

        :raises extend_conformance.exceptions.NotTestable: as :meth:`rules`.
        """
        with self._locked():
            following, rules = self._read()
            self._write(following + 1, (*rules, Numbered(following, rule)))
        return following

    def clear(
        self, numbers: collections.abc.Collection[int] = ()
    ) -> tuple[int, ...]:
        """Take rules back, or all of them.

        :returns: the numbers of those that were taken back.
        :raises extend_conformance.exceptions.UsageError: for a number that
            no rule has; none is taken back then.
        :raises extend_conformance.exceptions.NotTestable: as :meth:`rules`.
        """
        with self._locked():
            following, rules = self._read()
            known = [each.number for each in rules]
            unknown = [each for each in numbers if each not in known]
            if unknown:
                raise exceptions.UsageError(
                    f'There is no rule {unknown[0]}',
                    next_step=(
                        f'There are: {", ".join(map(str, known))}.'
                        if known
                        else 'There are no rules.'
                    ),
                )
            gone = tuple(numbers or known)
            self._write(
                following,
                tuple(each for each in rules if each.number not in gone),
            )
        return gone

    def seen(self) -> dict[int, int]:
        """How many requests each rule has matched, by its number."""
        seen: dict[int, int] = {}
        for service in state.SERVICES:
            seen.update(self._counts(service).read())
        return seen

    def _counts(self, service: str) -> 'Counts':
        return Counts(self._paths, service)

    def _must_be_there(self) -> None:
        try:
            there = self._paths.etc.is_dir() and self._paths.record.exists()
        except PermissionError as error:
            raise exceptions.NotTestable(
                'The sandbox belongs to another user',
                resource=str(self._paths.root),
                next_step='Use the same user that started it: root.',
            ) from error
        if not there:
            raise exceptions.NotTestable(
                'There is no sandbox',
                resource=str(self._paths.root),
                next_step='Start one with `extend-conformance sandbox up`.',
            )

    @contextlib.contextmanager
    def _locked(self) -> collections.abc.Iterator[None]:
        self._must_be_there()
        with state.locked(self._paths.root, wait_s=_LOCK_WAIT_S):
            yield

    def _read(self) -> tuple[int, tuple[Numbered, ...]]:
        try:
            raw = json.loads(self.path.read_text())
            if raw['version'] != _VERSION:
                raise ValueError('another version of this program wrote it')
            return raw['following'], _FORM.validate_python(raw['rules'])
        except FileNotFoundError:
            return 1, ()
        except (
            ValueError,
            TypeError,
            KeyError,
            exceptions.UsageError,
        ) as error:
            raise exceptions.UsageError(
                'The rules of the fault plane are damaged',
                resource=str(self.path),
                last=_in_a_line(error),
                next_step='Remove the file.',
            ) from error

    def _write(self, following: int, rules: tuple[Numbered, ...]) -> None:
        state.write_atomically(
            self.path,
            json.dumps(
                {
                    'version': _VERSION,
                    'following': following,
                    'rules': _FORM.dump_python(rules),
                },
                indent=1,
            )
            + '\n',
        )


def _in_a_line(error: Exception) -> str:
    if not isinstance(error, pydantic.ValidationError):
        return str(error)
    first = error.errors(include_url=False)[0]
    return f'{".".join(map(str, first["loc"]))}: {first["msg"]}'


class Counts:
    """How many requests to one service each rule has matched.

    Written by that service's daemon alone.
    """

    def __init__(self, paths: state.Paths, service: str) -> None:
        self._path = paths.etc / f'fault-counts.{service}.json'
        self._lock = threading.Lock()
        self._seen: dict[int, int] | None = None

    def read(self) -> dict[int, int]:
        """All counts, by the rule's number."""
        try:
            raw = json.loads(self._path.read_text())
        except FileNotFoundError:
            return {}
        return {int(number): seen for number, seen in raw.items()}

    def add(
        self, numbers: collections.abc.Iterable[int]
    ) -> collections.abc.Mapping[int, int]:
        """Count one request for each of these rules; return all counts."""
        with self._lock:
            if self._seen is None:
                self._seen = self.read()
            for number in numbers:
                self._seen[number] = self._seen.get(number, 0) + 1
            seen = dict(self._seen)
            state.write_atomically(self._path, json.dumps(seen))
            return seen
