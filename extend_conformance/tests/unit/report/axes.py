# SPDX-License-Identifier: Apache-2.0

"""Draws samples and reads what the axes hold."""

from extend_conformance.report import drawing
from extend_conformance.results import model
from extend_conformance.tests.unit.report import example


def results(*samples):
    """Results with samples of a real and a simulated backend."""
    return model.Results(
        run=example.run(),
        backends=(
            model.Backend(volume_type='good'),
            model.Backend(
                volume_type='slow-attach', simulated='attach takes 3 s'
            ),
        ),
        samples=samples,
    )


def draw(figure, *samples):
    """What a figure makes of samples."""
    with drawing.style():
        return figure(results(*samples))


def points(panel, label):
    """The points of the lines with a label."""
    return [
        tuple(point)
        for line in panel.get_lines()
        if line.get_label() == label
        for point in line.get_xydata()
    ]


def words(figure):
    """All text of a figure."""
    return [
        text.get_text()
        for text in figure.findobj(lambda a: hasattr(a, 'get_text'))
    ]
