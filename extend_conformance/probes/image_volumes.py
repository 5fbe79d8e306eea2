# SPDX-License-Identifier: Apache-2.0

"""An image of stamped blocks, and the volume that the writer makes of it.

Makes such volumes and compares what is in one with what was written; which
images are made, and what it means if that fails, is for the checks.
"""

import io
import uuid

from extend_conformance import vocabulary
from extend_conformance.cloud import calls
from extend_conformance.cloud import connection as connections
from extend_conformance.cloud import transfer
from extend_conformance.cloud import views
from extend_conformance.impl import errors
from extend_conformance.impl import options as writer_options
from extend_conformance.impl import sizes
from extend_conformance.impl import verification
from extend_conformance.impl import writer
from extend_conformance.probes import attaching
from extend_conformance.probes import blocks
from extend_conformance.probes import context as contexts
from extend_conformance.probes import findings

#: Makes the end of an image a multiple of neither 4096 nor 512.
ODD_BYTES = 3 * blocks.BLOCK_BYTES + 17
_CHUNK_BYTES = 1024 * blocks.BLOCK_BYTES
#: Answers that say nothing about the backend, as do those from 500 on.
_BESIDE_THE_BACKEND = frozenset({401, 403, 413, 429})
_NO_ROOM = (errors.QuotaExceeded, errors.NoRoom, errors.ImageTooLarge)


class StampedImage:
    """An image whose every block says where it belongs.

    :param context: whose resources own the volumes that are made of it.
    :param size_bytes: of the image.
    """

    def __init__(self, context: contexts.Context, size_bytes: int) -> None:
        self._context = context
        self.id = str(uuid.uuid4())
        self.size_bytes = size_bytes
        self.size_gib = sizes.gib_for(size_bytes)
        self.pattern = blocks.Pattern(context.run_id, self.id)

    def stream(self) -> io.RawIOBase:
        """The image, to be read once."""
        return blocks.Stream(self.pattern, self.size_bytes)

    def create(
        self, mode: vocabulary.Mode, *, size_known: bool = False
    ) -> writer.CreatedImage:
        """Have the reference writer make a volume of it.

        :param size_known: whether the writer is told the size.
        :raises errors.ImageError: it was not made.
        """
        self._context.step(
            f'create an image of {self.size_bytes} bytes in {mode} mode, its '
            f'size {"" if size_known else "not "}told'
        )
        request = request_of(
            self._context,
            self.id,
            size_bytes=self.size_bytes if size_known else None,
            # One image may be made twice; only a unique name finds a volume
            # again whose answer was lost.
            name=f'image-{self.id}-{mode}',
        )
        return writer_of(self._context, mode).create(self.stream(), request)

    def must_be_made(
        self, created: writer.CreatedImage, extends: int
    ) -> views.Volume:
        """Compare what Cinder says of the volume with what it has to be.

        :param extends: how often the volume had to be extended.
        :returns: the volume.
        :raises Failed: anything differs.
        """
        volume = self._context.storage.get_volume(created.volume_id)
        wanted = {
            'size in GiB': self.size_gib,
            'number of extends': extends,
            'status': 'available',
            'readonly flag': True,
            'glance_image_id': self.id,
            verification.SIZE_KEY: str(self.size_bytes),
            verification.CHECKSUM_KEY: created.checksum,
            verification.HASH_ALGO_KEY: created.os_hash_algo,
            verification.HASH_KEY: created.os_hash_value,
        }
        found = {
            **{key: volume.metadata.get(key) for key in wanted},
            'size in GiB': volume.size_gib,
            'number of extends': len(created.extends),
            'status': volume.status,
            'readonly flag': volume.readonly,
        }
        for name, value in wanted.items():
            if found[name] != value:
                raise findings.Failed(
                    f'The image volume {volume.id} was written in '
                    f'{created.mode} mode, but its {name} is '
                    f'{found[name]}, not {value}'
                )
        return volume

    def must_be_in(self, volume_id: str, what: str) -> None:
        """Attach a volume and compare every byte of the image with it.

        :param what: it is, for the sentence, such as ``Image volume``
            with its id.
        :raises Failed: with the damage; or the device is too small for the
            volume, or there is none.
        """
        self._context.step(f'attach volume {volume_id} and read every byte')
        volume = self._context.storage.get_volume(volume_id)
        attached = attaching.attach_again(self._context, volume_id, 'ro')
        device_bytes = attached.device.size_bytes()
        if device_bytes < volume.size_gib * sizes.GIB:
            raise findings.Failed(
                f'{what} has {volume.size_gib} GiB, its device '
                f'{device_bytes} bytes'
            )
        damage = []
        whole = -(-self.size_bytes // blocks.BLOCK_BYTES) * blocks.BLOCK_BYTES
        with attached.device.open_direct() as opened:
            for offset, data in transfer.read_ahead(
                opened, [(0, whole)], _CHUNK_BYTES
            ):
                held = data[: self.size_bytes - offset]
                damage.extend(self.pattern.examine(offset, held))
        self._context.resources.detach(attached)
        findings.must_be_intact(blocks.merge(damage), f'{what}, read back')


def finding(error: errors.ImageError) -> Exception:
    """What it says of a backend that an image volume was not made.

    :returns: ``CouldNotTest`` if quota, pool or the API were in the way,
        otherwise ``Failed``.
    """
    reason = str(error)
    failure: BaseException | None = error
    if isinstance(error, errors.LeftBehind):
        failure = error.failure
    if isinstance(failure, _NO_ROOM):
        return findings.CouldNotTest(reason, cause=vocabulary.Cause.NO_ROOM)
    while failure is not None:
        if isinstance(failure, connections.CloudUnreachable):
            return findings.CouldNotTest(
                reason, cause=vocabulary.Cause.NO_ANSWER
            )
        if isinstance(failure, calls.ApiError) and (
            failure.status in _BESIDE_THE_BACKEND or failure.status >= 500
        ):
            return findings.CouldNotTest(
                reason,
                cause=vocabulary.http_cause(failure.status),
                request_id=failure.request_id,
            )
        failure = failure.__cause__
    return findings.Failed(reason)


def request_of(
    context: contexts.Context,
    image_id: str,
    *,
    size_bytes: int | None,
    name: str | None = None,
) -> writer.ImageRequest:
    """Ask for an image volume of the backend under test."""
    return writer.ImageRequest(
        image_id=image_id,
        volume_type=context.volume_type,
        size_bytes=size_bytes,
        # Glance takes any hash, and makes md5 anyway: a second one would be
        # a quarter of what a check costs.
        os_hash_algo='md5',
        name=name,
    )


def writer_of(
    context: contexts.Context, mode: vocabulary.Mode
) -> writer.ImageVolumeWriter:
    """The reference writer in one of its modes."""
    return context.image_writer(
        writer_options.WriterOptions(
            cinder_do_extend_attached=mode is vocabulary.Mode.ATTACHED,
            cinder_state_transition_timeout=int(
                context.settings.extend_timeout_s
            ),
        )
    )
