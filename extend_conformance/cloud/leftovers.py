# SPDX-License-Identifier: Apache-2.0

"""Finds what a killed run left, and takes it away.

Two witnesses are asked: the ledgers on this host, and the metadata of the
volumes and snapshots in the cloud. Settings that a run has changed are put
back. What neither names is not touched, nor is a run that still goes on, nor
a finished image that a person keeps. Of a run without a ledger here nobody can
tell whether it still goes on elsewhere, so that a person has to name it.
"""

import collections.abc
import contextlib
import dataclasses
import enum
import functools
import typing as ty

from extend_conformance import exceptions
from extend_conformance import interrupts
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
    :ivar found: what has been dealt with; after an interrupt also what has
        not.
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
        self._coming: dict[str, Leftover] = {}
        self._knows_all = False
        self.found: list[Leftover] = []

    def run(self) -> tuple[Leftover, ...]:
        """Find and remove.

        An interrupt waits until all of it is done; a second one ends it, and
        names what is left. Nothing is cut in two where nothing is removed.

        :returns: :attr:`found`.
        """
        whole = (
            contextlib.nullcontext()
            if self._dry_run
            else interrupts.held_back(self._left)
        )
        try:
            with whole:
                for each in self._leftovers():
                    self.found.append(each)
        except KeyboardInterrupt:
            self.found += (
                dataclasses.replace(
                    each,
                    status=LeftoverStatus.LEFT,
                    reason='The clean-up was interrupted before this was done',
                )
                for each in self._coming.values()
            )
            raise
        return tuple(self.found)

    def _left(self) -> collections.abc.Iterator[str]:
        """Name what is not dealt with, without asking the cloud."""
        for each in self._coming.values():
            yield f'{each.kind} {each.id}'
        if not self._knows_all:
            yield 'and whatever else the cloud would have named'

    def _leftovers(self) -> collections.abc.Iterator[Leftover]:
        """Deal with all that is found; each comes when it is dealt with."""
        runs = [
            _Run.read(ledger)
            for ledger in ledgers.Ledger.runs()
            if self._only in (None, ledger.run_id)
        ]
        going_on = set()
        dead = {self._only}
        for run in runs:
            if run.alive and self._only is None:
                going_on.add(run.ledger.run_id)
            elif run.flaw is None:
                dead.add(run.ledger.run_id)
                self._coming.update(
                    (entry.key, _planned(run.ledger, entry))
                    for entry in self._ours(run)
                )
        for run in runs:
            if run.flaw is not None:
                yield _of_file(run.ledger, LeftoverStatus.LEFT, run.flaw)
            elif run.ledger.run_id in dead:
                yield from self._of_ledger(run)
            elif self._ours(run):
                pids = ', '.join(map(str, run.alive))
                yield _of_file(
                    run.ledger,
                    LeftoverStatus.SPARED,
                    f'It still runs here, with pid {pids}. If it should '
                    'not, end that first, and clean up again.',
                )
        yield from self._of_metadata(going_on, dead)

    def _ours(self, run: '_Run') -> list[ledgers.Entry]:
        """The entries to deal with, in the order in which to do it.

        Last in, first out: nodes before attachments before volumes.
        """
        return [each for each in reversed(run.entries) if self._is_ours(each)]

    def _of_ledger(self, run: '_Run') -> collections.abc.Iterator[Leftover]:
        for each in run.writers:
            if each.pid not in run.alive:
                each.wait_until_ended(_KILLED_PATIENCE_S)
        ledger = run.ledger
        for entry in self._ours(run):
            found = self._find(entry)
            if not found and not self._dry_run and self._is_here(entry):
                ledger.gone(entry)
            for id in found:
                yield self._deal(
                    dataclasses.replace(_planned(ledger, entry), id=id),
                    functools.partial(self._remove, ledger, entry, id),
                )
            del self._coming[entry.key]
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
        planned = [
            (leftover, functools.partial(remove, leftover.id))
            for kind, remove, found in marked
            for leftover in self._marked(kind, found, going_on, dead)
        ]
        self._coming.update(
            (each.id, each)
            for each, _ in planned
            if each.status is LeftoverStatus.WOULD_GO
        )
        self._knows_all = True
        for leftover, remove_it in planned:
            if leftover.status is LeftoverStatus.SPARED:
                yield leftover
                continue
            yield self._deal(leftover, remove_it)
            del self._coming[leftover.id]

    def _marked(
        self,
        kind: str,
        found: collections.abc.Iterable[views.Snapshot | views.Volume],
        going_on: collections.abc.Set[str],
        dead: collections.abc.Set[str | None],
    ) -> collections.abc.Iterator[Leftover]:
        """What carries the id of a run in its metadata."""
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
            leftover = Leftover(
                run_id=run_id,
                kind=kind,
                id=each.id,
                project_id=each.project_id or self._project_id,
                status=LeftoverStatus.WOULD_GO,
            )
            if run_id not in dead:
                leftover = dataclasses.replace(
                    leftover,
                    status=LeftoverStatus.SPARED,
                    reason='This host has no ledger of the run, which may '
                    'still go on elsewhere. If it does not, name it with '
                    '--run.',
                )
            yield leftover

    def _deal(
        self,
        leftover: Leftover,
        remove: collections.abc.Callable[[], None],
    ) -> Leftover:
        """Remove what would go, unless this is a dry run."""
        self._seen.add(leftover.id)
        status, reason = leftover.status, ''
        if not self._dry_run:
            try:
                remove()
                status = LeftoverStatus.REMOVED
                if leftover.kind == settings.KIND:
                    status = LeftoverStatus.RESTORED
            except _Spared as spared:
                status, reason = LeftoverStatus.SPARED, spared.what
            except exceptions.ExtendConformanceError as error:
                status, reason = LeftoverStatus.LEFT, str(error)
        return dataclasses.replace(leftover, status=status, reason=reason)

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


@dataclasses.dataclass(frozen=True)
class _Run:
    """What the ledger of a run says.

    :param alive: pids of the writers that still go on.
    :param flaw: why nothing else of it can be told.
    """

    ledger: ledgers.Ledger
    writers: tuple[ledgers.Writer, ...] = ()
    alive: tuple[int, ...] = ()
    entries: tuple[ledgers.Entry, ...] = ()
    flaw: str | None = None

    @classmethod
    def read(cls, ledger: ledgers.Ledger) -> '_Run':
        """Read it, in the one order that is safe."""
        try:
            writers = ledger.writers
            alive = tuple(each.pid for each in writers if each.is_alive)
            # Read after that: a process writes until it is killed.
            return cls(ledger, writers, alive, ledger.open_entries)
        except ledgers.LedgerUnreadable as error:
            return cls(ledger, flaw=error.what)


class _Spared(exceptions.ExtendConformanceError):
    """It is somebody else's now."""


def _planned(ledger: ledgers.Ledger, entry: ledgers.Entry) -> Leftover:
    """What an entry stands for, before the cloud was asked."""
    return Leftover(
        run_id=ledger.run_id,
        kind=entry.kind,
        id=entry.id or entry.name,
        project_id=entry.project_id,
        status=LeftoverStatus.WOULD_GO,
    )


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
