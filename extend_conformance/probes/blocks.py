# SPDX-License-Identifier: Apache-2.0

"""Address-stamped blocks: data that can say what it is and where it belongs.

Every 4 KiB block is one stamp of 64 bytes, repeated. The stamp names the run,
the volume, the block's number and its generation, and ends with a CRC of
itself, so a block that is swapped, aliased, stale, zeroed, torn or foreign is
recognised for what it is.
"""

import collections.abc
import functools
import hashlib
import io
import struct
import typing as ty
import uuid
import zlib

import numpy
import numpy.typing

from extend_conformance import vocabulary
from extend_conformance.results import model

BLOCK_BYTES = 4096
_STAMP = struct.Struct('<8s8s16sQI16xI')
_MAGIC = b'ECBLOCK1'
_REPEATS = BLOCK_BYTES // _STAMP.size
_ZEROS = bytes(BLOCK_BYTES)


#: Where the block's number and the CRC stand in a stamp, in bytes.
_NUMBER = slice(32, 40)
_CRC = slice(60, 64)


class Identity(ty.NamedTuple):
    """What an intact block says of itself."""

    run: bytes
    volume: uuid.UUID
    number: int
    generation: int


def identify(block: bytes) -> Identity | None:
    """Read the stamp of a block.

    :param block: 4096 bytes.
    :returns: ``None`` unless the whole block is one intact stamp, repeated.
    """
    stamp = block[: _STAMP.size]
    return _read(stamp) if block == stamp * _REPEATS else None


def _read(stamp: bytes) -> Identity | None:
    magic, run, volume, number, generation, crc = _STAMP.unpack(stamp)
    if magic != _MAGIC or crc != zlib.crc32(stamp[:-4]):
        return None
    return Identity(run, uuid.UUID(bytes=volume), number, generation)


def carries_stamps(found: bytes) -> bool:
    """Whether a stamp may be somewhere in it; quick, for long extents."""
    return _MAGIC in found


def _parts(block: bytes) -> list[bytes]:
    """The different stamps, or what is in their places, in their order."""
    whole = len(block) - len(block) % _STAMP.size
    return list(
        dict.fromkeys(
            block[start : start + _STAMP.size]
            for start in range(0, whole, _STAMP.size)
        )
    )


class Pattern:
    """The blocks that one run writes to one volume (or into one image).

    :param run_id: the run; a block of another run is told apart.
    :param volume_id: a UUID; for an image, the image's.
    :param others: what to call other volumes of the run, by their id, when
        their data is found in this one: for example ``the neighbour``.
    """

    def __init__(
        self,
        run_id: str,
        volume_id: str,
        others: collections.abc.Mapping[str, str] | None = None,
    ) -> None:
        self._run = hashlib.blake2b(run_id.encode(), digest_size=8).digest()
        self._volume = uuid.UUID(volume_id)
        self._others = {
            uuid.UUID(other): name for other, name in (others or {}).items()
        }

    def blocks(self, first: int, count: int, generation: int = 1) -> bytes:
        """Make ``count`` consecutive blocks.

        :param first: number of the first block; block ``n`` belongs at byte
            ``n * 4096``.
        :param generation: how often this place has been written, from 1.
        :returns: ``count * 4096`` bytes.
        """
        # All stamps at once: one at a time, the processor would be slower
        # than the storage.
        stamps = numpy.tile(
            numpy.frombuffer(self._stamp(0, generation), numpy.uint8),
            (count, 1),
        )
        numbers = numpy.arange(first, first + count, dtype='<u8')
        digits = numbers.view(numpy.uint8).reshape(count, numbers.itemsize)
        stamps[:, _NUMBER] = digits
        crcs = stamps[:, _CRC].copy().view('<u4')[:, 0]
        for place, changes in enumerate(_crc_changes()):
            crcs ^= changes[digits[:, place]]
        stamps[:, _CRC] = crcs.view(numpy.uint8).reshape(count, 4)
        shape = (count, _REPEATS, _STAMP.size)
        return numpy.broadcast_to(stamps[:, None, :], shape).tobytes()

    def _stamp(self, number: int, generation: int) -> bytes:
        stamp = _STAMP.pack(
            _MAGIC, self._run, self._volume.bytes, number, generation, 0
        )[:-4]
        return stamp + struct.pack('<I', zlib.crc32(stamp))

    def _block(self, number: int, generation: int) -> bytes:
        return self._stamp(number, generation) * _REPEATS

    def examine(
        self, offset_bytes: int, found: bytes, generation: int = 1
    ) -> list[model.Damage]:
        """Compare what was read with what was written.

        :param offset_bytes: where it was read, a multiple of 4096.
        :param found: what was read; only its last block may be cut short.
        :param generation: what is expected there.
        :returns: the damage, neighbouring blocks of one kind as one extent;
            empty if every byte is right.
        """
        first, remainder = divmod(offset_bytes, BLOCK_BYTES)
        if remainder:
            raise ValueError(f'offset {offset_bytes} is inside a block')
        count = -(-len(found) // BLOCK_BYTES)
        expected = self.blocks(first, count, generation)
        if found == expected[: len(found)]:
            return []
        return merge(
            damage
            for number in range(count)
            if (
                damage := self._examine_block(
                    first + number,
                    found[number * BLOCK_BYTES : (number + 1) * BLOCK_BYTES],
                    generation,
                )
            )
        )

    def _examine_block(
        self, number: int, found: bytes, generation: int
    ) -> model.Damage | None:
        if found == self._block(number, generation)[: len(found)]:
            return None
        kind, detail = self._name_damage(number, found, generation)
        return model.Damage(
            offset_bytes=number * BLOCK_BYTES,
            length_bytes=len(found),
            kind=kind,
            detail=detail,
        )

    def _name_damage(
        self, number: int, found: bytes, generation: int
    ) -> tuple[vocabulary.DamageKind, str]:
        if found == _ZEROS[: len(found)]:
            return vocabulary.DamageKind.ZEROS, 'reads zeros'
        identity = identify(found) if len(found) == BLOCK_BYTES else None
        if identity is None:
            return vocabulary.DamageKind.NOISE, self._name_noise(number, found)
        kind, what = self._name_stamp(number, identity)
        if kind is vocabulary.DamageKind.STALE and generation:
            what = f'{what}, not {generation}'
        return kind, f'holds {what}'

    def _name_stamp(
        self, number: int, identity: Identity
    ) -> tuple[vocabulary.DamageKind, str]:
        """Kind and name of what an intact stamp stands for."""
        if identity.run != self._run:
            return (
                vocabulary.DamageKind.OTHER_VOLUME,
                f'data of volume {identity.volume} of another run',
            )
        if identity.volume != self._volume:
            name = self._others.get(identity.volume, 'of this run')
            return (
                vocabulary.DamageKind.OTHER_VOLUME,
                f'data of volume {identity.volume}, {name}',
            )
        if identity.number != number:
            shift = (identity.number - number) * BLOCK_BYTES
            return (
                vocabulary.DamageKind.OTHER_BLOCK,
                f'data from {shift:+d} bytes away',
            )
        return (
            vocabulary.DamageKind.STALE,
            f'generation {identity.generation}',
        )

    def _name_noise(self, number: int, found: bytes) -> str:
        """Say of what a block is made that is not one stamp throughout."""
        names: list[str] = []
        if carries_stamps(found):
            for part in _parts(found):
                identity = _read(part)
                if identity is not None:
                    names.append(self._name_stamp(number, identity)[1])
                else:
                    names.append(
                        vocabulary.DamageKind.NOISE
                        if any(part)
                        else vocabulary.DamageKind.ZEROS
                    )
        if set(names) <= {
            vocabulary.DamageKind.NOISE,
            vocabulary.DamageKind.ZEROS,
        }:
            return 'holds nothing that any run wrote'
        return f'is torn between {" and ".join(dict.fromkeys(names))}'

    def examine_unwritten(
        self, offset_bytes: int, found: bytes
    ) -> list[model.Damage]:
        """Look for data of somebody in an extent that was never written.

        What carries no stamp is nobody's that is known, and is let pass:
        unwritten area of some backends holds old noise.

        :param offset_bytes: where it was read, a multiple of 4096.
        :param found: what was read there, whole blocks.
        :returns: what carries a stamp, of this or of another run.
        """
        if found == _zeros(len(found)) or not carries_stamps(found):
            return []
        first = offset_bytes // BLOCK_BYTES
        damage = []
        for start in range(0, len(found), BLOCK_BYTES):
            block = found[start : start + BLOCK_BYTES]
            if not any(_read(part) for part in _parts(block)):
                continue
            number = first + start // BLOCK_BYTES
            kind, detail = self._name_damage(number, block, 0)
            damage.append(
                model.Damage(
                    offset_bytes=number * BLOCK_BYTES,
                    length_bytes=BLOCK_BYTES,
                    kind=kind,
                    detail=f'{detail}, where nothing was written',
                )
            )
        return merge(damage)


@functools.lru_cache(maxsize=8)
def _zeros(length: int) -> bytes:
    """Of the few lengths that are looked at; compared, not searched."""
    return bytes(length)


@functools.cache
def _crc_changes() -> tuple[numpy.typing.NDArray[numpy.uint32], ...]:
    """How the CRC changes with each byte of the block's number.

    A CRC is linear: the change does not depend on the other bytes.
    """
    length = _CRC.start
    nothing = zlib.crc32(bytes(length))
    return tuple(
        numpy.array(
            [
                zlib.crc32(bytes(at) + bytes([byte]) + bytes(length - at - 1))
                ^ nothing
                for byte in range(256)
            ],
            numpy.uint32,
        )
        for at in range(_NUMBER.start, _NUMBER.stop)
    )


def merge(
    damage: collections.abc.Iterable[model.Damage],
) -> list[model.Damage]:
    """Join neighbouring extents of the same kind and detail."""
    merged: list[model.Damage] = []
    for one in damage:
        last = merged[-1] if merged else None
        if (
            last is not None
            and (last.kind, last.detail) == (one.kind, one.detail)
            and last.offset_bytes + last.length_bytes == one.offset_bytes
        ):
            merged[-1] = model.Damage(
                offset_bytes=last.offset_bytes,
                length_bytes=last.length_bytes + one.length_bytes,
                kind=last.kind,
                detail=last.detail,
            )
        else:
            merged.append(one)
    return merged


def describe(damage: collections.abc.Sequence[model.Damage]) -> str:
    """Say in one clause what was found, where and how much."""
    total = sum(one.length_bytes for one in damage)
    first = damage[0]
    clause = (
        f'{total} bytes are not what was written, in {len(damage)} '
        f'extent{"s" if len(damage) > 1 else ""}; the first, '
        f'{first.length_bytes} bytes at offset {first.offset_bytes}, '
        f'{first.detail}'
    )
    others = {one.kind for one in damage} - {first.kind}
    if others:
        clause += f'; elsewhere also {", ".join(sorted(others))}'
    return clause


class Stream(io.RawIOBase):
    """An image of stamped blocks that can be read once, from the start.

    It has neither a length nor a position that can be set, like the body of
    a chunked upload.

    :param pattern: what the blocks say.
    :param size_bytes: where it ends, possibly inside a block.
    """

    _BATCH_BLOCKS = 1024

    def __init__(self, pattern: Pattern, size_bytes: int) -> None:
        self._pattern = pattern
        self._left = size_bytes
        self._next_block = 0
        self._ready = memoryview(b'')

    def readable(self) -> bool:
        """It can be read, and nothing else."""
        return True

    def readinto(self, buffer: ty.Any) -> int:
        """Fill the buffer as far as the blocks at hand go."""
        if not self._ready:
            self._ready = memoryview(
                self._pattern.blocks(self._next_block, self._BATCH_BLOCKS)
            )
            self._next_block += self._BATCH_BLOCKS
        view = memoryview(buffer).cast('B')
        count = min(len(view), len(self._ready), self._left)
        view[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        self._left -= count
        return count
