# SPDX-License-Identifier: Apache-2.0

"""The volume that becomes an image: each step, with its time and its errors.

Turns every failure into one of :mod:`extend_conformance.impl.errors`. In
which order steps are taken is the business of the modes and the writer.
"""

import collections.abc
import contextlib
import errno
import typing as ty

from extend_conformance import exceptions
from extend_conformance import vocabulary
from extend_conformance.cloud import attachment as attachments
from extend_conformance.cloud import block_storage
from extend_conformance.cloud import calls
from extend_conformance.cloud import device as devices
from extend_conformance.cloud import resources as resource_owner
from extend_conformance.cloud import transfer
from extend_conformance.cloud import views
from extend_conformance.cloud import waiting
from extend_conformance.impl import errors
from extend_conformance.impl import sizes
from extend_conformance.impl import timeline as timelines

#: A refusal shows in the status a moment before its message is written.
MESSAGE_PATIENCE_S = 3.0


class VolumeTarget:
    """A volume under construction.

    :param admin: sees pools, and so can tell a full backend from one that
        refuses.
    :ivar size_gib: the volume's size, as Cinder has confirmed it.
    """

    def __init__(
        self,
        resources: resource_owner.Resources,
        timeline: timelines.Timeline,
        timeout_s: float,
        admin: block_storage.BlockStorage | None = None,
    ) -> None:
        self._resources = resources
        self._storage = resources.storage
        self._timeline = timeline
        self._timeout_s = timeout_s
        self._admin = admin
        self._volume: views.Volume | None = None
        self._attached: attachments.AttachedVolume | None = None
        self._opened: devices.OpenDevice | None = None
        self._behind: transfer.WriteBehind | None = None
        self.size_gib = 0

    @property
    def id(self) -> str:
        """The volume's id, once it was created."""
        assert self._volume is not None, 'the volume was not created'
        return self._volume.id

    @contextlib.contextmanager
    def step(self, name: str) -> collections.abc.Iterator[None]:
        """Say of every failure inside in which step it was.

        Wrong usage and what could not be tried pass as they are: no step
        can be blamed for them.
        """
        try:
            yield
        except (errors.ImageError, exceptions.UsageError):
            raise
        except exceptions.NotTestable:
            raise
        except exceptions.ExtendConformanceError as error:
            raise errors.StepFailed(
                error.what,
                step=name,
                volume_id=self._volume.id if self._volume else None,
                wanted=error.wanted,
                last=error.last,
                elapsed_s=error.elapsed_s,
                request_id=error.request_id,
                next_step=error.next_step,
            ) from error

    def create(
        self,
        size_gib: int,
        volume_type: str | None,
        name: str,
        metadata: collections.abc.Mapping[str, str],
    ) -> None:
        """Create the volume and wait until it is available.

        :raises errors.EncryptedType: the type encrypts.
        :raises errors.QuotaExceeded: the quota has no room for it.
        """
        with self.step('create'):
            try:
                self._volume = self._resources.request_volume(
                    size_gib, volume_type, name=name, metadata=metadata
                )
            except calls.ApiError as error:
                if error.status != 413:
                    raise
                raise errors.QuotaExceeded(
                    f'The quota has no room for the volume: {error.message}',
                    step='create',
                    wanted=f'{size_gib} GiB',
                    request_id=error.request_id,
                ) from error
            self._volume = self._wait('available')
            self.size_gib = self._volume.size_gib
        if self._volume.encrypted:
            raise errors.EncryptedType(
                f'Volumes of type {self._volume.volume_type} are encrypted; '
                'the image would be written over their encryption header',
                step='create',
                volume_id=self.id,
                next_step='Choose a volume type without encryption.',
            )
        if self.size_gib < size_gib:
            raise errors.StepFailed(
                'Cinder made a volume that is too small',
                step='create',
                volume_id=self.id,
                wanted=f'{size_gib} GiB',
                last=f'{self.size_gib} GiB',
            )

    def attach(self) -> None:
        """Attach the volume to this host and open it.

        What it holds already stays: nothing is truncated.
        """
        with (
            self._timeline.phase(vocabulary.Phase.ATTACH),
            self.step('attach'),
        ):
            self._attached = self._resources.attach(self.id)
            try:
                self._opened = self._attached.device.open_direct(write=True)
            except OSError as error:
                raise errors.WriteFailed(
                    f'The device cannot be opened for writing: {error}',
                    step='attach',
                    volume_id=self.id,
                ) from error
        self._behind = transfer.WriteBehind(self._opened)
        self._must_hold('attach')

    def detach(self) -> None:
        """Flush, detach, and wait until the volume is available."""
        assert self._attached is not None, 'the volume is not attached'
        self.flush()
        with (
            self._timeline.phase(vocabulary.Phase.DETACH),
            self.step('detach'),
        ):
            self._close()
            self._resources.disconnect(self._attached)
            self._attached = None
            self._wait('available')

    def flush(self) -> None:
        """Have everything on the storage that was written."""
        assert self._opened is not None, 'the volume is not open'
        with self._timeline.phase(vocabulary.Phase.WRITE), self._writing():
            self.drain()
            transfer.flush(self._opened)

    def room_bytes(self) -> int:
        """How many bytes the volume and its device both have."""
        assert self._opened is not None, 'the volume is not open'
        return sizes.SizePlan.room_bytes(
            self.size_gib, self._opened.size_bytes()
        )

    def write_at(self, offset: int, content: devices.Buffer) -> None:
        """Write into the volume, soon; see :class:`transfer.WriteBehind`.

        :param content: is copied; the caller may change it at once.
        :raises errors.WriteFailed: this or an earlier write failed.
        """
        assert self._behind is not None, 'the volume is not open'
        with self._writing():
            self._behind.write(offset, content)

    def drain(self) -> None:
        """Wait until the device has taken everything.

        :raises errors.WriteFailed: it has not.
        """
        assert self._behind is not None, 'the volume is not open'
        with self._writing():
            self._behind.drain()

    def extend_in_cloud(self, to_gib: int) -> None:
        """Have Cinder extend the volume, attached or not.

        :raises errors.QuotaExceeded: the quota has no room.
        :raises errors.NoRoom: the pool has none.
        :raises errors.RefusedByScheduler: the scheduler dropped it.
        :raises errors.RefusedByDriver: the driver failed.
        :raises errors.ExtendHangs: it did not end in time.
        """
        with self.step('extend'):
            try:
                answer = self._storage.extend(self.id, to_gib)
            except calls.ApiError as error:
                if error.status != 413:
                    raise
                raise errors.QuotaExceeded(
                    'The quota has no room for the bigger volume: '
                    f'{error.message}',
                    step='extend',
                    volume_id=self.id,
                    wanted=f'{to_gib} GiB',
                    last=f'{self.size_gib} GiB',
                    request_id=error.request_id,
                ) from error
            try:
                with self._timeline.phase(vocabulary.Phase.WAIT):
                    seen = self._storage.wait_for_extend(
                        self.id,
                        self.size_gib,
                        to_gib,
                        self._timeout_s,
                        answer.request_id,
                    )
                    self._timeline.uncertain(seen.waited.uncertainty_s)
            except waiting.WaitTimeout as error:
                raise errors.ExtendHangs(
                    'The extend was accepted and did not end',
                    step='extend',
                    volume_id=self.id,
                    wanted=f'{to_gib} GiB',
                    last=error.last,
                    elapsed_s=error.elapsed_s,
                    request_id=answer.request_id,
                ) from error
            self._must_be_extended(seen, to_gib, answer.request_id)
        self.size_gib = to_gib

    def extend_on_host(self) -> None:
        """Have os-brick extend the device, once, and look at the device.

        :raises errors.HostNotGrown: it cannot, or it did not.
        """
        assert self._attached is not None, 'the volume is not attached'
        try:
            returned = self._attached.extend()
        except attachments.ConnectorError as error:
            raise errors.HostNotGrown(
                f'Cinder extended the volume, but this host did not: '
                f'{error.what}',
                step='extend',
                volume_id=self.id,
                wanted=f'{self.size_gib} GiB',
                next_step='Use detached mode for this backend.',
            ) from error
        self._must_hold('extend', f'; os-brick returned {returned}')

    def finish(self, metadata: collections.abc.Mapping[str, str]) -> None:
        """Give the volume the metadata and the flag of an image volume."""
        with self.step('finish'):
            self._storage.replace_metadata(self.id, metadata)
            self._storage.set_readonly(self.id, True)

    def discard(self) -> None:
        """Take away whatever is there; does nothing if nothing is.

        :raises exceptions.ExtendConformanceError: something is left.
        """
        try:
            self._close()
        finally:
            attached, self._attached = self._attached, None
            failure: Exception | None = None
            if attached is not None:
                try:
                    self._resources.disconnect(attached)
                except attachments.DetachFailed as error:
                    # If it is off nevertheless, its content does not matter.
                    failure = error if error.last != 'detached' else None
            if failure is not None:
                raise failure
            if self._volume is not None:
                self._resources.delete_volume(self.id, self._timeout_s)

    def _close(self) -> None:
        if self._behind is not None:
            behind, self._behind = self._behind, None
            behind.close()
        if self._opened is not None:
            opened, self._opened = self._opened, None
            opened.close()

    def _wait(self, status: str) -> views.Volume:
        with self._timeline.phase(vocabulary.Phase.WAIT):
            waited = self._storage.wait_for_status(
                self.id, status, self._timeout_s
            )
            self._timeline.uncertain(waited.uncertainty_s)
        return waited.value

    def _must_hold(self, step: str, detail: str = '') -> None:
        """Make sure that the device has the size that Cinder says.

        Through the descriptor that is written to, and through a new one.
        """
        assert self._attached is not None
        assert self._opened is not None
        wanted = self.size_gib * sizes.GIB
        found = min(
            self._opened.size_bytes(), self._attached.device.size_bytes()
        )
        self._storage.journal.add(
            'device',
            f'{self._attached.device.name} has {found} bytes',
            volume_id=self.id,
            size_bytes=found,
        )
        if found < wanted:
            raise errors.HostNotGrown(
                f'Cinder has the new size, the device on this host has not'
                f'{detail}',
                step=step,
                volume_id=self.id,
                wanted=f'{wanted} bytes',
                last=f'{found} bytes of {self._attached.device.name}',
                next_step='Use detached mode for this backend.',
            )

    def _must_be_extended(
        self,
        seen: block_storage.ExtendSeen,
        to_gib: int,
        request_id: str | None,
    ) -> None:
        good = seen.status in ('in-use', 'available')
        if good and seen.size_gib == to_gib:
            return
        facts: dict[str, ty.Any] = {
            'step': 'extend',
            'volume_id': self.id,
            'wanted': f'{to_gib} GiB',
            'last': f'{seen.status}, {seen.size_gib} GiB',
            'elapsed_s': seen.waited.done_s,
            'request_id': request_id,
        }
        unchanged = seen.size_gib == self.size_gib
        if seen.status == 'error_extending' and unchanged:
            raise errors.RefusedByDriver(
                "The backend's driver failed to extend the volume: "
                + errors.quoted(
                    each.text for each in self._messages(request_id)
                ),
                **facts,
                next_step='See the log of cinder-volume.'
                if self._attached is None
                else 'Use detached mode, or see the log of cinder-volume.',
            )
        if not (good and unchanged):
            raise errors.ExtendInconsistent(
                'After the extend, state and size contradict each other',
                **facts,
            )
        if self._pool_is_full(to_gib - self.size_gib):
            raise errors.NoRoom(
                'The backend has no room for the bigger volume', **facts
            )
        raise errors.RefusedByScheduler(
            "Cinder's scheduler dropped the extend, so the backend says "
            'that it cannot extend this volume now, or is full: '
            + errors.quoted(each.text for each in self._messages(request_id)),
            **facts,
            next_step='See the free space of the backend.'
            if self._attached is None
            else 'Use detached mode, or see the free space of the backend.',
        )

    def _messages(self, request_id: str | None) -> tuple[views.Message, ...]:
        try:
            return waiting.wait_until(
                lambda: self._storage.messages(self.id, request_id),
                bool,
                timeout_s=MESSAGE_PATIENCE_S,
                resource=f'volume {self.id}',
                wanted='a user message',
                polling=waiting.Polling(first_s=0.1),
            ).value
        except exceptions.ExtendConformanceError:
            # None is written for some failures, and a cloud may not let
            # everybody read them.
            return ()

    def _pool_is_full(self, more_gib: int) -> bool:
        if self._admin is None or self._volume is None:
            return False
        try:
            pools = self._admin.pools(self._volume.volume_type)
        except exceptions.ExtendConformanceError:
            return False
        return bool(pools) and all(
            pool.free_gib is not None and pool.free_gib < more_gib
            for pool in pools
        )

    def _is_as_large_as_promised(self) -> bool:
        return (
            self._opened is not None
            and self._opened.size_bytes() >= self.size_gib * sizes.GIB
        )

    @contextlib.contextmanager
    def _writing(self) -> collections.abc.Iterator[None]:
        try:
            yield
        except (OSError, transfer.TransferFailed) as error:
            cause = error.__cause__ or error
            # Also the answer to what is beyond the end of a device.
            full = getattr(cause, 'errno', None) == errno.ENOSPC
            if full and self._is_as_large_as_promised():
                raise errors.NoRoom(
                    'The storage behind the device has no room left',
                    step='write',
                    volume_id=self.id,
                    wanted=f'{self.size_gib} GiB',
                ) from error
            raise errors.WriteFailed(
                'The device ended too early'
                if full
                else f'The device refused what was written: {error}',
                step='write',
                volume_id=self.id,
                wanted=f'{self.size_gib} GiB',
            ) from error
