# SPDX-License-Identifier: Apache-2.0

"""The commands ``image create`` and ``image verify``: the reference writer.

They read arguments, open files and draw a bar; writing and comparing happen
in ``impl``.
"""

import argparse
import collections.abc
import contextlib
import os
import stat
import sys
import typing as ty
import uuid

import rich.console
import rich.progress
from cliff import show

from extend_conformance import exceptions
from extend_conformance import vocabulary
from extend_conformance.bench import cells
from extend_conformance.cli import examples
from extend_conformance.cli import terminal
from extend_conformance.cloud import block_storage
from extend_conformance.cloud import ledger as ledgers
from extend_conformance.cloud import resources as resource_owner
from extend_conformance.impl import options as writer_options
from extend_conformance.impl import verification
from extend_conformance.impl import writer
from extend_conformance.runs import cloud_arguments
from extend_conformance.runs import given as givens


class Create(show.ShowOne):
    """Write an image into a new volume, as Glance's cinder store does.

    Whatever fails, neither the volume nor an attachment is left.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Describe the arguments."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'file', metavar='FILE', help='the image; - reads standard input'
        )
        parser.add_argument(
            '--volume-type',
            metavar='TYPE',
            help="of the volume (default: Cinder's default type)",
        )
        parser.add_argument(
            '--mode',
            choices=[mode.value for mode in vocabulary.Mode],
            default=vocabulary.Mode.DETACHED.value,
            help='how the volume grows while the size of the image is '
            'unknown (default: %(default)s)',
        )
        size = parser.add_mutually_exclusive_group()
        size.add_argument(
            '--size-unknown',
            action='store_true',
            help='act as if the size of FILE were not known',
        )
        size.add_argument(
            '--image-size',
            metavar='SIZE',
            help='size of what - gives, such as 2.5GiB; a different one is '
            'an error',
        )
        parser.add_argument(
            '--max-image-size',
            metavar='SIZE',
            help='no image may be larger (default: what the quota has room '
            'for, and with an administrator the pool)',
        )
        parser.add_argument(
            '--os-hash-algo',
            metavar='NAME',
            default='sha512',
            help='second checksum, beside md5 (default: %(default)s)',
        )
        parser.add_argument(
            '--image-id',
            metavar='ID',
            help='id of the image (default: a new one)',
        )
        parser.add_argument(
            '--state-timeout',
            metavar='SECONDS',
            type=int,
            default=writer_options.WriterOptions().cinder_state_transition_timeout,
            help='for each state of the volume (default: %(default)s)',
        )
        cloud_arguments.add_cloud(parser)
        cloud_arguments.add_host(parser)
        return examples.with_example(
            parser,
            'zstdcat image.zst | extend-conformance image create - '
            '--volume-type fast --mode attached',
        )

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], tuple[ty.Any, ...]]:
        """Write the image and show its volume."""
        limit = _size(parsed_args.max_image_size)
        with contextlib.ExitStack() as stack:
            source, size = _open(parsed_args.file, stack)
            if parsed_args.image_size is not None:
                size = _size(parsed_args.image_size)
            if parsed_args.size_unknown:
                size = None
            given = cloud_arguments.read_given(parsed_args)
            owned = stack.enter_context(_run(given))
            advance = stack.enter_context(_bar('Writing', size))
            image_writer = writer.ImageVolumeWriter(
                owned,
                writer_options.WriterOptions(
                    cinder_do_extend_attached=(
                        parsed_args.mode == vocabulary.Mode.ATTACHED
                    ),
                    cinder_state_transition_timeout=parsed_args.state_timeout,
                    cinder_use_multipath=parsed_args.use_multipath,
                ),
                progress=advance,
                admin=given.admin_storage(),
            )
            image = image_writer.create(
                source,
                writer.ImageRequest(
                    image_id=parsed_args.image_id or str(uuid.uuid4()),
                    volume_type=parsed_args.volume_type,
                    size_bytes=size,
                    os_hash_algo=parsed_args.os_hash_algo,
                    max_size_bytes=limit,
                ),
            )
            # It is what the user wanted, so it stays.
            owned.release(image.volume_id)
        return _columns(
            volume_id=image.volume_id,
            volume_size_gib=image.volume_size_gib,
            image_size_bytes=image.size_bytes,
            mode=image.mode.value,
            extends=len(image.extends),
            checksum=image.checksum,
            os_hash_algo=image.os_hash_algo,
            os_hash_value=image.os_hash_value,
            seconds=round(image.elapsed_s, 3),
            phases=_phases(image),
        )


class Verify(show.ShowOne):
    """Read an image volume back and compare it.

    With FILE, byte for byte; without, by the checksums in the volume's
    metadata. Exit code 1 if it is not the image.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Describe the arguments."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'volume', metavar='VOLUME', help='id or unique name of the volume'
        )
        parser.add_argument(
            'file',
            metavar='FILE',
            nargs='?',
            help='what it should hold; - reads standard input',
        )
        cloud_arguments.add_cloud(parser)
        cloud_arguments.add_host(parser)
        return examples.with_example(
            parser, 'extend-conformance image verify 5f2c0c1e-... image.raw'
        )

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], tuple[ty.Any, ...]]:
        """Compare, and show with what."""
        with contextlib.ExitStack() as stack:
            source = None
            if parsed_args.file is not None:
                source, _ = _open(parsed_args.file, stack)
            given = cloud_arguments.read_given(parsed_args)
            owned = stack.enter_context(_run(given))
            volume_id = _find(owned.storage, parsed_args.volume)
            advance = stack.enter_context(_bar('Comparing', None))
            verified = verification.verify(owned, volume_id, source, advance)
        return _columns(
            volume_id=verified.volume_id,
            image_size_bytes=verified.size_bytes,
            compared_with=verified.compared_with,
            checksum=verified.checksum,
            os_hash_algo=verified.os_hash_algo,
            os_hash_value=verified.os_hash_value,
        )


@contextlib.contextmanager
def _run(
    given: givens.Given,
) -> collections.abc.Iterator[resource_owner.Resources]:
    """Begin a run: its ledger, and the owner of all that it makes."""
    ledger = ledgers.Ledger.start()
    # Standard output is for the result alone.
    print(f'Run {ledger.run_id}', file=sys.stderr)
    assert given.host is not None
    owned = resource_owner.Resources(
        given.member_storage(), ledger, given.host
    )
    try:
        with owned:
            yield owned
    finally:
        ledger.close()
        for warning in given.host.warnings:
            print(f'Warning: {warning}', file=sys.stderr)


def _open(
    name: str, stack: contextlib.ExitStack
) -> tuple[ty.BinaryIO, int | None]:
    """Open the image; its size is ``None`` where nobody knows it."""
    if name == '-':
        return sys.stdin.buffer, None
    try:
        stream = stack.enter_context(
            open(name, 'rb', buffering=0)  # noqa: SIM115
        )
        mode = os.fstat(stream.fileno()).st_mode
        if stat.S_ISREG(mode) or stat.S_ISBLK(mode):
            size = stream.seek(0, os.SEEK_END)
            stream.seek(0)
            return ty.cast(ty.BinaryIO, stream), size
    except OSError as error:
        raise exceptions.UsageError(
            f'The image cannot be read: {error.strerror}', resource=name
        ) from error
    return ty.cast(ty.BinaryIO, stream), None


def _find(storage: block_storage.BlockStorage, wanted: str) -> str:
    with contextlib.suppress(ValueError):
        return str(uuid.UUID(wanted))
    found = storage.list_volumes(name=wanted)
    if len(found) != 1:
        raise exceptions.UsageError(
            'No volume has that name'
            if not found
            else f'{len(found)} volumes have that name',
            resource=f'volume {wanted}',
        )
    return found[0].id


def _size(text: str | None) -> int | None:
    return None if text is None else cells.parse_size(text)


@contextlib.contextmanager
def _bar(
    title: str, total: int | None
) -> collections.abc.Iterator[collections.abc.Callable[[int], None]]:
    """Draw progress on standard error, if that is a terminal."""
    progress = rich.progress.Progress(
        terminal.description(),
        rich.progress.BarColumn(),
        rich.progress.DownloadColumn(binary_units=True),
        rich.progress.TransferSpeedColumn(),
        rich.progress.TimeElapsedColumn(),
        console=terminal.err(),
        disable=not sys.stderr.isatty(),
    )
    with progress:
        task = progress.add_task(title, total=total)

        def advance(done: int) -> None:
            progress.update(task, completed=done)

        yield advance


def _columns(**shown: ty.Any) -> tuple[tuple[str, ...], tuple[ty.Any, ...]]:
    return tuple(shown), tuple(shown.values())


def _phases(image: writer.CreatedImage) -> dict[str, float]:
    """Seconds of each phase; together they are the total."""
    totals: dict[str, float] = {}
    for span in image.spans:
        name = str(span.name)
        totals[name] = totals.get(name, 0.0) + span.elapsed_s
    return {name: round(seconds, 3) for name, seconds in totals.items()}
