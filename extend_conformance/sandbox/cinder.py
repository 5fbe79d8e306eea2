# SPDX-License-Identifier: Apache-2.0

"""The Cinder daemon: API, scheduler, backup and all backends in one process.

Upstream has no such program; every part of it is started as upstream's own
programs do. What one process of several services needs beside that is here.
"""

# ruff: noqa: E402, I001
from cinder import monkey_patch

# Before anything else is imported: it changes what sockets and threads are.
monkey_patch.patch()

import contextlib
import logging
import socket
import time
import typing as ty

import os_brick
from os_brick import privileged as brick_privileged
from oslo_config import cfg
from oslo_log import log
from oslo_privsep import priv_context
from oslo_service import service as oslo_service
from oslo_service import wsgi

from cinder.cmd import backup
from cinder.cmd import volume as volume_command
from cinder.common import config
from cinder.common import constants
from cinder import context
from cinder import coordination
from cinder.db import migration
from cinder import i18n
from cinder import objects
from cinder import privsep
from cinder import rpc
from cinder import service
from cinder import utils
from cinder import version
from cinder.volume import volume_types

from extend_conformance.sandbox import declared
from extend_conformance.sandbox import daemon
from extend_conformance.sandbox import fault_plane
from extend_conformance.sandbox import state

CONF = cfg.CONF


class BackendFailed(Exception):
    """A backend that was asked for did not start."""


class _LastWords(logging.Handler):
    """Keeps why a driver did not initialise, which Cinder only logs."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.errors: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the error of a record that has one."""
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            self.errors.append(f'{type(error).__name__}: {error}')


class _Service(service.Service):
    """A service that is not the only one of its process.

    Upstream keeps the id of the service that is alive in a class attribute,
    so that of several only the last would be reported alive.
    """

    def report_state(self) -> None:
        """Report this service alive, not the one created last."""
        service.Service.service_id = self.origin_service_id
        super().report_state()


def _become_privileged() -> None:
    """Do privileged work here: this process is root, and sudo may be absent.

    Contexts of drivers that we do not know still start their own helper.
    """
    for privileged in (
        privsep.sys_admin_pctxt,
        brick_privileged.default,
        brick_privileged.brick_privsep_hide_output,
    ):
        privileged.set_client_mode(False)
    priv_context.init(root_helper=['env'])


def _make_types(chosen: ty.Iterable[declared.Backend]) -> None:
    """Make a volume type per backend, of the same name."""
    admin = context.get_admin_context()
    existing = volume_types.get_all_types(admin)
    for backend in chosen:
        if backend.name not in existing:
            volume_types.create(
                admin,
                backend.name,
                {
                    'volume_backend_name': backend.volume_backend_name,
                    **dict(backend.extra_specs),
                },
                description=backend.defect,
            )


def _use_socket(inherited: socket.socket) -> None:
    """Serve on the socket that ``up`` made.

    Upstream would bind one of its own, and share a port that is taken.
    """

    def _get_socket(
        server: wsgi.Server, host: str, port: int, backlog: int
    ) -> socket.socket:
        return inherited

    wsgi.Server._get_socket = _get_socket


def _drop(environ: dict[str, ty.Any]) -> None:
    """Close the connection of a request."""
    with contextlib.suppress(OSError):
        environ['eventlet.input'].get_socket().shutdown(socket.SHUT_RDWR)


def _api(paths: state.Paths) -> service.WSGIService:
    """Return Cinder's API behind the fault plane."""
    api = service.WSGIService('osapi_volume')
    api.server.app = fault_plane.FaultPlane(
        api.server.app, 'cinder', paths, _drop
    )
    return api


def _start(
    launcher: oslo_service.ServiceLauncher,
    paths: state.Paths,
    chosen: tuple[ty.Any, ...],
) -> tuple[_Service, dict[str, _Service]]:
    """Start every service; return the scheduler and those of the backends."""
    # The API first: Glance waits for it, and nobody else yet.
    launcher.launch_service(_api(paths))
    scheduler = _Service.create(binary='cinder-scheduler')
    launcher.launch_service(scheduler)
    volumes = {}
    for backend in chosen:
        CONF.register_opt(volume_command.host_opt, group=backend.name)
        try:
            volumes[backend.name] = _Service.create(
                host=f'{CONF.host}@{backend.name}',
                service_name=backend.name,
                binary=constants.VOLUME_BINARY,
                coordination=True,
            )
        except Exception as error:
            raise daemon.WrongConfiguration(
                f'backend {backend.name}: {type(error).__name__}: {error}'
            ) from error
        launcher.launch_service(volumes[backend.name])
    launcher.launch_service(
        _Service.create(
            binary='cinder-backup',
            service_name='backup',
            coordination=True,
            process_number=1,
            semaphore=utils.semaphore_factory(CONF.backup_max_operations, 1),
        )
    )
    return scheduler, volumes


def _wait_until_usable(
    scheduler: _Service,
    volumes: dict[str, _Service],
    last_words: _LastWords,
) -> None:
    """Wait until the scheduler has heard of every backend."""
    heard = scheduler.manager.driver.host_manager.service_states
    deadline = time.monotonic() + 60
    waiting = dict(volumes)
    while waiting:
        for name, one in list(waiting.items()):
            if one.rpcserver is None:
                continue  # init_host is still at work
            if not one.manager.driver.initialized:
                raise BackendFailed(
                    f'backend {name}: its driver did not initialise: '
                    + '; '.join(last_words.errors)
                )
            if one.host in heard:
                del waiting[name]
        if time.monotonic() > deadline:
            raise BackendFailed(
                f'backend {", ".join(waiting)}: the scheduler heard nothing '
                'of it in 60 s'
            )
        time.sleep(0.01)


def run(startup: daemon.Startup) -> None:
    """Start the service and serve; returns when it is stopped."""
    i18n.enable_lazy()
    objects.register_all()
    CONF(
        ['--config-file', str(startup.paths.etc / 'cinder.conf')],
        project='cinder',
        version=version.version_string(),
    )
    config.set_middleware_defaults()
    log.set_defaults(
        default_log_levels=log.get_default_log_levels()
        + backup._EXTRA_DEFAULT_LOG_LEVELS
    )
    log.setup(CONF, 'cinder')
    _become_privileged()
    os_brick.setup(CONF)
    startup.progress('database')
    migration.db_sync()
    _make_types(startup.record.chosen)
    startup.progress('backends')
    coordination.COORDINATOR.start()
    rpc.init(CONF)
    _use_socket(startup.listening_socket())
    launcher = oslo_service.ServiceLauncher(CONF)
    # Every service holds a place for as long as it runs, and a launcher
    # has ten; scheduler, backup and API need one each.
    launcher.services.tg.pool.resize(len(startup.record.chosen) + 3)
    last_words = _LastWords()
    logger = logging.getLogger('cinder.volume.manager')
    logger.addHandler(last_words)
    scheduler, volumes = _start(launcher, startup.paths, startup.record.chosen)
    _wait_until_usable(scheduler, volumes, last_words)
    logger.removeHandler(last_words)
    startup.ready()
    launcher.wait()
