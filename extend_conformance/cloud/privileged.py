# SPDX-License-Identifier: Apache-2.0

"""The few things that need root, and how an ordinary user gets them done.

os-brick's own privilege context can neither change the owner of a device
node nor open one for writing, so the project has a context of its own that
can do the first. As root everything runs in this process; otherwise in a
helper that sudo starts. The helper imports this module: keep it small.
"""

import collections.abc
import contextlib
import getpass
import logging
import os
import pathlib
import stat
import sys

from os_brick import privileged as brick_privileged
from oslo_config import cfg
from oslo_privsep import capabilities
from oslo_privsep import daemon
from oslo_privsep import priv_context

from extend_conformance import exceptions

context = priv_context.PrivContext(
    'extend_conformance.cloud',
    cfg_section='privsep_extend_conformance',
    pypath='extend_conformance.cloud.privileged.context',
    capabilities=[capabilities.CAP_CHOWN, capabilities.CAP_DAC_READ_SEARCH],
    logger_name='oslo_privsep.daemon',
)

_CONTEXTS = (
    context,
    brick_privileged.default,
    brick_privileged.brick_privsep_hide_output,
)


def helper_program() -> str:
    """The ``privsep-helper`` of the environment that runs now."""
    return str(pathlib.Path(sys.executable).with_name('privsep-helper'))


def sudoers_line() -> str:
    """The line with which sudo lets this user start the helper."""
    return f'{getpass.getuser()} ALL=(root) NOPASSWD: {helper_program()}'


def prepare(helper_command: str | None = None) -> None:
    """Choose how privileged functions run, and make sure that they can.

    :param helper_command: starts the helper as root; by default sudo does,
        unless the configuration of a context names another way.
    :raises exceptions.NotTestable: the helper cannot be started.
    """
    if os.geteuid() == 0:
        for each in _CONTEXTS:
            each.set_client_mode(False)
        return
    command = helper_command or f'sudo -n {helper_program()}'
    for each in _CONTEXTS:
        if helper_command is not None or not each.conf.helper_command:
            cfg.CONF.set_override(
                'helper_command', command, group=each.cfg_section
            )
    for each in (context, brick_privileged.default):
        if each.channel is not None:
            continue
        try:
            with _kept_log() as said:
                each.start()
        except (daemon.FailedToDropPrivileges, OSError) as error:
            raise exceptions.NotTestable(
                'Attaching volumes to this host needs root, and the '
                'privilege helper cannot be started: '
                + '; '.join([str(error), *said]),
                resource=each.conf.helper_command,
                next_step=(
                    'Run as root, or install sudo and let it start the '
                    f'helper with this line in sudoers: {sudoers_line()}'
                ),
            ) from error


@contextlib.contextmanager
def _kept_log() -> collections.abc.Iterator[list[str]]:
    """Keep what the helper says; only a failure makes it worth reading."""
    said: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.levelno == logging.WARNING:
                said.append(record.getMessage().removeprefix('privsep log: '))

    # Its own logger, and the one of the context; the helper also talks after
    # it was started.
    loggers = [
        logging.getLogger(name) for name in ('oslo.privsep', 'oslo_privsep')
    ]
    handler = Keep()
    before = [logger.propagate for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.WARNING)
        logger.addHandler(handler)
        logger.propagate = False
    try:
        yield said
    finally:
        for logger, propagate in zip(loggers, before, strict=True):
            logger.propagate = propagate
            logger.removeHandler(handler)


@context.entrypoint  # type: ignore[untyped-decorator]
def change_owner(
    path: str, uid: int, gid: int, major: int, minor: int
) -> bool:
    """Change the owner of a block device's node.

    :param path: of the node, or a link to it.
    :param major: the device that the node has to be, with ``minor``; a name
        may be another device's by now.
    :returns: whether it was done; not for anything but that device.
    """
    with contextlib.ExitStack() as stack:
        try:
            # The node itself is held, so that it cannot be exchanged
            # between the look at it and the change.
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        stack.callback(os.close, descriptor)
        found = os.fstat(descriptor)
        if not stat.S_ISBLK(found.st_mode):
            return False
        if found.st_rdev != os.makedev(major, minor):
            return False
        os.chown(f'/proc/self/fd/{descriptor}', uid, gid)
        return True
