# SPDX-License-Identifier: Apache-2.0

"""What the three daemons have in common: their arguments and their reports.

``up`` makes the listening sockets and hands them down. So a port is never
shared by accident, and a client that comes early waits instead of failing.
"""

import argparse
import contextlib
import dataclasses
import errno
import gc
import json
import os
import pathlib
import socket
import sys
import traceback
import typing as ty

from extend_conformance.sandbox import state


class WrongConfiguration(Exception):
    """Somebody's ``--backend-conf`` cannot be what he meant."""


@dataclasses.dataclass(frozen=True)
class Report:
    """One line from a daemon to ``up``.

    :param kind: ``progress``, ``ready`` or ``failed``.
    :param text: what it does, or why it failed.
    :param no_space: whether it failed because the disk is full.
    :param wrong_configuration: whether it failed because of its arguments.
    """

    kind: str
    text: str = ''
    no_space: bool = False
    wrong_configuration: bool = False

    def line(self) -> bytes:
        """Return it as it goes through the pipe."""
        return json.dumps(dataclasses.asdict(self)).encode() + b'\n'


class Startup:
    """A daemon on its way up.

    If ``up`` is gone before the daemon is ready, nobody would ever stop it,
    so it ends itself at its next report.
    """

    def __init__(self, argv: ty.Sequence[str] | None = None) -> None:
        parser = argparse.ArgumentParser()
        parser.add_argument('service', choices=state.SERVICES)
        parser.add_argument('--state-dir', type=pathlib.Path, required=True)
        parser.add_argument('--report-fd', type=int, required=True)
        parser.add_argument('--listen-fd', type=int, required=True)
        parser.add_argument('--web-fd', type=int)
        arguments = parser.parse_args(argv)
        # Keystone would read them as its own.
        del sys.argv[1:]
        self.paths = state.Paths(arguments.state_dir)
        record = state.load(self.paths)
        if record is None:
            raise SystemExit(f'no sandbox in {self.paths.root}')
        self.record = record
        self.service: str = arguments.service
        self.listen_fd: int = arguments.listen_fd
        self.web_fd: int | None = arguments.web_fd
        self._report_fd: int | None = arguments.report_fd

    def listening_socket(self) -> socket.socket:
        """Return the socket that ``up`` made."""
        return socket.socket(fileno=self.listen_fd)

    def _send(self, report: Report) -> None:
        if self._report_fd is None:
            return
        try:
            os.write(self._report_fd, report.line())
        except BrokenPipeError:
            os._exit(1)

    def progress(self, text: str) -> None:
        """Say what is being done."""
        self._send(Report('progress', text))

    def ready(self) -> None:
        """Say that requests are answered from now on."""
        gc.enable()
        self._send(Report('ready'))
        if self._report_fd is not None:
            os.close(self._report_fd)
            self._report_fd = None

    @contextlib.contextmanager
    def told(self) -> ty.Iterator[None]:
        """Tell ``up`` of an error before the daemon is ready, and exit."""
        try:
            yield
        except (Exception, SystemExit) as error:
            if self._report_fd is None:
                raise
            traceback.print_exc()
            with contextlib.suppress(OSError):
                self._send(
                    Report(
                        'failed',
                        _sentence(error),
                        no_space=_is_no_space(error),
                        wrong_configuration=isinstance(
                            error, WrongConfiguration
                        ),
                    )
                )
            sys.stderr.flush()
            os._exit(1)


def _is_no_space(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            return True
        # What SQLite says when a write fails for want of room.
        if 'database or disk is full' in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def _sentence(error: BaseException) -> str:
    """Return an error of our own as it is, another one with its type."""
    if type(error).__module__.startswith('extend_conformance.'):
        return str(error)
    return f'{type(error).__name__}: {error}'
