# SPDX-License-Identifier: Apache-2.0

"""Command ``report build``: draws a report from results."""

import argparse
import pathlib

from cliff import command

from extend_conformance import exceptions
from extend_conformance.cli import terminal
from extend_conformance.report import build
from extend_conformance.report import summary


class Build(command.Command):
    """Draw a report from the results of one or more runs.

    Reads results directories or results.json files, merges and judges them,
    and writes results.json, report.html, figures, junit.xml and summary.rst.
    Exits with 0 when the report was built, whatever the verdicts are.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the arguments of this command."""
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = (
            f'example:\n  {prog_name} extend-conformance-results/RUN_ID'
        )
        parser.add_argument(
            'results',
            metavar='RESULTS',
            nargs='+',
            type=pathlib.Path,
            help='a results directory, or a results.json',
        )
        parser.add_argument(
            '--output',
            metavar='DIR',
            type=pathlib.Path,
            help='where to write the report (default: beside RESULTS; '
            'needed when there are several)',
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Build the report and print its overview and path."""
        report = build.build(parsed_args.results, _output(parsed_args))
        out = terminal.out(self.app.stdout)
        summary.show(report.results, out)
        out.print(f'Report: {report.html}', soft_wrap=True)
        return exceptions.ExitCode.AS_EXPECTED


def _output(parsed_args: argparse.Namespace) -> pathlib.Path:
    if parsed_args.output is not None:
        return pathlib.Path(parsed_args.output)
    if len(parsed_args.results) > 1:
        raise exceptions.UsageError(
            'Several results make one report, and none of their directories '
            'is its place',
            next_step='Give --output DIR.',
        )
    source = pathlib.Path(parsed_args.results[0])
    return source if source.is_dir() else source.parent
