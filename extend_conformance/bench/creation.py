# SPDX-License-Identifier: Apache-2.0

"""Times the creation of one image volume, and keeps the sample raw."""

import time
import uuid

from extend_conformance import exceptions
from extend_conformance import vocabulary
from extend_conformance.bench import cells
from extend_conformance.bench import source
from extend_conformance.cloud import block_storage
from extend_conformance.cloud import host as hosts
from extend_conformance.cloud import ledger as ledgers
from extend_conformance.cloud import resources as resource_owner
from extend_conformance.impl import options as writer_options
from extend_conformance.impl import writer
from extend_conformance.results import model
from extend_conformance.results import timestamps


def measure(
    cell: cells.Cell,
    repeat: int,
    storage: block_storage.BlockStorage,
    host: hosts.Host,
    ledger: ledgers.Ledger,
    name_prefix: str = '',
) -> model.Sample:
    """Create an image volume, time it, and delete it again.

    :param repeat: 1 for the first sample of the cell; also the seed of the
        image.
    :param name_prefix: begins the name of the volume.
    :returns: the sample; a failure is a sample with its error, never a
        missing one.
    """
    request = writer.ImageRequest(
        image_id=str(uuid.uuid4()),
        volume_type=cell.backend,
        size_bytes=cell.image_size_bytes if cell.size_known else None,
    )
    image = source.RandomImage(cell.image_size_bytes, seed=repeat)
    started_at = timestamps.now()
    started_s = time.monotonic()
    created: writer.CreatedImage | None = None
    error: str | None = None
    with resource_owner.Resources(
        storage, ledger, host, name_prefix=name_prefix
    ) as resources:
        image_writer = writer.ImageVolumeWriter(
            resources,
            writer_options.WriterOptions(
                cinder_do_extend_attached=cell.mode == vocabulary.Mode.ATTACHED
            ),
        )
        try:
            created = image_writer.create(image, request)
        except exceptions.ExtendConformanceError as failure:
            error = str(failure)
        elapsed_s = time.monotonic() - started_s
    return model.Sample(
        id=f'{cell.id}-{repeat}',
        backend=cell.backend,
        writer=vocabulary.Writer.REFERENCE,
        mode=cell.mode,
        size_known=cell.size_known,
        image_size_bytes=cell.image_size_bytes,
        repeat=repeat,
        started_at=started_at,
        elapsed_s=elapsed_s,
        spans=created.spans if created else (),
        extends=created.extends if created else (),
        written=created.written if created else (),
        error=error,
    )
