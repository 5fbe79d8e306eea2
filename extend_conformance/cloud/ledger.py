# SPDX-License-Identifier: Apache-2.0

"""What this run makes and changes, written down before it happens.

Every create is entered before the request that makes it, so that
``extend-conformance cleanup`` finds it after a ``kill -9`` at any moment.
Taking things away again is left to those who made them, and to that command.
"""

import collections.abc
import contextlib
import dataclasses
import datetime
import fcntl
import json
import os
import pathlib
import secrets
import signal
import tempfile
import typing as ty

import platformdirs
import psutil

from extend_conformance import exceptions
from extend_conformance import interrupts
from extend_conformance.cloud import waiting

#: Entry of a volume's metadata that says which run made it.
METADATA_KEY = 'extend_conformance_run'

#: Entry of a volume's metadata that says: finished, a person's now.
KEPT_KEY = 'extend_conformance_kept'

#: Version of the file's form; 1 is the first.
VERSION = 1

#: psutil rounds the start of the host to a second, twice.
_CLOCK_SLACK_S = 2.0

_SUFFIX = '.json'
_LOCK = '.lock'


class LedgerUnreadable(exceptions.UsageError):
    """A file of the ledger is not one."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing that a run meant to make, or did.

    :param key: of the entry itself, unique in its file.
    :param kind: ``volume``, ``attachment``, ``node-owner``, ``setting``...
    :param cloud: address of its identity service; empty for what is only on
        this host.
    :param name: the unique name, by which it can be found when the answer
        that would have given its id was lost.
    :param id: given by the cloud; ``None`` until it was made.
    :param facts: what else is needed to take it away again.
    """

    key: str
    kind: str
    cloud: str
    project_id: str | None
    name: str
    id: str | None = None
    gone: bool = False
    facts: collections.abc.Mapping[str, ty.Any] = dataclasses.field(
        default_factory=dict
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Writer:
    """A process that takes part in a run.

    :param created_s: when it was started, in seconds since the start of the
        host; with the pid this names a process. As a date it would move with
        the host's clock.
    """

    pid: int
    created_s: float

    @classmethod
    def this(cls) -> 'Writer':
        """The process that runs now."""
        process = psutil.Process()
        return cls(pid=process.pid, created_s=_created_s(process))

    @property
    def is_alive(self) -> bool:
        """Whether it can still make or change something.

        One that was killed cannot, though it is there until the kernel has
        closed its devices, and then until its parent has taken note.
        """
        process = self._process()
        return process is not None and not _is_killed(process.pid)

    def wait_until_ended(self, timeout_s: float) -> None:
        """Give one that was killed time to let go of what it has open.

        :param timeout_s: seconds. A device that answers nothing may keep it
            for longer, until it is disconnected.
        """
        with contextlib.suppress(waiting.WaitTimeout):
            waiting.wait_until(
                self._process,
                lambda process: process is None,
                timeout_s=timeout_s,
                resource=f'process {self.pid}',
                wanted='ended',
            )

    def _process(self) -> psutil.Process | None:
        """The process, unless it is gone or a zombie, which has nothing."""
        try:
            process = psutil.Process(self.pid)
            if (
                abs(_created_s(process) - self.created_s) >= _CLOCK_SLACK_S
                or process.status() == psutil.STATUS_ZOMBIE
            ):
                return None
        except psutil.NoSuchProcess:
            return None
        return process


def _is_killed(pid: int) -> bool:
    """Whether the kernel ends a process as soon as it lets it go."""
    try:
        status = pathlib.Path('/proc', str(pid), 'status').read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    fields = dict(line.split(':', 1) for line in status.splitlines())
    # The first signal is the lowest bit; see proc_pid_status(5).
    pending = int(fields['ShdPnd'], 16)
    return pending >> (signal.SIGKILL - 1) & 1 == 1


def _created_s(process: psutil.Process) -> float:
    """When a process was started, in seconds since the start of the host.

    psutil makes a date of what the kernel knows, with the start of the host
    as the clock has it when it is asked first.
    """
    boot_s = psutil.boot_time()
    return process.create_time() - boot_s


@dataclasses.dataclass(frozen=True)
class _File:
    writers: tuple[Writer, ...] = ()
    entries: collections.abc.Mapping[str, Entry] = dataclasses.field(
        default_factory=dict
    )


def new_run_id() -> str:
    """Make a run id: sorts by time, unique, and made of ``[a-z0-9-]``."""
    now = datetime.datetime.now(datetime.UTC)
    return f'{now:%Y%m%dt%H%M%S}-{secrets.token_hex(4)}'


def runs_directory() -> pathlib.Path:
    """Where ledgers are: ``$XDG_STATE_HOME/extend-conformance/runs``."""
    state = platformdirs.user_state_path('extend-conformance')
    return state / 'runs'


class Ledger:
    """The file of one run, which several processes may write.

    Each change reads, changes and replaces the file under a lock, so that a
    process that is killed leaves the file before or after its change. The
    file is not forced to the disk: it outlives processes, not machines.

    :param run_id: names the file.
    :param directory: by default :func:`runs_directory`.
    """

    def __init__(
        self, run_id: str, directory: pathlib.Path | None = None
    ) -> None:
        self.run_id = run_id
        self._directory = directory or runs_directory()

    @classmethod
    def start(
        cls,
        run_id: str | None = None,
        directory: pathlib.Path | None = None,
    ) -> 'Ledger':
        """Begin, or join, the ledger of a run.

        :param run_id: of the run to join; ``None`` begins a new one.
        :raises exceptions.NotTestable: the state directory is not writable.
        """
        ledger = cls(run_id or new_run_id(), directory)
        try:
            ledger._directory.mkdir(parents=True, exist_ok=True)
            with ledger._locked():
                found = ledger._read()
                writers = dict.fromkeys((*found.writers, Writer.this()))
                ledger._write(
                    dataclasses.replace(found, writers=tuple(writers))
                )
        except OSError as error:
            raise ledger._unwritable(
                error, 'Set XDG_STATE_HOME to a directory of yours.'
            ) from error
        return ledger

    @classmethod
    def runs(
        cls, directory: pathlib.Path | None = None
    ) -> tuple['Ledger', ...]:
        """The ledgers that are there, oldest first."""
        directory = directory or runs_directory()
        return tuple(
            cls(path.name.removesuffix(_SUFFIX), directory)
            for path in sorted(directory.glob(f'*{_SUFFIX}'))
        )

    @property
    def path(self) -> pathlib.Path:
        """The file, readable by its owner alone."""
        return self._directory / f'{self.run_id}{_SUFFIX}'

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Everything entered so far, oldest first."""
        with self._locked():
            return tuple(self._read().entries.values())

    @property
    def writers(self) -> tuple[Writer, ...]:
        """The processes of this host that take, or took, part in the run."""
        with self._locked():
            return self._read().writers

    @property
    def open_entries(self) -> tuple[Entry, ...]:
        """What is not gone yet, oldest first."""
        return tuple(each for each in self.entries if not each.gone)

    def intend(
        self,
        kind: str,
        cloud: str,
        project_id: str | None,
        name: str,
        **facts: ty.Any,
    ) -> Entry:
        """Enter what is about to be made.

        :raises exceptions.NotTestable: there is no room for it, or another
            reason why the file cannot be written; so for all changes.
        """
        return self._put(
            Entry(
                key=secrets.token_hex(8),
                kind=kind,
                cloud=cloud,
                project_id=project_id,
                name=name,
                facts=facts,
            )
        )

    def made(self, entry: Entry, id: str, **facts: ty.Any) -> Entry:
        """Enter the id of what was made, and facts only known then."""
        return self._put(
            dataclasses.replace(entry, id=id, facts={**entry.facts, **facts})
        )

    def gone(self, entry: Entry) -> Entry:
        """Enter that it is no more."""
        return self._put(dataclasses.replace(entry, gone=True))

    def setting(
        self,
        cloud: str,
        project_id: str | None,
        name: str,
        old: object,
        **facts: ty.Any,
    ) -> Entry:
        """Enter the old value of a setting that is about to be changed.

        :param old: JSON; what the setting has to be again in the end.
        """
        return self.intend(
            'setting', cloud, project_id, name, old=old, **facts
        )

    def close(self) -> bool:
        """Remove the file if nothing is left to be taken away.

        :returns: whether it was removed; another process that still enters
            something makes it anew.
        """
        with self._locked():
            entries = self._read().entries
            if any(not each.gone for each in entries.values()):
                return False
            self.path.unlink(missing_ok=True)
            return True

    def _put(self, entry: Entry) -> Entry:
        try:
            # What was done, and is not entered, would be looked for in vain.
            with interrupts.held_back(), self._locked():
                found = self._read()
                entries = {**found.entries, entry.key: entry}
                self._write(dataclasses.replace(found, entries=entries))
        except OSError as error:
            raise self._unwritable(
                error,
                'When there is room again, run extend-conformance cleanup.',
            ) from error
        return entry

    def _unwritable(
        self, error: OSError, next_step: str
    ) -> exceptions.NotTestable:
        return exceptions.NotTestable(
            f'The ledger cannot be written: {error.strerror}',
            resource=str(self.path),
            next_step=next_step,
        )

    @contextlib.contextmanager
    def _locked(self) -> collections.abc.Iterator[None]:
        # One lock for the directory, since a lock file beside each run could
        # never be removed without a race. flock() belongs to the open file,
        # so it also keeps threads of this process apart.
        descriptor = os.open(
            self._directory / _LOCK, os.O_RDWR | os.O_CREAT, 0o600
        )
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _read(self) -> _File:
        try:
            text = self.path.read_text()
        except FileNotFoundError:
            return _File()
        try:
            found = json.loads(text)
            if found['version'] != VERSION:
                raise ValueError(f'version {found["version"]}')
            return _File(
                tuple(Writer(**each) for each in found['writers']),
                {each['key']: Entry(**each) for each in found['entries']},
            )
        except (ValueError, TypeError, KeyError) as error:
            raise LedgerUnreadable(
                f'This is not a ledger that can be read: {error}',
                resource=str(self.path),
                wanted=f'version {VERSION}',
            ) from error

    def _write(self, content: _File) -> None:
        text = json.dumps(
            {
                'version': VERSION,
                'run_id': self.run_id,
                'writers': [
                    dataclasses.asdict(each) for each in content.writers
                ],
                'entries': [
                    dataclasses.asdict(each)
                    for each in content.entries.values()
                ],
            },
            indent=1,
        )
        # Made with mode 0600.
        descriptor, name = tempfile.mkstemp(
            dir=self._directory, prefix='.', suffix='.new'
        )
        try:
            with open(descriptor, 'w') as stream:
                stream.write(text)
            os.replace(name, self.path)
        except BaseException:
            # An interrupt may come when it has taken its place already.
            pathlib.Path(name).unlink(missing_ok=True)
            raise
