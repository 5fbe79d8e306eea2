# SPDX-License-Identifier: Apache-2.0

"""The arguments that say which cloud, as whom, and what of this machine.

Each has its environment variable. They serve commands that know no checks
as well; what only a run of checks takes is in ``arguments``.
"""

import argparse
import os
import typing as ty

from oslo_utils import strutils

from extend_conformance.cloud import connection as connections
from extend_conformance.cloud import host as hosts
from extend_conformance.runs import given as givens

PREFIX = 'EXTEND_CONFORMANCE_'
_OWN_PROJECT = f'{PREFIX}OWN_PROJECT'


class Group(ty.Protocol):
    """What takes arguments: a group of argparse, or one like it."""

    def add_argument(self, *names: str, **attributes: ty.Any) -> ty.Any:
        """Take an argument, described as for argparse."""


class Parser(Group, ty.Protocol):
    """A parser of argparse, or one like it."""

    def add_argument_group(self, title: str) -> ty.Any:
        """Begin a group, which is a :class:`Group`."""


def add(
    parser: Group,
    option: str,
    variable: str,
    metavar: str,
    text: str,
) -> None:
    """Add an argument that an environment variable stands for.

    :param text: what it means, for the help.
    """
    parser.add_argument(
        option,
        metavar=metavar,
        default=os.environ.get(variable) or None,
        help=f'{text} (Env: {variable})',
    )


def add_cloud(parser: Parser) -> None:
    """Add ``--os-cloud``: the cloud, as a member of a project."""
    group = parser.add_argument_group('cloud')
    add(
        group,
        '--os-cloud',
        'OS_CLOUD',
        'CLOUD',
        'entry of clouds.yaml of a project member; without it the other '
        'OS_* variables count',
    )
    add(
        group,
        '--os-admin-cloud',
        f'{PREFIX}ADMIN_CLOUD',
        'CLOUD',
        'entry of an administrator, who sees pools',
    )


def add_more_clouds(parser: Parser) -> None:
    """Add the credentials that only checks need."""
    group = parser.add_argument_group('further credentials')
    add(
        group,
        '--os-reader-cloud',
        f'{PREFIX}READER_CLOUD',
        'CLOUD',
        "entry of a reader of the member's project",
    )
    add(
        group,
        '--os-other-cloud',
        f'{PREFIX}OTHER_CLOUD',
        'CLOUD',
        'entry of a member of another project',
    )
    group.add_argument(
        '--own-project',
        action='store_true',
        default=strutils.bool_from_string(os.environ.get(_OWN_PROJECT)),
        help="nobody else creates in the member's project, so that its "
        f'usage can be compared (Env: {_OWN_PROJECT})',
    )


def add_host(parser: Parser) -> None:
    """Add what os-brick has to know of this machine."""
    group = parser.add_argument_group('this machine')
    add(
        group,
        '--lock-path',
        f'{PREFIX}LOCK_PATH',
        'DIR',
        "os-brick's locks, shared with whatever else attaches here",
    )
    group.add_argument(
        '--use-multipath',
        action='store_true',
        help='connect all paths of a volume',
    )


def read_given(parsed_args: argparse.Namespace) -> givens.Given:
    """Connect with every set of credentials that was named.

    :raises UsageError: for a cloud that is not configured.
    :raises NotTestable: for one that cannot be reached, or refuses.
    """
    member = connections.from_cloud(parsed_args.os_cloud)
    return givens.Given(
        member=member,
        admin=_connect(parsed_args.os_admin_cloud),
        reader=_connect(getattr(parsed_args, 'os_reader_cloud', None)),
        other=_connect(getattr(parsed_args, 'os_other_cloud', None)),
        own_project=getattr(parsed_args, 'own_project', False),
        images=member.offers_images,
        host=hosts.Host(
            lock_path=getattr(parsed_args, 'lock_path', None),
            use_multipath=getattr(parsed_args, 'use_multipath', False),
        ),
    )


def _connect(name: str | None) -> connections.CloudConnection | None:
    return None if name is None else connections.from_cloud(name)
