# SPDX-License-Identifier: Apache-2.0

"""The one owner of everything that a run makes in a cloud.

Whoever makes a volume or an attachment makes it here, so that it is in the
ledger before it exists and is taken away again, last in first out. What the
volumes are for is left to others.
"""

import collections.abc
import secrets
import time
import typing as ty

from extend_conformance import exceptions
from extend_conformance.cloud import attachment as attachments
from extend_conformance.cloud import block_storage
from extend_conformance.cloud import calls
from extend_conformance.cloud import connection as connections
from extend_conformance.cloud import host as hosts
from extend_conformance.cloud import ledger as ledgers
from extend_conformance.cloud import views
from extend_conformance.cloud import waiting

#: Kind of these entries in the ledger.
VOLUME = 'volume'

#: Describes a host that no backend can reach.
_NOWHERE = {
    'host': 'extend-conformance-nowhere',
    'ip': '192.0.2.1',
    'platform': 'x86_64',
    'os_type': 'linux',
    'multipath': False,
    'initiator': 'iqn.2026-01.org.example:extend-conformance-nowhere',
    'nqn': 'nqn.2026-01.org.example:extend-conformance-nowhere',
    'wwpns': ['5000000000000001'],
    'wwnns': ['5000000000000000'],
}


class CleanupFailed(exceptions.WorkFailed):
    """Something could not be taken away.

    :param errors: all of them, in the order in which they came.
    """

    def __init__(self, errors: collections.abc.Sequence[Exception]) -> None:
        self.errors = tuple(errors)
        super().__init__(
            f'{len(self.errors)} things could not be taken away: '
            + '; '.join(str(error) for error in self.errors),
            next_step='Run extend-conformance cleanup.',
        )


class Resources:
    """Owns volumes and attachments of one project; a context manager.

    :param host: attaches; may be ``None`` where nothing is attached.
    :param cleanup_timeout_s: seconds that :meth:`cleanup` may take in all.
    :param name_prefix: begins the name of whatever is made.
    """

    def __init__(
        self,
        storage: block_storage.BlockStorage,
        ledger: ledgers.Ledger,
        host: hosts.Host | None = None,
        *,
        cleanup_timeout_s: float = 300.0,
        name_prefix: str = '',
    ) -> None:
        self.storage = storage
        self.ledger = ledger
        self.host = host
        self._cleanup_timeout_s = cleanup_timeout_s
        self._name_prefix = name_prefix
        self._owned: list[ledgers.Entry | attachments.AttachedVolume] = []

    def __enter__(self) -> ty.Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: object,
    ) -> None:
        if isinstance(error, Exception):
            self._look_once_more(error)
        try:
            self.cleanup()
        except CleanupFailed as failure:
            if error is None:
                raise
            # What went wrong first is what the caller has to hear.
            error.add_note(f'And the clean-up failed: {failure}')

    def _look_once_more(self, error: Exception) -> None:
        """Enter what Cinder says of the volumes before they are taken away.

        It is evidence of what went wrong, which nothing here may hide.
        """
        if isinstance(error, connections.CloudUnreachable):
            return
        for owned in self._owned[:]:
            if not isinstance(owned, ledgers.Entry) or owned.kind != VOLUME:
                continue
            volume_id = ty.cast(str, owned.id)
            try:
                volume = self.storage.get_volume(volume_id)
                self.storage.messages(volume_id)
            except exceptions.ExtendConformanceError as second:
                self.storage.journal.add(
                    'error', str(second), volume_id=volume_id
                )
                continue
            self.storage.journal.add(
                'status',
                f'in the end: {volume.status}, {volume.size_gib} GiB',
                volume_id=volume_id,
                status=volume.status,
                size_gib=volume.size_gib,
                attachments=volume.attachments,
            )

    def create_volume(
        self,
        size_gib: int,
        volume_type: str | None,
        *,
        name: str | None = None,
        metadata: collections.abc.Mapping[str, str] | None = None,
        snapshot_id: str | None = None,
        source_id: str | None = None,
        timeout_s: float = 300.0,
    ) -> views.Volume:
        """Create a volume and wait until it is available.

        :param name: has to be unique; by default one is made.
        :raises waiting.TerminalState: it came to an error state.
        :raises waiting.WaitTimeout: it came to none.
        :raises calls.ApiError: it was refused.
        """
        volume = self.request_volume(
            size_gib,
            volume_type,
            name=name,
            metadata=metadata,
            snapshot_id=snapshot_id,
            source_id=source_id,
        )
        waited = self.storage.wait_for_status(
            volume.id, 'available', timeout_s
        )
        return waited.value

    def request_volume(
        self,
        size_gib: int,
        volume_type: str | None,
        *,
        name: str | None = None,
        metadata: collections.abc.Mapping[str, str] | None = None,
        snapshot_id: str | None = None,
        source_id: str | None = None,
    ) -> views.Volume:
        """Ask for a volume, own it, and do not wait for it."""
        name = self._name_prefix + (
            name or f'extend-conformance-{secrets.token_hex(6)}'
        )
        entry = self.ledger.intend(
            VOLUME,
            self.storage.connection.auth_url,
            self.storage.connection.project_id,
            name,
            size_gib=size_gib,
            volume_type=volume_type,
        )
        marked = {
            **(metadata or {}),
            ledgers.METADATA_KEY: self.ledger.run_id,
        }
        try:
            volume = self.storage.create_volume(
                name, size_gib, volume_type, marked, snapshot_id, source_id
            )
        except calls.ApiError:
            self.ledger.gone(entry)
            raise
        except BaseException as error:
            # The answer was lost, or nobody waited for it; the volume may
            # be there, and only its name can tell. If it is not, the entry
            # stays open: the request may still be on its way.
            found = self._find(name)
            if found is None:
                raise
            self._owned.append(self.ledger.made(entry, found.id))
            if not isinstance(error, connections.CloudUnreachable):
                raise
            return found
        self._owned.append(self.ledger.made(entry, volume.id))
        return volume

    def attach(
        self, volume_id: str, mode: str = 'rw'
    ) -> attachments.AttachedVolume:
        """Attach a volume to this host.

        :raises exceptions.UsageError: there is no host to attach to.
        :raises exceptions.ExtendConformanceError: see
            :meth:`extend_conformance.cloud.host.Host.attach`.
        """
        if self.host is None:
            raise exceptions.UsageError(
                'Nothing can be attached: no host was given',
                resource=f'volume {volume_id}',
            )
        attached = self.host.attach(self.storage, self.ledger, volume_id, mode)
        self._owned.append(attached)
        return attached

    def put_in_use(self, volume_id: str) -> str:
        """Attach a volume without connecting it anywhere.

        The backend exports it to a host that does not exist. That is enough
        for Cinder to treat it as attached, and nothing on this host is
        touched.

        :returns: the id of the attachment.
        :raises calls.ApiError: the backend does not export to such a host.
        """
        entry = self.ledger.intend(
            hosts.KIND,
            self.storage.connection.auth_url,
            self.storage.connection.project_id,
            volume_id,
        )
        try:
            attachment = self.storage.attachment_create(volume_id)
        except calls.ApiError:
            self.ledger.gone(entry)
            raise
        self._owned.append(self.ledger.made(entry, attachment.id))
        self.storage.attachment_update(attachment.id, _NOWHERE)
        self.storage.attachment_complete(attachment.id)
        return attachment.id

    def detach(
        self,
        attached: attachments.AttachedVolume,
        timeout_s: float = 300.0,
    ) -> waiting.Waited[views.Volume]:
        """Detach a volume and wait until it is available again.

        A multiattach volume stays ``in-use`` while others have it.

        :raises attachments.DetachFailed: it is not, or not cleanly.
        """
        self.disconnect(attached)
        return self.storage.wait_for_status(
            attached.volume_id, ('available', 'in-use'), timeout_s
        )

    def disconnect(self, attached: attachments.AttachedVolume) -> None:
        """Detach a volume and do not wait for its status.

        :raises attachments.DetachFailed: it is not, or not cleanly.
        """
        attached.detach()
        if attached in self._owned:
            self._owned.remove(attached)

    def delete_volume(self, volume_id: str, timeout_s: float = 300.0) -> None:
        """Delete a volume and wait until it is gone.

        :raises calls.ApiError: it may not be deleted.
        :raises waiting.TerminalState: it could not be.
        :raises waiting.WaitTimeout: it still is being.
        """
        remove_volume(self.storage, volume_id, timeout_s)
        self._forget(volume_id)

    def release(self, volume_id: str) -> None:
        """Give a volume away: it is a result, and stays.

        Its metadata still name the run, and say that it is to be kept.
        """
        self.storage.set_metadata(volume_id, {ledgers.KEPT_KEY: 'true'})
        self._forget(volume_id)

    def cleanup(self) -> None:
        """Take away everything that is still owned, last in first out.

        All of it is tried, whatever fails.

        :raises CleanupFailed: with every error.
        """
        deadline_s = time.monotonic() + self._cleanup_timeout_s
        errors: list[Exception] = []
        for owned in reversed(self._owned[:]):
            left_s = max(deadline_s - time.monotonic(), 1.0)
            try:
                if not isinstance(owned, ledgers.Entry):
                    self.detach(owned, left_s)
                elif owned.kind == hosts.KIND:
                    attachments.delete_attachment(
                        self.storage, ty.cast(str, owned.id)
                    )
                    self._forget(ty.cast(str, owned.id))
                else:
                    self.delete_volume(ty.cast(str, owned.id), left_s)
            except Exception as error:
                errors.append(error)
        if errors:
            raise CleanupFailed(errors)

    def _forget(self, made_id: str) -> None:
        for each in list(self._owned):
            if isinstance(each, ledgers.Entry) and each.id == made_id:
                self._owned.remove(each)
                self.ledger.gone(each)

    def _find(self, name: str) -> views.Volume | None:
        found = [
            each
            for each in self.storage.list_volumes(name=name)
            if each.metadata.get(ledgers.METADATA_KEY) == self.ledger.run_id
        ]
        return found[0] if found else None


def remove_volume(
    storage: block_storage.BlockStorage,
    volume_id: str,
    timeout_s: float = 300.0,
) -> None:
    """Delete a volume, whatever state it is in, and wait until it is gone.

    A volume in a state that will pass (it is being created, extended or
    detached) refuses to be deleted, so that is waited for first.

    :raises calls.ApiError: it may not be deleted.
    :raises waiting.WaitTimeout: it still is being.
    """
    start_s = time.monotonic()

    def deleted() -> bool:
        try:
            storage.delete_volume(volume_id)
        except calls.ApiError as error:
            if error.status == 404:
                return True
            passing = error.status == 400 and _passes(storage, volume_id)
            if not passing:
                raise
            return False
        return True

    waiting.wait_until(
        deleted,
        bool,
        timeout_s=timeout_s,
        resource=f'volume {volume_id}',
        wanted='accepted to be deleted',
        describe=lambda _: 'refused',
        polling=waiting.Polling(first_s=0.2),
    )
    left_s = max(timeout_s - (time.monotonic() - start_s), 1.0)
    storage.wait_until_gone(volume_id, left_s)


def _passes(storage: block_storage.BlockStorage, volume_id: str) -> bool:
    """Whether a volume is in a state that it leaves by itself."""
    try:
        status = storage.get_volume(volume_id).status
    except calls.ApiError as error:
        return error.status == 404
    return status.endswith('ing') and 'error' not in status
