# SPDX-License-Identifier: Apache-2.0

"""Runs the checks of one row of the table, and compares.

Knows nothing of other rows, nor of how many are run at the same time: that,
and what is shown, is left to ``__main__``.
"""

import collections.abc
import dataclasses
import enum
import functools
import os
import pathlib
import signal
import time

from extend_conformance import exceptions
from extend_conformance import vocabulary
from extend_conformance.checks import registry
from extend_conformance.cloud import host as hosts
from extend_conformance.cloud import ledger as ledgers
from extend_conformance.cloud import leftovers
from extend_conformance.probes import context as contexts
from extend_conformance.runs import configuration as configurations
from extend_conformance.runs import given as givens
from extend_conformance.runs import profiles
from extend_conformance.runs import run
from extend_conformance.sandbox import environment
from extend_conformance.sandbox import fault_rules
from extend_conformance.sandbox import state
from extend_conformance.tests.proof import projects
from extend_conformance.tests.proof import table

#: As in the sandbox's tempest.conf: an extend takes seconds here.
_SETTINGS = contexts.Settings(extend_timeout_s=20)

#: That of a good backend; a row has what it names, of any profile.
_PROFILE = vocabulary.Profile.STANDARD

_PASS = vocabulary.CheckVerdict.PASS
_FAIL = vocabulary.CheckVerdict.FAIL
_NOT_APPLICABLE = vocabulary.CheckVerdict.NOT_APPLICABLE


class Wanted(enum.StrEnum):
    """What has to come of a check.

    A check that could not be tested is never what is wanted: a defect whose
    evidence is there has to be found.
    """

    FAIL = 'fail'
    PASS = 'pass'
    ANY = 'fail or pass'
    NO_FAILURE = 'no failure'

    def accepts(self, got: vocabulary.CheckVerdict) -> bool:
        """Whether a verdict is what is wanted."""
        return got in _ACCEPTED[self]


_ACCEPTED = {
    Wanted.FAIL: (_FAIL,),
    Wanted.PASS: (_PASS,),
    Wanted.ANY: (_PASS, _FAIL, _NOT_APPLICABLE),
    Wanted.NO_FAILURE: (_PASS, _NOT_APPLICABLE),
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Task:
    """What one worker does in one go.

    :param name: unique; a directory of the output is named so.
    :param wanted: by the id of the check, in no order.
    """

    name: str
    backend: str
    wanted: collections.abc.Mapping[str, Wanted]
    rules: tuple[fault_rules.Rule, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Got:
    """What came of one check."""

    check: str
    wanted: Wanted
    got: vocabulary.CheckVerdict
    reason: str
    elapsed_s: float

    @property
    def is_right(self) -> bool:
        """Whether it is what was wanted."""
        return self.wanted.accepts(self.got)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Done:
    """A task that was done.

    :param got: in the order in which the checks ran.
    :param problems: what is wrong beside that, as sentences: what the
        checks left behind, or why none could be run.
    """

    name: str
    backend: str
    got: tuple[Got, ...]
    problems: tuple[str, ...]
    elapsed_s: float

    @property
    def is_right(self) -> bool:
        """Whether all of it is what was wanted, and nothing else is wrong."""
        return not self.problems and all(each.is_right for each in self.got)


def of_row(row: table.Row) -> Task:
    """What a row asks for: the checks that it names."""
    return Task(
        name=row.name,
        backend=row.backend,
        wanted=_wanted(row),
        rules=row.rules,
    )


def of_good(backend: str) -> Task:
    """What a good backend asks for: all checks of the profile, unharmed.

    What its row says, if it has one, goes before.
    """
    plan = profiles.make_plan(_PROFILE, list(vocabulary.Need))
    wanted = {check.id: Wanted.NO_FAILURE for check in plan.checks}
    for row in table.ROWS:
        if row.name == backend:
            wanted.update(_wanted(row))
    return Task(name=backend, backend=backend, wanted=wanted)


def _wanted(row: table.Row) -> dict[str, Wanted]:
    return {
        **dict.fromkeys(row.must_pass, Wanted.PASS),
        **dict.fromkeys(row.may_fail, Wanted.ANY),
        **dict.fromkeys(row.must_fail, Wanted.FAIL),
    }


def prepare(paths: state.Paths, output: pathlib.Path) -> None:
    """Make this process a client of a sandbox, with ledgers of its own."""
    # An interrupt is for the one that began all this.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.update(environment.variables(paths))
    os.environ['XDG_STATE_HOME'] = str(output)


@functools.cache
def _given(locks: pathlib.Path) -> givens.Given:
    """One project for everything that a process does."""
    return projects.make(hosts.Host(lock_path=str(locks)))


def prove(task: Task, paths: state.Paths, output: pathlib.Path) -> Done:
    """Do a task.

    :param output: a directory for its results, which are a run of its own.
    """
    begun_s = time.monotonic()
    got: list[Got] = []
    problems: list[str] = []
    try:
        for each in _steps(task, paths, output):
            if isinstance(each, Got):
                got.append(each)
            else:
                problems.append(each)
    except exceptions.ExtendConformanceError as error:
        # Not every error of ours finds its way back to another process.
        problems.append(str(error))
    return Done(
        name=task.name,
        backend=task.backend,
        got=tuple(got),
        problems=tuple(problems),
        elapsed_s=round(time.monotonic() - begun_s, 1),
    )


def _steps(
    task: Task, paths: state.Paths, output: pathlib.Path
) -> collections.abc.Iterator[Got | str]:
    """Run the checks one by one, then look for what they left behind."""
    begun = _begin(task, paths, output)
    if task.rules:
        # What the rules do to the first extend is not what is tried.
        begun.session.measured(task.backend)
    store = fault_rules.RuleStore(paths)
    project_id = begun.given.member.project_id
    rules = [_within(rule, project_id) for rule in task.rules]
    for check in _checks(task):
        yield _run(begun, check, task, store, rules)
    begun.end()
    yield from _left(task, begun)


def _begin(task: Task, paths: state.Paths, output: pathlib.Path) -> run.Begun:
    """Begin as the doors do, so that a row can be drawn like any run."""
    given = _given(paths.locks)
    configuration = configurations.Configuration(
        volume_types=(task.backend,),
        claims=configurations.read_claims(str(paths.claims)),
        own_matrix=configurations.read_matrix(str(paths.matrix)),
        release=None,
        plan=profiles.Plan(_PROFILE, _checks(task), ()),
        settings=_SETTINGS,
    )
    prepared = run.prepare(configuration, given)
    ledger = ledgers.Ledger.start()
    announced = run.announce(
        configuration,
        output,
        run_id=ledger.run_id,
        # It is none, but the catalogue without tempest as well.
        door=vocabulary.Door.CERTIFY,
        cloud=given.member.name,
    )
    return prepared.begin(announced, ledger)


def _checks(task: Task) -> tuple[registry.Check, ...]:
    """What a task wants, in the order in which checks run."""
    return tuple(
        check for check in registry.catalogue() if check.id in task.wanted
    )


def _within(rule: fault_rules.Rule, project_id: str) -> fault_rules.Rule:
    """The same rule for one project: others are at work on this cloud."""
    return dataclasses.replace(rule, path=f'/{project_id}.*{rule.path}')


def _run(
    begun: run.Begun,
    check: registry.Check,
    task: Task,
    store: fault_rules.RuleStore,
    rules: collections.abc.Iterable[fault_rules.Rule],
) -> Got:
    numbers = [store.add(rule) for rule in rules]
    try:
        result = begun.session.run_check(check, task.backend)
    finally:
        if numbers:
            store.clear(numbers)
    return Got(
        check=check.id,
        wanted=task.wanted[check.id],
        got=result.verdict,
        reason=result.reason,
        elapsed_s=result.elapsed_s or 0.0,
    )


def _left(task: Task, begun: run.Begun) -> collections.abc.Iterator[str]:
    """What is left behind by the checks, and by a clean-up after them.

    An API that lies about a deletion may leave something behind; that a
    clean-up finds it is asked of every row.
    """
    if not task.rules:
        for entry in begun.ledger.open_entries:
            yield f'{entry.kind} {entry.id or entry.name} after the checks'
    given = begun.given
    assert given.host is not None
    sweep = leftovers.Sweep(
        given.member_storage(),
        given.host,
        admin=given.admin_storage(),
        only=begun.ledger.run_id,
    )
    for found in sweep.run():
        if found.status is leftovers.LeftoverStatus.LEFT:
            yield f'{found.kind} {found.id} after a clean-up: {found.reason}'
    begun.ledger.close()
