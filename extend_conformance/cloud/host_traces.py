# SPDX-License-Identifier: Apache-2.0

"""What attachments leave on a host: devices, links, sessions, mounts, files.

Other things on the host change at the same time, so that every trace carries
what tells whose it is. What it means that one is there is left to others.
"""

import collections.abc
import dataclasses
import os
import pathlib
import re
import tempfile
import uuid

import psutil
from oslo_config import cfg

from extend_conformance.cloud import attachment as attachments
from extend_conformance.cloud import device as devices

_SYSFS = pathlib.Path('/sys')
#: Links to disks that udev makes, by what names them.
_LINKS = ('/dev/disk/by-id', '/dev/disk/by-path', '/dev/mapper')

#: What sysfs says of the origin of a block device, by kind of device.
_ORIGINS = ('loop/backing_file', 'dm/name', 'dm/uuid', 'device/wwid', 'wwid')

#: How world-wide ids begin in sysfs, and what multipath puts before them.
_BEGINNING = re.compile(r'^(mpath-\d|naa\.|eui\.|uuid\.|t10\.)')

#: Names of targets in the connection information of os-brick's connectors.
_TARGETS = ('target_iqn', 'target_iqns', 'target_nqn', 'nqn', 'subsysnqn')


@dataclasses.dataclass(frozen=True)
class Trace:
    """Something on this host that an attachment may have made.

    :param kind: for people, for example ``block device``.
    :param name: for people, for example ``/dev/loop3``.
    :param origin: what tells whose it is: ids, names of targets and files.
    """

    kind: str
    name: str
    origin: tuple[str, ...]

    def __str__(self) -> str:
        return f'{self.kind} {self.name} ({", ".join(self.origin)})'


def link_directories(
    attached: attachments.AttachedVolume,
) -> frozenset[str]:
    """Where links to a volume may be: connectors have places of their own.

    To be asked while the volume is attached, as :func:`marks_of`.
    """
    return frozenset((*_LINKS, os.path.dirname(attached.device.name)))


def all_traces(
    directories_of_links: collections.abc.Iterable[str] = _LINKS,
) -> frozenset[Trace]:
    """Everything there is at this moment, whoever made it."""
    return frozenset(
        (
            *_block_devices(),
            *_sessions('iscsi_session', 'targetname', 'iSCSI session'),
            *_sessions('nvme-subsystem', 'subsysnqn', 'NVMe subsystem'),
            *_mounts(),
            *_links(directories_of_links),
            *_files('lock file', _lock_directories()),
            *_files('temporary file', [tempfile.gettempdir()]),
        )
    )


def marks_of(attached: attachments.AttachedVolume) -> frozenset[str]:
    """What the origin of a trace of this volume has in it.

    To be asked while the volume is attached: then its device can be seen.
    """
    volume_id = uuid.UUID(attached.volume_id)
    marks = {str(volume_id), volume_id.hex}
    identity = attached.device.identity()
    if identity is not None and identity.inode is None:
        marks.add(_identity(identity))
    world_wide_id = attached.device.world_wide_id()
    if world_wide_id is not None:
        # Each kind of device and each link has another beginning.
        marks.add(_BEGINNING.sub('', world_wide_id))
    for name in _TARGETS:
        found = attached.connection_info.get(name) or ()
        names = [found] if isinstance(found, str) else found
        marks.update(_target(each) for each in names)
    return frozenset(marks)


def belonging(
    traces: collections.abc.Iterable[Trace],
    marks: collections.abc.Collection[str],
) -> list[Trace]:
    """Those of the traces that have one of the marks, sorted by name."""
    return sorted(
        (
            trace
            for trace in traces
            if any(mark in fact for fact in trace.origin for mark in marks)
        ),
        key=lambda trace: (trace.kind, trace.name),
    )


def _identity(identity: devices.DeviceIdentity) -> str:
    """A name for a device that no name of another one has in it."""
    return f'[{identity}]'


def _target(name: str) -> str:
    """Tells the session from links to disks, whose names have it in them."""
    return f'target {name};'


def _block_devices() -> collections.abc.Iterator[Trace]:
    for entry in (_SYSFS / 'class/block').glob('*'):
        origin = [_text(entry / attribute) for attribute in _ORIGINS]
        path = f'/dev/{entry.name}'
        numbers = _text(entry / 'dev').partition(':')
        sequence = _text(entry / 'diskseq')
        if not any(origin) and entry.name.startswith('loop'):
            # A loop device without a file is nobody's.
            continue
        if numbers[2]:
            origin.append(
                _identity(
                    devices.DeviceIdentity(
                        int(numbers[0]),
                        int(numbers[2]),
                        int(sequence) if sequence else None,
                    )
                )
            )
        yield Trace('block device', path, tuple(filter(None, origin)))


def _sessions(
    subsystem: str, attribute: str, kind: str
) -> collections.abc.Iterator[Trace]:
    """Sessions without a disk: others share the target of a volume."""
    for entry in (_SYSFS / 'class' / subsystem).glob('*'):
        disks = (
            *entry.glob('device/target*/*/block/*'),
            *entry.glob('nvme*n*'),
        )
        if not disks:
            yield Trace(kind, entry.name, (_target(_text(entry / attribute)),))


def _mounts() -> collections.abc.Iterator[Trace]:
    for each in psutil.disk_partitions(all=True):
        yield Trace('mount', each.mountpoint, (each.device, each.mountpoint))


def _links(
    directories: collections.abc.Iterable[str],
) -> collections.abc.Iterator[Trace]:
    for entry in _entries(directories):
        try:
            target = os.readlink(entry)
        except OSError:
            continue  # no link, or gone by now
        yield Trace('link', str(entry), (entry.name, target))


def _files(
    kind: str, directories: collections.abc.Iterable[str]
) -> collections.abc.Iterator[Trace]:
    for entry in _entries(directories):
        yield Trace(kind, str(entry), (entry.name,))


def _lock_directories() -> set[str]:
    chosen = (
        cfg.CONF.os_brick.lock_path,
        cfg.CONF.oslo_concurrency.lock_path,
    )
    return {each for each in chosen if each}


def _entries(
    directories: collections.abc.Iterable[str],
) -> collections.abc.Iterator[pathlib.Path]:
    for directory in directories:
        try:
            yield from pathlib.Path(directory).iterdir()
        except OSError:
            continue  # there is none, or not for this user


def _text(path: pathlib.Path) -> str:
    """What an attribute says; nothing if it has gone, or never was."""
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return ''
