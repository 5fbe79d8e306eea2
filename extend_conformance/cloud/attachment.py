# SPDX-License-Identifier: Apache-2.0

"""A volume that is attached to this host: how it grows and how it gets off.

How it got here is left to :mod:`extend_conformance.cloud.host`, what is done
with its bytes to others.
"""

import collections
import collections.abc
import contextlib
import dataclasses
import types
import typing as ty

from os_brick.initiator import utils as brick_utils

from extend_conformance import exceptions
from extend_conformance.cloud import block_storage
from extend_conformance.cloud import calls
from extend_conformance.cloud import device as devices
from extend_conformance.cloud import ledger as ledgers
from extend_conformance.cloud import node_owner
from extend_conformance.cloud import transfer
from extend_conformance.cloud import views

#: How many attachments of this process have each device. os-brick leads two
#: attachments of a multiattach volume on one host to one device, knows
#: nothing of the other, and would take the device away from both.
_ATTACHED_TO: collections.Counter[devices.DeviceIdentity] = (
    collections.Counter()
)


class ConnectorError(exceptions.WorkFailed):
    """os-brick failed; the error of its own is the cause."""


class ConnectorCannotExtend(ConnectorError):
    """os-brick has no extend for this protocol."""


class DetachFailed(exceptions.WorkFailed):
    """A volume could not be detached cleanly; says what is left."""


class AttachedVolume:
    """A volume that is attached to this host, and how it gets off again.

    :ivar device: the volume on this host.
    :ivar attachment_id: of the attachments API.
    :ivar connection_info: what os-brick connected with; may hold secrets.
    """

    def __init__(
        self,
        storage: block_storage.BlockStorage,
        ledger: ledgers.Ledger,
        entry: ledgers.Entry,
        volume: views.Volume,
        attachment: views.Attachment,
        connector: ty.Any,
        device_info: collections.abc.Mapping[str, ty.Any],
    ) -> None:
        self._storage = storage
        self._ledger = ledger
        self._entry = entry
        self._volume = volume
        self._connector = connector
        self._device_info = dict(device_info)
        self.attachment_id = attachment.id
        self.volume_id = volume.id
        path = device_info['path']
        info = dict(attachment.connection_info)
        self._loan: node_owner.NodeLoan | None = None
        self.device: devices.Device
        if isinstance(path, str):
            # nvmeof finds its device by this (os-brick bug 2140543); Nova
            # gives it to every connector.
            info.setdefault('device_path', path)
            self._loan = node_owner.NodeLoan(ledger, path)
            self.device = devices.BlockDevice(path, self._loan.take)
        else:
            self.device = devices.HandleDevice(path, f'volume {volume.id}')
        self.connection_info = types.MappingProxyType(info)
        self._identity = self.device.identity()
        if self._identity is not None:
            _ATTACHED_TO[self._identity] += 1

    def __repr__(self) -> str:
        return (
            f'AttachedVolume(volume_id={self.volume_id!r}, '
            f'attachment_id={self.attachment_id!r}, '
            f'device={self.device.name!r})'
        )

    @property
    def protocol(self) -> str:
        """The ``driver_volume_type`` of the connection."""
        return str(self.connection_info['driver_volume_type'])

    def extend(self) -> int | None:
        """Call os-brick's ``extend_volume`` once.

        :returns: what it returned: bytes, possibly of before the extend, or
            ``None``. Only the device knows.
        :raises ConnectorCannotExtend: it has no extend for this protocol.
        :raises ConnectorError: it failed.
        """
        journal = self._storage.journal
        began_s = journal.elapsed_s()
        try:
            returned = self._connector.extend_volume(
                dict(self.connection_info)
            )
        except Exception as error:
            journal.add(
                'connector',
                f'os-brick extend_volume raised {type(error).__name__}',
                volume_id=self.volume_id,
                began_s=began_s,
                error=str(error),
            )
            kind = (
                ConnectorCannotExtend
                if isinstance(error, NotImplementedError)
                else ConnectorError
            )
            raise kind(
                f'os-brick could not extend the volume on this host: '
                f'{type(error).__name__}: {error}',
                resource=f'volume {self.volume_id}, {self.protocol}',
            ) from error
        journal.add(
            'connector',
            f'os-brick extend_volume returned {returned}',
            volume_id=self.volume_id,
            began_s=began_s,
            returned=returned,
        )
        return None if returned is None else int(returned)

    def detach(self) -> None:
        """Flush, disconnect, and delete the attachment; once is enough.

        A device that another attachment of this process has too, which only
        happens with a multiattach volume, is left to the last of them.

        Disconnecting by force is tried only after it failed otherwise. If
        it fails too, the attachment stays: without it the backend could
        give the same address to another volume, under a device of this
        host that is still there.

        :raises DetachFailed: something failed; what still could be done
            was, and the error says what is left.
        """
        if self._entry.gone:
            return
        problems: list[str] = []
        for step in (self._flush, self._give_back):
            try:
                step()
            except Exception as error:
                problems.append(f'{type(error).__name__}: {error}')
        try:
            if not self._shares_device():
                self._disconnect(force=False)
        except Exception as error:
            problems.append(f'{type(error).__name__}: {error}')
            try:
                self._disconnect(force=True)
            except Exception as forced:
                problems.append(f'{type(forced).__name__}: {forced}')
                raise self._detach_failed(
                    problems, 'attached and connected'
                ) from forced
        try:
            delete_attachment(self._storage, self.attachment_id)
        except exceptions.ExtendConformanceError as error:
            problems.append(str(error))
            raise self._detach_failed(problems, 'attached') from error
        if self._identity is not None:
            _ATTACHED_TO[self._identity] -= 1
        # Also if there is no room to write it down.
        entry = self._entry
        self._entry = dataclasses.replace(entry, gone=True)
        self._ledger.gone(entry)
        if problems:
            raise self._detach_failed(problems, 'detached')

    def _shares_device(self) -> bool:
        return self._identity is not None and _ATTACHED_TO[self._identity] > 1

    def _flush(self) -> None:
        transfer.flush(self.device)

    def _give_back(self) -> None:
        if self._loan is not None:
            self._loan.give_back()

    def _disconnect(self, force: bool) -> None:
        journal = self._storage.journal
        began_s = journal.elapsed_s()
        with guard(self._volume):
            self._connector.disconnect_volume(
                dict(self.connection_info), self._device_info, force=force
            )
        journal.add(
            'connector',
            'disconnected by force' if force else 'disconnected',
            volume_id=self.volume_id,
            began_s=began_s,
        )

    def _detach_failed(self, problems: list[str], left: str) -> DetachFailed:
        return DetachFailed(
            f'The volume was not detached cleanly: {"; ".join(problems)}',
            resource=(
                f'volume {self.volume_id}, attachment {self.attachment_id}, '
                f'device {self.device.name}'
            ),
            wanted='detached',
            last=left,
            next_step=(
                'Run extend-conformance cleanup.'
                if left != 'detached'
                else 'Its content may be incomplete.'
            ),
        )


def delete_attachment(
    storage: block_storage.BlockStorage, attachment_id: str
) -> None:
    """Delete an attachment; one that is gone is as good as deleted.

    Errors of the server are met with some patience: a driver that is busy
    often answers 500, and an attachment that stays keeps its volume.

    :raises calls.ApiError: it stayed.
    """
    try:
        calls.persistently(storage.attachment_delete, attachment_id)
    except calls.ApiError as error:
        if error.status != 404:
            raise


def guard(
    volume: views.Volume,
) -> contextlib.AbstractContextManager[None]:
    """Keep connects and disconnects of a shared target apart."""
    return ty.cast(
        contextlib.AbstractContextManager[None],
        brick_utils.guard_connection(
            {
                'service_uuid': volume.service_uuid,
                'shared_targets': volume.shared_targets,
            }
        ),
    )
