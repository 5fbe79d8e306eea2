# SPDX-License-Identifier: Apache-2.0

"""The command ``cleanup``: removes what a killed run left."""

import argparse
import typing as ty

from cliff import lister

from extend_conformance import exceptions
from extend_conformance.cli import examples
from extend_conformance.cloud import leftovers
from extend_conformance.runs import cloud_arguments

_COLUMNS = ('Run', 'Kind', 'ID', 'Project', 'Status', 'Reason')


class Cleanup(lister.Lister):
    """Remove what a killed run left, and put back what it has changed.

    Only what a run has written down, or what carries its id, is removed; a
    run that still goes on is left alone, and so are finished images of
    "image create". Quotas are put back with --os-admin-cloud. Exit code 1
    if something is left.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Describe the arguments."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--run',
            metavar='ID',
            help='only this run, even if it seems to go on',
        )
        parser.add_argument(
            '--all-projects',
            action='store_true',
            help='of all projects; needs --os-admin-cloud',
        )
        parser.add_argument(
            '--dry-run',
            action='store_true',
            help='show what would be removed',
        )
        cloud_arguments.add_cloud(parser)
        cloud_arguments.add_host(parser)
        return examples.with_example(
            parser, 'extend-conformance cleanup --dry-run'
        )

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Show what was found; the exit code says whether some is left."""
        result = int(super().run(parsed_args))
        if self._interrupt is not None:
            raise self._interrupt
        if leftovers.failed(self._found):
            return exceptions.ExitCode.FAILED
        return result

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], list[tuple[ty.Any, ...]]]:
        """Find, remove, and return the table."""
        if parsed_args.all_projects and parsed_args.os_admin_cloud is None:
            raise exceptions.NotTestable(
                'Only an administrator sees all projects',
                next_step='Name one with --os-admin-cloud.',
            )
        given = cloud_arguments.read_given(parsed_args)
        assert given.host is not None
        sweep = leftovers.Sweep(
            given.member_storage(),
            given.host,
            admin=given.admin_storage(),
            all_projects=parsed_args.all_projects,
            only=parsed_args.run,
            dry_run=parsed_args.dry_run,
        )
        self._interrupt: KeyboardInterrupt | None = None
        try:
            sweep.run()
        except KeyboardInterrupt as interrupt:
            # What was done until then has to be seen all the same.
            self._interrupt = interrupt
        self._found = sweep.found
        return _COLUMNS, [
            (
                each.run_id,
                each.kind,
                each.id,
                each.project_id,
                each.status.value,
                each.reason,
            )
            for each in self._found
        ]
