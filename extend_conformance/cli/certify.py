# SPDX-License-Identifier: Apache-2.0

"""The command ``certify``: the catalogue of checks without tempest."""

import argparse

import rich.console
import rich.progress
import rich.table
from cliff import command

from extend_conformance import exceptions
from extend_conformance import vocabulary
from extend_conformance.cli import examples
from extend_conformance.cli import terminal
from extend_conformance.cloud import ledger as ledgers
from extend_conformance.report import build
from extend_conformance.report import judgement
from extend_conformance.report import summary
from extend_conformance.runs import arguments
from extend_conformance.runs import configuration as configurations
from extend_conformance.runs import pages
from extend_conformance.runs import run


class Certify(command.Command):
    """Check backends and compare what they do with what they promise.

    Exits with 0 if every backend keeps its promise, 1 if one fails or
    contradicts a claim, 3 if something could not be tested.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Describe the arguments."""
        parser = super().get_parser(prog_name)
        arguments.add_checking(parser)
        parser.add_argument(
            '--dry-run',
            action='store_true',
            help='say what would be done, and do nothing',
        )
        return examples.with_example(
            parser,
            'extend-conformance certify --os-cloud mycloud '
            '--os-admin-cloud admin --volume-type lvm --profile quick',
        )

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Check, report, and judge."""
        console = terminal.out(self.app.stdout)
        prepared = run.prepare_from(parsed_args)
        if parsed_args.dry_run:
            _show_plan(prepared, console)
            return exceptions.ExitCode.AS_EXPECTED
        prepared.must_have_room()
        prepared.must_attach()
        ledger = ledgers.Ledger.start()
        console.print(f'Run {ledger.run_id}')
        output = run.output_directory(parsed_args.output, ledger.run_id)
        announced = run.announce(
            prepared.configuration,
            output,
            run_id=ledger.run_id,
            door=vocabulary.Door.CERTIFY,
            cloud=prepared.given.member.name,
        )
        begun = prepared.begin(announced, ledger)
        _run(begun, prepared.configuration)
        begun.end()
        ledger.close()
        report = build.build([output], output)
        console.print()
        summary.show(report.results, console)
        console.print(f'\nReport: {report.html}', soft_wrap=True)
        return judgement.exit_code(report.results)


def _show_plan(prepared: run.Prepared, console: rich.console.Console) -> None:
    """Print what would be checked, and what it would take."""
    plan = prepared.configuration.plan
    table = rich.table.Table(box=None, pad_edge=False)
    for heading in ('scope', 'check', 'level'):
        table.add_column(heading, no_wrap=True)
    for heading in ('about', 'room'):
        table.add_column(heading, no_wrap=True, justify='right')
    table.add_column('proves')
    for check in plan.checks:
        table.add_row(
            check.scope,
            check.id,
            check.level,
            f'{check.typical_s:g} s',
            f'{check.room_gib} GiB' if check.room_gib else '',
            check.proves,
        )
    console.print(table)
    for left_out in plan.not_planned:
        console.print(f'not planned: {left_out.check} ({left_out.cause})')
    effort = prepared.configuration.effort
    backends = 'one backend'
    if (number := len(prepared.configuration.volume_types)) > 1:
        backends = f'{number} backends'
    console.print(
        f'{effort.checks} checks on {backends}, one after the other: about '
        f'{_minutes(effort.typical_s)} on storage as fast as that of the '
        f'sandbox, {_minutes(effort.limit_s)} if each took all the time that '
        f'it may. Volumes of {effort.room_gib} GiB in all at most at a time '
        f'(for {effort.neediest}).'
    )


def _minutes(seconds: float) -> str:
    """Whole minutes, or seconds where that would be one or none."""
    if seconds < 90:
        return f'{seconds:.0f} s'
    return f'{seconds / 60:.0f} minutes'


def _run(
    begun: run.Begun, configuration: configurations.Configuration
) -> None:
    """Run every planned check, showing how far it is."""
    console = terminal.err()
    work = configuration.plan.work(configuration.volume_types)
    with terminal.counted(console) as bar:
        task = bar.add_task('starting', total=len(work))
        for number, (check, volume_type) in enumerate(work, start=1):
            bar.update(task, description=f'{check.id} of {volume_type}')
            result = begun.session.run_check(check, volume_type)
            bar.update(task, advance=1)
            console.print(
                f'{number}/{len(work)} {volume_type}: {check.id} '
                f'{result.verdict}',
                highlight=False,
            )
            if result.verdict in (
                vocabulary.CheckVerdict.FAIL,
                vocabulary.CheckVerdict.ABORT,
                vocabulary.CheckVerdict.KNOWN,
            ):
                console.print(
                    f'  {result.reason}\n  What to do: {pages.path(check.id)}',
                    highlight=False,
                    soft_wrap=True,
                )
