# SPDX-License-Identifier: Apache-2.0

"""Finds what a killed run left, and takes it away.

Two witnesses are asked: the ledgers on this host, and the metadata of the
volumes and snapshots in the cloud. Settings that a run has changed are put
back. What neither names is not touched, nor is a run that
still goes on, nor a finished image that a person keeps. Of a run without a
ledger here nobody can tell whether it still goes on elsewhere, so that a
person has to name it.
"""

import collections.abc
import dataclasses
import enum
import functools
import typing as ty

from extend_conformance import exceptions
from extend_conformance.cloud import attachment as attachments
from extend_conformance.cloud import block_storage
from extend_conformance.cloud import calls
from extend_conformance.cloud import host as hosts
from extend_conformance.cloud import image_service
from extend_conformance.cloud import ledger as ledgers
from extend_conformance.cloud import node_owner
from extend_conformance.cloud import resources as resource_owner
from extend_conformance.cloud import settings
from extend_conformance.cloud import snapshots
from extend_conformance.cloud import views

#: How long the kernel may take to end a killed process whose devices answer.
_KILLED_PATIENCE_S = 10.0


class LeftoverStatus(enum.StrEnum):
    """What became of a leftover."""

    WOULD_GO = 'would be removed'
    REMOVED = 'removed'
    RESTORED = 'restored'
    LEFT = 'left'
    SPARED = 'spared'


@dataclasses.dataclass(frozen=True, kw_only=True)
class Leftover:
    """One thing that a run left.

    :param id: of the volume, snapshot or attachment, the path of a device
        node or of a ledger, or the name of a setting.
    :param reason: why it is still there, if it is.
    """

    run_id: str
    kind: str
    id: str
    project_id: str | None
    status: LeftoverStatus
    reason: str = ''


class Sweep:
    """One clean-up, of one run or of all that do not go on.

    :param storage: of the project's member.
    :param host: disconnects and restores what is left on this host.
    :param admin: puts settings back, and sees all projects.
    :param all_projects: clean those of all projects; needs ``admin``.
    :param only: a run id; that run is cleaned even if it seems to go on.
    :param dry_run: find, and take nothing away.
    """

    def __init__(
        self,
        storage: block_storage.BlockStorage,
        host: hosts.Host,
        *,
        admin: block_storage.BlockStorage | None = None,
        all_projects: bool = False,
        only: str | None = None,
        dry_run: bool = False,
    ) -> None:
        self._admin = admin
        self._all_projects = all_projects and admin is not None
        self._storage = (admin if self._all_projects else None) or storage
        self._images = image_service.ImageService(self._storage.connection)
        self._host = host
        self._project_id = storage.connection.project_id
        self._only = only
        self._dry_run = dry_run
        self._seen: set[str] = set()

    def run(self) -> collections.abc.Iterator[Leftover]:
        """Find and remove; each leftover comes as it is dealt with."""
        going_on = set()
        dead = {self._only}
        for ledger in ledgers.Ledger.runs():
            if self._only not in (None, ledger.run_id):
                continue
            try:
                writers = ledger.writers
                alive = [each.pid for each in writers if each.is_alive]
                # Read after that: a process writes until it is killed.
                entries = ledger.open_entries
            except ledgers.LedgerUnreadable as error:
                yield _of_file(ledger, LeftoverStatus.LEFT, error.what)
                continue
            if alive and self._only is None:
                going_on.add(ledger.run_id)
                if any(self._is_ours(each) for each in entries):
                    pids = ', '.join(map(str, alive))
                    yield _of_file(
                        ledger,
                        LeftoverStatus.SPARED,
                        f'It still runs here, with pid {pids}. If it should '
                        'not, end that first, and clean up again.',
                    )
                continue
            dead.add(ledger.run_id)
            for each in writers:
                if each.pid not in alive:
                    each.wait_until_ended(_KILLED_PATIENCE_S)
            yield from self._of_ledger(ledger, entries)
        yield from self._of_metadata(going_on, dead)

    def _of_ledger(
        self,
        ledger: ledgers.Ledger,
        entries: collections.abc.Sequence[ledgers.Entry],
    ) -> collections.abc.Iterator[Leftover]:
        # Last in, first out: nodes before attachments before volumes.
        for entry in reversed(entries):
            if not self._is_ours(entry):
                continue
            found = self._find(entry)
            if not found:
                if not self._dry_run and self._is_here(entry):
                    ledger.gone(entry)
                continue
            for each in found:
                yield self._deal(
                    ledger.run_id,
                    entry.kind,
                    each,
                    entry.project_id,
                    functools.partial(self._remove, ledger, entry, each),
                )
        if not self._dry_run:
            ledger.close()

    def _of_metadata(
        self,
        going_on: collections.abc.Set[str],
        dead: collections.abc.Set[str | None],
    ) -> collections.abc.Iterator[Leftover]:
        # Snapshots first: a volume that has one cannot be deleted.
        marked: tuple[
            tuple[
                str,
                collections.abc.Callable[[str], None],
                collections.abc.Iterable[views.Snapshot | views.Volume],
            ],
            ...,
        ] = (
            (
                resource_owner.SNAPSHOT,
                self._remove_snapshot,
                snapshots.list_all(self._storage, self._all_projects),
            ),
            (
                resource_owner.VOLUME,
                self._remove_volume,
                self._storage.list_volumes(self._all_projects),
            ),
        )
        for kind, remove, found in marked:
            yield from self._marked(kind, remove, found, going_on, dead)

    def _marked(
        self,
        kind: str,
        remove: collections.abc.Callable[[str], None],
        found: collections.abc.Iterable[views.Snapshot | views.Volume],
        going_on: collections.abc.Set[str],
        dead: collections.abc.Set[str | None],
    ) -> collections.abc.Iterator[Leftover]:
        """Deal with what carries the id of a run in its metadata."""
        for each in found:
            run_id = each.metadata.get(ledgers.METADATA_KEY)
            if (
                run_id is None
                or run_id in going_on
                or self._only not in (None, run_id)
                or _is_kept(each)
                or each.id in self._seen
            ):
                continue
            project_id = each.project_id or self._project_id
            if run_id not in dead:
                yield Leftover(
                    run_id=run_id,
                    kind=kind,
                    id=each.id,
                    project_id=project_id,
                    status=LeftoverStatus.SPARED,
                    reason='This host has no ledger of the run, which may '
                    'still go on elsewhere. If it does not, name it with '
                    '--run.',
                )
                continue
            yield self._deal(
                run_id,
                kind,
                each.id,
                project_id,
                functools.partial(remove, each.id),
            )

    def _deal(
        self,
        run_id: str,
        kind: str,
        id: str,
        project_id: str | None,
        remove: collections.abc.Callable[[], None],
    ) -> Leftover:
        self._seen.add(id)
        status, reason = LeftoverStatus.WOULD_GO, ''
        if not self._dry_run:
            try:
                remove()
                status = LeftoverStatus.REMOVED
                if kind == settings.KIND:
                    status = LeftoverStatus.RESTORED
            except _Spared as spared:
                status, reason = LeftoverStatus.SPARED, spared.what
            except exceptions.ExtendConformanceError as error:
                status, reason = LeftoverStatus.LEFT, str(error)
        return Leftover(
            run_id=run_id,
            kind=kind,
            id=id,
            project_id=project_id,
            status=status,
            reason=reason,
        )

    def _is_ours(self, entry: ledgers.Entry) -> bool:
        return (
            self._all_projects
            or entry.project_id == self._project_id
            or entry.kind == node_owner.KIND
        )

    def _is_here(self, entry: ledgers.Entry) -> bool:
        """Whether it is this cloud that would have to know of an entry.

        Projects have unique ids; an administrator is asked about those of
        every cloud that this host has used.
        """
        connection = self._storage.connection
        return (
            entry.project_id == self._project_id
            or entry.cloud == connection.auth_url
        )

    def _find(self, entry: ledgers.Entry) -> list[str]:
        """Ids of what an entry stands for, as far as it is there."""
        if entry.kind == node_owner.KIND:
            return [entry.name]
        if entry.kind == resource_owner.VOLUME:
            return self._find_volumes(entry)
        if entry.kind == resource_owner.IMAGE:
            return self._find_images(entry)
        if entry.kind == resource_owner.SNAPSHOT:
            return [
                each.id
                for each in snapshots.list_all(
                    self._storage, self._all_projects
                )
                if entry.id == each.id
                or (entry.id is None and entry.name == each.name)
            ]
        if entry.kind == hosts.KIND:
            if self._volume(entry.name) is None:
                return []
            there = self._storage.attachments(entry.name)
            # Without an id the answer was lost; the volume is ours, and is
            # deleted next, so that all of its attachments have to go.
            return [
                each for each in there if entry.id is None or each == entry.id
            ]
        return [entry.name]

    def _find_volumes(self, entry: ledgers.Entry) -> list[str]:
        if entry.id is None:
            found = self._storage.list_volumes(
                self._all_projects, name=entry.name
            )
        else:
            volume = self._volume(entry.id)
            found = () if volume is None else (volume,)
        return [each.id for each in found if not _is_kept(each)]

    def _find_images(self, entry: ledgers.Entry) -> list[str]:
        if entry.id is None:
            return list(self._images.find_images(entry.name))
        return [entry.id] if self._images.has_image(entry.id) else []

    def _volume(self, volume_id: str) -> views.Volume | None:
        try:
            return self._storage.get_volume(volume_id)
        except calls.ApiError as error:
            if error.status != 404:
                raise
            return None

    def _remove(
        self, ledger: ledgers.Ledger, entry: ledgers.Entry, id: str
    ) -> None:
        if entry.kind == node_owner.KIND:
            # Chooses how privileged functions run.
            self._host.connector_properties()
            node_owner.restore(ledger, entry)
        elif entry.kind == hosts.KIND:
            if entry.id is not None:
                self._host.disconnect_leftover(self._storage, entry)
            attachments.delete_attachment(self._storage, id)
        elif entry.kind == resource_owner.SNAPSHOT:
            self._remove_snapshot(id)
        elif entry.kind == resource_owner.IMAGE:
            self._images.delete_image(id)
        elif entry.kind == settings.KIND:
            self._restore(ledger, entry)
        else:
            self._remove_volume(id)
        ledger.gone(entry)

    def _restore(self, ledger: ledgers.Ledger, entry: ledgers.Entry) -> None:
        if self._admin is None:
            raise exceptions.NotTestable(
                'Only an administrator can put it back',
                resource=entry.name,
                wanted=str(entry.facts.get('old')),
                next_step='Name one with --os-admin-cloud.',
            )
        reason = settings.restore(self._admin, entry)
        if reason is not None:
            ledger.gone(entry)
            raise _Spared(reason)

    def _remove_snapshot(self, snapshot_id: str) -> None:
        snapshots.remove(self._storage, snapshot_id)

    def _remove_volume(self, volume_id: str) -> None:
        for each in self._storage.attachments(volume_id):
            attachments.delete_attachment(self._storage, each)
        resource_owner.remove_volume(
            self._storage, volume_id, admin=self._admin
        )


class _Spared(exceptions.ExtendConformanceError):
    """It is somebody else's now."""


def _of_file(
    ledger: ledgers.Ledger, status: LeftoverStatus, reason: str
) -> Leftover:
    return Leftover(
        run_id=ledger.run_id,
        kind='ledger',
        id=str(ledger.path),
        project_id=None,
        status=status,
        reason=reason,
    )


def _is_kept(resource: views.Snapshot | views.Volume) -> bool:
    return ledgers.KEPT_KEY in resource.metadata


def failed(found: ty.Iterable[Leftover]) -> bool:
    """Whether something is left that should not be."""
    return any(each.status is LeftoverStatus.LEFT for each in found)
