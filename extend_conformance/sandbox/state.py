# SPDX-License-Identifier: Apache-2.0

"""What a sandbox is made of on disk: its paths, its record, its passwords.

One JSON record per state directory, written atomically, is all that ties
``up``, ``down`` and the daemons together. Nobody else writes it than ``up``.
"""

import collections.abc
import contextlib
import dataclasses
import enum
import errno
import fcntl
import json
import os
import pathlib
import secrets
import time
import typing as ty

import platformdirs

from extend_conformance import exceptions
from extend_conformance import vocabulary
from extend_conformance.sandbox import declared

SERVICES: ty.Final = ('keystone', 'cinder', 'glance')

#: Accounts with a password of their own; those of services come last.
ACCOUNTS: ty.Final = (
    'admin',
    'sandbox',
    'sandbox-reader',
    'sandbox-other',
    'cinder',
    'glance',
)

_RECORD_VERSION = 1

_Word = ty.TypeVar('_Word', bound=enum.StrEnum)


def default_directory() -> pathlib.Path:
    """Return where a sandbox lives unless told otherwise."""
    return (
        platformdirs.user_state_path('extend-conformance') / 'sandbox'
    ).absolute()


@dataclasses.dataclass(frozen=True)
class Paths:
    """Every path of a sandbox; ``root`` is absolute and resolved."""

    root: pathlib.Path

    #: What ``up`` makes beside ``logs``, and ``down`` removes.
    OWN: ty.ClassVar[tuple[str, ...]] = (
        'client',
        'etc',
        'keystone',
        'cinder',
        'glance',
        'volumes',
        'tmp',
    )

    @property
    def record(self) -> pathlib.Path:
        """The record; without it a directory is no sandbox."""
        return self.root / 'sandbox.json'

    @property
    def logs(self) -> pathlib.Path:
        """Logs, which survive ``down``."""
        return self.root / 'logs'

    @property
    def etc(self) -> pathlib.Path:
        """Configuration of the daemons."""
        return self.root / 'etc'

    @property
    def tmp(self) -> pathlib.Path:
        """Temporary files of the daemons."""
        return self.root / 'tmp'

    @property
    def volumes(self) -> pathlib.Path:
        """Files of the volumes, a directory per backend."""
        return self.root / 'volumes'

    @property
    def client(self) -> pathlib.Path:
        """All that a client needs; belongs to the client's user."""
        return self.root / 'client'

    @property
    def devices(self) -> pathlib.Path:
        """A link per attached volume."""
        return self.client / 'devices'

    @property
    def locks(self) -> pathlib.Path:
        """Lock files of clients."""
        return self.client / 'locks'

    @property
    def clouds(self) -> pathlib.Path:
        """``clouds.yaml``."""
        return self.client / 'clouds.yaml'

    @property
    def tempest_conf(self) -> pathlib.Path:
        """``tempest.conf``."""
        return self.client / 'tempest.conf'

    @property
    def matrix(self) -> pathlib.Path:
        """The support matrix of the sandbox's backends."""
        return self.client / 'support-matrix.ini'

    @property
    def claims(self) -> pathlib.Path:
        """The claims file."""
        return self.client / 'claims.yaml'

    def of(self, service: str) -> pathlib.Path:
        """Data of one service."""
        return self.root / service


@dataclasses.dataclass(frozen=True)
class Process:
    """A daemon as it was started; both numbers together are unique.

    :param create_time: seconds since the start of the host.
    """

    pid: int
    create_time: float


@dataclasses.dataclass(frozen=True)
class Record:
    """What is known about a sandbox.

    :param complete: whether ``up`` came to its end.
    :param made_root: whether ``up`` made the state directory.
    :param root_mode: mode of the directory before ``up``.
    :param client_user: owner of ``client/``.
    :param token_expiration_s: life of a token in seconds.
    :param chosen: its backends, the default one first.
    :param passwords: by account.
    :param ports: on 127.0.0.1, by service, and ``web``.
    :param processes: by service.
    """

    complete: bool
    made_root: bool
    root_mode: int
    client_user: str
    token_expiration_s: int
    chosen: tuple[declared.Backend, ...]
    passwords: dict[str, str]
    ports: dict[str, int]
    processes: dict[str, Process]
    image_id: str | None = None

    def url(self, service: str) -> str:
        """Return the root URL of a service."""
        return f'http://127.0.0.1:{self.ports[service]}'

    @property
    def auth_url(self) -> str:
        """Return where tokens are asked for."""
        return self.url('keystone') + '/v3'


def new_passwords() -> dict[str, str]:
    """Make a password for every account."""
    return {account: secrets.token_urlsafe(18) for account in ACCOUNTS}


def load(paths: Paths) -> Record | None:
    """Read the record, or None where there is no sandbox.

    :raises extend_conformance.exceptions.UsageError: if it cannot be read.
    """
    try:
        text = paths.record.read_text()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError as error:
        raise exceptions.NotTestable(
            'The record of the sandbox cannot be read',
            resource=str(paths.record),
            next_step='Use the same user that started it: root.',
        ) from error
    try:
        raw = json.loads(text)
        if raw.pop('version') != _RECORD_VERSION:
            raise ValueError('another version of this program wrote it')
        raw['chosen'] = tuple(_read_backend(one) for one in raw['chosen'])
        raw['processes'] = {
            name: Process(**one) for name, one in raw['processes'].items()
        }
        return Record(**raw)
    except (ValueError, TypeError, KeyError) as error:
        raise exceptions.UsageError(
            'The record of the sandbox is damaged',
            resource=str(paths.record),
            last=str(error),
            next_step=(
                'Remove the state directory after `sandbox down` has stopped '
                'what runs.'
            ),
        ) from error


def _read_backend(raw: dict[str, ty.Any]) -> declared.Backend:
    return dataclasses.replace(
        declared.Backend(**raw),
        options=tuple(tuple(pair) for pair in raw['options']),
        extra_specs=tuple(tuple(pair) for pair in raw['extra_specs']),
        matrix=_word(vocabulary.MatrixValue, raw['matrix']),
        expect=_word(vocabulary.Expectation, raw['expect']),
        outcomes=tuple(vocabulary.Outcome(word) for word in raw['outcomes']),
        verdict=_word(vocabulary.BackendVerdict, raw['verdict']),
    )


def _word(kind: type[_Word], text: str | None) -> _Word | None:
    return None if text is None else kind(text)


def write_atomically(path: pathlib.Path, text: str, mode: int = 0o600) -> None:
    """Replace a file; a reader sees the old or the new one, never half."""
    fresh = path.with_name(f'.{path.name}.new')
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, 'w') as file:
        os.fchmod(descriptor, mode)
        file.write(text)
    fresh.replace(path)


def save(paths: Paths, record: Record) -> None:
    """Write the record."""
    raw = {'version': _RECORD_VERSION, **dataclasses.asdict(record)}
    write_atomically(paths.record, json.dumps(raw, indent=1) + '\n')


@contextlib.contextmanager
def locked(
    directory: pathlib.Path, wait_s: float
) -> collections.abc.Iterator[None]:
    """Let one ``up`` or ``down`` at a time work on a directory.

    The directory itself is locked, so that no lock file is left behind, and
    the kernel unlocks it when its holder dies.

    :raises extend_conformance.exceptions.UsageError: if another one works
        there for longer than ``wait_s`` seconds.
    """
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        deadline = time.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if error.errno != errno.EWOULDBLOCK:
                    raise
            if time.monotonic() > deadline:
                raise exceptions.UsageError(
                    'Another command starts or stops this sandbox right now',
                    resource=str(directory),
                    next_step='Wait for it, or interrupt it.',
                )
            time.sleep(0.1)
        yield
    finally:
        os.close(descriptor)
