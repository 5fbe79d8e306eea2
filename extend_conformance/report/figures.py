# SPDX-License-Identifier: Apache-2.0

"""All figures that results have something to show in."""

from extend_conformance.report import creation_time
from extend_conformance.report import drawing
from extend_conformance.report import grid
from extend_conformance.report import phases
from extend_conformance.report import progress
from extend_conformance.results import model

FIGURES = (
    grid.checks,
    creation_time.creation_time,
    phases.phases,
    progress.progress,
)


def draw(results: model.Results) -> tuple[drawing.Drawing, ...]:
    """Draw judged results; a figure with nothing to show is left out."""
    with drawing.style():
        drawn = [figure(results) for figure in FIGURES]
    return tuple(one for one in drawn if one is not None)
