# SPDX-License-Identifier: Apache-2.0

"""The arguments of a run of checks, and what they stand for.

Who parses them, argparse for the commands or pytest, is left to the doors.
"""

import argparse
import pathlib

from extend_conformance import exceptions
from extend_conformance import vocabulary
from extend_conformance.probes import context as contexts
from extend_conformance.runs import cloud_arguments
from extend_conformance.runs import configuration as configurations
from extend_conformance.runs import given as givens
from extend_conformance.runs import profiles


def add_checking(parser: cloud_arguments.Parser) -> None:
    """Add everything that a front door to the whole catalogue takes."""
    parser.add_argument(
        '--volume-type',
        metavar='T',
        action='append',
        help='a volume type, which names a backend; required, may be repeated',
    )
    add_run(parser, profile=vocabulary.Profile.STANDARD)
    parser.add_argument(
        '--extend-timeout',
        metavar='S',
        type=float,
        default=contexts.Settings.extend_timeout_s,
        help='seconds after which an extend hangs (default: %(default)s)',
    )
    cloud_arguments.add_cloud(parser)
    cloud_arguments.add_more_clouds(parser)
    add_claims(parser)
    cloud_arguments.add_host(parser)


def add_run(
    parser: cloud_arguments.Parser, profile: vocabulary.Profile
) -> None:
    """Add what every run of checks takes: its profile and its output.

    :param profile: the default.
    """
    parser.add_argument(
        '--profile',
        # Text, as pytest-xdist sends the options to its workers.
        choices=[each.value for each in vocabulary.Profile],
        default=profile.value,
        help='which checks to run (default: %(default)s)',
    )
    parser.add_argument(
        '--output',
        metavar='DIR',
        type=pathlib.Path,
        help='where to put the results '
        '(default: extend-conformance-results/<run id>)',
    )


def add_claims(parser: cloud_arguments.Parser) -> None:
    """Add ``--claims-file``, and what is known of the documentation."""
    cloud_arguments.add(
        parser,
        '--claims-file',
        f'{cloud_arguments.PREFIX}CLAIMS_FILE',
        'FILE',
        'what the backends promise, as "discover" writes it',
    )
    add_matrix(parser)


def add_matrix(parser: cloud_arguments.Parser) -> None:
    """Add what tells which support matrix holds for the cloud."""
    group = parser.add_argument_group('support matrix')
    cloud_arguments.add(
        group,
        '--matrix-file',
        f'{cloud_arguments.PREFIX}MATRIX_FILE',
        'FILE',
        "a support matrix in the form of Cinder's support-matrix.ini, "
        'instead of the published one',
    )
    cloud_arguments.add(
        group,
        '--release',
        f'{cloud_arguments.PREFIX}RELEASE',
        'NAME',
        'the OpenStack release of the cloud, such as 2026.1',
    )


def read(
    parsed_args: argparse.Namespace,
) -> tuple[configurations.Configuration, givens.Given]:
    """Read files, connect, and plan.

    :param parsed_args: what :func:`add_checking` describes.
    :raises UsageError: for a file or a cloud that is wrong, or if no volume
        type was named.
    :raises NotTestable: for a cloud that cannot be reached.
    """
    if not parsed_args.volume_type:
        raise exceptions.UsageError(
            'No volume type was named',
            next_step='Name one with --volume-type.',
        )
    claims = configurations.read_claims(parsed_args.claims_file)
    own_matrix = configurations.read_matrix(parsed_args.matrix_file)
    given = cloud_arguments.read_given(parsed_args)
    return configurations.Configuration(
        volume_types=tuple(dict.fromkeys(parsed_args.volume_type)),
        claims=claims,
        own_matrix=own_matrix,
        release=configurations.release_of(parsed_args.release, claims),
        plan=profiles.make_plan(parsed_args.profile, given.needs),
        settings=contexts.Settings(
            extend_timeout_s=parsed_args.extend_timeout
        ),
    ), given
