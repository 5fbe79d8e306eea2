# SPDX-License-Identifier: Apache-2.0

"""The few things that need root, and how an ordinary user gets them done.

os-brick's own privilege context can neither change the owner of a device
node nor open one for writing, so the project has a context of its own that
can do the first. As root everything runs in this process; otherwise in a
helper that sudo starts. The helper imports this module: keep it small.

What may start the helper may do anything: os-brick's context runs commands
as root. Narrower arguments in sudoers would not change that.
"""

import collections.abc
import contextlib
import logging
import os
import pathlib
import pwd
import re
import shlex
import shutil
import stat
import sys
import time

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


#: How long a helper that did not start may take to say why.
_SAID_S = 1.0


def helper_program() -> str:
    """The ``privsep-helper`` of the environment that runs now."""
    return str(pathlib.Path(sys.executable).with_name('privsep-helper'))


def sudoers_line() -> str:
    """The line with which sudo lets this user start the helper."""
    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        user = f'#{os.geteuid()}'
    # See "Special characters" in sudoers(5).
    program = re.sub(r'([^\w/.+-])', r'\\\1', helper_program())
    return f'{user} ALL=(root) NOPASSWD: {program}'


def default_command() -> str:
    """The command that starts the helper unless another one is configured.

    In a session of its own: a Ctrl-C must not reach the helper, which the
    clean-up needs, and sudo must not put it on a terminal that closes.
    """
    return f'setsid sudo -n {shlex.quote(helper_program())}'


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
    command = helper_command or default_command()
    for each in _CONTEXTS:
        if helper_command is not None or not each.conf.helper_command:
            cfg.CONF.set_override(
                'helper_command', command, group=each.cfg_section
            )
    for each in (context, brick_privileged.default):
        if each.channel is None:
            _start(each)


def _start(wanted: priv_context.PrivContext) -> None:
    command = wanted.conf.helper_command
    if command == default_command() and shutil.which('sudo') is None:
        raise _not_allowed('sudo is not installed', command)
    with _kept_log() as said:
        try:
            wanted.start()
        except (daemon.FailedToDropPrivileges, OSError) as error:
            # What the helper said comes through a thread, a moment later,
            # and may be several lines.
            deadline = time.monotonic() + _SAID_S
            heard = -1
            while time.monotonic() < deadline and heard != len(said):
                heard = len(said) or -1
                time.sleep(0.1)
            raise _not_allowed(
                '; '.join(said) or str(error), command
            ) from error


def _not_allowed(why: str, command: str) -> exceptions.NotTestable:
    return exceptions.NotTestable(
        'This user cannot attach volumes to this host: the privilege helper '
        f'was not started: {why}',
        resource=command,
        next_step=(
            'Run as root, or have sudo installed and this line in sudoers: '
            f'{sudoers_line()}'
        ),
    )


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
