# SPDX-License-Identifier: Apache-2.0

"""The arguments of every front door, and what they stand for.

Each has its environment variable. Who parses them, argparse for the commands
or pytest, is left to the doors.
"""

import argparse
import os
import pathlib
import typing as ty

from oslo_utils import strutils

from extend_conformance import vocabulary
from extend_conformance.checks import registry
from extend_conformance.claims import claims_file
from extend_conformance.claims import matrix
from extend_conformance.claims import matrix_ini
from extend_conformance.cloud import connection as connections
from extend_conformance.cloud import host as hosts
from extend_conformance.probes import context as contexts
from extend_conformance.runs import profiles
from extend_conformance.runs import session

_PREFIX = 'EXTEND_CONFORMANCE_'

#: Whether nobody else creates in the member's project.
OWN_PROJECT = f'{_PREFIX}OWN_PROJECT'


class Group(ty.Protocol):
    """What takes arguments: a group of argparse, or one like it."""

    def add_argument(self, *names: str, **attributes: ty.Any) -> ty.Any:
        """Take an argument, described as for argparse."""


class Parser(Group, ty.Protocol):
    """A parser of argparse, or one like it."""

    def add_argument_group(self, title: str) -> ty.Any:
        """Begin a group, which is a :class:`Group`."""


def _add(
    parser: Group,
    option: str,
    variable: str,
    metavar: str,
    text: str,
) -> None:
    parser.add_argument(
        option,
        metavar=metavar,
        default=os.environ.get(variable) or None,
        help=f'{text} (Env: {variable})',
    )


def add_checking(parser: Parser) -> None:
    """Add everything that a front door to the whole catalogue takes."""
    parser.add_argument(
        '--volume-type',
        metavar='T',
        action='append',
        help='a volume type, which names a backend; required, may be repeated',
    )
    add_run(parser, profile='standard')
    parser.add_argument(
        '--extend-timeout',
        metavar='S',
        type=float,
        default=contexts.Settings.extend_timeout_s,
        help='seconds after which an extend hangs (default: %(default)s)',
    )
    add_cloud(parser)
    add_more_clouds(parser)
    add_claims(parser)
    add_host(parser)


def add_run(parser: Parser, profile: str) -> None:
    """Add what every run of checks takes: its profile and its output.

    :param profile: the default.
    """
    parser.add_argument(
        '--profile',
        choices=profiles.NAMES,
        default=profile,
        help='which checks to run (default: %(default)s)',
    )
    parser.add_argument(
        '--output',
        metavar='DIR',
        type=pathlib.Path,
        help='where to put the results '
        '(default: extend-conformance-results/<run id>)',
    )


def add_cloud(parser: Parser) -> None:
    """Add ``--os-cloud``: the cloud, as a member of a project."""
    group = parser.add_argument_group('cloud')
    _add(
        group,
        '--os-cloud',
        'OS_CLOUD',
        'CLOUD',
        'entry of clouds.yaml of a project member; without it the other '
        'OS_* variables count',
    )
    _add(
        group,
        '--os-admin-cloud',
        f'{_PREFIX}ADMIN_CLOUD',
        'CLOUD',
        'entry of an administrator, who sees pools',
    )


def add_more_clouds(parser: Parser) -> None:
    """Add the credentials that only checks need."""
    group = parser.add_argument_group('further credentials')
    _add(
        group,
        '--os-reader-cloud',
        f'{_PREFIX}READER_CLOUD',
        'CLOUD',
        "entry of a reader of the member's project",
    )
    _add(
        group,
        '--os-other-cloud',
        f'{_PREFIX}OTHER_CLOUD',
        'CLOUD',
        'entry of a member of another project',
    )
    group.add_argument(
        '--own-project',
        action='store_true',
        default=strutils.bool_from_string(os.environ.get(OWN_PROJECT)),
        help="nobody else creates in the member's project, so that its "
        f'usage can be compared (Env: {OWN_PROJECT})',
    )


def add_claims(parser: Parser) -> None:
    """Add ``--claims-file``, and what is known of the documentation."""
    _add(
        parser,
        '--claims-file',
        f'{_PREFIX}CLAIMS_FILE',
        'FILE',
        'what the backends promise, as "discover" writes it',
    )
    add_matrix(parser)


def add_matrix(parser: Parser) -> None:
    """Add what tells which support matrix holds for the cloud."""
    group = parser.add_argument_group('support matrix')
    _add(
        group,
        '--matrix-file',
        f'{_PREFIX}MATRIX_FILE',
        'FILE',
        "a support matrix in the form of Cinder's support-matrix.ini, "
        'instead of the published one',
    )
    _add(
        group,
        '--release',
        f'{_PREFIX}RELEASE',
        'NAME',
        'the OpenStack release of the cloud, such as 2026.1',
    )


def add_host(parser: Parser) -> None:
    """Add what os-brick has to know of this machine."""
    group = parser.add_argument_group('this machine')
    _add(
        group,
        '--lock-path',
        f'{_PREFIX}LOCK_PATH',
        'DIR',
        "os-brick's locks, shared with whatever else attaches here",
    )
    group.add_argument(
        '--use-multipath',
        action='store_true',
        help='connect all paths of a volume',
    )


def open_clouds(parsed_args: argparse.Namespace) -> session.Clouds:
    """Connect with every set of credentials that was named.

    :raises UsageError: for a cloud that is not configured.
    :raises NotTestable: for one that cannot be reached, or refuses.
    """
    member = connections.from_cloud(parsed_args.os_cloud)
    return session.Clouds(
        member=member,
        admin=_connect(parsed_args.os_admin_cloud),
        reader=_connect(getattr(parsed_args, 'os_reader_cloud', None)),
        other=_connect(getattr(parsed_args, 'os_other_cloud', None)),
        own_project=getattr(parsed_args, 'own_project', False),
        images=member.offers_images,
    )


def _connect(name: str | None) -> connections.CloudConnection | None:
    return None if name is None else connections.from_cloud(name)


def open_host(parsed_args: argparse.Namespace) -> hosts.Host:
    """This machine, as the options describe it."""
    return hosts.Host(
        lock_path=parsed_args.lock_path,
        use_multipath=parsed_args.use_multipath,
    )


def read_claims(parsed_args: argparse.Namespace) -> claims_file.Claims:
    """The claims file; without one, nothing is claimed.

    :raises UsageError: for a file that cannot be read or is wrong.
    """
    if parsed_args.claims_file is None:
        return claims_file.Claims()
    return claims_file.load(
        pathlib.Path(parsed_args.claims_file),
        features=list(vocabulary.Feature),
        checks={check.id for check in registry.catalogue()},
    )


def read_matrix(parsed_args: argparse.Namespace) -> matrix.Matrix | None:
    """The matrix file, if one was named.

    :raises UsageError: for a file that cannot be read or is wrong.
    """
    if parsed_args.matrix_file is None:
        return None
    return matrix_ini.load_ini(pathlib.Path(parsed_args.matrix_file))
