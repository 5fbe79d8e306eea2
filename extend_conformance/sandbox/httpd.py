# SPDX-License-Identifier: Apache-2.0

"""Cheroot on a socket that exists already, for Keystone and Glance."""

import typing as ty

from cheroot import wsgi

from extend_conformance.sandbox import daemon


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
        application,
        numthreads=threads,
        request_queue_size=128,
        timeout=600,
        server_name='127.0.0.1',
    )
    server.inherited = inherited
    server.prepare()
    startup.ready()
    server.serve()
