# SPDX-License-Identifier: Apache-2.0

"""Builds a whole report: from results directories to files in another."""

import collections.abc
import dataclasses
import os
import pathlib

from extend_conformance.report import drawing
from extend_conformance.report import figures
from extend_conformance.report import judgement
from extend_conformance.report import junit
from extend_conformance.report import page
from extend_conformance.report import summary
from extend_conformance.results import merging
from extend_conformance.results import model
from extend_conformance.results import storage


@dataclasses.dataclass(frozen=True, kw_only=True)
class Report:
    """What was built, and where it is.

    :param results: merged and judged.
    :param figures: an SVG and a PNG of each.
    """

    results: model.Results
    results_json: pathlib.Path
    html: pathlib.Path
    junit: pathlib.Path
    summary: pathlib.Path
    figures: tuple[pathlib.Path, ...]


def build(
    sources: collections.abc.Sequence[str | os.PathLike[str]],
    output: str | os.PathLike[str],
) -> Report:
    """Load, merge and judge results, and draw everything from them.

    :param sources: results directories or ``results.json`` files, at least
        one.
    :param output: the directory to write into; may be one of ``sources``.
    :raises extend_conformance.exceptions.UsageError: if a source is not
        what it should be; nothing was written then.
    :raises extend_conformance.exceptions.NotTestable: if there is no room.
    """
    loaded = [storage.load_results(source) for source in sources]
    results = judgement.judge(merging.merge(loaded))
    directory = storage.ResultsDirectory(output)
    results_json = directory.write_results(results)
    drawn = {one: drawing.svg(one) for one in figures.draw(results)}
    with storage.writing(directory.path):
        report = Report(
            results=results,
            results_json=results_json,
            html=directory.path / 'report.html',
            junit=directory.path / 'junit.xml',
            summary=directory.path / 'summary.rst',
            figures=tuple(
                path
                for one, svg in drawn.items()
                for path in drawing.save(one, svg, directory.path / 'figures')
            ),
        )
        report.html.write_text(page.page(results, drawn), encoding='utf-8')
        report.junit.write_bytes(junit.junit(results))
        report.summary.write_text(summary.rst(results), encoding='utf-8')
    return report
