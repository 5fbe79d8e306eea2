# SPDX-License-Identifier: Apache-2.0

"""The registry of checks: the one list that every front door reads."""

import collections.abc
import dataclasses
import importlib
import typing as ty
import uuid as uuid_module

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
    :param proves: one sentence: what is true when the check passes.
    :param budget_s: seconds it may take beyond the cloud's own waiting;
        tempest's time limit follows from it.
    :param typical_s: seconds that it took on a good backend of the sandbox,
        on an idle machine with two processors.
    :param room_gib: GiB that all its volumes have at most at one time.
    :param feature: without which it is not applicable.
    :param judges_first_extend: whether it judges the first extend alone, and
        needs no further one.
    """

    id: str
    uuid: str
    scope: vocabulary.Scope
    level: vocabulary.Level
    applies: vocabulary.Applies
    needs: frozenset[vocabulary.Need]
    proves: str
    budget_s: float
    typical_s: float
    room_gib: int
    run: CheckFunction
    feature: vocabulary.Feature | None = None
    judges_first_extend: bool = False

    @property
    def method_name(self) -> str:
        """The name as a Python identifier."""
        return self.id.replace('-', '_')


_CATALOGUE: dict[str, Check] = {}

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
    budget_s: float = 60,
    typical_s: float = 5,
    room_gib: int = 3,
    feature: vocabulary.Feature | None = None,
    judges_first_extend: bool = False,
) -> collections.abc.Callable[[CheckFunction], CheckFunction]:
    """Put a function into the catalogue.

    :raises ValueError: if the id or the uuid is taken or malformed, or the
        function has no docstring; the first line of it says what the check
        proves.
    """

    def register(function: CheckFunction) -> CheckFunction:
        if uuid_module.UUID(uuid).version != 4:
            raise ValueError(f'{check_id}: {uuid} is not a version 4 uuid')
        for other in _CATALOGUE.values():
            if check_id == other.id or uuid == other.uuid:
                raise ValueError(f'{check_id} {uuid} is taken by {other.id}')
        if not function.__doc__:
            raise ValueError(f'{check_id} does not say what it proves')
        _CATALOGUE[check_id] = Check(
            id=check_id,
            uuid=uuid,
            scope=scope,
            level=level,
            applies=applies,
            needs=frozenset(needs),
            proves=' '.join(function.__doc__.split('\n\n')[0].split()),
            budget_s=budget_s,
            typical_s=typical_s,
            room_gib=room_gib,
            run=function,
            feature=feature,
            judges_first_extend=judges_first_extend,
        )
        return function

    return register


def catalogue() -> tuple[Check, ...]:
    """All checks, in the order in which they run."""
    for subject in _SUBJECTS:
        importlib.import_module(f'extend_conformance.checks.{subject}')
    return tuple(_CATALOGUE.values())
