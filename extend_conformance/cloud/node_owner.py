# SPDX-License-Identifier: Apache-2.0

"""Lends a device node to an ordinary user, and gives it back.

The old owner is in the ledger before the change. How root is reached is left
to :mod:`extend_conformance.cloud.privileged`.
"""

import os
import pathlib
import stat

from extend_conformance import exceptions
from extend_conformance import interrupts
from extend_conformance.cloud import ledger as ledgers
from extend_conformance.cloud import privileged

#: Kind of these entries in the ledger.
KIND = 'node-owner'


class NodeLoan:
    """One device node, for the time of one attachment."""

    def __init__(self, ledger: ledgers.Ledger, path: str) -> None:
        self._ledger = ledger
        self._path = path
        self._entries: list[ledgers.Entry] = []

    def take(self) -> None:
        """Make this user the owner of the node.

        :raises exceptions.NotTestable: it is no block device, or the helper
            did not do it.
        """
        node = pathlib.Path(self._path).resolve()
        found = node.stat()
        if not stat.S_ISBLK(found.st_mode):
            raise exceptions.NotTestable(
                'This user may not open what the volume is connected as, '
                'and it is no block device',
                resource=str(node),
            )
        major, minor = os.major(found.st_rdev), os.minor(found.st_rdev)
        with interrupts.held_back():
            self._entries.append(
                self._ledger.intend(
                    KIND,
                    '',
                    None,
                    str(node),
                    uid=found.st_uid,
                    gid=found.st_gid,
                    major=major,
                    minor=minor,
                    boot_id=boot_id(),
                )
            )
        # The group stays: whoever could use the device before, still can.
        done = privileged.change_owner(
            str(node), os.getuid(), found.st_gid, major, minor
        )
        if not done:
            raise exceptions.NotTestable(
                'The owner of the device node could not be changed',
                resource=str(node),
            )

    def give_back(self) -> None:
        """Give the node back to its old owner, if it was taken."""
        while self._entries:
            restore(self._ledger, self._entries.pop())


def restore(ledger: ledgers.Ledger, entry: ledgers.Entry) -> bool:
    """Undo an entry, also one of a run that was killed.

    A node that is gone, or that belongs to another device by now, is left
    alone: nothing of ours is on it.

    :returns: whether an owner was changed.
    """
    facts = entry.facts
    changed = False
    if facts['boot_id'] == boot_id():
        changed = bool(
            privileged.change_owner(
                entry.name,
                facts['uid'],
                facts['gid'],
                facts['major'],
                facts['minor'],
            )
        )
    ledger.gone(entry)
    return changed


def boot_id() -> str:
    """Tells one start of this host from another; nodes live one."""
    path = pathlib.Path('/proc/sys/kernel/random/boot_id')
    return path.read_text().strip()
