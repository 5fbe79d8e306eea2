# SPDX-License-Identifier: Apache-2.0

"""Images that the cloud's own Glance stores in the backend under test."""

import collections.abc

from extend_conformance import vocabulary
from extend_conformance.checks import registry
from extend_conformance.cloud import calls
from extend_conformance.probes import blocks
from extend_conformance.probes import context as contexts
from extend_conformance.probes import findings
from extend_conformance.probes import image_volumes
from extend_conformance.results import model

#: One extend; Glance hashes everything in one thread, so no more of it.
_IMAGE_BYTES = contexts.GIB + image_volumes.ODD_BYTES
_PORTION_BYTES = 1024 * blocks.BLOCK_BYTES
#: Finds out where Glance stores, where it does not tell.
_PROBE = bytes(512)


@registry.check(
    'image-through-glance',
    'd29386db-f5cd-4354-8ff5-7999ab253c5d',
    level=vocabulary.Level.SHOULD,
    applies=vocabulary.Applies.ALWAYS,
    needs=[vocabulary.Need.IMAGE],
    budget_s=300,
    typical_s=40,
    # Glance's volumes are of another project.
    volumes=0,
    room_gib=0,
)
def image_through_glance(context: contexts.Context) -> None:
    """An image uploaded through the cloud's own Glance comes back unchanged.

    Its size is not told, so that Glance has to extend the image's volume.
    Done with every store of Glance that keeps its images in this backend;
    the time of the upload and the size of the volume are in the evidence.
    """
    assert context.images is not None
    for store_id in _stores(context):
        where = f'store {store_id}' if store_id else 'the only store'
        image = image_volumes.StampedImage(context, _IMAGE_BYTES)
        image_id = context.resources.create_image()
        context.step(
            f'upload {_IMAGE_BYTES} bytes to {where}, their number not told'
        )
        began_s = context.journal.elapsed_s()
        try:
            context.images.upload(image_id, _portions(image), store_id)
        except calls.ApiError as error:
            raise _not_stored(context, where, error) from error
        context.step(
            f'stored in {where}',
            upload_s=round(context.journal.elapsed_s() - began_s, 3),
            image_bytes=_IMAGE_BYTES,
            volume_size_gib=_volume_gib(context, image_id),
        )
        context.step('download the image and compare every byte')
        findings.must_be_intact(
            _damage(image, context.images.download(image_id)),
            f'Image {image_id}, stored by Glance in {where} and downloaded',
        )
        context.resources.delete_image(image_id)


def _stores(
    context: contexts.Context,
) -> collections.abc.Sequence[str | None]:
    """The stores of Glance that keep their images in this backend.

    :returns: ids; ``None`` is the only one of a Glance that has one.
    :raises NotApplicable: there is none, or nobody can tell.
    """
    not_shown = findings.NotApplicable(
        'Only an administrator sees where Glance stores its images',
        cause=vocabulary.Cause.STORES_NOT_SHOWN,
    )
    if context.admin is None or context.admin_images is None:
        raise not_shown
    try:
        stores = context.admin_images.stores()
    except calls.ApiError as error:
        if error.status == 403:
            raise not_shown from error
        raise
    if stores is None:
        return _only_store(context)
    default = next(
        (one.name for one in context.admin.volume_types() if one.is_default),
        None,
    )
    here = [
        store.id
        for store in stores
        if store.is_cinder
        and context.volume_type == (store.volume_type or default)
    ]
    if not here:
        raise findings.NotApplicable(
            'No store of Glance keeps its images in volumes of type '
            f'{context.volume_type}',
            cause=vocabulary.Cause.NO_STORE_OF_THIS_TYPE,
        )
    return here


def _only_store(context: contexts.Context) -> tuple[None]:
    """See from a small image whether Glance stores in this backend."""
    assert context.images is not None and context.admin is not None
    context.step('upload a small image, to see where Glance stores it')
    image_id = context.resources.create_image()
    context.images.upload(image_id, [_PROBE])
    volumes = context.admin.list_volumes(True, name=f'image-{image_id}')
    context.resources.delete_image(image_id)
    if context.volume_type not in {one.volume_type for one in volumes}:
        raise findings.NotApplicable(
            'Glance does not store its images in volumes of type '
            f'{context.volume_type}',
            cause=vocabulary.Cause.NO_STORE_OF_THIS_TYPE,
        )
    return (None,)


def _portions(
    image: image_volumes.StampedImage,
) -> collections.abc.Iterator[bytes]:
    stream = image.stream()
    while portion := stream.read(_PORTION_BYTES):
        yield portion


def _not_stored(
    context: contexts.Context, where: str, error: calls.ApiError
) -> Exception:
    """What it says of the backend that Glance did not take an image.

    Upstream's store answers 413 when the volume did not grow, and also when
    a quota is full.
    """
    reason = (
        f'Glance did not store the image in {where}: HTTP {error.status}, '
        f'{error.message}'
    )
    supported = vocabulary.OutcomeClass.SUPPORTED
    if error.status == 413 and context.outcome.outcome_class is not supported:
        return findings.Failed(
            f'{reason}. {context.first_extend.explanation}',
            request_id=error.request_id,
        )
    return findings.CouldNotTest(
        reason,
        cause=vocabulary.http_cause(error.status),
        request_id=error.request_id,
    )


def _volume_gib(context: contexts.Context, image_id: str) -> int | None:
    """Size of the volume that Glance has made of an image.

    Its name is upstream's: ``glance_store/_drivers/cinder/store.py``.
    """
    assert context.admin is not None
    found = context.admin.list_volumes(True, name=f'image-{image_id}')
    return found[0].size_gib if found else None


def _damage(
    image: image_volumes.StampedImage,
    content: collections.abc.Iterable[bytes],
) -> list[model.Damage]:
    """Compare a download, whose portions may have any size, with the image.

    :raises Failed: it does not have the image's size.
    """
    damage: list[model.Damage] = []
    offset = 0
    held = bytearray()
    for portion in content:
        held += portion
        whole = len(held) - len(held) % blocks.BLOCK_BYTES
        damage.extend(image.pattern.examine(offset, bytes(held[:whole])))
        offset += whole
        del held[:whole]
    damage.extend(image.pattern.examine(offset, bytes(held)))
    received = offset + len(held)
    if received != image.size_bytes:
        raise findings.Failed(
            f'Of an image of {image.size_bytes} bytes Glance gave '
            f'{received} back'
        )
    return blocks.merge(damage)
