# SPDX-License-Identifier: Apache-2.0

"""A run from its beginning to its end, whichever door it came in by.

Each door says what it was asked to do and what it was given. Which checks
run when, and how they are shown, is left to it.
"""

import argparse
import collections.abc
import contextlib
import dataclasses
import difflib
import pathlib

from extend_conformance import exceptions
from extend_conformance import vocabulary
from extend_conformance.cloud import block_storage
from extend_conformance.cloud import calls
from extend_conformance.cloud import ledger as ledgers
from extend_conformance.results import environment
from extend_conformance.results import model
from extend_conformance.results import storage
from extend_conformance.results import timestamps
from extend_conformance.runs import arguments
from extend_conformance.runs import configuration as configurations
from extend_conformance.runs import discovery
from extend_conformance.runs import effort
from extend_conformance.runs import given as givens
from extend_conformance.runs import pages
from extend_conformance.runs import session


@contextlib.contextmanager
def _not_begun() -> collections.abc.Iterator[None]:
    """Before anything was tried, an API that fails says nothing of backends.

    :raises NotTestable: it did.
    """
    try:
        yield
    except calls.ApiError as error:
        raise exceptions.NotTestable(str(error)) from error


@dataclasses.dataclass(frozen=True, kw_only=True)
class Announced:
    """A run of which the results know what is going to be tested."""

    facts: model.Run
    results: storage.ResultsDirectory


@dataclasses.dataclass(frozen=True, kw_only=True)
class Begun:
    """A run, as one process sees it."""

    session: session.Session
    results: storage.ResultsDirectory
    ledger: ledgers.Ledger
    given: givens.Given
    facts: model.Run

    def end(self) -> None:
        """Note that this process has done its part."""
        self.results.write_run(
            dataclasses.replace(self.facts, finished_at=timestamps.now())
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Prepared:
    """Everything that is known before anything is made.

    :param documentation: the matrices that may hold for the cloud.
    """

    configuration: configurations.Configuration
    given: givens.Given
    documentation: discovery.Documentation
    microversion_max: str

    @_not_begun()
    def must_have_room(self) -> None:
        """Make sure, before anything is made, that there is room for it.

        :raises NotTestable: there is not; says how much, and how much it
            takes.
        """
        effort.must_have_room(
            self.configuration.effort,
            self.configuration.volume_types,
            self.given.member_storage(),
            self.given.admin_storage(),
        )

    def must_attach(self) -> None:
        """Make sure that this machine attaches volumes at all.

        Without privileges nothing can be tested, and nothing shall be left.

        :raises NotTestable: it does not; says why.
        """
        if self.given.host is not None:
            self.given.host.connector_properties()

    def begin(self, announced: Announced, ledger: ledgers.Ledger) -> Begun:
        """Write down what cloud and host say, and open the run's session.

        Several processes may begin the same run.
        """
        host = self.given.host
        facts = dataclasses.replace(
            announced.facts,
            microversion_max=self.microversion_max,
            warnings=() if host is None else host.warnings,
        )
        announced.results.write_run(facts)
        return Begun(
            session=session.Session(
                given=self.given,
                settings=self.configuration.settings,
                claims=self.configuration.claims,
                documentation=self.documentation,
                results=announced.results,
                ledger=ledger,
                name_prefix=self.configuration.name_prefix,
            ),
            results=announced.results,
            ledger=ledger,
            given=self.given,
            facts=facts,
        )


def announce(
    configuration: configurations.Configuration,
    output: pathlib.Path,
    *,
    run_id: str,
    door: vocabulary.Door,
    cloud: str,
    started_at: str | None = None,
    planned: collections.abc.Sequence[model.Planned] | None = None,
) -> Announced:
    """Write down what is true of the run, and what is going to be tested.

    No cloud is asked, so that a backend that cannot even be reached is
    missed in the results.

    :param output: the results directory.
    :param cloud: its name, or the address of its identity service.
    :param started_at: when the run was started, if not just now.
    :param planned: what is going to run, if it is not the whole plan.
    """
    host = environment.host_facts()
    facts = model.Run(
        id=run_id,
        door=door,
        profile=configuration.plan.profile,
        tool_version=host['extend-conformance'],
        started_at=started_at or timestamps.now(),
        cloud=cloud,
        host=host,
        release=configuration.release,
        volume_types=configuration.volume_types,
        planned=tuple(
            configuration.plan.for_backends(configuration.volume_types)
            if planned is None
            else planned
        ),
        not_planned=configuration.plan.not_planned,
        pages=pages.read(configuration.plan.checks),
    )
    results = storage.ResultsDirectory(output)
    results.write_run(facts)
    return Announced(facts=facts, results=results)


@_not_begun()
def prepare(
    configuration: configurations.Configuration, given: givens.Given
) -> Prepared:
    """Ask the cloud what has to be known; nothing is made anywhere.

    :raises UsageError: for a release that is unknown.
    :raises NotTestable: for a cloud that cannot be reached, or is too old.
    """
    member = given.member_storage()
    member.require(
        block_storage.DEFAULT_MICROVERSION, 'attachments with a mode'
    )
    _, maximum = member.api_versions()
    return Prepared(
        configuration=configuration,
        given=given,
        documentation=discovery.Documentation.find(
            configuration.release, maximum, configuration.own_matrix
        ),
        microversion_max=maximum,
    )


@_not_begun()
def prepare_from(parsed_args: argparse.Namespace) -> Prepared:
    """Read files, connect, and plan; nothing is made anywhere.

    :param parsed_args: what :func:`arguments.add_checking` describes.
    :raises UsageError: for a file, a cloud or a volume type that is wrong.
    :raises NotTestable: for a cloud that cannot be reached, or is too old.
    """
    configuration, given = arguments.read(parsed_args)
    prepared = prepare(configuration, given)
    _must_be_known(configuration.volume_types, given.member_storage())
    return prepared


def output_directory(wanted: pathlib.Path | None, run_id: str) -> pathlib.Path:
    """Where the results of a run go."""
    return wanted or pathlib.Path('extend-conformance-results', run_id)


def _must_be_known(
    volume_types: collections.abc.Iterable[str],
    storage_api: block_storage.BlockStorage,
) -> None:
    """Make sure that the cloud has every volume type.

    :raises UsageError: it has not.
    """
    known = [one.name for one in storage_api.volume_types()]
    for name in volume_types:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise exceptions.UsageError(
                f'The cloud has no volume type {name!r}',
                next_step=(
                    f'Did you mean {near[0]!r}?'
                    if near
                    else f'It has: {", ".join(known)}.'
                ),
            )
