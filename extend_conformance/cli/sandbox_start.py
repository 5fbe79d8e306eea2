# SPDX-License-Identifier: Apache-2.0

"""Starts a sandbox for a command: the cloud, and then the claims about it.

The claims file is discovered like that of any other cloud, so the sandbox
itself knows nothing of it.
"""

import argparse
import collections.abc
import dataclasses
import os
import pathlib

import rich.console
import rich.status
from keystoneauth1 import session as keystone_session
from keystoneauth1.identity import v3

from extend_conformance.claims import claims_file
from extend_conformance.claims import matrix_ini
from extend_conformance.cli import terminal
from extend_conformance.cloud import block_storage
from extend_conformance.cloud import connection as connections
from extend_conformance.runs import discovery
from extend_conformance.sandbox import lifecycle
from extend_conformance.sandbox import state

#: An extend takes seconds here, so that one that hangs is known soon.
_EXTEND_TIMEOUT_S = 20


def add_state_dir(parser: argparse.ArgumentParser) -> None:
    """Add ``--state-dir``."""
    parser.add_argument(
        '--state-dir',
        metavar='DIR',
        type=pathlib.Path,
        default=state.default_directory(),
        help='directory of the sandbox (default: %(default)s)',
    )


def add_backends(parser: argparse.ArgumentParser) -> None:
    """Add ``--backend`` and ``--backend-conf``."""
    parser.add_argument(
        '--backend',
        metavar='NAME',
        action='append',
        default=[],
        help='a backend of the sandbox, or all; may be repeated; the '
        'first is the default volume type (default: the standard set)',
    )
    parser.add_argument(
        '--backend-conf',
        metavar='FILE',
        action='append',
        default=[],
        type=pathlib.Path,
        help='a file with one section of cinder.conf, whose name becomes '
        "the backend's; may be repeated",
    )


def start(
    root: pathlib.Path,
    names: collections.abc.Sequence[str],
    confs: collections.abc.Sequence[pathlib.Path],
    client_user: str | None = None,
    token_expiration_s: int | None = None,
    plugin: collections.abc.Mapping[str, str] | None = None,
) -> state.Record:
    """Start a sandbox, showing what happens, and write its claims file.

    :param root: the state directory.
    :param names: of backends; none for the standard set.
    :param confs: files with one section of cinder.conf each.
    :param plugin: options of ``[extend_conformance]`` in its tempest.conf,
        beside those that make tempest test this sandbox.
    :raises ExtendConformanceError: see ``lifecycle.up``.
    """
    paths = state.Paths(root.resolve())
    with _Progress() as progress:

        def finish(record: state.Record) -> None:
            progress.tell('sandbox', 'claims')
            _write_claims(paths, record)

        return lifecycle.up(
            root,
            names=names,
            confs=confs,
            client_user=client_user,
            token_expiration_s=token_expiration_s,
            plugin={
                'claims_file': str(paths.claims),
                'matrix_file': str(paths.matrix),
                'lock_path': str(paths.locks),
                'extend_timeout_s': str(_EXTEND_TIMEOUT_S),
                **(plugin or {}),
            },
            progress=progress.tell,
            finish=finish,
        )


def _write_claims(paths: state.Paths, record: state.Record) -> None:
    """Discover what the sandbox's backends claim, as of any cloud."""
    admin = connections.from_session(
        keystone_session.Session(
            v3.Password(
                auth_url=record.auth_url,
                username='admin',
                password=record.passwords['admin'],
                project_name='admin',
                user_domain_name='Default',
                project_domain_name='Default',
            )
        ),
        name='sandbox-admin',
    )
    found = discovery.look_around(
        block_storage.BlockStorage(admin),
        claims_file.Claims(),
        own=matrix_ini.load_ini(paths.matrix),
    )
    expected = {one.name: one.expect for one in record.chosen}
    entries = []
    for entry in (one.as_entry() for one in found):
        expect = expected.get(entry.claim.volume_type)
        if expect is not None:
            claim = dataclasses.replace(entry.claim, expect=expect)
            entry = dataclasses.replace(entry, claim=claim)
        entries.append(entry)
    claims_file.update(paths.claims, entries)
    owner = paths.client.stat()
    os.chown(paths.claims, owner.st_uid, owner.st_gid)


class _Progress:
    """One line that says what every service does right now."""

    def __init__(self) -> None:
        self._status = rich.status.Status('preparing', console=terminal.err())
        self._latest: dict[str, str] = {}

    def __enter__(self) -> '_Progress':
        self._status.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._status.stop()

    def tell(self, service: str, text: str) -> None:
        """Show it."""
        self._latest[service] = text
        self._status.update(
            terminal.status(
                ', '.join(
                    f'{name}: {what}' for name, what in self._latest.items()
                )
            )
        )
