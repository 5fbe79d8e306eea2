# SPDX-License-Identifier: Apache-2.0

"""What has been written where on one volume, so that all of it is judged.

Knows the generation of every block, and nothing of devices: what was read is
brought here.
"""

import array
import collections.abc
import itertools

from extend_conformance.probes import blocks
from extend_conformance.results import model


class Content:
    """The blocks of one volume, as far as they were written.

    :param pattern: what the blocks of the volume say.
    """

    def __init__(self, pattern: blocks.Pattern) -> None:
        self._pattern = pattern
        # By number of the block; 0 where nothing was written.
        self._generations = array.array('I')

    def copy(self) -> 'Content':
        """What has been written until now, and nothing later."""
        copied = Content(self._pattern)
        copied._generations = self._generations[:]
        return copied

    def generation(self, first: int, count: int) -> int:
        """The newest generation among some blocks; 0 if there is none."""
        return max(self._generations[first : first + count], default=0)

    def made(self, first: int, count: int, generation: int) -> bytes:
        """Make consecutive blocks, as they have to be written.

        :param first: number of the first block.
        """
        return self._pattern.blocks(first, count, generation)

    def remember(self, first: int, count: int, generation: int) -> None:
        """Note that these blocks were written, or are about to be."""
        missing = first + count - len(self._generations)
        if missing > 0:
            self._generations.frombytes(
                bytes(missing * self._generations.itemsize)
            )
        self._generations[first : first + count] = (
            array.array('I', [generation]) * count
        )

    def written(
        self, offset_bytes: int, length_bytes: int
    ) -> collections.abc.Iterator[tuple[int, int]]:
        """Offset and length of each extent that was written, in order."""
        for start, count, generation in self._runs(offset_bytes, length_bytes):
            if generation:
                yield start * blocks.BLOCK_BYTES, count * blocks.BLOCK_BYTES

    def examine(self, offset_bytes: int, found: bytes) -> list[model.Damage]:
        """Compare an extent with all that was, or was not, written to it.

        Where nothing was written, only stamped blocks count as damage.

        :param offset_bytes: where it was read, a multiple of 4096.
        :param found: what was read there, whole blocks.
        """
        damage = []
        for first, count, generation in self._runs(offset_bytes, len(found)):
            start = first * blocks.BLOCK_BYTES
            begin = start - offset_bytes
            held = found[begin : begin + count * blocks.BLOCK_BYTES]
            if generation:
                damage.extend(self._pattern.examine(start, held, generation))
            else:
                damage.extend(self._pattern.examine_unwritten(start, held))
        return damage

    def _runs(
        self, offset_bytes: int, length_bytes: int
    ) -> collections.abc.Iterator[tuple[int, int, int]]:
        """Neighbouring blocks of one generation: first, count, generation.

        Neighbours of different generations are runs of their own.
        """
        first, remainder = divmod(offset_bytes, blocks.BLOCK_BYTES)
        if remainder:
            raise ValueError(f'offset {offset_bytes} is inside a block')
        end = first + length_bytes // blocks.BLOCK_BYTES
        known = self._generations[first:end]
        for generation, run in itertools.groupby(known):
            count = sum(1 for _ in run)
            yield first, count, generation
            first += count
        if first < end:
            yield first, end - first, 0
