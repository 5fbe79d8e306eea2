# SPDX-License-Identifier: Apache-2.0

"""Loop devices of the kernel: find, attach, grow, detach, by backing file.

Shared by the volume drivers, which make them, and by the life cycle, which
sweeps up after a kill. What a device is used for is left to them.
"""

import collections.abc
import pathlib
import time

from oslo_concurrency import processutils

_SYSFS = pathlib.Path('/sys/block')
_DELETED = ' (deleted)'


def all_devices() -> collections.abc.Iterator[tuple[str, pathlib.Path]]:
    """Yield each bound loop device and its backing file.

    The kernel is asked, not a record of our own: after a crash only it knows.
    """
    for entry in sorted(_SYSFS.glob('loop*/loop/backing_file')):
        try:
            backing = entry.read_text().rstrip('\n')
        except OSError:
            continue  # unbound between the listing and the reading
        device = f'/dev/{entry.parent.parent.name}'
        yield device, pathlib.Path(backing.removesuffix(_DELETED))


def devices_of(path: pathlib.Path) -> list[str]:
    """Return the devices on one backing file."""
    wanted = path.resolve()
    return [device for device, backing in all_devices() if backing == wanted]


def devices_under(directory: pathlib.Path) -> list[str]:
    """Return the devices whose backing file lies under a directory."""
    wanted = directory.resolve()
    return [
        device
        for device, backing in all_devices()
        if backing.is_relative_to(wanted)
    ]


def attach(path: pathlib.Path) -> str:
    """Bind a free loop device to a file, with direct I/O.

    Direct, because what is written must be in the file and nowhere else, and
    because a second page cache would make every timing a lie.

    :returns: the device node.
    :raises oslo_concurrency.processutils.ProcessExecutionError: if the kernel
        has no loop devices, or the file system no direct I/O.
    """
    out, _ = processutils.execute(
        'losetup', '--find', '--show', '--direct-io=on', str(path)
    )
    device = str(out).strip()
    # A node that was made read-only stays so after its file has gone, and
    # the next one to be given it would fail.
    processutils.execute('blockdev', '--setrw', device)
    return device


def grow(device: str) -> None:
    """Make the device as large as its file is now, while it is in use."""
    processutils.execute('losetup', '--set-capacity', device)


def detach(device: str, path: pathlib.Path, timeout_s: float = 5.0) -> bool:
    """Release a device and wait until the kernel has let go of its file.

    A device that someone still holds open is released by the kernel at the
    last close.

    :returns: whether it is gone.
    """
    # Somebody may have made it read-only; the node would remember that for
    # whoever has it next.
    processutils.execute('blockdev', '--setrw', device, check_exit_code=[0, 1])
    processutils.execute('losetup', '--detach', device, check_exit_code=[0, 1])
    deadline = time.monotonic() + timeout_s
    while device in devices_of(path):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
