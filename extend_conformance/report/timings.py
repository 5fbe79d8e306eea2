# SPDX-License-Identifier: Apache-2.0

"""Groups samples into cells and picks the one that stands for a cell.

Nothing is averaged: what is shown of a cell is always a sample that was
measured. Intervals and comparisons are the benchmark's business.
"""

import collections.abc
import dataclasses

from extend_conformance import vocabulary
from extend_conformance.results import model

GIB = 1 << 30

KNOWN = {False: 'size unknown in advance', True: 'size known in advance'}


@dataclasses.dataclass(frozen=True, kw_only=True, order=True)
class Subject:
    """What is timed: a backend through a writer."""

    backend: str
    writer: str

    @property
    def label(self) -> str:
        """The backend; the writer too unless it is the reference writer."""
        if self.writer == vocabulary.Writer.REFERENCE:
            return self.backend
        return f'{self.backend} by {self.writer}'


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cell:
    """Samples that differ in nothing but chance.

    :param samples: without the failed ones, by elapsed time.
    :param failed: the failed ones.
    """

    subject: Subject
    mode: str
    size_known: bool
    image_size_bytes: int
    samples: tuple[model.Sample, ...]
    failed: tuple[model.Sample, ...]

    @property
    def n(self) -> int:
        """How many samples did not fail."""
        return len(self.samples)

    @property
    def typical(self) -> model.Sample | None:
        """The sample in the middle; of two, the faster."""
        if not self.samples:
            return None
        return self.samples[(self.n - 1) // 2]


def cells(samples: collections.abc.Iterable[model.Sample]) -> tuple[Cell, ...]:
    """Group samples; cells come in order of first appearance."""
    groups: dict[tuple[Subject, str, bool, int], list[model.Sample]] = {}
    for sample in samples:
        key = (
            Subject(backend=sample.backend, writer=sample.writer),
            sample.mode,
            sample.size_known,
            sample.image_size_bytes,
        )
        groups.setdefault(key, []).append(sample)
    return tuple(
        Cell(
            subject=subject,
            mode=mode,
            size_known=size_known,
            image_size_bytes=image_size_bytes,
            samples=tuple(
                sorted(
                    (sample for sample in group if sample.error is None),
                    key=lambda sample: sample.elapsed_s,
                )
            ),
            failed=tuple(
                sample for sample in group if sample.error is not None
            ),
        )
        for (subject, mode, size_known, image_size_bytes), group in (
            groups.items()
        )
    )


def largest(found: collections.abc.Collection[Cell]) -> tuple[Cell, ...]:
    """Of each subject, the cells of its largest image.

    An image that succeeded somewhere is taken before a larger one that
    failed everywhere.
    """
    sizes: dict[Subject, tuple[bool, int]] = {}
    for cell in found:
        candidate = (cell.n > 0, cell.image_size_bytes)
        sizes[cell.subject] = max(
            candidate, sizes.get(cell.subject, candidate)
        )
    return tuple(
        cell
        for cell in found
        if sizes[cell.subject][1] == cell.image_size_bytes
    )


def headline(
    samples: collections.abc.Iterable[model.Sample],
    backend: str,
    mode: vocabulary.Mode,
) -> Cell | None:
    """The cell whose time stands in a table for a backend and a mode.

    The reference writer's, of unknown size if there is one, as that is
    where the modes differ, and of the largest image.
    """
    candidates = largest(
        cells(
            sample
            for sample in samples
            if sample.backend == backend
            and sample.writer == vocabulary.Writer.REFERENCE
        )
    )
    return min(
        (cell for cell in candidates if cell.mode == mode),
        key=lambda cell: cell.size_known,
        default=None,
    )


def size(size_bytes: int) -> str:
    """An image size for a reader, in GiB or MiB."""
    if size_bytes % GIB and size_bytes < GIB:
        return f'{size_bytes / (1 << 20):.4g} MiB'
    return f'{size_bytes / GIB:.4g} GiB'


def seconds(elapsed_s: float) -> str:
    """An elapsed time for a reader, to three digits at most."""
    if elapsed_s >= 100:
        return f'{elapsed_s:.0f} s'
    return f'{elapsed_s:.1f} s' if elapsed_s >= 1 else f'{elapsed_s:.2f} s'


def count(number: int) -> str:
    """How many samples, with the warning that one of them deserves."""
    return f'n = {number}' + (', not a benchmark' if number == 1 else '')


def subjects(
    found: collections.abc.Iterable[Cell],
) -> list[Subject]:
    """Whose cells they are, in order of first appearance."""
    return list(dict.fromkeys(cell.subject for cell in found))


def counts(found: collections.abc.Collection[Cell]) -> str:
    """How many samples the cells of a figure have."""
    counts = sorted({cell.n for cell in found if cell.n})
    if not counts:
        return 'all samples failed'
    if counts == [1]:
        return 'n = 1, not a benchmark'
    if len(counts) == 1:
        return f'n = {counts[0]} per cell'
    return f'n = {counts[0]} to {counts[-1]} per cell'


def count_sentence(found: collections.abc.Collection[Cell]) -> str:
    """The same for a caption."""
    if any(cell.n == 1 for cell in found):
        return 'Single timings (n = 1) are not a benchmark.'
    return counts(found).capitalize() + '.'


def describe(found: collections.abc.Iterable[Cell]) -> str:
    """The times of cells, for someone who cannot see the figure."""
    return '; '.join(
        f'{cell.subject.label} {cell.mode}, '
        f'{size(cell.image_size_bytes)}, {KNOWN[cell.size_known]}: '
        + (
            seconds(cell.typical.elapsed_s)
            if cell.typical is not None
            else 'failed'
        )
        for cell in found
    )
