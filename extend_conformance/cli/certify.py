# SPDX-License-Identifier: Apache-2.0

"""The command ``certify``: the catalogue of checks without tempest."""

import argparse
import datetime
import difflib
import pathlib

import rich.console
import rich.progress
import rich.table
from cliff import command

from extend_conformance import exceptions
from extend_conformance.checks import context
from extend_conformance.checks import discovery
from extend_conformance.checks import profiles
from extend_conformance.checks import registry
from extend_conformance.checks import session
from extend_conformance.cli import options
from extend_conformance.cloud import block_storage
from extend_conformance.cloud import ledger
from extend_conformance.report import build
from extend_conformance.report import judgement
from extend_conformance.report import summary
from extend_conformance.results import environment
from extend_conformance.results import model
from extend_conformance.results import storage

#: The largest image volume of the catalogue.
_ROOM_GIB = 3


class Certify(command.Command):
    """Check backends and compare what they do with what they promise.

    Exits with 0 if every backend keeps its promise, 1 if one fails or
    contradicts a claim, 3 if something could not be tested.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Describe the arguments."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--volume-type',
            metavar='T',
            action='append',
            required=True,
            help='a volume type, which names a backend; may be repeated',
        )
        options.add_run(parser, profile='standard')
        parser.add_argument(
            '--dry-run',
            action='store_true',
            help='say what would be done, and do nothing',
        )
        parser.add_argument(
            '--extend-timeout',
            metavar='S',
            type=float,
            default=context.Settings.extend_timeout_s,
            help='seconds after which an extend hangs (default: %(default)s)',
        )
        options.add_cloud(parser)
        options.add_more_clouds(parser)
        options.add_claims(parser)
        options.add_host(parser)
        return options.with_example(
            parser,
            'extend-conformance certify --os-cloud mycloud '
            '--os-admin-cloud admin --volume-type lvm --profile quick',
        )

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Check, report, and judge."""
        console = rich.console.Console(file=self.app.stdout)
        claims = options.read_claims(parsed_args)
        own = options.read_matrix(parsed_args)
        clouds = options.open_clouds(parsed_args)
        member = block_storage.BlockStorage(clouds.member)
        member.require(
            block_storage.DEFAULT_MICROVERSION, 'attachments with a mode'
        )
        release = parsed_args.release or claims.release
        _, maximum = member.api_versions()
        documentation = discovery.Documentation.find(release, maximum, own)
        volume_types = _known(parsed_args.volume_type, member)
        plan = profiles.make_plan(parsed_args.profile, clouds.given())
        if parsed_args.dry_run:
            _show_plan(plan, volume_types, console)
            return exceptions.ExitCode.AS_EXPECTED
        machine = options.open_host(parsed_args)
        # Without privileges nothing can be tested, and nothing shall be left.
        machine.connector_properties()
        run_ledger = ledger.Ledger.start()
        console.print(f'Run {run_ledger.run_id}')
        output = parsed_args.output or pathlib.Path(
            'extend-conformance-results', run_ledger.run_id
        )
        results = storage.ResultsDirectory(output)
        facts = environment.host_facts()
        run = model.Run(
            id=run_ledger.run_id,
            door='certify',
            profile=plan.profile,
            tool_version=facts['extend-conformance'],
            started_at=_now(),
            cloud=clouds.member.name,
            host=facts,
            release=release,
            microversion_max=maximum,
            planned=plan.for_backends(volume_types),
            not_planned=plan.not_planned,
            warnings=machine.warnings,
        )
        results.write_run(run)
        _run(
            session.Session(
                clouds=clouds,
                settings=context.Settings(
                    extend_timeout_s=parsed_args.extend_timeout
                ),
                claims=claims,
                documentation=documentation,
                results=results,
                ledger=run_ledger,
                host=machine,
            ),
            plan,
            volume_types,
        )
        run_ledger.close()
        report = build.build([output], output)
        console.print()
        summary.show(report.results, console)
        console.print(f'\nReport: {report.html}', soft_wrap=True)
        return judgement.exit_code(report.results)


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec='seconds')


def _known(
    wanted: list[str], storage_api: block_storage.BlockStorage
) -> list[str]:
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
    return list(dict.fromkeys(wanted))


def _show_plan(
    plan: profiles.Plan,
    volume_types: list[str],
    console: rich.console.Console,
) -> None:
    table = rich.table.Table(box=None, pad_edge=False)
    for heading in ('scope', 'check', 'level', 'proves'):
        table.add_column(heading)
    for check in plan.checks:
        table.add_row(check.scope, check.id, check.level, check.proves)
    console.print(table)
    for left_out in plan.not_planned:
        console.print(f'not planned: {left_out.check} ({left_out.cause})')
    count = len(plan.for_backends(volume_types))
    backends = 'one backend'
    if len(volume_types) > 1:
        backends = f'{len(volume_types)} backends'
    console.print(
        f'{count} checks on {backends}, one after the other, with volumes '
        f'of {_ROOM_GIB} GiB at most at a time.'
    )


def _run(
    checking: session.Session, plan: profiles.Plan, volume_types: list[str]
) -> None:
    """Run every planned check, showing how far it is."""
    console = rich.console.Console(stderr=True)
    work = [
        *(
            (check, volume_types[0])
            for check in plan.of_scope(registry.Scope.CLOUD)
        ),
        *(
            (check, volume_type)
            for volume_type in volume_types
            for check in plan.of_scope(registry.Scope.BACKEND)
        ),
    ]
    with rich.progress.Progress(
        rich.progress.SpinnerColumn(),
        rich.progress.BarColumn(),
        rich.progress.MofNCompleteColumn(),
        rich.progress.TimeElapsedColumn(),
        rich.progress.TextColumn('{task.description}'),
        console=console,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task('starting', total=len(work))
        for number, (check, volume_type) in enumerate(work, start=1):
            bar.update(task, description=f'{check.id} of {volume_type}')
            result = checking.run_check(check, volume_type)
            bar.update(task, advance=1)
            console.print(
                f'{number}/{len(work)} {volume_type}: {check.id} '
                f'{result.verdict}',
                highlight=False,
            )
