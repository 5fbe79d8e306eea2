# SPDX-License-Identifier: Apache-2.0

"""What a machine must have before a sandbox is started on it.

Every reason why there cannot be one is told before anything is made.
"""

import importlib.util
import os
import pathlib
import pwd
import subprocess
import tempfile
import typing as ty

from oslo_concurrency import processutils

from extend_conformance import exceptions
from extend_conformance.sandbox import loopdevices

#: Databases, configuration and logs of an empty sandbox take some 20 MiB;
#: the rest is what a first volume needs.
NEEDED_BYTES: ty.Final = 512 * 1024**2


def must_have_services() -> None:
    """Raise unless the services are installed."""
    missing = [
        name
        for name in ('cheroot', 'cinder', 'glance', 'keystone')
        if importlib.util.find_spec(name) is None
    ]
    if missing:
        raise exceptions.NotTestable(
            f'The sandbox needs {", ".join(missing)}',
            next_step="Install 'extend-conformance[sandbox]'.",
        )


def must_be_root() -> None:
    if os.geteuid() != 0:
        raise exceptions.NotTestable(
            'The sandbox needs root, for loop devices',
            last=f'user {pwd.getpwuid(os.geteuid()).pw_name}',
            next_step='Run it with sudo; its clients need no root.',
        )


def existing_ancestor(directory: pathlib.Path) -> pathlib.Path:
    for candidate in (directory, *directory.parents):
        if candidate.exists():
            return candidate
    return pathlib.Path('/')


def must_have_room(directory: pathlib.Path) -> None:
    space = os.statvfs(directory)
    free_bytes = space.f_bavail * space.f_frsize
    if free_bytes < NEEDED_BYTES:
        raise exceptions.NotTestable(
            'There is too little room for a sandbox',
            resource=str(directory),
            wanted=f'{NEEDED_BYTES // 1024**2} MiB',
            last=f'{free_bytes // 1024**2} MiB free',
            next_step='Make room, or choose another --state-dir.',
        )


def must_have_loop_devices(directory: pathlib.Path) -> None:
    """Try one, as the drivers will use it, on the same file system."""
    if not pathlib.Path('/dev/loop-control').exists():
        raise exceptions.NotTestable(
            'This machine has no loop devices',
            wanted='/dev/loop-control',
            next_step=(
                'Load the kernel module (modprobe loop); in a container, '
                'give it the device.'
            ),
        )
    with tempfile.NamedTemporaryFile(dir=directory) as file:
        file.truncate(1024**2)
        path = pathlib.Path(file.name).resolve()
        try:
            try:
                loopdevices.attach(path)
            finally:
                for device in loopdevices.devices_of(path):
                    loopdevices.detach(device, path)
        except (processutils.ProcessExecutionError, OSError) as error:
            said = getattr(error, 'stderr', None) or str(error)
            raise exceptions.NotTestable(
                'A loop device with direct I/O cannot be made',
                resource=str(directory),
                last=' '.join(str(said).split()),
                next_step=(
                    'In a container, give it the loop devices; otherwise '
                    'choose a --state-dir on another file system.'
                ),
            ) from error


def uid_gid(user: str) -> tuple[int, int]:
    try:
        entry = pwd.getpwnam(user)
    except KeyError as error:
        raise exceptions.UsageError(
            f'There is no user {user!r} to give the client files to',
            next_step='Name one with --client-user.',
        ) from error
    return entry.pw_uid, entry.pw_gid


def must_reach(user: str, root: pathlib.Path) -> None:
    """Raise unless a user can get to what is in the state directory.

    The user itself is asked: modes alone do not tell, there are ACLs.
    """
    uid, gid = uid_gid(user)
    asked = subprocess.run(
        ('test', '-x', str(root)),
        user=uid,
        group=gid,
        extra_groups=os.getgrouplist(user, gid),
    )
    if asked.returncode != 0:
        raise exceptions.UsageError(
            f'User {user!r} cannot reach the files for clients',
            resource=str(root),
            next_step=(
                'Choose a --state-dir of which every parent directory lets '
                'other users through.'
            ),
        )
