# SPDX-License-Identifier: Apache-2.0

"""The requests to Cinder that this project makes, each with its microversion.

Reads and changes one thing per method and returns what Cinder says. Who owns
what was made, and that it goes away again, is left to
:mod:`extend_conformance.cloud.resources`.
"""

import collections.abc
import dataclasses
import functools
import typing as ty

from cinderclient import api_versions
from cinderclient.v3 import client as cinder_client
from keystoneauth1 import exceptions as keystone_exceptions

from extend_conformance import exceptions
from extend_conformance.cloud import calls
from extend_conformance.cloud import connection as connections
from extend_conformance.cloud import journal as journals
from extend_conformance.cloud import views
from extend_conformance.cloud import waiting

#: Attachments with a mode; what glance_store uses for everything.
DEFAULT_MICROVERSION = '3.54'
#: Extend of a volume that is in use.
EXTEND_IN_USE_MICROVERSION = '3.42'

#: keystoneauth writes "latest" as infinity.
_Version: ty.TypeAlias = tuple[int | float, ...]


@dataclasses.dataclass(frozen=True)
class ExtendSeen:
    """How a volume looked when it was not ``extending`` any more.

    Neither field alone tells a success: a refusal of the scheduler returns
    the volume to ``in-use`` in silence, with its old size.
    """

    status: str
    size_gib: int
    waited: waiting.Waited[views.Volume]


class BlockStorage:
    """Cinder, for one project of one cloud.

    Every request is one event of the journal. Errors of Cinder are
    :class:`calls.ApiError`; no answer is
    :class:`connections.CloudUnreachable`; a Cinder that is too old is
    :class:`exceptions.NotTestable`.

    :param poll: how often to look while waiting.
    """

    def __init__(
        self,
        connection: connections.CloudConnection,
        journal: journals.Journal | None = None,
        *,
        poll: waiting.Polling | None = None,
    ) -> None:
        self.connection = connection
        self.journal = journal or journals.Journal()
        self._poll = poll or waiting.Polling()
        self._told: set[str] = set()

    def with_journal(self, journal: journals.Journal) -> 'BlockStorage':
        """The same cloud and project, with events into another journal."""
        return BlockStorage(self.connection, journal, poll=self._poll)

    @functools.cached_property
    def _http(self) -> calls.JournallingClient:
        return calls.JournallingClient(
            self.journal, self.connection, DEFAULT_MICROVERSION
        )

    @functools.cached_property
    def _cinder(self) -> ty.Any:
        self.require(DEFAULT_MICROVERSION, 'attachments with a mode')
        client = cinder_client.Client(
            session=self.connection.session,
            api_version=api_versions.APIVersion(DEFAULT_MICROVERSION),
        )
        # All of cinderclient's requests go through this object.
        client.client = self._http
        return client

    @property
    def client(self) -> ty.Any:
        """python-cinderclient, for what this class has no method for.

        Its requests and errors are journalled and made ours as all others.
        """
        return self._cinder

    # What this Cinder is.

    def api_versions(self) -> tuple[str, str]:
        """The lowest and highest microversion that this Cinder speaks.

        :raises exceptions.NotTestable: it does not say.
        """
        low, high = self._versions
        return _text(low), _text(high)

    @functools.cached_property
    def _versions(self) -> tuple[_Version, _Version]:
        try:
            found = self._http.get_endpoint_data()
        except keystone_exceptions.ClientException as error:
            raise connections.CloudUnreachable(
                f'Block storage does not tell its versions: {error}',
                resource=f'cloud {self.connection.name}',
            ) from error
        if (
            found is None
            or found.min_microversion is None
            or found.max_microversion is None
        ):
            # Discovery hides an endpoint that is off; a request does not.
            self._http.get('', microversion=None)
            raise exceptions.NotTestable(
                'Block storage does not tell its microversions',
                resource=f'cloud {self.connection.name}',
                last=None if found is None else found.url,
                next_step='Is this endpoint a Cinder with API version 3?',
            )
        low, high = found.min_microversion, found.max_microversion
        self.journal.add(
            'api-call',
            f'Cinder speaks {_text(low)} to {_text(high)}',
            minimum=_text(low),
            maximum=_text(high),
        )
        return low, high

    def require(self, microversion: str, purpose: str) -> None:
        """Make sure that this Cinder is new enough.

        :raises exceptions.NotTestable: it is not; says what it has and what
            it would have to have.
        """
        low, high = self.api_versions()
        wanted = api_versions.APIVersion(microversion)
        if wanted > api_versions.APIVersion(high):
            raise exceptions.NotTestable(
                f'This Cinder is too old for {purpose}',
                resource=f'cloud {self.connection.name}',
                wanted=f'microversion {microversion}',
                last=f'{low} to {high}',
            )

    # Volumes.

    def create_volume(
        self,
        name: str,
        size_gib: int,
        volume_type: str | None,
        metadata: collections.abc.Mapping[str, str],
        snapshot_id: str | None = None,
        source_id: str | None = None,
    ) -> views.Volume:
        """Ask for a volume; it is ``creating`` when this returns."""
        made = self._cinder.volumes.create(
            size_gib,
            name=name,
            volume_type=volume_type,
            metadata=dict(metadata),
            snapshot_id=snapshot_id,
            source_volid=source_id,
        )
        return views.Volume.from_json(made.to_dict())

    def get_volume(self, volume_id: str) -> views.Volume:
        """Look at a volume; :class:`calls.ApiError` 404 if it is gone."""
        found = self._cinder.volumes.get(volume_id)
        return views.Volume.from_json(found.to_dict())

    def list_volumes(
        self,
        all_projects: bool = False,
        *,
        name: str | None = None,
    ) -> tuple[views.Volume, ...]:
        """List the project's volumes, or (administrators) everybody's.

        :param name: only those of exactly this name.
        """
        found = self._list(
            self._cinder.volumes,
            {} if name is None else {'name': name},
            {'all_tenants': 1} if all_projects else {},
        )
        volumes = (views.Volume.from_json(each) for each in found)
        return tuple(
            each for each in volumes if name is None or each.name == name
        )

    def delete_volume(self, volume_id: str) -> None:
        """Ask for a volume to be deleted."""
        self._cinder.volumes.delete(volume_id)

    def extend(
        self,
        volume_id: str,
        new_size_gib: int,
        microversion: str | None = EXTEND_IN_USE_MICROVERSION,
    ) -> calls.ApiResponse:
        """Ask for a bigger volume; ``extending`` when this returns.

        Cinder accepts (202) long before it knows whether the backend can.

        :param microversion: 3.42 at least for a volume that is in use;
            ``None`` sends no microversion at all.
        """
        if microversion is not None:
            self.require(microversion, 'this extend')
        return self.action(
            volume_id,
            {'os-extend': {'new_size': new_size_gib}},
            microversion=microversion,
        )

    def action(
        self,
        volume_id: str,
        body: collections.abc.Mapping[str, object],
        microversion: str | None = DEFAULT_MICROVERSION,
    ) -> calls.ApiResponse:
        """Ask for an action of a volume, with any body."""
        response, _ = self._http.post(
            f'/volumes/{volume_id}/action',
            body=dict(body),
            microversion=microversion,
        )
        return calls.ApiResponse(
            status=response.status_code,
            request_id=response.headers.get('x-openstack-request-id'),
        )

    def set_metadata(
        self, volume_id: str, metadata: collections.abc.Mapping[str, str]
    ) -> None:
        """Set entries of the metadata; others stay."""
        self._cinder.volumes.set_metadata(volume_id, dict(metadata))

    def replace_metadata(
        self, volume_id: str, metadata: collections.abc.Mapping[str, str]
    ) -> None:
        """Set the metadata to these entries alone."""
        self._cinder.volumes.update_all_metadata(volume_id, dict(metadata))

    def set_readonly(self, volume_id: str, readonly: bool) -> None:
        """Set whether the volume may only be attached for reading."""
        self._cinder.volumes.update_readonly_flag(volume_id, readonly)

    def reset_status(self, volume_id: str, status: str) -> None:
        """Overwrite the status in Cinder's records (administrators)."""
        self._cinder.volumes.reset_state(volume_id, status)

    # Attachments.

    def attachment_create(
        self,
        volume_id: str,
        mode: str = 'rw',
        connector: collections.abc.Mapping[str, object] | None = None,
    ) -> views.Attachment:
        """Reserve an attachment without a server.

        :param mode: ``rw`` or ``ro``.
        :param connector: of the host; without it the attachment is only
            reserved.
        """
        made = self._cinder.attachments.create(
            volume_id, dict(connector) if connector else None, mode=mode
        )
        return views.Attachment.from_json(made)

    def attachment_update(
        self,
        attachment_id: str,
        connector: collections.abc.Mapping[str, object],
    ) -> views.Attachment:
        """Export the volume to a host; gives the connection information."""
        updated = self._cinder.attachments.update(
            attachment_id, dict(connector)
        )
        return views.Attachment.from_json(updated.to_dict())

    def attachment_complete(self, attachment_id: str) -> None:
        """Say that the host is connected; makes the volume ``in-use``."""
        self._cinder.attachments.complete(attachment_id)

    def attachment_delete(self, attachment_id: str) -> None:
        """End the export. Overwrites the volume's status, also an error."""
        self._cinder.attachments.delete(attachment_id)

    def get_attachment(self, attachment_id: str) -> views.Attachment:
        """Look at an attachment, with its connection information."""
        found = self._cinder.attachments.show(attachment_id)
        return views.Attachment.from_json(found.to_dict())

    def attachments(self, volume_id: str) -> tuple[str, ...]:
        """Ids of all attachments of a volume, also those only reserved."""
        found = self._list(
            self._cinder.attachments,
            {'volume_id': volume_id},
            {'all_tenants': 1},
        )
        return tuple(
            each['id'] for each in found if each['volume_id'] == volume_id
        )

    # What else Cinder knows.

    def messages(
        self, volume_id: str, request_id: str | None = None
    ) -> tuple[views.Message, ...]:
        """User messages about a volume, newest first.

        They are written a moment after the status changes, so "none" means
        "none yet" for some seconds.
        """
        found = self._list(
            self._cinder.messages, {'resource_uuid': volume_id}, {}
        )
        messages = tuple(
            views.Message.from_json(each)
            for each in found
            if each.get('resource_uuid') == volume_id
        )
        for message in messages:
            self._tell(volume_id, message)
        return tuple(
            message
            for message in messages
            if request_id in (None, message.request_id)
        )

    def _tell(self, volume_id: str, message: views.Message) -> None:
        """Enter a user message, the first time that it is seen."""
        if message.id in self._told:
            return
        self._told.add(message.id)
        self.journal.add(
            'message',
            f'{message.event_id}: {message.text}',
            volume_id=volume_id,
            request_id=message.request_id,
            created_at=message.created_at,
        )

    def quota(self) -> views.Quota:
        """What the project may have, and has."""
        project_id = self.connection.project_id
        found = self._cinder.quotas.get(project_id, usage=True)
        return views.Quota.from_json(found.to_dict())

    def pools(self, volume_type: str | None = None) -> tuple[views.Pool, ...]:
        """All pools, or those of a volume type (administrators).

        As the scheduler knows them: up to a minute old. Those of a type are
        found by its ``volume_backend_name``; other extra specs are not
        looked at. Many clouds switch off Cinder's own filter.
        """
        _, body = self._http.get('/scheduler-stats/get_pools?detail=True')
        found = [
            views.Pool.from_json(each)
            for each in ty.cast(views.Json, body)['pools']
        ]
        if volume_type is None:
            return tuple(found)
        wanted = {
            each.backend_name
            for each in self.volume_types()
            if volume_type in (each.name, each.id)
        }
        return tuple(
            each
            for each in found
            if None in wanted or each.backend_name in wanted
        )

    def volume_types(self) -> tuple[views.VolumeType, ...]:
        """The volume types that this user may use, the default one first."""
        try:
            default_id = self._cinder.volume_types.default().id
        except calls.ApiError as error:
            if error.status != 404:
                raise
            default_id = None
        found = [
            views.VolumeType.from_json(each.to_dict(), default_id)
            for each in self._cinder.volume_types.list(is_public=None)
        ]
        return tuple(
            sorted(found, key=lambda each: (not each.is_default, each.name))
        )

    def _list(
        self,
        resource: ty.Any,
        filters: collections.abc.Mapping[str, object],
        options: collections.abc.Mapping[str, object],
    ) -> list[views.Json]:
        """List with Cinder's filters, or all where it does not allow them.

        Which filters a member may use is configuration of the cloud
        (``resource_query_filters_file``); the caller filters again.
        """
        try:
            found = resource.list(search_opts={**options, **filters})
        except calls.ApiError as error:
            if error.status != 400 or not filters:
                raise
            found = resource.list(search_opts=dict(options))
        return [each.to_dict() for each in found]

    # Waiting.

    def wait_for_status(
        self,
        volume_id: str,
        wanted: str | collections.abc.Collection[str],
        timeout_s: float = 300.0,
        request_id: str | None = None,
    ) -> waiting.Waited[views.Volume]:
        """Wait until a volume has a status, or one of several.

        :raises waiting.TerminalState: it got an error status instead.
        :raises waiting.WaitTimeout: the time was over.
        """
        accepted = {wanted} if isinstance(wanted, str) else set(wanted)
        return waiting.wait_until(
            self._observer(volume_id),
            lambda volume: volume.status in accepted,
            lambda volume: 'error' in volume.status,
            timeout_s,
            resource=f'volume {volume_id}',
            wanted=' or '.join(sorted(accepted)),
            describe=lambda volume: volume.status,
            request_id=request_id,
            polling=self._poll,
        )

    def wait_for_extend(
        self,
        volume_id: str,
        old_gib: int,
        new_gib: int,
        timeout_s: float = 300.0,
        request_id: str | None = None,
    ) -> ExtendSeen:
        """Wait until an extend that was accepted is over, however it ended.

        Cinder writes ``extending`` before it answers 202, so the first
        other status that is seen belongs to the end. An API that is away
        meanwhile may come back, and is asked until the time is over: only
        then can an extend that hangs be told from a cloud that is down.

        :returns: status and size; the size tells success from refusal.
        :raises waiting.WaitTimeout: still ``extending``.
        :raises connections.CloudUnreachable: the API did not come back.
        :raises calls.ApiError: nor did it answer anything but errors.
        """
        look = self._observer(volume_id)
        silence: exceptions.ExtendConformanceError | None = None

        def observe() -> views.Volume | None:
            nonlocal silence
            try:
                volume = look()
            except (connections.CloudUnreachable, calls.ApiError) as error:
                if isinstance(error, calls.ApiError) and error.status < 500:
                    raise
                silence = error
                return None
            silence = None
            return volume

        try:
            waited = waiting.wait_until(
                observe,
                lambda volume: (
                    volume is not None and volume.status != 'extending'
                ),
                timeout_s=timeout_s,
                resource=f'volume {volume_id}',
                wanted=f'an end of the extend from {old_gib} to {new_gib} GiB',
                describe=lambda volume: (
                    f'{volume.status}, {volume.size_gib} GiB'
                    if volume
                    else 'no answer'
                ),
                request_id=request_id,
                polling=self._poll,
            )
        except waiting.WaitTimeout as timeout:
            if silence is not None:
                raise silence from timeout
            raise
        volume = ty.cast(views.Volume, waited.value)
        return ExtendSeen(
            volume.status,
            volume.size_gib,
            dataclasses.replace(
                ty.cast(waiting.Waited[ty.Any], waited), value=volume
            ),
        )

    def wait_until_gone(
        self, volume_id: str, timeout_s: float = 300.0
    ) -> waiting.Waited[views.Volume | None]:
        """Wait until there is no such volume, after its deletion was accepted.

        Cinder writes ``deleting`` before it accepts. So any other status
        means that the volume stays: its driver failed, or finds it busy.

        :raises waiting.TerminalState: it could not be deleted.
        :raises waiting.WaitTimeout: the time was over.
        """
        look = self._observer(volume_id)

        def observe() -> views.Volume | None:
            try:
                return look()
            except calls.ApiError as error:
                if error.status != 404:
                    raise
                return None

        return waiting.wait_until(
            observe,
            lambda volume: volume is None,
            lambda volume: volume is not None and volume.status != 'deleting',
            timeout_s,
            resource=f'volume {volume_id}',
            wanted='gone',
            describe=lambda volume: volume.status if volume else 'gone',
            polling=self._poll,
        )

    def _observer(
        self, volume_id: str
    ) -> collections.abc.Callable[[], views.Volume]:
        """Look at a volume; each new status or size is an event."""
        before: list[tuple[str, int]] = []

        def observe() -> views.Volume:
            volume = self.get_volume(volume_id)
            now = (volume.status, volume.size_gib)
            if before != [now]:
                before[:] = [now]
                self.journal.add(
                    'status',
                    f'{volume.status}, {volume.size_gib} GiB',
                    volume_id=volume_id,
                    status=volume.status,
                    size_gib=volume.size_gib,
                )
            return volume

        return observe


def _text(version: _Version) -> str:
    return '.'.join(str(part) for part in version)
