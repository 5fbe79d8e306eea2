# SPDX-License-Identifier: Apache-2.0

"""The command ``discover``: what is said of a cloud's backends."""

import argparse
import pathlib
import typing as ty

from cliff import lister

from extend_conformance import exceptions
from extend_conformance.claims import claims_file
from extend_conformance.cli import examples
from extend_conformance.runs import arguments
from extend_conformance.runs import cloud_arguments
from extend_conformance.runs import configuration as configurations
from extend_conformance.runs import discovery

_COLUMNS = (
    'Volume Type',
    'Backend',
    'Pool',
    'Protocol',
    'Capability',
    'Matrix Key',
    'Claim',
)


class Discover(lister.Lister):
    """List the backends of a cloud and what is claimed of each.

    What was found is added to the claims file if --claims-file names one;
    an entry that it has already stays as it is.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Describe the arguments."""
        parser = super().get_parser(prog_name)
        cloud_arguments.add_cloud(parser)
        arguments.add_matrix(parser)
        parser.add_argument(
            '--claims-file',
            metavar='FILE',
            type=pathlib.Path,
            help='add what was found to this file; made if it is not there',
        )
        return examples.with_example(
            parser,
            'extend-conformance discover --os-admin-cloud admin '
            '--claims-file claims.yaml',
        )

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], list[tuple[ty.Any, ...]]]:
        """Look, write if asked to, and return the table."""
        path = parsed_args.claims_file
        claims = claims_file.Claims()
        if path is not None and path.exists():
            claims = claims_file.load(path)
        if parsed_args.os_admin_cloud is None:
            raise exceptions.NotTestable(
                'Only an administrator sees pools and to which backend a '
                'volume type is bound',
                next_step='Name one with --os-admin-cloud.',
            )
        admin = cloud_arguments.read_given(parsed_args).admin_storage()
        assert admin is not None
        found = discovery.look_around(
            admin,
            claims,
            configurations.release_of(parsed_args.release, claims),
            configurations.read_matrix(parsed_args.matrix_file),
        )
        if path is not None:
            claims_file.update(
                path,
                [one.as_entry() for one in found],
                parsed_args.release,
            )
        return _COLUMNS, [_row(one) for one in found]


def _row(found: discovery.Found) -> tuple[ty.Any, ...]:
    pool = found.pool
    return (
        found.volume_type,
        pool.backend_name if pool else None,
        pool.name if pool else None,
        pool.protocol if pool else None,
        found.truths.capability,
        found.truths.matrix_key,
        f'{found.promise.expected} ({found.promise.source})',
    )
