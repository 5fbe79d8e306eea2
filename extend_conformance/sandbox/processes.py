# SPDX-License-Identifier: Apache-2.0

"""Starting daemons, and finding and ending every process of a sandbox.

A process belongs to a sandbox if it carries the sandbox's directory in a
marker variable of its environment: so children are found as well, and nobody
else's process ever is.
"""

import collections.abc
import os
import pathlib
import signal
import subprocess
import sys
import typing as ty

import psutil

from extend_conformance.sandbox import state

MARKER: ty.Final = 'EXTEND_CONFORMANCE_SANDBOX_DAEMON'

#: psutil rounds the start of the host to a second, twice.
_CLOCK_SLACK_S: ty.Final = 2.0


def environment(paths: state.Paths) -> dict[str, str]:
    """Return the environment of a daemon.

    Everything of the caller's is inherited, PYTHONPATH above all, but what
    would make a service look for another cloud or configuration.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(('OS_', 'TEMPEST_', 'LISTEN_'))
    }
    programs = os.path.dirname(sys.executable)
    path = inherited.get('PATH', os.defpath)
    return {
        **inherited,
        MARKER: str(paths.root),
        'TMPDIR': str(paths.tmp),
        # Tools of the host such as losetup are not in everyone's PATH.
        'PATH': f'{programs}:{path}:/usr/sbin:/sbin',
    }


def start(
    paths: state.Paths,
    service: str,
    arguments: collections.abc.Sequence[str],
    pass_fds: collections.abc.Sequence[int],
) -> 'subprocess.Popen[bytes]':
    """Start one daemon in a session of its own; it logs to ``logs/``."""
    log = paths.logs / f'{service}.log'
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return subprocess.Popen(
            [
                sys.executable,
                '-P',
                '-m',
                'extend_conformance.sandbox',
                service,
                '--state-dir',
                str(paths.root),
                *arguments,
            ],
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            cwd='/',
            env=environment(paths),
            pass_fds=pass_fds,
            start_new_session=True,
            umask=0o077,
        )
    finally:
        os.close(descriptor)


def identify(pid: int) -> state.Process:
    """Return what tells this process from a later one of the same pid."""
    return state.Process(pid, _created_s(psutil.Process(pid)))


def _created_s(process: psutil.Process) -> float:
    """When a process was started, in seconds since the start of the host.

    psutil makes a date of what the kernel knows, with the start of the host
    as the clock has it when it is asked first; as a date it would move with
    the clock.
    """
    boot_s = psutil.boot_time()
    return process.create_time() - boot_s


def alive(process: state.Process | None) -> bool:
    """Tell whether exactly this process runs."""
    if process is None:
        return False
    try:
        found = psutil.Process(process.pid)
        return (
            abs(_created_s(found) - process.create_time) < _CLOCK_SLACK_S
            and found.status() != psutil.STATUS_ZOMBIE
        )
    except psutil.NoSuchProcess:
        return False


def belonging(
    root: pathlib.Path, known: collections.abc.Iterable[state.Process] = ()
) -> list[psutil.Process]:
    """Find every process of a sandbox: recorded, or marked."""
    found = []
    recorded = {process.pid for process in known if alive(process)}
    for process in psutil.process_iter():
        if process.pid == os.getpid():
            continue
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                continue
            if process.pid in recorded or (
                process.environ().get(MARKER) == str(root)
            ):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def end(
    root: pathlib.Path,
    known: collections.abc.Iterable[state.Process],
    grace_s: float,
) -> list[psutil.Process]:
    """End every process of a sandbox, kindly first.

    Found anew after each round, because a daemon may have forked between the
    finding and the killing.

    :param grace_s: how long SIGTERM may take before SIGKILL, in seconds.
    :returns: what is still there, which is nothing unless the kernel hangs.
    """
    known = list(known)
    for number, patience_s in (
        (signal.SIGTERM, grace_s),
        (signal.SIGKILL, 5.0),
        (signal.SIGKILL, 5.0),
    ):
        found = belonging(root, known)
        if not found:
            return []
        for process in found:
            try:
                process.send_signal(number)
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(found, timeout=patience_s)
    return belonging(root, known)
