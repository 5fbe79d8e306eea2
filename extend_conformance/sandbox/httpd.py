# SPDX-License-Identifier: Apache-2.0

"""Cheroot on a socket that exists already, for Keystone and Glance."""

import collections.abc
import contextlib
import socket
import typing as ty

from cheroot import wsgi

from extend_conformance.sandbox import daemon
from extend_conformance.sandbox import fault_plane

#: Where a request tells its connection, of which WSGI knows nothing.
_CONNECTION: ty.Final = 'extend_conformance.connection'


class _Body:
    """A request's body as PEP 3333 describes it: without ``close``.

    Glance closes what it has read if that is possible, and with it Cheroot
    would lose the connection on which the next request comes.
    """

    def __init__(self, source: ty.Any, chunked: bool) -> None:
        self._source = source
        self.may_have_rest = chunked

    def read(self, size: int = -1) -> bytes:
        """Read up to so many bytes; all, if negative."""
        read = bytes(self._source.read(None if size < 0 else size))
        if size < 0 or (size and not read):
            self.may_have_rest = False
        return read

    def readline(self, size: int = -1) -> bytes:
        """Read one line."""
        return bytes(self._source.readline(None if size < 0 else size))

    def readlines(self, hint: int = -1) -> list[bytes]:
        """Read lines."""
        return list(self)

    def __iter__(self) -> collections.abc.Iterator[bytes]:
        return iter(self.readline, b'')


class _Careful:
    """Middleware that keeps a connection usable, or has it closed."""

    def __init__(self, application: ty.Any) -> None:
        self._application = application

    def __call__(self, environ: ty.Any, start_response: ty.Any) -> ty.Any:
        chunked = environ.get('HTTP_TRANSFER_ENCODING', '').lower()
        body = _Body(environ['wsgi.input'], chunked == 'chunked')
        environ['wsgi.input'] = body

        def start(
            status: str, headers: list[tuple[str, str]], *rest: ty.Any
        ) -> ty.Any:
            if body.may_have_rest:
                # Answered before its end, for example when a disk is full:
                # the rest would be taken for the next request.
                headers = [*headers, ('Connection', 'close')]
            return start_response(status, headers, *rest)

        return self._application(environ, start)


class _Gateway(wsgi.Gateway_10):
    def __init__(self, request: ty.Any) -> None:
        super().__init__(request)
        self.env[_CONNECTION] = request.conn.socket


def _drop(environ: dict[str, ty.Any]) -> None:
    """Close the connection of a request."""
    with contextlib.suppress(OSError):
        environ[_CONNECTION].shutdown(socket.SHUT_RDWR)


class _Server(wsgi.Server):
    inherited: ty.Any = None

    def bind(self, family: int, type: int, proto: int = 0) -> ty.Any:
        """Take the socket that ``up`` made."""
        self.socket = self.inherited
        return self.socket


def serve(startup: daemon.Startup, application: ty.Any, threads: int) -> None:
    """Serve a WSGI application on the inherited socket; never returns."""
    inherited = startup.listening_socket()
    server = _Server(
        inherited.getsockname(),
        _Careful(
            fault_plane.FaultPlane(
                application, startup.service, startup.paths, _drop
            )
        ),
        numthreads=threads,
        request_queue_size=128,
        timeout=600,
        server_name='127.0.0.1',
    )
    server.inherited = inherited
    server.gateway = _Gateway
    server.prepare()
    startup.ready()
    server.serve()
