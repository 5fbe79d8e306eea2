# SPDX-License-Identifier: Apache-2.0

"""The one owner of everything that a run makes in a cloud.

Whoever makes a volume or an attachment makes it here, so that it is in the
ledger before it exists and is taken away again, last in first out. What the
volumes are for is left to others.
"""

import collections.abc
import contextlib
import dataclasses
import functools
import secrets
import time
import typing as ty

import tenacity

from extend_conformance import exceptions
from extend_conformance import interrupts
from extend_conformance.cloud import attachment as attachments
from extend_conformance.cloud import block_storage
from extend_conformance.cloud import calls
from extend_conformance.cloud import connection as connections
from extend_conformance.cloud import host as hosts
from extend_conformance.cloud import image_service
from extend_conformance.cloud import ledger as ledgers
from extend_conformance.cloud import snapshots
from extend_conformance.cloud import views
from extend_conformance.cloud import waiting

#: Kinds of these entries in the ledger.
VOLUME = 'volume'
IMAGE = 'image'
SNAPSHOT = 'snapshot'

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


def did_not_let_go(error: Exception) -> bool:
    """Whether Cinder was asked to let go of something, and did not do it.

    Otherwise it could not be asked, or did not understand.
    """
    return isinstance(
        error,
        waiting.TerminalState | waiting.WaitTimeout | attachments.DetachFailed,
    ) and not isinstance(error.__cause__, connections.CloudUnreachable)


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

    @property
    def did_not_let_go(self) -> bool:
        """Whether any of it is what :func:`did_not_let_go` means.

        An API that fails altogether refuses nothing.
        """
        return any(did_not_let_go(error) for error in self.errors) and not any(
            isinstance(error, connections.CloudUnreachable)
            or (isinstance(error, calls.ApiError) and error.status >= 500)
            for error in self.errors
        )


class Resources:
    """Owns what is made in one project.

    A context manager, which takes away at its end what is still there.

    :param host: attaches; may be ``None`` where nothing is attached.
    :param images: may be ``None`` where no image is made.
    :param admin: if given, removes volumes that are stuck as well.
    :param cleanup_timeout_s: seconds that :meth:`cleanup` may take in all.
    :param settle_timeout_s: seconds after which a volume that is still
        ``extending``, or in another state that passes, is stuck.
    :param name_prefix: begins the name of whatever is made.
    """

    def __init__(
        self,
        storage: block_storage.BlockStorage,
        ledger: ledgers.Ledger,
        host: hosts.Host | None = None,
        *,
        images: image_service.ImageService | None = None,
        admin: block_storage.BlockStorage | None = None,
        cleanup_timeout_s: float = 300.0,
        settle_timeout_s: float = 300.0,
        name_prefix: str = '',
    ) -> None:
        self.storage = storage
        self.ledger = ledger
        self.host = host
        self.images = images
        self._admin = admin
        self._cleanup_timeout_s = cleanup_timeout_s
        self._settle_timeout_s = settle_timeout_s
        self._name_prefix = name_prefix
        self._owned: list[ledgers.Entry | attachments.AttachedVolume] = []
        self._doubts: list[_Doubt] = []

    def __enter__(self) -> ty.Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: object,
    ) -> None:
        with interrupts.held_back(self._left):
            if isinstance(error, Exception):
                self._look_once_more(error)
            try:
                self.cleanup()
            except CleanupFailed as failure:
                if error is None:
                    raise
                # What went wrong first is what the caller has to hear.
                error.add_note(f'And the clean-up failed: {failure}')

    def _named(self, name: str | None = None) -> str:
        """A name that can be found again: by default a unique one."""
        name = name or f'extend-conformance-{secrets.token_hex(6)}'
        return self._name_prefix + name

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
        name = self._named(name)
        marked = {
            **(metadata or {}),
            ledgers.METADATA_KEY: self.ledger.run_id,
        }
        made: list[views.Volume] = []

        def make() -> str:
            made.append(
                self.storage.create_volume(
                    name, size_gib, volume_type, marked, snapshot_id, source_id
                )
            )
            return made[0].id

        volume_id = self._make(
            VOLUME,
            name,
            make,
            lambda: self._find(name),
            size_gib=size_gib,
            volume_type=volume_type,
        )
        return made[0] if made else self.storage.get_volume(volume_id)

    def create_snapshot(
        self, volume_id: str, timeout_s: float = 300.0
    ) -> views.Snapshot:
        """Take a snapshot of a volume, in use or not, and wait for it.

        :raises waiting.TerminalState: it came to an error state.
        :raises waiting.WaitTimeout: it came to none.
        :raises calls.ApiError: it was refused.
        """
        name = self._named()
        marked = {ledgers.METADATA_KEY: self.ledger.run_id}

        def find() -> list[str]:
            found = snapshots.list_all(self.storage)
            return [each.id for each in found if each.name == name]

        made_id = self._make(
            SNAPSHOT,
            name,
            lambda: snapshots.create(self.storage, volume_id, name, marked).id,
            find,
            volume_id=volume_id,
        )
        return snapshots.wait_until_available(
            self.storage, made_id, timeout_s
        ).value

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
        with interrupts.held_back():
            attached = self.host.attach(
                self.storage, self.ledger, volume_id, mode
            )
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

        def find() -> list[str]:
            # An attachment has no name, but this volume is ours alone.
            known = {
                owned.id
                for owned in self._owned
                if isinstance(owned, ledgers.Entry)
            }
            there = self.storage.attachments(volume_id)
            return [each for each in there if each not in known]

        attachment_id = self._make(
            hosts.KIND,
            volume_id,
            lambda: self.storage.attachment_create(volume_id).id,
            find,
        )
        self.storage.attachment_update(attachment_id, _NOWHERE)
        self.storage.attachment_complete(attachment_id)
        return attachment_id

    def create_image(self) -> str:
        """Make an image without content, under a name of its own.

        :returns: its id.
        :raises exceptions.UsageError: there is no image service.
        :raises calls.ApiError: it was refused.
        """
        if self.images is None:
            raise exceptions.UsageError('No image service was given')
        name = self._named()
        marked = {image_service.RUN_PROPERTY: self.ledger.run_id}
        return self._make(
            IMAGE,
            name,
            functools.partial(self.images.create_image, name, marked),
            functools.partial(self.images.find_images, name),
        )

    def _make(
        self,
        kind: str,
        name: str,
        make: collections.abc.Callable[[], str],
        find: collections.abc.Callable[[], collections.abc.Sequence[str]],
        **facts: ty.Any,
    ) -> str:
        """Make something, and own it; nothing interrupts the two.

        :param make: gives the id of what it made.
        :param find: gives the ids of what it may have made, if the answer was
            lost.
        """
        with interrupts.held_back():
            entry = self.ledger.intend(
                kind,
                self.storage.connection.auth_url,
                self.storage.connection.project_id,
                name,
                **facts,
            )
            try:
                made_id = make()
            except BaseException as error:
                return self._resolve(_Doubt(entry, find), error)
            self._own(entry, made_id)
        return made_id

    def _resolve(self, doubt: '_Doubt', error: BaseException) -> str:
        """Find out what became of a request that failed, and own it.

        A refusal made nothing. After anything else it may be there, and only
        the cloud can tell. If it is not, the request may still be on its
        way: then the entry stays open, and there is another look at the end.

        :returns: the id of what was made, if only the answer was lost.
        :raises BaseException: the error, in all other cases.
        """
        if isinstance(error, calls.ApiError) and error.changed_nothing:
            self.ledger.gone(doubt.entry)
            raise error
        try:
            found = doubt.find()
        except exceptions.ExtendConformanceError:
            self._doubts.append(doubt)
            raise error from None
        if not found:
            if isinstance(error, calls.ApiError) and error.is_over:
                self.ledger.gone(doubt.entry)
            else:
                self._doubts.append(doubt)
            raise error
        self._own(doubt.entry, found[0])
        if not isinstance(error, connections.CloudUnreachable):
            raise error
        return found[0]

    def _look_again(self) -> None:
        """Own what has come in the meantime of requests without an answer."""
        while self._doubts:
            doubt = self._doubts[-1]
            for made_id in doubt.find()[:1]:
                self._own(doubt.entry, made_id)
            self._doubts.pop()

    def delete_image(self, image_id: str) -> None:
        """Delete an image, and with it what Glance stored it in.

        :raises calls.ApiError: it may not be deleted.
        """
        assert self.images is not None, 'nobody can have made an image'
        self.images.delete_image(image_id)
        self._forget(image_id)

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
        with interrupts.held_back(lambda: [_named(attached)]):
            attached.detach()
            if attached in self._owned:
                self._owned.remove(attached)

    def delete_volume(self, volume_id: str, timeout_s: float = 300.0) -> None:
        """Delete a volume and wait until it is gone.

        :raises calls.ApiError: it may not be deleted.
        :raises waiting.TerminalState: it could not be.
        :raises waiting.WaitTimeout: it still is being.
        """
        remove_volume(
            self.storage,
            volume_id,
            timeout_s,
            admin=self._admin,
            settle_timeout_s=self._settle_timeout_s,
        )
        self._forget(volume_id)

    def delete_snapshot(
        self, snapshot_id: str, timeout_s: float = 300.0
    ) -> None:
        """Delete a snapshot and wait until it is gone.

        :raises exceptions.ExtendConformanceError: see
            :func:`extend_conformance.cloud.snapshots.remove`.
        """
        snapshots.remove(self.storage, snapshot_id, timeout_s)
        self._forget(snapshot_id)

    def delete_attachment(self, attachment_id: str) -> None:
        """Delete an attachment that :meth:`put_in_use` has made.

        :raises calls.ApiError: it stayed.
        """
        attachments.delete_attachment(self.storage, attachment_id)
        self._forget(attachment_id)

    def release(self, volume_id: str) -> None:
        """Give a volume away: it is a result, and stays.

        Its metadata still name the run, and say that it is to be kept.
        """
        self.storage.set_metadata(volume_id, {ledgers.KEPT_KEY: 'true'})
        self._forget(volume_id)

    def cleanup(self) -> None:
        """Take away everything that is still owned, last in first out.

        All of it is tried, whatever fails. An interrupt waits for that; a
        second one ends it, and names what is left.

        :raises CleanupFailed: with every error.
        """
        with interrupts.held_back(self._left):
            self._take_away()

    def _take_away(self) -> None:
        deadline_s = time.monotonic() + self._cleanup_timeout_s
        errors: list[Exception] = []
        try:
            self._look_again()
        except exceptions.ExtendConformanceError as error:
            errors.append(error)
        for owned in reversed(self._owned[:]):
            left_s = max(deadline_s - time.monotonic(), 1.0)
            try:
                if not isinstance(owned, ledgers.Entry):
                    self.detach(owned, left_s)
                elif owned.kind == hosts.KIND:
                    self.delete_attachment(ty.cast(str, owned.id))
                elif owned.kind == IMAGE:
                    self.delete_image(ty.cast(str, owned.id))
                elif owned.kind == SNAPSHOT:
                    self.delete_snapshot(ty.cast(str, owned.id), left_s)
                else:
                    self.delete_volume(ty.cast(str, owned.id), left_s)
            except Exception as error:
                errors.append(error)
                self._insist(owned, error, left_s)
        if errors:
            raise CleanupFailed(errors)

    def _left(self) -> collections.abc.Iterator[str]:
        """Name what is still there, or may be."""
        for doubt in self._doubts:
            yield f'{doubt.entry.kind} {doubt.entry.name}'
        for owned in self._owned:
            yield _named(owned)

    def _insist(
        self,
        owned: ledgers.Entry | attachments.AttachedVolume,
        error: Exception,
        timeout_s: float,
    ) -> None:
        """Delete a volume that the backend has failed to delete once more.

        The failure is told all the same.
        """
        if (
            self._admin is not None
            and isinstance(error, waiting.TerminalState)
            and isinstance(owned, ledgers.Entry)
            and owned.kind == VOLUME
        ):
            with contextlib.suppress(exceptions.ExtendConformanceError):
                self.delete_volume(ty.cast(str, owned.id), timeout_s)

    def _own(self, entry: ledgers.Entry, made_id: str) -> None:
        """Own what was made, also if there is no room to write it down."""
        self._owned.append(dataclasses.replace(entry, id=made_id))
        self.ledger.made(entry, made_id)

    def _forget(self, made_id: str) -> None:
        for each in list(self._owned):
            if isinstance(each, ledgers.Entry) and each.id == made_id:
                self._owned.remove(each)
                self.ledger.gone(each)

    def _find(self, name: str) -> list[str]:
        return [
            each.id
            for each in self.storage.list_volumes(name=name)
            if each.metadata.get(ledgers.METADATA_KEY) == self.ledger.run_id
        ]


@dataclasses.dataclass(frozen=True)
class _Doubt:
    """Something that may have been made.

    :param find: gives the ids of what it may be, if it is there.
    """

    entry: ledgers.Entry
    find: collections.abc.Callable[[], collections.abc.Sequence[str]]


def _named(owned: ledgers.Entry | attachments.AttachedVolume) -> str:
    if isinstance(owned, ledgers.Entry):
        return f'{owned.kind} {owned.id}'
    return f'{hosts.KIND} {owned.attachment_id}'


def remove_volume(
    storage: block_storage.BlockStorage,
    volume_id: str,
    timeout_s: float = 300.0,
    *,
    admin: block_storage.BlockStorage | None = None,
    settle_timeout_s: float = 300.0,
) -> None:
    """Delete a volume, whatever state it is in, and wait until it is gone.

    A volume in a state that will pass (it is being created, extended or
    detached) refuses to be deleted, so that is waited for first. One that is
    stuck there, because a service of Cinder died, is what an administrator
    says it is; so is one whose deletion has failed before, which nobody else
    can delete any more. One that is busy comes back unharmed, and is asked
    again.

    :raises calls.ApiError: it may not be deleted.
    :raises waiting.TerminalState: it could not be.
    :raises waiting.WaitTimeout: it still is being.
    """
    deadline_s = time.monotonic() + timeout_s

    def left_s() -> float:
        return max(deadline_s - time.monotonic(), 1.0)

    def remove() -> None:
        try:
            _ask_to_delete(storage, volume_id, min(left_s(), settle_timeout_s))
        except (waiting.WaitTimeout, calls.ApiError) as error:
            if admin is None or (
                isinstance(error, calls.ApiError)
                and _status(storage, volume_id) != 'error_deleting'
            ):
                raise
            admin.reset_status(volume_id, 'error')
            calls.persistently(storage.delete_volume, volume_id)
        # What took long to be accepted still takes its time to go.
        storage.wait_until_gone(volume_id, max(left_s(), 30.0))

    tenacity.Retrying(
        retry=tenacity.retry_if_exception(_is_busy),
        wait=tenacity.wait_exponential(multiplier=0.2),
        stop=tenacity.stop_after_attempt(4),
        reraise=True,
    )(remove)


def _is_busy(error: BaseException) -> bool:
    """Whether a volume that was to be deleted is back, unharmed."""
    return isinstance(error, waiting.TerminalState) and 'error' not in str(
        error.last
    )


def _ask_to_delete(
    storage: block_storage.BlockStorage, volume_id: str, timeout_s: float
) -> None:
    refused_in: str | None = None

    def deleted() -> bool:
        nonlocal refused_in
        try:
            calls.persistently(storage.delete_volume, volume_id)
        except calls.ApiError as error:
            if error.status == 404:
                return True
            if error.status != 400:
                raise
            status = _status(storage, volume_id)
            if status is None:
                return True
            passes = status.endswith('ing') and 'error' not in status
            # It may have come to this state only after the refusal: one
            # refusal more, and it is this state that is refused.
            if not passes and status == refused_in:
                raise
            refused_in = status
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


def _status(storage: block_storage.BlockStorage, volume_id: str) -> str | None:
    """The status of a volume; ``None`` if it is gone."""
    try:
        return storage.get_volume(volume_id).status
    except calls.ApiError as error:
        if error.status != 404:
            raise
        return None
