# SPDX-License-Identifier: Apache-2.0

"""The registry of checks: the one list that every front door reads.

All facts of a check stand in its decorator, and nowhere else. What follows
from them is left to ``runs``.
"""

import collections.abc
import dataclasses
import importlib
import re
import typing as ty
import uuid

from extend_conformance import vocabulary
from extend_conformance.probes import context as contexts

#: A check: takes the context of a backend (or of the cloud), returns when
#: all is well, and raises one of the exceptions of ``findings`` otherwise.
CheckFunction: ty.TypeAlias = collections.abc.Callable[
    [contexts.Context], None
]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Check:
    """A check of the catalogue.

    :param id: stable and readable, for example ``host-grows-in-place``.
    :param uuid: tempest's ``idempotent_id``; never reused.
    :param profile: the first one that it is part of; it is part of all that
        hold this one.
    :param negative: whether what it asks for has to be refused.
    :param first_extend: what the first extend must have come to before the
        check begins.
    :param proves: one sentence: what is true when the check passes.
    :param budget_s: seconds it may take beyond the cloud's own waiting;
        tempest's time limit follows from it.
    :param typical_s: seconds that it took on a good backend of the sandbox,
        on an idle machine with two processors.
    :param volumes: how many it has at most at one time, but for one with
        which it looks why a volume cannot be attached.
    :param room_gib: GiB that all of them have at most at one time.
    :param feature: without which it is not applicable.
    """

    id: str
    uuid: str
    scope: vocabulary.Scope
    level: vocabulary.Level
    applies: vocabulary.Applies
    needs: frozenset[vocabulary.Need]
    profile: vocabulary.Profile
    negative: bool
    first_extend: vocabulary.FirstExtend
    proves: str
    budget_s: float
    typical_s: float
    volumes: int
    room_gib: int
    run: CheckFunction
    feature: vocabulary.Feature | None = None

    def __post_init__(self) -> None:
        for fact in ('budget_s', 'typical_s', 'volumes', 'room_gib'):
            if getattr(self, fact) < 0:
                raise ValueError(f'{fact} is negative')

    @property
    def method_name(self) -> str:
        """The name as a Python identifier."""
        return self.id.replace('-', '_')


_CATALOGUE: dict[str, Check] = {}

#: An id: words joined by dashes, of which an identifier can be made.
_ID = re.compile('[a-z0-9]+(-[a-z0-9]+)+')

#: The files of the catalogue, in the order in which their checks run.
_SUBJECTS = (
    'api',
    'api_privileged',
    'host',
    'host_steps',
    'host_connection',
    'data',
    'data_io',
    'extend',
    'extend_aftermath',
    'writer',
    'glance',
    'claims',
)


def check(
    check_id: str,
    uuid: str,
    *,
    level: vocabulary.Level,
    applies: vocabulary.Applies,
    needs: collections.abc.Iterable[vocabulary.Need] = (),
    scope: vocabulary.Scope = vocabulary.Scope.BACKEND,
    profile: vocabulary.Profile = vocabulary.Profile.STANDARD,
    negative: bool = False,
    first_extend: vocabulary.FirstExtend | None = None,
    budget_s: float = 60,
    typical_s: float = 5,
    volumes: int = 1,
    room_gib: int = 3,
    feature: vocabulary.Feature | None = None,
) -> collections.abc.Callable[[CheckFunction], CheckFunction]:
    """Put a function into the catalogue.

    :param negative: goes without saying for a check that applies where
        extends are refused.
    :param first_extend: by default ``ANY`` for a check that always applies,
        and ``NOT_HUNG`` for the others, which need an extend.
    :raises ValueError: if the id or the uuid is taken or malformed, a fact is
        a word that does not exist or a number below zero, or the function
        has no docstring; the first line of it says what the check proves.
    """

    def register(function: CheckFunction) -> CheckFunction:
        if not _ID.fullmatch(check_id):
            raise ValueError(
                f'{check_id} is no id: lower-case words joined by dashes'
            )
        if not _is_random(uuid):
            raise ValueError(f'{check_id}: {uuid} is not a version 4 uuid')
        for other in _CATALOGUE.values():
            if check_id == other.id or uuid == other.uuid:
                raise ValueError(f'{check_id} {uuid} is taken by {other.id}')
        if not function.__doc__:
            raise ValueError(f'{check_id} does not say what it proves')
        try:
            where = vocabulary.Applies(applies)
            made = Check(
                id=check_id,
                uuid=uuid,
                scope=vocabulary.Scope(scope),
                level=vocabulary.Level(level),
                applies=where,
                needs=frozenset(map(vocabulary.Need, needs)),
                profile=vocabulary.Profile(profile),
                negative=negative or where is vocabulary.Applies.WHERE_REFUSED,
                first_extend=vocabulary.FirstExtend(
                    first_extend or _asked_of_first_extend(where)
                ),
                proves=' '.join(function.__doc__.split('\n\n')[0].split()),
                budget_s=budget_s,
                typical_s=typical_s,
                volumes=volumes,
                room_gib=room_gib,
                run=function,
                feature=feature and vocabulary.Feature(feature),
            )
        except ValueError as error:
            raise ValueError(f'{check_id}: {error}') from error
        _CATALOGUE[check_id] = made
        return function

    return register


def _is_random(text: str) -> bool:
    return uuid.UUID(text).version == 4


def _asked_of_first_extend(
    applies: vocabulary.Applies,
) -> vocabulary.FirstExtend:
    """What a check asks of it that does not say so itself."""
    if applies is vocabulary.Applies.ALWAYS:
        return vocabulary.FirstExtend.ANY
    return vocabulary.FirstExtend.NOT_HUNG


def catalogue() -> tuple[Check, ...]:
    """All checks, in the order in which they run."""
    for subject in _SUBJECTS:
        importlib.import_module(f'extend_conformance.checks.{subject}')
    return tuple(_CATALOGUE.values())
