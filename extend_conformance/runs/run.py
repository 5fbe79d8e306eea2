# SPDX-License-Identifier: Apache-2.0

"""Begins and ends a run that a person asks for with arguments.

``certify`` and pytest are two doors to this module. Which checks run when, and
how they are shown, is left to them.
"""

import argparse
import collections.abc
import contextlib
import dataclasses
import difflib
import pathlib

from extend_conformance import exceptions
from extend_conformance import vocabulary
from extend_conformance.checks import registry
from extend_conformance.claims import claims_file
from extend_conformance.cloud import block_storage
from extend_conformance.cloud import calls
from extend_conformance.cloud import host as hosts
from extend_conformance.cloud import ledger as ledgers
from extend_conformance.probes import context as contexts
from extend_conformance.results import environment
from extend_conformance.results import model
from extend_conformance.results import storage
from extend_conformance.results import timestamps
from extend_conformance.runs import arguments
from extend_conformance.runs import discovery
from extend_conformance.runs import effort
from extend_conformance.runs import pages
from extend_conformance.runs import profiles
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
class Prepared:
    """Everything that is known before anything is made.

    :param volume_types: each once, all known to the cloud.
    """

    clouds: session.Clouds
    claims: claims_file.Claims
    documentation: discovery.Documentation
    settings: contexts.Settings
    release: str | None
    microversion_max: str
    volume_types: tuple[str, ...]
    plan: profiles.Plan

    @property
    def effort(self) -> effort.Effort:
        """What the whole run takes."""
        return effort.of_plan(
            self.plan, self.volume_types, self.settings.extend_timeout_s
        )

    @_not_begun()
    def must_have_room(self) -> None:
        """Make sure, before anything is made, that there is room for it.

        :raises NotTestable: there is not; says how much, and how much it
            takes.
        """
        effort.must_have_room(
            self.effort,
            self.volume_types,
            block_storage.BlockStorage(self.clouds.member),
            None
            if self.clouds.admin is None
            else block_storage.BlockStorage(self.clouds.admin),
        )

    @property
    def work(self) -> tuple[tuple[registry.Check, str], ...]:
        """Every planned check with the volume type that it runs on."""
        return (
            *(
                (check, self.volume_types[0])
                for check in self.plan.of_scope(vocabulary.Scope.CLOUD)
            ),
            *(
                (check, volume_type)
                for volume_type in self.volume_types
                for check in self.plan.of_scope(vocabulary.Scope.BACKEND)
            ),
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Begun:
    """A run, as one process sees it."""

    session: session.Session
    results: storage.ResultsDirectory
    ledger: ledgers.Ledger
    facts: model.Run

    def end(self) -> None:
        """Note that this process has done its part."""
        self.results.write_run(
            dataclasses.replace(self.facts, finished_at=timestamps.now())
        )


@_not_begun()
def prepare(parsed_args: argparse.Namespace) -> Prepared:
    """Read files, connect, and plan; nothing is made anywhere.

    :param parsed_args: what :func:`arguments.add_checking` describes.
    :raises UsageError: for a file, a cloud or a volume type that is wrong.
    :raises NotTestable: for a cloud that cannot be reached, or is too old.
    """
    if not parsed_args.volume_type:
        raise exceptions.UsageError(
            'No volume type was named',
            next_step='Name one with --volume-type.',
        )
    claims = arguments.read_claims(parsed_args)
    own = arguments.read_matrix(parsed_args)
    clouds = arguments.open_clouds(parsed_args)
    member = block_storage.BlockStorage(clouds.member)
    member.require(
        block_storage.DEFAULT_MICROVERSION, 'attachments with a mode'
    )
    release = parsed_args.release or claims.release
    _, maximum = member.api_versions()
    return Prepared(
        clouds=clouds,
        claims=claims,
        documentation=discovery.Documentation.find(release, maximum, own),
        settings=contexts.Settings(
            extend_timeout_s=parsed_args.extend_timeout
        ),
        release=release,
        microversion_max=maximum,
        volume_types=_known(parsed_args.volume_type, member),
        plan=profiles.make_plan(parsed_args.profile, clouds.given()),
    )


def begin(
    prepared: Prepared,
    machine: hosts.Host,
    run_ledger: ledgers.Ledger,
    output: pathlib.Path,
    *,
    door: str,
    planned: collections.abc.Sequence[model.Planned] | None = None,
) -> Begun:
    """Write down what is true of the run, and open its session.

    Several processes may begin the same run.

    :param machine: attaches; it has been prepared.
    :param output: the results directory.
    :param planned: what is going to run, if it is not the whole plan.
    """
    results = storage.ResultsDirectory(output)
    facts = environment.host_facts()
    run = model.Run(
        id=run_ledger.run_id,
        door=door,
        profile=prepared.plan.profile,
        tool_version=facts['extend-conformance'],
        started_at=timestamps.now(),
        cloud=prepared.clouds.member.name,
        host=facts,
        release=prepared.release,
        microversion_max=prepared.microversion_max,
        volume_types=tuple(prepared.volume_types),
        planned=tuple(
            prepared.plan.for_backends(prepared.volume_types)
            if planned is None
            else planned
        ),
        not_planned=prepared.plan.not_planned,
        warnings=machine.warnings,
        pages=pages.read(prepared.plan.checks),
    )
    results.write_run(run)
    return Begun(
        session=session.Session(
            clouds=prepared.clouds,
            settings=prepared.settings,
            claims=prepared.claims,
            documentation=prepared.documentation,
            results=results,
            ledger=run_ledger,
            host=machine,
        ),
        results=results,
        ledger=run_ledger,
        facts=run,
    )


def output_directory(wanted: pathlib.Path | None, run_id: str) -> pathlib.Path:
    """Where the results of a run go."""
    return wanted or pathlib.Path('extend-conformance-results', run_id)


def _known(
    wanted: list[str], storage_api: block_storage.BlockStorage
) -> tuple[str, ...]:
    """The volume types, each once.

    :raises UsageError: for one that the cloud does not have.
    """
    known = [one.name for one in storage_api.volume_types()]
    for name in wanted:
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
    return tuple(dict.fromkeys(wanted))
