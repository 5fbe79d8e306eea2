# SPDX-License-Identifier: Apache-2.0

"""What all figures share: their look, their footer, and how they are saved.

Colours are those of Okabe and Ito (https://jfly.uni-koeln.de/color/), which
people with any kind of colour vision tell apart; no figure relies on colour
alone. Letters are saved as outlines, so that a figure looks the same on a
machine that has no fonts.
"""

import collections.abc
import contextlib
import dataclasses
import io
import pathlib
import typing as ty

import matplotlib as mpl
from matplotlib import axes
from matplotlib import figure
from matplotlib import font_manager
from matplotlib import textpath
from matplotlib import transforms

from extend_conformance import vocabulary
from extend_conformance.results import model

INK = '#222222'
QUIET = '#6b6b6b'
HAIRLINE = '#d9d9d9'

#: Of the modes; the marker tells them apart without colour.
MODE_COLOURS = {
    vocabulary.Mode.ATTACHED: '#0072b2',
    vocabulary.Mode.DETACHED: '#c4500a',
}
MODE_MARKERS = {
    vocabulary.Mode.ATTACHED: 'o',
    vocabulary.Mode.DETACHED: 's',
}

WIDTH_IN = 8.6

_STYLE: ty.Any = {
    'font.family': 'DejaVu Sans',
    'font.size': 8.5,
    'text.color': INK,
    # A name with dollar signs is a name.
    'text.parse_math': False,
    'axes.edgecolor': QUIET,
    'axes.labelcolor': QUIET,
    'axes.linewidth': 0.6,
    'axes.spines.top': False,
    'axes.spines.right': False,
    'axes.titlesize': 9,
    'axes.axisbelow': True,
    'grid.color': HAIRLINE,
    'grid.linewidth': 0.5,
    'xtick.color': QUIET,
    'ytick.color': QUIET,
    'xtick.major.width': 0.6,
    'ytick.major.width': 0.6,
    'xtick.major.size': 3,
    'ytick.major.size': 3,
    'svg.fonttype': 'path',
    'svg.hashsalt': 'extend-conformance',
    'savefig.facecolor': 'white',
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Drawing:
    """A figure with the words that go with it.

    :param name: of its files, without suffix.
    :param caption: what is seen and what it does not mean.
    :param description: the same for someone who cannot see it.
    """

    name: str
    title: str
    caption: str
    description: str
    figure: figure.Figure


@contextlib.contextmanager
def style() -> collections.abc.Iterator[None]:
    """The look of all figures, for as long as something is drawn."""
    with mpl.rc_context(_STYLE):
        yield


def sheet(height_in: float, width_in: float = WIDTH_IN) -> figure.Figure:
    """An empty figure without any state that is shared."""
    return figure.Figure(figsize=(width_in, height_in))


def inches(words: str, points: float, *, bold: bool = False) -> float:
    """How wide words are, so that room can be left for them."""
    font = font_manager.FontProperties(
        size=points, weight='bold' if bold else 'normal'
    )
    width, _, _ = textpath.text_to_path.get_text_width_height_descent(
        words, font, ismath=False
    )
    return float(width) / 72


def footer(sheet: figure.Figure, run: model.Run, n: str) -> None:
    """Say where the figure comes from, in its lowest line."""
    identity = run.id
    if len(run.merged_from) > 3:
        identity = f'{len(run.merged_from)} runs'
    sheet.text(
        0.008,
        0.06 / sheet.get_figheight(),
        f'{n}  ·  run {identity} ({run.started_at[:10]})  ·  '
        f'cloud {run.cloud}  ·  extend-conformance {run.tool_version}',
        fontsize=6.5,
        color=QUIET,
        va='bottom',
    )


def simulated(results: model.Results) -> dict[str, str]:
    """What is not real of a backend's behaviour, by volume type."""
    return {
        backend.volume_type: backend.simulated
        for backend in results.backends
        if backend.simulated is not None
    }


def name_panel(
    panel: axes.Axes,
    name: str,
    simulated: str | None,
    *,
    note: bool = True,
) -> None:
    """Write above a panel whose it is.

    :param simulated: what is simulated of it; its name says that something
        is.
    :param note: whether to write beside the name what that is.
    """
    if simulated is not None:
        name += ' (simulated)'
    if simulated is not None and note:
        panel.annotate(
            f'simulated: {simulated}',
            (1, 1),
            (0, 5),
            xycoords='axes fraction',
            textcoords='offset points',
            ha='right',
            va='bottom',
            fontsize=7.5,
            color=QUIET,
            style='italic',
        )
    panel.set_title(name, loc='left', fontweight='bold', pad=5)


def layout(sheet: figure.Figure, top_in: float = 0.0) -> None:
    """Arrange panels above the footer, below ``top_in`` for a legend."""
    height = sheet.get_figheight()
    sheet.set_layout_engine(
        'constrained',
        rect=(0, 0.2 / height, 1, 1 - (0.2 + top_in) / height),
    )


def moved(
    panel: axes.Axes, right_points: float, up_points: float
) -> transforms.Transform:
    """Beside the data's place, so that neither mode hides the other."""
    sheet = panel.get_figure(root=True)
    assert sheet is not None
    return panel.transData + transforms.ScaledTranslation(
        right_points / 72, up_points / 72, sheet.dpi_scale_trans
    )


def svg(drawing: Drawing) -> str:
    """A figure as a document of SVG, the same for the same results."""
    out = io.StringIO()
    with style():
        drawing.figure.savefig(
            out, format='svg', metadata={'Date': None, 'Title': drawing.title}
        )
    return out.getvalue()


def save(
    drawing: Drawing, document: str, directory: pathlib.Path
) -> tuple[pathlib.Path, ...]:
    """Write a figure as SVG and PNG.

    :param document: the figure as SVG.
    :returns: the two paths.
    """
    directory.mkdir(parents=True, exist_ok=True)
    vector = directory / f'{drawing.name}.svg'
    picture = directory / f'{drawing.name}.png'
    vector.write_text(document, encoding='utf-8')
    with style():
        drawing.figure.savefig(picture, format='png', dpi=160)
    return vector, picture
