# SPDX-License-Identifier: Apache-2.0

"""Starting and stopping a sandbox, whatever happened to it before.

``up`` either ends with everything answering or leaves nothing; ``down`` works
on whole, half-started and killed sandboxes alike. What is started is left to
the daemons, what it looks like on disk to ``state``.
"""

import collections.abc
import contextlib
import dataclasses
import errno
import os
import pathlib
import shutil
import signal
import socket
import stat
import typing as ty

import psutil
from keystoneauth1 import adapter
from keystoneauth1 import exceptions as keystone_exceptions
from keystoneauth1 import session as keystone_session
from keystoneauth1.identity import v3
from oslo_concurrency import processutils

from extend_conformance import exceptions
from extend_conformance.sandbox import backends as sandbox_backends
from extend_conformance.sandbox import configuration
from extend_conformance.sandbox import environment
from extend_conformance.sandbox import loopdevices
from extend_conformance.sandbox import machine
from extend_conformance.sandbox import processes
from extend_conformance.sandbox import starting
from extend_conformance.sandbox import state
from extend_conformance.sandbox import tempest_conf

DEFAULT_TOKEN_EXPIRATION_S: ty.Final = 86400

_GRACE_S = 1.0
#: As long as an ``up`` that is at work may take.
_LOCK_WAIT_S = 150.0
_IMAGE_NAME = 'sandbox'
_IMAGE_BYTES = 1024**2

Finish = ty.Callable[[state.Record], None]
"""Called when everything answers; a sandbox is whole when it has returned."""


@dataclasses.dataclass(frozen=True)
class Status:
    """One service of a sandbox as it is now."""

    service: str
    pid: int | None
    address: str | None
    alive: bool


# Making


def _make_directories(paths: state.Paths, client_user: str) -> None:
    for directory in (
        paths.logs,
        paths.etc,
        paths.tmp,
        paths.volumes,
        paths.client,
        *(paths.of(service) for service in state.SERVICES),
    ):
        directory.mkdir(mode=0o700, exist_ok=True)
    for directory in (
        paths.of('cinder') / 'backups',
        paths.of('cinder') / 'conversion',
        paths.of('cinder') / 'coordination',
        paths.of('cinder') / 'locks',
        paths.of('glance') / 'cache',
        paths.of('glance') / 'images',
        paths.of('glance') / 'locks',
        paths.of('glance') / 'staging',
        paths.of('glance') / 'tasks',
        paths.of('glance') / 'web',
        paths.devices,
        paths.locks,
    ):
        directory.mkdir(mode=0o700, exist_ok=True)
    uid, gid = machine.uid_gid(client_user)
    os.chown(paths.client, uid, gid)
    os.chown(paths.locks, uid, gid)
    # Links are root's: whoever could change them would choose the devices
    # that a privileged client opens.
    paths.devices.chmod(0o755)
    web = paths.of('glance') / 'web' / 'image.raw'
    if not web.exists():
        web.write_bytes(_image())


def _image() -> bytes:
    """Return a small image that no other image is equal to by chance."""
    line = b'extend-conformance sandbox image\n'
    return (line * (_IMAGE_BYTES // len(line) + 1))[:_IMAGE_BYTES]


def _give(paths: state.Paths, path: pathlib.Path, text: str) -> None:
    """Write a file for the client's user."""
    state.write_atomically(path, text)
    owner = paths.client.stat()
    os.chown(path, owner.st_uid, owner.st_gid)


def _write_client_files(
    paths: state.Paths, record: state.Record, plugin: tempest_conf.Options
) -> None:
    _give(paths, paths.clouds, environment.clouds_yaml(record))
    _give(paths, paths.matrix, sandbox_backends.support_matrix(record.chosen))
    _give(
        paths, paths.tempest_conf, tempest_conf.render(paths, record, plugin)
    )


def _upload_image(record: state.Record) -> str:
    """Return the id of the one public image; made if it is not there.

    Its calls are also the proof that every service answers, through every
    other one that it needs.
    """
    auth = v3.Password(
        auth_url=record.auth_url,
        username='admin',
        password=record.passwords['admin'],
        project_name='admin',
        user_domain_name='Default',
        project_domain_name='Default',
    )
    client = adapter.Adapter(
        keystone_session.Session(auth=auth), raise_exc=True, interface='public'
    )
    found = client.get(
        '/v2/images',
        params={'name': _IMAGE_NAME, 'visibility': 'public'},
        endpoint_filter={'service_type': 'image'},
    ).json()['images']
    for image in found:
        if image['status'] == 'active':
            return str(image['id'])
    image_id = client.post(
        '/v2/images',
        json={
            'name': _IMAGE_NAME,
            'visibility': 'public',
            'disk_format': 'raw',
            'container_format': 'bare',
        },
        endpoint_filter={'service_type': 'image'},
    ).json()['id']
    client.put(
        f'/v2/images/{image_id}/file',
        data=_image(),
        headers={'Content-Type': 'application/octet-stream'},
        endpoint_filter={'service_type': 'image'},
    )
    types = client.get(
        '/types', endpoint_filter={'service_type': 'block-storage'}
    ).json()['volume_types']
    missing = {one.name for one in record.chosen} - {
        one['name'] for one in types
    }
    if missing:
        raise exceptions.NotTestable(
            f'Cinder has no volume type {", ".join(sorted(missing))}'
        )
    return str(image_id)


# Unmaking


def _unmount(devices: collections.abc.Iterable[str]) -> None:
    wanted = set(devices)
    for partition in psutil.disk_partitions(all=True):
        if partition.device in wanted:
            processutils.execute('umount', '--lazy', partition.mountpoint)


def _release_devices(paths: state.Paths) -> list[str]:
    """Release every loop device of the sandbox; return those that stay."""
    devices = loopdevices.devices_under(paths.volumes)
    _unmount(devices)
    stay = []
    for device, backing in list(loopdevices.all_devices()):
        if device in devices and not loopdevices.detach(device, backing):
            stay.append(device)
    return stay


def _remove_files(paths: state.Paths, record: state.Record | None) -> None:
    """Remove what ``up`` made, the record last; ``logs`` stay."""
    for name in state.Paths.OWN:
        shutil.rmtree(paths.root / name, ignore_errors=True)
    paths.record.unlink(missing_ok=True)
    paths.record.with_name(f'.{paths.record.name}.new').unlink(missing_ok=True)
    if record is not None and not record.made_root:
        with contextlib.suppress(OSError):
            paths.root.chmod(record.root_mode)


def _take_down(paths: state.Paths, record: state.Record | None) -> None:
    known = record.processes.values() if record is not None else ()
    left = processes.end(paths.root, known, _GRACE_S)
    stay = _release_devices(paths)
    if left or stay:
        raise exceptions.WorkFailed(
            'Something of the sandbox is still there',
            resource=str(paths.root),
            last=', '.join(
                [*stay, *(f'process {process.pid}' for process in left)]
            ),
            next_step=(
                'End what holds the devices open, then run `sandbox down` '
                'again.'
            ),
        )
    if record is not None:
        _remove_files(paths, record)


# The three things that one does with a sandbox


def _must_not_run(paths: state.Paths, record: state.Record) -> None:
    running = [s.service for s in _status(record) if s.alive]
    if record.complete and len(running) == len(state.SERVICES):
        raise exceptions.UsageError(
            'This sandbox runs already',
            resource=str(paths.root),
            next_step='Use it, or stop it with `sandbox down`.',
        )


def _must_be_free(paths: state.Paths) -> None:
    taken = [name for name in state.Paths.OWN if (paths.root / name).exists()]
    if taken:
        raise exceptions.UsageError(
            'The state directory has entries that are not of a sandbox',
            resource=str(paths.root),
            last=', '.join(taken),
            next_step='Choose another --state-dir, or move them away.',
        )


def _prepare(
    paths: state.Paths,
    made_root: bool,
    old: state.Record | None,
    names: collections.abc.Sequence[str],
    confs: collections.abc.Sequence[pathlib.Path],
    client_user: str | None,
    token_expiration_s: int | None,
) -> state.Record:
    """Return the record of the sandbox to be: new, or the old one again."""
    chosen = sandbox_backends.select(names, confs)
    if old is None:
        root_mode = stat.S_IMODE(paths.root.stat().st_mode)
        return state.Record(
            complete=False,
            made_root=made_root,
            root_mode=root_mode,
            client_user=client_user or os.environ.get('SUDO_USER') or 'root',
            token_expiration_s=(
                token_expiration_s or DEFAULT_TOKEN_EXPIRATION_S
            ),
            chosen=chosen,
            passwords=state.new_passwords(),
            ports={},
            processes={},
        )
    return dataclasses.replace(
        old,
        complete=False,
        client_user=client_user or old.client_user,
        token_expiration_s=token_expiration_s or old.token_expiration_s,
        chosen=chosen if names or confs else old.chosen,
        processes={},
    )


def _bring_up(
    paths: state.Paths,
    record: state.Record,
    plugin: tempest_conf.Options,
    progress: starting.Progress,
    finish: Finish,
) -> state.Record:
    daemons = starting.Daemons(paths)
    try:
        record = dataclasses.replace(record, ports=daemons.ports(record.ports))
        state.save(paths, record)
        _make_directories(paths, record.client_user)
        configuration.write(paths, record)
        for service in state.SERVICES:
            started = daemons.start(service)
            progress(service, 'starting')
            record = dataclasses.replace(
                record, processes={**record.processes, service: started}
            )
        state.save(paths, record)
        daemons.release()
        daemons.wait(progress)
        progress('sandbox', 'image')
        record = dataclasses.replace(record, image_id=_upload_image(record))
        _write_client_files(paths, record, plugin)
        finish(record)
        record = dataclasses.replace(record, complete=True)
        state.save(paths, record)
        return record
    finally:
        daemons.close()


def up(
    root: pathlib.Path,
    names: collections.abc.Sequence[str] = (),
    confs: collections.abc.Sequence[pathlib.Path] = (),
    client_user: str | None = None,
    token_expiration_s: int | None = None,
    plugin: tempest_conf.Options | None = None,
    progress: starting.Progress = lambda service, text: None,
    finish: Finish = lambda record: None,
) -> state.Record:
    """Start a sandbox, or a killed one again with its data.

    :param root: the state directory; made if it is not there.
    :param names: of backends; none for the standard set.
    :param confs: files with one section of ``cinder.conf`` each.
    :param client_user: owner of ``client/``; by default SUDO_USER or root.
    :param token_expiration_s: life of a token in seconds, by default a day.
    :param plugin: further options for tempest's ``[extend_conformance]``.
    :param progress: told what happens.
    :param finish: the caller's own last step; if it fails, all fails.
    :raises extend_conformance.exceptions.UsageError: if it runs already, or
        for wrong arguments.
    :raises extend_conformance.exceptions.NotTestable: if this machine cannot
        have one, or a service does not start. A new sandbox leaves nothing
        but its logs then; a killed one keeps its data.
    """
    sandbox_backends.select(names, confs)
    machine.must_be_root()
    machine.must_have_services()
    if client_user is not None:
        machine.uid_gid(client_user)
    root = root.resolve()
    ancestor = machine.existing_ancestor(root)
    machine.must_have_room(ancestor)
    machine.must_have_loop_devices(ancestor)
    paths = state.Paths(root)
    with _directory(root) as made_root, state.locked(root, wait_s=0):
        had_logs = paths.logs.exists()
        old = state.load(paths)
        if old is not None:
            _must_not_run(paths, old)
            processes.end(root, old.processes.values(), _GRACE_S)
        else:
            _must_be_free(paths)
            processes.end(root, (), _GRACE_S)
        record = _prepare(
            paths,
            made_root,
            old,
            names,
            confs,
            client_user,
            token_expiration_s,
        )
        try:
            state.save(paths, record)
            root.chmod(0o711)
            if client_user is not None:
                machine.must_reach(client_user, root)
            return _bring_up(paths, record, plugin or {}, progress, finish)
        except BaseException as error:
            explained = _explained(error, paths)
            with _undisturbed():
                if old is not None:
                    processes.end(root, record.processes.values(), _GRACE_S)
                else:
                    _take_down(paths, record)
                    if not had_logs and isinstance(
                        explained, (KeyboardInterrupt, starting.DiskFull)
                    ):
                        # Nobody has to read why.
                        shutil.rmtree(paths.logs, ignore_errors=True)
            if explained is error:
                raise
            raise explained from error


@contextlib.contextmanager
def _directory(root: pathlib.Path) -> collections.abc.Iterator[bool]:
    """Make a directory, and remove it if the block fails and it is empty.

    :returns: whether it was made.
    """
    made = not root.exists()
    root.mkdir(mode=0o711, parents=True, exist_ok=True)
    try:
        yield made
    except BaseException:
        if made:
            with contextlib.suppress(OSError):
                root.rmdir()
        raise


@contextlib.contextmanager
def _undisturbed() -> collections.abc.Iterator[None]:
    """Let nobody's second Ctrl-C end a clean-up half-way."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    for number in numbers:
        signal.signal(number, signal.SIG_IGN)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _explained(error: BaseException, paths: state.Paths) -> BaseException:
    """Return the error as a sentence where a person can do something."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return starting.DiskFull(paths.root)
    if isinstance(error, keystone_exceptions.ClientException):
        return exceptions.NotTestable(
            f'The sandbox does not answer: {error}',
            next_step=f'Read the logs in {paths.logs}.',
        )
    return error


def _has_remains(paths: state.Paths) -> bool:
    """Tell whether anything of a sandbox is there, even without a record."""
    return bool(
        processes.belonging(paths.root)
        or loopdevices.devices_under(paths.volumes)
    )


def down(root: pathlib.Path) -> bool:
    """Stop a sandbox and remove what ``up`` made, except ``logs/``.

    May be called at any time, twice, and after a crash.

    :returns: whether there was anything to stop or to remove.
    :raises extend_conformance.exceptions.WorkFailed: if something stays.
    """
    root = root.resolve()
    paths = state.Paths(root)
    if not root.is_dir():
        # Somebody has removed the directory; the rest may still be there.
        if not _has_remains(paths):
            return False
        machine.must_be_root()
        _take_down(paths, None)
        return True
    try:
        exists = paths.record.exists()
    except PermissionError:
        exists = True
    if exists:
        machine.must_be_root()
    with state.locked(root, wait_s=_LOCK_WAIT_S):
        record = state.load(paths)
        if record is None and not _has_remains(paths):
            return False
        _take_down(paths, record)
        return True


def _status(record: state.Record) -> list[Status]:
    statuses = []
    for service in state.SERVICES:
        process = record.processes.get(service)
        port = record.ports.get(service)
        alive = processes.alive(process)
        if alive and port is not None:
            try:
                socket.create_connection(('127.0.0.1', port), 2).close()
            except OSError:
                alive = False
        statuses.append(
            Status(
                service=service,
                pid=process.pid if process is not None else None,
                address=f'http://127.0.0.1:{port}' if port else None,
                alive=alive,
            )
        )
    return statuses


def status(root: pathlib.Path) -> list[Status]:
    """Tell of each service whether it runs; nothing is changed."""
    record = state.load(state.Paths(root.resolve()))
    if record is None:
        return [Status(name, None, None, False) for name in state.SERVICES]
    return _status(record)


def must_run(root: pathlib.Path) -> state.Paths:
    """Return the paths of a sandbox that is up.

    Only what its clients may read is looked at, so that they may ask too.

    :raises extend_conformance.exceptions.NotTestable: if there is none.
    """
    paths = state.Paths(root.resolve())
    try:
        there = paths.clouds.exists()
    except PermissionError as error:
        raise exceptions.NotTestable(
            'The client files of the sandbox belong to another user',
            resource=str(paths.client),
            next_step='Start it with --client-user and your name.',
        ) from error
    if not there:
        raise exceptions.NotTestable(
            'There is no sandbox',
            resource=str(paths.root),
            next_step='Start one with `extend-conformance sandbox up`.',
        )
    return paths
