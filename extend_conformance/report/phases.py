# SPDX-License-Identifier: Apache-2.0

"""Where the time goes, as bars of phases, in both modes.

All panels share their axis, so that backends can be compared by eye.
"""

import collections.abc

from matplotlib import axes

from extend_conformance import vocabulary
from extend_conformance.report import drawing
from extend_conformance.report import timings
from extend_conformance.results import model

#: Phases in the order in which they are stacked, with their colour.
#: What a mode costs begins at the axis, where it is compared best, and has
#: the colours; writing is what the user asked for, and stays quiet.
PHASES = {
    vocabulary.Phase.EXTEND: '#e69f00',
    vocabulary.Phase.ATTACH: '#0072b2',
    vocabulary.Phase.DETACH: '#7cc4ec',
    vocabulary.Phase.CREATE: '#9a9a9a',
    vocabulary.Phase.WAIT: '#d3bcd9',
    'other': '#ffffff',
    vocabulary.Phase.WRITE: '#e4e1d9',
}


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
    subjects = timings.subjects(found)
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
    drawing.layout(sheet, top_in=0.34)
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
    drawing.footer(sheet, results.run, timings.counts(found))
    return drawing.Drawing(
        name='phases',
        title='Where the time goes',
        caption='Phases of the creation of the largest image. Each bar is '
        'one sample that was measured: the one with the median total of its '
        'cell. "Other" is what no phase accounts for. '
        + timings.count_sentence(found),
        description=timings.describe(found),
        figure=sheet,
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
                    color='white'
                    if phase == vocabulary.Phase.ATTACH
                    else drawing.INK,
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
