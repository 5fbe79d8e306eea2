# SPDX-License-Identifier: Apache-2.0

"""The Glance daemon: migrates, fills and serves its own database.

Beside it, a small file server, so that web-download has something to fetch.
"""

import functools
import http.server
import os
import pathlib
import socket
import sys
import threading
import traceback
import typing as ty

import sqlalchemy
from glance.api.v2 import router  # noqa: F401
from glance.cmd import manage
from glance.common import wsgi_app
from glance_store._drivers.cinder import store  # noqa: F401
from os_brick import privileged as brick_privileged
from oslo_config import cfg
from sqlalchemy import event

from extend_conformance.sandbox import daemon
from extend_conformance.sandbox import httpd


def _migrate(configuration: pathlib.Path, filled: pathlib.Path) -> None:
    """Migrate and fill the database, in a child.

    In a child, because upstream's own command and its API want the one
    global configuration set up differently.
    """
    if filled.exists():
        return
    child = os.fork()
    if child == 0:
        code = 1
        try:
            cfg.CONF(
                [],
                project='glance',
                default_config_files=[str(configuration)],
            )
            commands = manage.DbCommands()
            commands.sync()
            commands.load_metadefs()
            filled.touch()
            code = 0
        except SystemExit as stopped:
            code = 1 if stopped.code else 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if status:
        raise RuntimeError('the database could not be migrated, see the log')


def _begin_immediate(connection: ty.Any) -> None:
    """Take SQLite's write lock at the begin of a transaction.

    oslo.db begins deferred; two threads that read first and write later then
    wait for each other, and no timeout helps: one gets "database is locked".
    """
    if 'in_transaction' not in connection.info:
        connection.exec_driver_sql('BEGIN IMMEDIATE')
        connection.info['in_transaction'] = True


class _Files(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: ty.Any) -> None:
        """Keep quiet."""


class _FileServer(http.server.ThreadingHTTPServer):
    """A file server on a socket that exists already."""

    def __init__(self, inherited: socket.socket, root: pathlib.Path) -> None:
        super().__init__(
            inherited.getsockname(),
            functools.partial(_Files, directory=str(root)),
            bind_and_activate=False,
        )
        self.socket.close()
        self.socket = inherited


def run(startup: daemon.Startup) -> None:
    """Start the service and serve; returns when it is stopped."""
    home = startup.paths.of('glance')
    configuration = startup.paths.etc / 'glance-api.conf'
    startup.progress('database')
    _migrate(configuration, home / 'filled')
    event.listen(sqlalchemy.Engine, 'begin', _begin_immediate)
    for privileged in (
        brick_privileged.default,
        brick_privileged.brick_privsep_hide_output,
    ):
        # This process is root, and sudo may be absent.
        privileged.set_client_mode(False)
    startup.progress('stores')
    os.environ['OS_GLANCE_CONFIG_DIR'] = str(startup.paths.etc)
    application = wsgi_app.init_app()
    if startup.web_fd is not None:
        files = _FileServer(socket.socket(fileno=startup.web_fd), home / 'web')
        threading.Thread(target=files.serve_forever, daemon=True).start()
    httpd.serve(startup, application, threads=16)
