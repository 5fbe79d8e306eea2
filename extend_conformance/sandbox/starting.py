# SPDX-License-Identifier: Apache-2.0

"""The daemons of a sandbox while they come up.

How one is started and ended is left to ``processes``; here they are given
their ports and listened to until each is ready.
"""

import json
import os
import pathlib
import selectors
import socket
import subprocess
import typing as ty

from extend_conformance import exceptions
from extend_conformance.sandbox import daemon
from extend_conformance.sandbox import processes
from extend_conformance.sandbox import state

_START_TIMEOUT_S = 120

Progress = ty.Callable[[str, str], None]
"""Called with a service (or ``sandbox``) and what it does now."""


class DiskFull(exceptions.NotTestable):
    """There was no room for the sandbox, or no more while it started."""

    def __init__(self, root: pathlib.Path) -> None:
        super().__init__(
            'The disk is full',
            resource=str(root),
            next_step='Make room, or choose another --state-dir.',
        )


def listen(port: int = 0) -> socket.socket:
    """Take a port of 127.0.0.1, exclusively.

    SO_REUSEPORT stays off, so a port that another service listens on is
    refused by the kernel instead of shared. SO_REUSEADDR lets old
    connections of a port be over, and no more.

    :param port: the one to take, if it is free; another one otherwise.
    """
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(('127.0.0.1', port))
        listener.listen(128)
    except OSError:
        listener.close()
        if not port:
            raise
        return listen()
    return listener


class Daemons:
    """The daemons while they come up."""

    def __init__(self, paths: state.Paths) -> None:
        self._paths = paths
        self._selector = selectors.DefaultSelector()
        self._popen: dict[str, subprocess.Popen[bytes]] = {}
        self._listeners: dict[str, socket.socket] = {}

    def ports(self, before: ty.Mapping[str, int]) -> dict[str, int]:
        """Take a port for every server.

        :param before: those of a sandbox that was killed; clients that are
            still at work find it again where they can be had.
        """
        self._listeners = {
            name: listen(before.get(name, 0))
            for name in (*state.SERVICES, 'web')
        }
        return {
            name: int(listener.getsockname()[1])
            for name, listener in self._listeners.items()
        }

    def start(self, service: str) -> state.Process:
        """Start one; its reports are read by :meth:`wait`."""
        reader, writer = os.pipe()
        descriptors = {
            '--report-fd': writer,
            '--listen-fd': self._listeners[service].fileno(),
        }
        if service == 'glance':
            descriptors['--web-fd'] = self._listeners['web'].fileno()
        arguments = []
        for option, descriptor in descriptors.items():
            arguments += [option, str(descriptor)]
        try:
            self._popen[service] = processes.start(
                self._paths, service, arguments, tuple(descriptors.values())
            )
        finally:
            os.close(writer)
        self._selector.register(reader, selectors.EVENT_READ, service)
        return processes.identify(self._popen[service].pid)

    def release(self) -> None:
        """Close what now belongs to the daemons alone."""
        for listener in self._listeners.values():
            listener.close()

    def close(self) -> None:
        """Stop listening to the daemons."""
        self.release()
        for key in list(self._selector.get_map().values()):
            os.close(key.fd)
        self._selector.close()

    def wait(self, progress: Progress) -> None:
        """Wait until every daemon is ready.

        :raises extend_conformance.exceptions.ExtendConformanceError: if one
            fails; the kind says whose fault it is.
        """
        rest = dict.fromkeys(self._popen, b'')
        while rest:
            events = self._selector.select(_START_TIMEOUT_S)
            if not events:
                raise self._failed(
                    next(iter(rest)),
                    daemon.Report(
                        'failed', f'silent for {_START_TIMEOUT_S} s'
                    ),
                )
            for key, _ in events:
                service = key.data
                chunk = os.read(key.fd, 65536)
                *lines, rest[service] = (rest[service] + chunk).split(b'\n')
                for line in lines:
                    report = daemon.Report(**json.loads(line))
                    if report.kind == 'failed':
                        raise self._failed(service, report)
                    progress(service, report.text or report.kind)
                    if report.kind == 'ready':
                        del rest[service]
                        break
                if service not in rest or not chunk:
                    self._selector.unregister(key.fd)
                    os.close(key.fd)
                if not chunk and service in rest:
                    raise self._failed(
                        service,
                        daemon.Report('failed', 'it ended without a word'),
                    )

    def _failed(
        self, service: str, report: daemon.Report
    ) -> exceptions.ExtendConformanceError:
        if report.no_space:
            return DiskFull(self._paths.root)
        kind = (
            exceptions.UsageError
            if report.wrong_configuration
            else exceptions.NotTestable
        )
        return kind(
            f'{service.capitalize()} did not start: {report.text}',
            next_step=f'Read {self._paths.logs / service}.log.',
        )
