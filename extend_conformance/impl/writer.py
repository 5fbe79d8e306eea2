# SPDX-License-Identifier: Apache-2.0

"""Writes an image stream into a volume, as Glance's cinder store should.

One call makes one image volume, or nothing: whatever fails, neither the
volume nor an attachment is left.
"""

import collections.abc
import dataclasses
import difflib

from extend_conformance import exceptions
from extend_conformance import vocabulary
from extend_conformance.cloud import block_storage
from extend_conformance.cloud import calls
from extend_conformance.cloud import device as devices
from extend_conformance.cloud import ledger as ledgers
from extend_conformance.cloud import resources as resource_owner
from extend_conformance.impl import errors
from extend_conformance.impl import modes
from extend_conformance.impl import options as writer_options
from extend_conformance.impl import pipeline
from extend_conformance.impl import room
from extend_conformance.impl import sizes
from extend_conformance.impl import target as targets
from extend_conformance.impl import timeline as timelines
from extend_conformance.impl import verification
from extend_conformance.results import model

#: Points of "bytes over time" are kept no closer than this, in seconds.
_POINTS_APART_S = 0.1


@dataclasses.dataclass(frozen=True, kw_only=True)
class ImageRequest:
    """An image that is to become a volume.

    :param image_id: Glance's, or any other that is unique.
    :param volume_type: ``None`` takes that of the options, and without one
        Cinder's default.
    :param size_bytes: promised size; ``None`` if nobody knows, and the
        volume grows GiB by GiB.
    :param owner: the project that owns the image; by default the caller's.
    :param max_size_bytes: no image may be larger; by default there may be
        what quota and pool have room for.
    :param name: of the volume; by default ``image-<image_id>``.
    """

    image_id: str
    volume_type: str | None = None
    size_bytes: int | None = None
    owner: str | None = None
    os_hash_algo: str = 'sha512'
    max_size_bytes: int | None = None
    name: str | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class CreatedImage:
    """An image volume that was made, and how.

    Times are seconds since the call.

    :param checksum: md5 of the content, in hexadecimal.
    :param extends: each extend, from its begin to the next byte.
    :param spans: phases without gap or overlap; they add up to
        ``elapsed_s``. See :class:`timeline.Timeline`.
    :param written: ``(seconds, bytes)``: how much was written when.
    """

    volume_id: str
    mode: vocabulary.Mode
    size_bytes: int
    volume_size_gib: int
    checksum: str
    os_hash_algo: str
    os_hash_value: str
    elapsed_s: float
    extends: tuple[model.ExtendMark, ...]
    spans: tuple[model.Span, ...]
    written: tuple[tuple[float, int], ...]


@dataclasses.dataclass(frozen=True)
class _Limit:
    """How large the image may become, and who says so."""

    size_bytes: int | None
    reason: str


class ImageVolumeWriter:
    """Makes image volumes.

    :param resources: own what is made; after a success they still do, until
        the caller releases or deletes the volume.
    :param progress: called with the number of bytes handed to the device.
    :param admin: sees pools: limits the size of images by them, and tells a
        full backend from one that refuses.
    """

    def __init__(
        self,
        resources: resource_owner.Resources,
        options: writer_options.WriterOptions,
        *,
        progress: collections.abc.Callable[[int], None] | None = None,
        admin: block_storage.BlockStorage | None = None,
    ) -> None:
        self._resources = resources
        self._options = options
        self._progress = progress
        self._admin = admin

    def create(
        self, source: pipeline.Source, request: ImageRequest
    ) -> CreatedImage:
        """Write an image into a new volume.

        :param source: read from where it stands to its end.
        :raises errors.ImageError: it was not made; its class says why.
        :raises exceptions.UsageError: there is no such volume type.
        :raises exceptions.NotTestable: cloud or privileges are missing.
        """
        pipeline.must_be_algorithm(request.os_hash_algo)
        if self._resources.host is not None:
            # Starting the privilege helper takes a second, once; that is no
            # part of any image.
            self._resources.host.connector_properties()
        timeline = timelines.Timeline()
        target = targets.VolumeTarget(
            self._resources,
            timeline,
            self._options.cinder_state_transition_timeout,
            self._admin,
        )
        writing = _Writing(
            target,
            timeline,
            modes.mode_of(self._options),
            sizes.SizePlan(request.size_bytes),
            self._progress,
        )
        try:
            return self._create(source, request, target, writing, timeline)
        except BaseException as failure:
            self._discard(target, failure)
            raise

    def _create(
        self,
        source: pipeline.Source,
        request: ImageRequest,
        target: targets.VolumeTarget,
        writing: '_Writing',
        timeline: timelines.Timeline,
    ) -> CreatedImage:
        volume_type = request.volume_type or self._options.cinder_volume_type
        with target.step('create'):
            limit = self._limit(request, volume_type)
        metadata = {
            'glance_image_id': request.image_id,
            verification.SIZE_KEY: str(request.size_bytes or 0),
            'image_owner': request.owner
            or self._resources.storage.connection.project_id,
        }
        self._create_volume(
            target,
            writing.plan.first_gib,
            volume_type,
            request.name or f'image-{request.image_id}',
            metadata,
        )
        target.attach()
        with (
            timeline.phase(vocabulary.Phase.WRITE),
            pipeline.Pipeline(source, request.os_hash_algo) as line,
        ):
            size_bytes = writing.write(line, limit)
            digests = line.digests()
        target.detach()
        metadata[verification.SIZE_KEY] = str(size_bytes)
        metadata[verification.CHECKSUM_KEY] = digests.md5
        metadata[verification.HASH_ALGO_KEY] = digests.os_hash_algo
        metadata[verification.HASH_KEY] = digests.os_hash
        # Replacing all metadata must not lose who made the volume.
        metadata[ledgers.METADATA_KEY] = self._resources.ledger.run_id
        target.finish(metadata)
        spans = timeline.spans
        return CreatedImage(
            volume_id=target.id,
            mode=writing.mode.name,
            size_bytes=size_bytes,
            volume_size_gib=target.size_gib,
            checksum=digests.md5,
            os_hash_algo=digests.os_hash_algo,
            os_hash_value=digests.os_hash,
            elapsed_s=spans[-1].end_s,
            extends=timeline.extends,
            spans=spans,
            written=tuple(writing.points),
        )

    def _create_volume(
        self,
        target: targets.VolumeTarget,
        size_gib: int,
        volume_type: str | None,
        name: str,
        metadata: collections.abc.Mapping[str, str],
    ) -> None:
        try:
            target.create(size_gib, volume_type, name, metadata)
        except errors.StepFailed as error:
            cause = error.__cause__
            if (
                volume_type is not None
                and isinstance(cause, calls.ApiError)
                and cause.status == 404
            ):
                raise self._unknown_type(volume_type) from error
            raise

    def _unknown_type(self, volume_type: str) -> exceptions.UsageError:
        known = [each.name for each in self._resources.storage.volume_types()]
        nearest = difflib.get_close_matches(volume_type, known, n=1)
        return exceptions.UsageError(
            'The cloud has no such volume type',
            resource=f'volume type {volume_type}',
            next_step=f'Did you mean {nearest[0]}?'
            if nearest
            else f'It has: {", ".join(sorted(known))}.',
        )

    def _limit(self, request: ImageRequest, volume_type: str | None) -> _Limit:
        """Find the limit, and refuse at once what passes it already."""
        if request.max_size_bytes is not None:
            limit = _Limit(request.max_size_bytes, 'the largest size allowed')
        else:
            found = room.room_for(
                self._resources.storage, volume_type, self._admin
            )
            if found.size_gib == 0:
                raise errors.NoRoom(
                    'There is no room for any volume',
                    step='create',
                    wanted='1 GiB',
                    last=found.reason,
                )
            limit = _Limit(found.size_bytes, found.reason)
        if (
            request.size_bytes is not None
            and limit.size_bytes is not None
            and request.size_bytes > limit.size_bytes
        ):
            raise errors.ImageTooLarge(
                f'The image is larger than {limit.reason}',
                step='create',
                wanted=f'{limit.size_bytes} bytes at most',
                last=f'{request.size_bytes} bytes',
            )
        return limit

    def _discard(
        self, target: targets.VolumeTarget, failure: BaseException
    ) -> None:
        try:
            target.discard()
        except Exception as error:
            if isinstance(failure, Exception):
                raise errors.LeftBehind(failure, error, target.id) from failure
            failure.add_note(f'And it could not be taken away: {error}')


class _Writing:
    """The state of writing one image: where it stands, when it was where."""

    def __init__(
        self,
        target: targets.VolumeTarget,
        timeline: timelines.Timeline,
        mode: modes.Mode,
        plan: sizes.SizePlan,
        progress: collections.abc.Callable[[int], None] | None,
    ) -> None:
        self._target = target
        self._timeline = timeline
        self._progress = progress
        self._offset = 0
        self.mode = mode
        self.plan = plan
        self.points: list[tuple[float, int]] = []

    def write(self, line: pipeline.Pipeline, limit: _Limit) -> int:
        """Write everything; the size of the image is returned."""
        self._note()
        room_bytes = self._target.room_bytes()
        with self._target.step('write'):
            for chunk in self._chunks(line):
                self._must_fit(len(chunk), limit)
                with memoryview(chunk) as left:
                    begin = 0
                    while begin < len(left):
                        if self._offset == room_bytes:
                            room_bytes = self._grow()
                        end = min(len(left), begin + room_bytes - self._offset)
                        with left[begin:end] as part:
                            self._write_part(part)
                        begin = end
        promised = self.plan.size_bytes
        if promised is not None and self._offset < promised:
            raise errors.SourceTooShort(
                'The image ended before its promised size',
                step='write',
                volume_id=self._target.id,
                wanted=f'{promised} bytes',
                last=f'{self._offset} bytes',
            )
        self._target.flush()
        self._note()
        return self._offset

    def _chunks(
        self, line: pipeline.Pipeline
    ) -> collections.abc.Iterator[memoryview]:
        try:
            yield from line.chunks()
        except pipeline.ReadFailed as error:
            raise errors.SourceFailed(
                f'The image could not be read to its end: {error.what}',
                step='write',
                volume_id=self._target.id,
                last=f'{self._offset} bytes were read',
            ) from error

    def _must_fit(self, length: int, limit: _Limit) -> None:
        """Refuse a byte too many before anything is extended for it."""
        end = self._offset + length
        promised = self.plan.size_bytes
        if promised is not None and end > promised:
            raise errors.SourceTooLong(
                'The image goes on after its promised size',
                step='write',
                volume_id=self._target.id,
                wanted=f'{promised} bytes',
                last=f'{end} bytes at least',
            )
        if limit.size_bytes is not None and end > limit.size_bytes:
            raise errors.ImageTooLarge(
                f'The image is larger than {limit.reason}',
                step='write',
                volume_id=self._target.id,
                wanted=f'{limit.size_bytes} bytes at most',
                last=f'{end} bytes at least',
            )

    def _grow(self) -> int:
        """Make room for the next byte, which exists."""
        self._target.drain()
        self._note()
        from_gib = self._target.size_gib
        to_gib = self.plan.next_gib(from_gib)
        with (
            self._timeline.phase(vocabulary.Phase.EXTEND),
            self._timeline.extending(from_gib, to_gib),
        ):
            self.mode.grow(self._target, to_gib)
        self._note()
        return self._target.room_bytes()

    def _write_part(self, part: memoryview) -> None:
        # Only the end of the image can be odd; the volume, in whole GiB, goes
        # on after it.
        missing = -len(part) % devices.ALIGNMENT_BYTES
        self._target.write_at(
            self._offset, bytes(part) + bytes(missing) if missing else part
        )
        self._offset += len(part)
        if self._timeline.elapsed_s() - self.points[-1][0] > _POINTS_APART_S:
            self._note()
        if self._progress is not None:
            self._progress(self._offset)

    def _note(self) -> None:
        self.points.append((self._timeline.elapsed_s(), self._offset))
