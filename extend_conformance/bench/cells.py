# SPDX-License-Identifier: Apache-2.0

"""The cells of the benchmark: one for each thing that is timed."""

import collections.abc
import dataclasses
import itertools

from oslo_utils import strutils

from extend_conformance import exceptions
from extend_conformance import vocabulary


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cell:
    """One combination to measure.

    :param backend: the volume type.
    :param size_known: whether the writer is told the size in advance.
    """

    backend: str
    mode: vocabulary.Mode
    size_known: bool
    image_size_bytes: int

    @property
    def id(self) -> str:
        """A name made of all that tells cells apart."""
        known = 'known' if self.size_known else 'unknown'
        return f'{self.backend}-{self.mode}-{known}-{self.image_size_bytes}'

    @property
    def __name__(self) -> str:
        """What ddt names the cell's test after."""
        known = 'known' if self.size_known else 'unknown'
        return f'{self.mode}_{known}_{self.image_size_bytes}_bytes'


def grid(
    backends: collections.abc.Iterable[str],
    modes: collections.abc.Iterable[vocabulary.Mode],
    sizes_known: collections.abc.Iterable[bool],
    image_sizes_bytes: collections.abc.Iterable[int],
) -> tuple[Cell, ...]:
    """Every combination."""
    return tuple(
        Cell(
            backend=backend,
            mode=mode,
            size_known=size_known,
            image_size_bytes=size,
        )
        for backend, size, size_known, mode in itertools.product(
            backends, image_sizes_bytes, sizes_known, modes
        )
    )


def parse_size(text: str) -> int:
    """Read a size with a unit, for example ``2.5GiB``.

    :returns: bytes.
    :raises UsageError: if it is none, or not more than 0.
    """
    try:
        size = int(strutils.string_to_bytes(text, 'IEC', return_int=True))
    except ValueError:
        size = 0
    if size <= 0:
        raise exceptions.UsageError(
            f'{text!r} is no size of an image',
            next_step='Write a number with a unit, such as 512MiB or 2.5GiB.',
        )
    return size
