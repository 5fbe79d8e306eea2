# SPDX-License-Identifier: Apache-2.0

"""Images written into volumes by the reference writer, as Glance does it."""

import dataclasses
import io
import itertools

from extend_conformance import vocabulary
from extend_conformance.checks import registry
from extend_conformance.cloud import calls
from extend_conformance.cloud import connection as connections
from extend_conformance.cloud import views
from extend_conformance.cloud import waiting
from extend_conformance.impl import errors
from extend_conformance.probes import blocks
from extend_conformance.probes import context as contexts
from extend_conformance.probes import findings
from extend_conformance.probes import image_volumes

#: Two extends, where one might be a special case.
_LONG_BYTES = 2 * contexts.GIB + image_volumes.ODD_BYTES
#: One extend, where no more is needed.
_SHORT_BYTES = contexts.GIB + image_volumes.ODD_BYTES


def _must_be_created(
    image: image_volumes.StampedImage,
    mode: vocabulary.Mode,
    extends: int,
    **how: bool,
) -> views.Volume:
    """Make a volume of an image and compare what Cinder says of it.

    :raises Refused: the extend was refused, where it was attached.
    :raises Failed: it was not made, or is not what it has to be.
    :raises CouldNotTest: something beside the backend was in the way.
    """
    try:
        created = image.create(mode, **how)
    except errors.NotExtended as error:
        if mode is vocabulary.Mode.ATTACHED:
            raise findings.Refused(str(error)) from error
        raise findings.Failed(str(error)) from error
    except errors.ImageError as error:
        raise image_volumes.finding(error) from error
    return image.must_be_made(created, extends)


@registry.check(
    'image-attached-unknown',
    '6fed2d92-6f2c-4223-8de0-f7675043951e',
    level=vocabulary.Level.MUST,
    applies=vocabulary.Applies.WHERE_SUPPORTED,
    needs=[vocabulary.Need.HOST],
    profile=vocabulary.Profile.QUICK,
    budget_s=180,
    typical_s=8,
    room_gib=3,
)
def image_attached_unknown(context: contexts.Context) -> None:
    """An image of unknown size is created in attached mode, byte for byte.

    One attachment, an extend for every further GiB.
    """
    image = image_volumes.StampedImage(context, _LONG_BYTES)
    volume = _must_be_created(image, vocabulary.Mode.ATTACHED, extends=2)
    image.must_be_in(volume.id, f'Image volume {volume.id}')


@registry.check(
    'image-detached-unknown',
    'fa9a3537-a060-4d5a-8ede-6b29437a21f8',
    level=vocabulary.Level.MUST,
    applies=vocabulary.Applies.ALWAYS,
    needs=[vocabulary.Need.HOST],
    profile=vocabulary.Profile.QUICK,
    budget_s=180,
    typical_s=9,
    room_gib=3,
)
def image_detached_unknown(context: contexts.Context) -> None:
    """An image of unknown size is created in detached mode, byte for byte.

    The volume is detached, extended and attached again for every further
    GiB.
    """
    image = image_volumes.StampedImage(context, _LONG_BYTES)
    volume = _must_be_created(image, vocabulary.Mode.DETACHED, extends=2)
    image.must_be_in(volume.id, f'Image volume {volume.id}')


@registry.check(
    'image-known-size',
    'a86e30e3-718e-454d-994a-ce0eb38f6805',
    level=vocabulary.Level.MUST,
    applies=vocabulary.Applies.ALWAYS,
    needs=[vocabulary.Need.HOST],
    budget_s=120,
    typical_s=10,
    room_gib=2,
)
def image_known_size(context: contexts.Context) -> None:
    """An image of known size gets a volume of the right size at once.

    In neither mode is anything extended, and every byte is there.
    """
    for mode in vocabulary.Mode:
        image = image_volumes.StampedImage(context, _SHORT_BYTES)
        volume = _must_be_created(image, mode, extends=0, size_known=True)
        image.must_be_in(volume.id, f'Image volume {volume.id}')
        context.resources.delete_volume(volume.id)


@registry.check(
    'image-modes-agree',
    '2ba6378b-df08-4e81-8169-c6c97528912a',
    level=vocabulary.Level.MUST,
    applies=vocabulary.Applies.WHERE_SUPPORTED,
    needs=[vocabulary.Need.HOST],
    budget_s=120,
    typical_s=16,
    volumes=2,
    room_gib=4,
)
def image_modes_agree(context: contexts.Context) -> None:
    """Both modes leave the same volume of the same image.

    Size, content, metadata and flags are the same, and what they have to
    be.
    """
    image = image_volumes.StampedImage(context, _SHORT_BYTES)
    attached, detached = (
        _must_be_created(image, mode, extends=1)
        for mode in (vocabulary.Mode.ATTACHED, vocabulary.Mode.DETACHED)
    )
    context.step('compare both volumes')
    for name in _COMPARED:
        of_attached, of_detached = (
            getattr(volume, name) for volume in (attached, detached)
        )
        if of_attached != of_detached:
            raise findings.Failed(
                f'{name} of the image volume is {of_attached} after attached '
                f'mode (volume {attached.id}) and {of_detached} after '
                f'detached mode (volume {detached.id})'
            )
    for volume in (attached, detached):
        image.must_be_in(volume.id, f'Image volume {volume.id}')


#: What has to be the same in both modes, as fields of the volume.
_COMPARED = (
    'status',
    'size_gib',
    'volume_type',
    'metadata',
    'readonly',
    'bootable',
    'encrypted',
    'multiattach',
    'attachments',
)


@registry.check(
    'image-refused-extend',
    'c7f0f716-2898-4d75-b876-23d5357abec1',
    level=vocabulary.Level.MUST,
    applies=vocabulary.Applies.WHERE_REFUSED,
    needs=[vocabulary.Need.HOST],
    profile=vocabulary.Profile.QUICK,
    budget_s=120,
    typical_s=0,
    room_gib=2,
)
def image_refused_extend(context: contexts.Context) -> None:
    """Where extends are refused, attached mode fails clearly and cleanly.

    The error names the refusal as its cause, and neither the volume nor its
    attachment is left.
    """
    try:
        image_volumes.StampedImage(context, _SHORT_BYTES).create(
            vocabulary.Mode.ATTACHED
        )
    except errors.NotExtended as error:
        _must_be_gone(context, error, 'the refused extend')
    except errors.ImageError as error:
        raise _something_else('The refused extend', error) from error
    else:
        raise findings.NotApplicable(
            'The extend was not refused this time',
            cause=vocabulary.Cause.EXTEND_WORKS,
        )


def _must_be_gone(
    context: contexts.Context, error: errors.ImageError, after: str
) -> None:
    """Make sure that nothing is left of an image that was not made."""
    assert error.volume_id is not None
    try:
        volume = context.storage.get_volume(error.volume_id)
    except calls.ApiError as answer:
        if answer.status == 404:
            return
        raise
    raise findings.Failed(
        f'After {after}, volume {volume.id} is left, {volume.status}, with '
        f'{len(volume.attachments)} attachments',
        outcome=vocabulary.Outcome.INCONSISTENT,
    )


def _something_else(what: str, error: errors.ImageError) -> Exception:
    """The finding for an error that is not the one that was due."""
    if isinstance(error, errors.LeftBehind):
        return _left_behind(what, error)
    finding = image_volumes.finding(error)
    if isinstance(finding, findings.CouldNotTest):
        return finding
    return findings.Failed(f'{what} was reported as something else: {error}')


def _left_behind(what: str, error: errors.LeftBehind) -> Exception:
    """The finding for a volume that could not be taken away."""
    answer = error.clean_up.__cause__ or error.clean_up
    if isinstance(answer, calls.ApiError | connections.CloudUnreachable):
        return findings.CouldNotTest(
            str(error),
            cause=vocabulary.Cause.NO_CLEAN_UP,
            request_id=answer.request_id,
        )
    return findings.Failed(
        f'After {what[0].lower()}{what[1:]}, volume {error.volume_id} is '
        f'left: {error.clean_up}',
        outcome=vocabulary.Outcome.INCONSISTENT,
    )


@dataclasses.dataclass(frozen=True)
class _BadSource:
    """A way in which the source of an image can be wrong.

    :param name: what it does.
    :param promised_bytes: what the writer is told; ``None`` for nothing.
    :param raises: instead of ending.
    :param error: what the writer has to say.
    """

    name: str
    promised_bytes: int | None
    raises: bool
    error: type[errors.ImageError]


_GIVEN_BYTES = 1024 * blocks.BLOCK_BYTES + image_volumes.ODD_BYTES
_BAD_SOURCES = (
    _BadSource('ends early', 2 * _GIVEN_BYTES, False, errors.SourceTooShort),
    _BadSource('raises', None, True, errors.SourceFailed),
    _BadSource(
        'sends too much', _GIVEN_BYTES - 1, False, errors.SourceTooLong
    ),
)


class _Source:
    """Gives an image, and may then raise instead of ending."""

    def __init__(self, image: io.RawIOBase, raises: bool) -> None:
        self._image = image
        self._raises = raises

    def read(self, size: int, /) -> bytes:
        """Give some bytes of the image.

        :raises ConnectionResetError: at its end, if asked for.
        """
        given = self._image.read(size) or b''
        if self._raises and not given:
            raise ConnectionResetError('the sender has gone away')
        return given


@registry.check(
    'image-source-fails',
    '133b7586-a448-45aa-af48-f148d77e37d7',
    level=vocabulary.Level.MUST,
    applies=vocabulary.Applies.ALWAYS,
    needs=[vocabulary.Need.HOST],
    budget_s=90,
    typical_s=4,
    room_gib=1,
)
def image_source_fails(context: contexts.Context) -> None:
    """If its source fails, there is an error and no image volume.

    A source that ends early, one that raises and one that sends too much:
    each is reported as what it is, and neither volume nor attachment is
    left.
    """
    for bad, mode in zip(
        _BAD_SOURCES, itertools.cycle(vocabulary.Mode), strict=False
    ):
        image = image_volumes.StampedImage(context, _GIVEN_BYTES)
        context.step(f'create an image in {mode} mode; its source {bad.name}')
        request = image_volumes.request_of(
            context, image.id, size_bytes=bad.promised_bytes
        )
        try:
            created = image_volumes.writer_of(context, mode).create(
                _Source(image.stream(), bad.raises), request
            )
        except bad.error as error:
            _must_be_gone(context, error, f'a source that {bad.name}')
        except errors.ImageError as error:
            raise _something_else(
                f'A source that {bad.name}', error
            ) from error
        else:
            raise findings.Failed(
                f'Of a source that {bad.name} image volume '
                f'{created.volume_id} was made'
            )


@registry.check(
    'image-clone',
    '7a4b12d1-7763-45b3-bdd4-a04d16a78ff1',
    level=vocabulary.Level.SHOULD,
    applies=vocabulary.Applies.WHERE_SUPPORTED,
    needs=[vocabulary.Need.HOST],
    budget_s=180,
    typical_s=12,
    volumes=2,
    room_gib=5,
    feature=vocabulary.Feature.CLONE,
)
def image_clone(context: contexts.Context) -> None:
    """A volume made from the image volume has the image and the asked size.

    That is what users do next: the image volume was extended while it was
    attached, and the clone is a GiB larger still. The image volume is what
    it was.
    """
    image = image_volumes.StampedImage(context, _SHORT_BYTES)
    volume = _must_be_created(image, vocabulary.Mode.ATTACHED, extends=1)
    wanted_gib = volume.size_gib + 1
    context.step(f'make a volume of {wanted_gib} GiB from {volume.id}')
    try:
        clone = context.resources.create_volume(
            size_gib=wanted_gib,
            volume_type=context.volume_type,
            source_id=volume.id,
        )
    except calls.ApiError as error:
        raise findings.CouldNotTest(
            f'A volume cannot be made from image volume {volume.id}: {error}',
            cause=vocabulary.http_cause(error.status),
            request_id=error.request_id,
        ) from error
    except waiting.TerminalState as error:
        raise findings.Failed(
            f'A volume made from image volume {volume.id} came to an error: '
            f'{error}'
        ) from error
    if clone.size_gib != wanted_gib:
        raise findings.Failed(
            f'Volume {clone.id}, made from image volume {volume.id}, has '
            f'{clone.size_gib} GiB, not {wanted_gib}'
        )
    image.must_be_in(
        clone.id, f'Volume {clone.id}, a clone of image volume {volume.id}'
    )
    image.must_be_in(volume.id, f'Image volume {volume.id}, after its clone')
