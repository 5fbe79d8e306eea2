# SPDX-License-Identifier: Apache-2.0

"""Bytes over time with every extend marked, both modes on one axis.

All panels share their axes, so that backends can be compared by eye.
"""

import collections.abc

from matplotlib import axes
from matplotlib import ticker

from extend_conformance import vocabulary
from extend_conformance.report import drawing
from extend_conformance.report import timings
from extend_conformance.results import model


def progress(results: model.Results) -> drawing.Drawing | None:
    """Bytes over time, both modes on one axis, with every extend marked.

    :returns: ``None`` if no sample has progress.
    """
    found = _with_progress(results)
    if not found:
        return None
    subjects = timings.subjects(found)
    declared = drawing.simulated(results)
    sheet = drawing.sheet(
        0.75 + (2.2 if len(subjects) < 5 else 1.6) * len(subjects)
    )
    panels = sheet.subplots(
        len(subjects), 1, sharex=True, sharey=True, squeeze=False
    )
    for panel, subject in zip(panels[:, 0], subjects, strict=True):
        mine = [cell for cell in found if cell.subject == subject]
        drawing.name_panel(panel, subject.label, declared.get(subject.backend))
        panel.grid(axis='y')
        panel.set_ylabel('written, GiB')
        panel.yaxis.set_major_locator(ticker.MaxNLocator(6, integer=True))
        _curves(panel, mine)
    panels[-1, 0].set_xlabel('time, s')
    longest = max(cell.typical.elapsed_s for cell in found if cell.typical)
    # Room for the words after the end of the slower curve.
    panels[0, 0].set_xlim(0, longest * 1.25)
    top = max(cell.image_size_bytes for cell in found) / timings.GIB
    panels[0, 0].set_ylim(0, top * 1.12)
    drawing.layout(sheet)
    drawing.footer(sheet, results.run, timings.counts(found))
    return drawing.Drawing(
        name='bytes-over-time',
        title='Bytes over time',
        caption='How the largest image of unknown size was written: the '
        'sample with the median total of each mode. A thick bar is an '
        'extend, from its beginning until the next byte could be written. '
        + timings.count_sentence(found),
        description=timings.describe(found),
        figure=sheet,
    )


def _with_progress(results: model.Results) -> list[timings.Cell]:
    """Cells of one kind of size each: unknown if there is any of it."""
    usable = [
        cell
        for cell in timings.cells(results.samples)
        if cell.typical is not None and len(cell.typical.written) > 1
    ]
    unknown = {cell.subject for cell in usable if not cell.size_known}
    return list(
        timings.largest(
            [
                cell
                for cell in usable
                if not (cell.size_known and cell.subject in unknown)
            ]
        )
    )


def _curves(
    panel: axes.Axes, found: collections.abc.Sequence[timings.Cell]
) -> None:
    samples = [cell.typical for cell in found if cell.typical is not None]
    samples.sort(key=lambda sample: sample.elapsed_s)
    for place, sample in enumerate(samples):
        colour = drawing.MODE_COLOURS[sample.mode]
        times = [point[0] for point in sample.written]
        sizes = [point[1] / timings.GIB for point in sample.written]
        panel.plot(
            [*times, sample.elapsed_s],
            [*sizes, sizes[-1]],
            color=colour,
            linewidth=1.1,
            label=sample.mode,
        )
        for mark in sample.extends:
            _extend(panel, sample, mark)
        number = len(sample.extends)
        # The faster one has free space before it, the slower one after it.
        after = place > 0
        panel.annotate(
            f'{sample.mode}, {timings.seconds(sample.elapsed_s)}, '
            f'{number} extend{"" if number == 1 else "s"}',
            (sample.elapsed_s, sizes[-1]),
            (4, 0) if after else (0, 4),
            textcoords='offset points',
            ha='left' if after else 'right',
            va='center' if after else 'baseline',
            color=colour,
            fontsize=8,
        )


def _extend(
    panel: axes.Axes, sample: model.Sample, mark: model.ExtendMark
) -> None:
    """Draw an extend as a bar, the modes on either side of the curve."""
    level = _written_at(sample, mark.start_s) / timings.GIB
    points = 2.6 if sample.mode == vocabulary.Mode.ATTACHED else -2.6
    panel.plot(
        [mark.start_s, mark.end_s],
        [level, level],
        color=drawing.MODE_COLOURS[sample.mode],
        linewidth=4,
        solid_capstyle='butt',
        transform=drawing.moved(panel, 0, points),
        label=f'_extend to {mark.to_gib} GiB',
    )


def _written_at(sample: model.Sample, at_s: float) -> int:
    return max(
        (written for moment, written in sample.written if moment <= at_s),
        default=0,
    )
