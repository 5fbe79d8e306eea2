# SPDX-License-Identifier: Apache-2.0

"""Figures of samples: time by size, phases, and bytes over time.

Every panel shares its axes with the others of the figure, so that backends
can be compared by eye.
"""

import collections.abc
import typing as ty

import numpy
from matplotlib import axes
from matplotlib import ticker
from matplotlib import transforms

from extend_conformance.report import drawing
from extend_conformance.report import timings
from extend_conformance.results import model

MODES = ('attached', 'detached')

#: Phases in the order in which they are stacked, with their colour.
#: What a mode costs begins at the axis, where it is compared best, and has
#: the colours; writing is what the user asked for, and stays quiet.
PHASES = {
    'extend': '#e69f00',
    'attach': '#0072b2',
    'detach': '#7cc4ec',
    'create': '#9a9a9a',
    'wait': '#d3bcd9',
    'other': '#ffffff',
    'write': '#e4e1d9',
}

_KNOWN = {False: 'size unknown in advance', True: 'size known in advance'}


def creation_time(results: model.Results) -> drawing.Drawing | None:
    """Creation time by image size, a panel for each backend.

    :returns: ``None`` if there are no samples.
    """
    found = timings.cells(results.samples)
    if not found:
        return None
    subjects = _subjects(found)
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
    _layout(sheet)
    drawing.footer(sheet, results.run, _n(found))
    return drawing.Drawing(
        name='creation-time',
        title='Creation time by image size',
        caption='Time from the first call to the finished image volume. '
        'Every sample is a point; lines join the medians and mean nothing '
        'between the points. ' + _n_caption(found),
        description=_describe(found),
        figure=sheet,
    )


def phases(results: model.Results) -> drawing.Drawing | None:
    """Where the time goes, as stacked bars, for the largest image.

    :returns: ``None`` if no sample has spans.
    """
    found = [
        cell
        for cell in timings.largest(timings.cells(results.samples))
        if cell.typical is not None and cell.typical.spans
    ]
    if not found:
        return None
    subjects = _subjects(found)
    declared = drawing.simulated(results)
    bars = {
        subject: sorted(
            (cell for cell in found if cell.subject == subject),
            key=lambda cell: (cell.size_known, cell.mode),
        )
        for subject in subjects
    }
    heights = [len(bars[subject]) for subject in subjects]
    sheet = drawing.sheet(1.0 + 0.42 * len(subjects) + 0.27 * sum(heights))
    panels = sheet.subplots(
        len(subjects), 1, sharex=True, squeeze=False, height_ratios=heights
    )
    longest = max(cell.typical.elapsed_s for cell in found if cell.typical)
    for panel, subject in zip(panels[:, 0], subjects, strict=True):
        _stack(panel, bars[subject], longest)
        image = timings.size(bars[subject][0].image_size_bytes)
        drawing.name_panel(
            panel,
            f'{subject.label}, image of {image}',
            declared.get(subject.backend),
        )
    panels[-1, 0].set_xlabel('time, s')
    panels[0, 0].set_xlim(0, longest * 1.1)
    handles, labels = panels[0, 0].get_legend_handles_labels()
    _layout(sheet, top_in=0.34)
    sheet.legend(
        handles,
        labels,
        loc='upper left',
        bbox_to_anchor=(0.0, 1.0),
        ncols=len(PHASES),
        frameon=False,
        handlelength=1.2,
        handleheight=0.9,
        columnspacing=1.4,
    )
    drawing.footer(sheet, results.run, _n(found))
    return drawing.Drawing(
        name='phases',
        title='Where the time goes',
        caption='Phases of the creation of the largest image. Each bar is '
        'one sample that was measured: the one with the median total of its '
        'cell. "Other" is what no phase accounts for. ' + _n_caption(found),
        description=_describe(found),
        figure=sheet,
    )


def progress(results: model.Results) -> drawing.Drawing | None:
    """Bytes over time, both modes on one axis, with every extend marked.

    :returns: ``None`` if no sample has progress.
    """
    found = _with_progress(results)
    if not found:
        return None
    subjects = _subjects(found)
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
    _layout(sheet)
    drawing.footer(sheet, results.run, _n(found))
    return drawing.Drawing(
        name='bytes-over-time',
        title='Bytes over time',
        caption='How the largest image of unknown size was written: the '
        'sample with the median total of each mode. A thick bar is an '
        'extend, from its beginning until the next byte could be written. '
        + _n_caption(found),
        description=_describe(found),
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


def _subjects(
    found: collections.abc.Iterable[timings.Cell],
) -> list[timings.Subject]:
    return list(dict.fromkeys(cell.subject for cell in found))


def _times(
    panel: axes.Axes, found: collections.abc.Sequence[timings.Cell]
) -> None:
    for mode in MODES:
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
                markerfacecolor=colour if mode == 'attached' else 'none',
                transform=_moved(panel, -2 if mode == 'attached' else 2, 0),
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
    words = _KNOWN[known]
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


def _stack(
    panel: axes.Axes,
    bars: collections.abc.Sequence[timings.Cell],
    longest: float,
) -> None:
    samples = [cell.typical for cell in bars if cell.typical is not None]
    places = range(len(samples))
    lefts = [0.0] * len(samples)
    for phase, colour in PHASES.items():
        widths = [_phase(sample, phase) for sample in samples]
        panel.barh(
            places,
            widths,
            left=lefts,
            height=0.68,
            color=colour,
            edgecolor=drawing.QUIET if phase == 'other' else 'white',
            linewidth=0.5,
            label=phase,
        )
        for place, width in enumerate(widths):
            if width > longest * 0.045:
                panel.text(
                    lefts[place] + width / 2,
                    place,
                    f'{width:.1f}',
                    ha='center',
                    va='center',
                    fontsize=7,
                    color='white' if phase == 'attach' else drawing.INK,
                )
            lefts[place] += width
    for place, sample in enumerate(samples):
        panel.annotate(
            timings.seconds(sample.elapsed_s),
            (lefts[place], place),
            (4, 0),
            textcoords='offset points',
            va='center',
            fontsize=8,
        )
    panel.set_yticks(
        places,
        [
            f'{cell.mode}, size {"known" if cell.size_known else "unknown"}'
            for cell in bars
        ],
        color=drawing.INK,
    )
    panel.invert_yaxis()
    panel.tick_params(axis='y', length=0)
    panel.spines['left'].set_visible(False)


def _phase(sample: model.Sample, phase: str) -> float:
    if phase == 'other':
        return max(
            0.0,
            sample.elapsed_s - sum(span.elapsed_s for span in sample.spans),
        )
    return sum(span.elapsed_s for span in sample.spans if span.name == phase)


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
    points = 2.6 if sample.mode == 'attached' else -2.6
    panel.plot(
        [mark.start_s, mark.end_s],
        [level, level],
        color=drawing.MODE_COLOURS[sample.mode],
        linewidth=4,
        solid_capstyle='butt',
        transform=_moved(panel, 0, points),
        label=f'_extend to {mark.to_gib} GiB',
    )


def _moved(
    panel: axes.Axes, right_points: float, up_points: float
) -> transforms.Transform:
    """Beside the data's place, so that neither mode hides the other."""
    sheet = panel.get_figure(root=True)
    assert sheet is not None
    return panel.transData + transforms.ScaledTranslation(
        right_points / 72, up_points / 72, sheet.dpi_scale_trans
    )


def _written_at(sample: model.Sample, at_s: float) -> int:
    return max(
        (written for moment, written in sample.written if moment <= at_s),
        default=0,
    )


def _n(found: collections.abc.Collection[timings.Cell]) -> str:
    counts = sorted({cell.n for cell in found if cell.n})
    if not counts:
        return 'all samples failed'
    if counts == [1]:
        return 'n = 1, not a benchmark'
    if len(counts) == 1:
        return f'n = {counts[0]} per cell'
    return f'n = {counts[0]} to {counts[-1]} per cell'


def _n_caption(found: collections.abc.Collection[timings.Cell]) -> str:
    if any(cell.n == 1 for cell in found):
        return 'Single timings (n = 1) are not a benchmark.'
    return _n(found).capitalize() + '.'


def _describe(found: collections.abc.Iterable[timings.Cell]) -> str:
    return '; '.join(
        f'{cell.subject.label} {cell.mode}, '
        f'{timings.size(cell.image_size_bytes)}, {_KNOWN[cell.size_known]}: '
        + (
            timings.seconds(cell.typical.elapsed_s)
            if cell.typical is not None
            else 'failed'
        )
        for cell in found
    )


def _layout(sheet: ty.Any, top_in: float = 0.0) -> None:
    height = sheet.get_figheight()
    sheet.set_layout_engine(
        'constrained',
        rect=(0, 0.2 / height, 1, 1 - (0.2 + top_in) / height),
    )
