# SPDX-License-Identifier: Apache-2.0

"""Images written into volumes by the reference writer, as Glance does it."""

import uuid

from extend_conformance.checks import blocks
from extend_conformance.checks import context as context_module
from extend_conformance.checks import findings
from extend_conformance.checks import registry
from extend_conformance.claims import verdict
from extend_conformance.cloud import calls
from extend_conformance.cloud import transfer
from extend_conformance.impl import errors
from extend_conformance.impl import options
from extend_conformance.impl import writer

#: Two extends, and an end that is neither a multiple of 4096 nor of 512.
_IMAGE_BYTES = 2 * context_module.GIB + 3 * blocks.BLOCK_BYTES + 17
_EXTENDS = 2
_CHUNK_BYTES = 1024 * blocks.BLOCK_BYTES
_NO_ROOM = (errors.QuotaExceeded, errors.NoRoom, errors.ImageTooLarge)


def _create(
    context: context_module.Context, mode: str
) -> tuple[blocks.Pattern, writer.CreatedImage]:
    """Write an image of stamped blocks whose size nobody tells the writer.

    :raises CouldNotTest: quota or pool have no room for it.
    """
    image_id = str(uuid.uuid4())
    pattern = blocks.Pattern(context.run_id, image_id)
    source = blocks.Stream(pattern, _IMAGE_BYTES)
    context.step(
        f'create an image of {_IMAGE_BYTES} bytes in {mode} mode, its size '
        'not told'
    )
    image_writer = context.image_writer(
        options.WriterOptions(
            cinder_do_extend_attached=mode == 'attached',
            cinder_state_transition_timeout=int(
                context.settings.extend_timeout_s
            ),
        )
    )
    request = writer.ImageRequest(
        image_id=image_id,
        volume_type=context.volume_type,
        os_hash_algo='sha256',
    )
    try:
        return pattern, image_writer.create(source, request)
    except _NO_ROOM as error:
        raise findings.CouldNotTest(str(error), cause='no-room') from error


def _must_be_the_image(
    context: context_module.Context,
    pattern: blocks.Pattern,
    created: writer.CreatedImage,
) -> None:
    """Compare size, metadata, number of extends, and every byte."""
    volume = context.storage.get_volume(created.volume_id)
    size_gib = -(-_IMAGE_BYTES // context_module.GIB)
    facts = {
        'volume size in GiB': (size_gib, volume.size_gib),
        'image_size in its metadata': (
            str(_IMAGE_BYTES),
            volume.metadata.get('image_size'),
        ),
        'number of extends': (_EXTENDS, len(created.extends)),
        'status': ('available', volume.status),
    }
    for name, (wanted, found) in facts.items():
        if wanted != found:
            raise findings.Failed(
                f'The image volume {created.volume_id} was written, but its '
                f'{name} is {found}, not {wanted}'
            )
    context.step('attach the image volume again and read every byte')
    attached = context.resources.attach(created.volume_id, mode='ro')
    damage = []
    whole = -(-_IMAGE_BYTES // blocks.BLOCK_BYTES) * blocks.BLOCK_BYTES
    with attached.device.open_direct() as opened:
        for offset, data in transfer.read_ahead(
            opened, 0, whole, _CHUNK_BYTES
        ):
            held = data[: _IMAGE_BYTES - offset]
            damage.extend(pattern.examine(offset, held))
    context.resources.detach(attached)
    findings.must_be_intact(
        blocks.merge(damage), f'Image volume {created.volume_id}, read back'
    )


@registry.check(
    'image-attached-unknown',
    '6fed2d92-6f2c-4223-8de0-f7675043951e',
    level=registry.Level.MUST,
    applies=registry.Applies.WHERE_SUPPORTED,
    needs=[registry.Need.HOST],
    budget_s=180,
)
def image_attached_unknown(context: context_module.Context) -> None:
    """An image of unknown size is created in attached mode, byte for byte.

    One attachment, an extend for every further GiB.
    """
    try:
        pattern, created = _create(context, 'attached')
    except errors.ExtendRefused as error:
        raise findings.Refused(str(error)) from error
    except errors.ImageError as error:
        raise findings.Failed(str(error)) from error
    _must_be_the_image(context, pattern, created)


@registry.check(
    'image-detached-unknown',
    'fa9a3537-a060-4d5a-8ede-6b29437a21f8',
    level=registry.Level.MUST,
    applies=registry.Applies.ALWAYS,
    needs=[registry.Need.HOST],
    budget_s=180,
)
def image_detached_unknown(context: context_module.Context) -> None:
    """An image of unknown size is created in detached mode, byte for byte.

    The volume is detached, extended and attached again for every further
    GiB.
    """
    try:
        pattern, created = _create(context, 'detached')
    except errors.ImageError as error:
        raise findings.Failed(str(error)) from error
    _must_be_the_image(context, pattern, created)


@registry.check(
    'image-refused-extend',
    'c7f0f716-2898-4d75-b876-23d5357abec1',
    level=registry.Level.MUST,
    applies=registry.Applies.WHERE_REFUSED,
    needs=[registry.Need.HOST],
    budget_s=120,
)
def image_refused_extend(context: context_module.Context) -> None:
    """Where extends are refused, attached mode fails clearly and cleanly.

    The error names the refusal as its cause, and neither the volume nor its
    attachment is left.
    """
    try:
        _create(context, 'attached')
    except errors.ExtendRefused as error:
        volume_id = error.volume_id
    except errors.ImageError as error:
        raise findings.Failed(
            f'The refused extend was reported as something else: {error}'
        ) from error
    else:
        raise findings.NotApplicable(
            'The extend was not refused this time', cause='extend-works'
        )
    assert volume_id is not None
    try:
        volume = context.storage.get_volume(volume_id)
    except calls.ApiError as error:
        if error.status == 404:
            return
        raise
    raise findings.Failed(
        f'Volume {volume_id} of the failed image is left, {volume.status}, '
        f'with {len(volume.attachments)} attachments',
        outcome=verdict.Outcome.INCONSISTENT,
    )
