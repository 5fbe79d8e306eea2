# SPDX-License-Identifier: Apache-2.0

"""The requests to Cinder about snapshots, of volumes in use too.

Who owns a snapshot, and that it goes away again, is left to
:mod:`extend_conformance.cloud.resources`.
"""

import collections.abc

from extend_conformance.cloud import block_storage
from extend_conformance.cloud import calls
from extend_conformance.cloud import views
from extend_conformance.cloud import waiting


def create(
    storage: block_storage.BlockStorage,
    volume_id: str,
    name: str,
    metadata: collections.abc.Mapping[str, str],
) -> views.Snapshot:
    """Ask for a snapshot; it is ``creating`` when this returns.

    Before microversion 3.66 Cinder wants to be forced where a volume is in
    use; nothing else is forced by it.
    """
    made = storage.client.volume_snapshots.create(
        volume_id, force=True, name=name, metadata=dict(metadata)
    )
    return views.Snapshot.from_json(made.to_dict())


def get(
    storage: block_storage.BlockStorage, snapshot_id: str
) -> views.Snapshot:
    """Look at a snapshot; :class:`calls.ApiError` 404 if it is gone."""
    found = storage.client.volume_snapshots.get(snapshot_id)
    return views.Snapshot.from_json(found.to_dict())


def list_all(
    storage: block_storage.BlockStorage, all_projects: bool = False
) -> tuple[views.Snapshot, ...]:
    """List the project's snapshots, or (administrators) everybody's."""
    found = storage.client.volume_snapshots.list(
        search_opts={'all_tenants': 1} if all_projects else None
    )
    return tuple(views.Snapshot.from_json(each.to_dict()) for each in found)


def wait_until_available(
    storage: block_storage.BlockStorage,
    snapshot_id: str,
    timeout_s: float = 300.0,
) -> waiting.Waited[views.Snapshot]:
    """Wait until a snapshot is made.

    :raises waiting.TerminalState: it got an error status instead.
    :raises waiting.WaitTimeout: the time was over.
    """
    return waiting.wait_until(
        lambda: get(storage, snapshot_id),
        lambda snapshot: snapshot.status == 'available',
        lambda snapshot: 'error' in snapshot.status,
        timeout_s,
        resource=f'snapshot {snapshot_id}',
        wanted='available',
        describe=lambda snapshot: snapshot.status,
    )


def remove(
    storage: block_storage.BlockStorage,
    snapshot_id: str,
    timeout_s: float = 300.0,
) -> None:
    """Delete a snapshot and wait until it is gone; gone already is fine.

    :raises calls.ApiError: it may not be deleted.
    :raises waiting.TerminalState: it could not be.
    :raises waiting.WaitTimeout: it still is being.
    """

    def observe() -> views.Snapshot | None:
        try:
            return get(storage, snapshot_id)
        except calls.ApiError as error:
            if error.status != 404:
                raise
            return None

    found = observe()
    if found is None:
        return
    if found.status == 'creating':
        # What is being made cannot be deleted, whatever it will come to.
        waiting.wait_until(
            observe,
            lambda snapshot: snapshot is None or snapshot.status != 'creating',
            timeout_s=timeout_s,
            resource=f'snapshot {snapshot_id}',
            wanted='made, or failed',
            describe=lambda snapshot: snapshot.status if snapshot else 'gone',
        )
    try:
        calls.persistently(storage.client.volume_snapshots.delete, snapshot_id)
    except calls.ApiError as error:
        if error.status != 404:
            raise
    waiting.wait_until(
        observe,
        lambda snapshot: snapshot is None,
        lambda snapshot: snapshot is not None and 'error' in snapshot.status,
        timeout_s,
        resource=f'snapshot {snapshot_id}',
        wanted='gone',
        describe=lambda snapshot: snapshot.status if snapshot else 'gone',
    )
