# SPDX-License-Identifier: Apache-2.0

"""An image to write that no storage can compress, made at almost no cost."""

import io
import random
import typing as ty

_POOL_BYTES = 16 * 1024**2


class RandomImage(io.RawIOBase):
    """A stream of random bytes that can be read once.

    A pool of random bytes is repeated, each time from another odd byte on,
    so that neither a compressing nor a deduplicating backend finds two equal
    blocks, while the clock measures the writer and not a random number
    generator.

    :param size_bytes: where it ends.
    :param seed: the same seed gives the same image.
    """

    def __init__(self, size_bytes: int, seed: int = 0) -> None:
        # Not for secrets; S311 asks.
        generator = random.Random(seed)  # noqa: S311
        self._pool = memoryview(generator.randbytes(_POOL_BYTES))
        self._left = size_bytes
        self._turn = 0
        self._at = 0

    def readable(self) -> bool:
        """It can be read, and nothing else."""
        return True

    def readinto(self, buffer: ty.Any) -> int:
        """Fill the buffer as far as this turn of the pool goes."""
        if self._at == _POOL_BYTES:
            self._turn += 1
            self._at = (self._turn * 521) % 4093 or 1
        view = memoryview(buffer).cast('B')
        count = min(len(view), self._left, _POOL_BYTES - self._at)
        view[:count] = self._pool[self._at : self._at + count]
        self._at += count
        self._left -= count
        return count
