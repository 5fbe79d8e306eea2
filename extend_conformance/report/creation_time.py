# SPDX-License-Identifier: Apache-2.0

"""Creation time by image size, in both modes, every sample a point.

All panels share their axes, so that backends can be compared by eye.
"""

import collections.abc

import numpy
from matplotlib import axes

from extend_conformance import vocabulary
from extend_conformance.report import drawing
from extend_conformance.report import timings
from extend_conformance.results import model


def creation_time(results: model.Results) -> drawing.Drawing | None:
    """Creation time by image size, a panel for each backend.

    :returns: ``None`` if there are no samples.
    """
    found = timings.cells(results.samples)
    if not found:
        return None
    subjects = timings.subjects(found)
    kinds = sorted({cell.size_known for cell in found})
    declared = drawing.simulated(results)
    places = [(subject, known) for subject in subjects for known in kinds]
    # Both kinds of one backend side by side; else backends, if many.
    columns = len(kinds) if len(subjects) < 3 else 2
    rows = -(-len(places) // columns)
    sheet = drawing.sheet(0.75 + 1.95 * rows)
    panels = list(
        sheet.subplots(
            rows, columns, sharex=True, sharey=True, squeeze=False
        ).flat
    )
    for unused in panels[len(places) :]:
        unused.remove()
    for number, (panel, (subject, known)) in enumerate(
        zip(panels, places, strict=False)
    ):
        panel.grid(axis='y')
        mine = [
            c for c in found if (c.subject, c.size_known) == (subject, known)
        ]
        _times(panel, mine)
        _name_times(panel, subject, known, declared.get(subject.backend))
        if number % columns == 0:
            panel.set_ylabel('creation time, s')
        if number >= len(places) - columns:
            panel.set_xlabel('image size, GiB')
            panel.tick_params(labelbottom=True)
    points = [
        (cell.image_size_bytes / timings.GIB, sample.elapsed_s)
        for cell in found
        for sample in (*cell.samples, *cell.failed)
    ]
    # The words of the corner need the room above the highest point.
    panels[0].set_xlim(0, max(1.06 * size for size, _ in points) or 1)
    panels[0].set_ylim(0, max(1.2 * elapsed for _, elapsed in points) or 1)
    for panel in panels[: len(places)]:
        _name_lines(panel)
    drawing.layout(sheet)
    drawing.footer(sheet, results.run, timings.counts(found))
    return drawing.Drawing(
        name='creation-time',
        title='Creation time by image size',
        caption='Time from the first call to the finished image volume. '
        'Every sample is a point; lines join the medians and mean nothing '
        'between the points. ' + timings.count_sentence(found),
        description=timings.describe(found),
        figure=sheet,
    )


def _times(
    panel: axes.Axes, found: collections.abc.Sequence[timings.Cell]
) -> None:
    for mode in vocabulary.Mode:
        colour = drawing.MODE_COLOURS[mode]
        mine = sorted(
            (cell for cell in found if cell.mode == mode),
            key=lambda cell: cell.image_size_bytes,
        )
        points = [
            (cell.image_size_bytes / timings.GIB, sample.elapsed_s)
            for cell in mine
            for sample in cell.samples
        ]
        if points:
            medians = [
                (cell.image_size_bytes / timings.GIB, cell.typical.elapsed_s)
                for cell in mine
                if cell.typical is not None
            ]
            panel.plot(
                *zip(*medians, strict=True),
                color=colour,
                linewidth=0.9,
                label=f'_{mode}',
            )
            panel.plot(
                *zip(*points, strict=True),
                linestyle='none',
                marker=drawing.MODE_MARKERS[mode],
                markersize=4.5,
                markeredgewidth=1.0,
                color=colour,
                # Open, so that a point behind it stays visible.
                markerfacecolor=(
                    colour if mode is vocabulary.Mode.ATTACHED else 'none'
                ),
                transform=drawing.moved(
                    panel, -2 if mode is vocabulary.Mode.ATTACHED else 2, 0
                ),
                label=mode,
            )
        failed = [
            (cell.image_size_bytes / timings.GIB, sample.elapsed_s)
            for cell in mine
            for sample in cell.failed
        ]
        if failed:
            panel.plot(
                *zip(*failed, strict=True),
                linestyle='none',
                marker='x',
                markersize=6,
                markeredgewidth=1.4,
                color=colour,
                label=f'{mode}, failed',
            )


def _name_times(
    panel: axes.Axes,
    subject: timings.Subject,
    known: bool,
    simulated: str | None,
) -> None:
    words = timings.KNOWN[known]
    if simulated is not None:
        words += f'\nsimulated: {simulated}'
    panel.text(
        0.02,
        0.98,
        words,
        transform=panel.transAxes,
        va='top',
        fontsize=7.5,
        color=drawing.QUIET,
        bbox={'facecolor': 'white', 'edgecolor': 'none', 'pad': 1.5},
    )
    drawing.name_panel(panel, subject.label, simulated, note=False)


def _name_lines(panel: axes.Axes) -> None:
    """Write the mode at the end of its line, failed samples beside them."""
    ends = []
    for line in panel.get_lines():
        label = str(line.get_label())
        last = numpy.asarray(line.get_xydata())[-1]
        right, level = (float(value) for value in last)
        if label.startswith('_'):
            ends.append((level, right, label[1:], line.get_color()))
        elif label.endswith('failed'):
            panel.annotate(
                'failed',
                (right, level),
                (5, -8),
                textcoords='offset points',
                color=line.get_color(),
                fontsize=7.5,
            )
    ends.sort(key=lambda end: end[0])
    levels = [end[0] for end in ends]
    gap = panel.get_ylim()[1] * 0.115
    if len(levels) == 2 and levels[1] - levels[0] < gap:
        middle = sum(levels) / 2
        levels = [middle - gap / 2, middle + gap / 2]
    for (_, right, label, colour), level in zip(ends, levels, strict=True):
        panel.annotate(
            label,
            (right, level),
            (7, 0),
            textcoords='offset points',
            va='center',
            color=colour,
            fontsize=8,
            annotation_clip=False,
        )
