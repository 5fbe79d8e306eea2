# SPDX-License-Identifier: Apache-2.0

"""The report as one HTML page that opens from disk, without a network.

The template holds all words and markup; here results are only arranged for
it. Everything that comes from results is escaped by jinja2.
"""

import collections.abc
import dataclasses
import json
import re
import typing as ty

import jinja2
import markupsafe

from extend_conformance import vocabulary
from extend_conformance.claims import matrix_patch
from extend_conformance.report import damage_map
from extend_conformance.report import drawing
from extend_conformance.report import explained
from extend_conformance.report import grid
from extend_conformance.report import judgement
from extend_conformance.report import overview
from extend_conformance.report import timings
from extend_conformance.results import model
from extend_conformance.results import storage

#: Where a check is explained, relative to the source tree; ``{check}`` is
#: its id.
CHECK_DOCUMENT = 'doc/source/checks/{check}.rst'


#: What was left out, by the heading of its part of the page.
_LEFT_OUT = {
    'Known disagreements': vocabulary.CheckVerdict.KNOWN,
    'Skipped': vocabulary.CheckVerdict.SKIP,
    'Not applicable': vocabulary.CheckVerdict.NOT_APPLICABLE,
}


@dataclasses.dataclass(frozen=True)
class Look:
    """How a verdict of a backend looks, by a class of the style sheet."""

    style: str
    symbol: str


_GOOD = Look('good', '✓')
_BAD = Look('bad', '✗')
_VERDICTS = {
    vocabulary.BackendVerdict.CONFORMS: _GOOD,
    vocabulary.BackendVerdict.REFUSES_HONESTLY: _GOOD,
    vocabulary.BackendVerdict.BETTER_THAN_CLAIMED: _GOOD,
    vocabulary.BackendVerdict.CONTRADICTS_CLAIM: _BAD,
    vocabulary.BackendVerdict.FAILS: _BAD,
    vocabulary.BackendVerdict.UNDECIDED: Look('open', '?'),
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finding:
    """A result of a check, with what the page shows of it.

    :param anchor: its id in the page.
    :param look: the name of its mark.
    """

    anchor: str
    look: str
    mark: grid.Mark
    result: model.CheckResult
    strip: damage_map.Strip | None
    document: str

    @property
    def counts(self) -> bool:
        """Whether it is a failure that is part of the verdict."""
        return self.look == vocabulary.CheckVerdict.FAIL

    @property
    def is_known(self) -> bool:
        """Whether the claims entry names it as a disagreement."""
        return self.result.verdict == vocabulary.CheckVerdict.KNOWN


@dataclasses.dataclass(frozen=True, kw_only=True)
class Picture:
    """A figure as markup."""

    drawing: drawing.Drawing
    svg: markupsafe.Markup


def page(
    results: model.Results,
    drawings: collections.abc.Mapping[drawing.Drawing, str],
) -> str:
    """The whole page.

    :param results: judged.
    :param drawings: what is shown inline, with its SVG; the grid of checks
        is left out, as the page has it as a table with links.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader('extend_conformance.report'),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters.update(
        amount=damage_map.amount,
        details=_details,
        elapsed=timings.seconds,
        size=timings.size,
        time=overview.time,
    )
    findings = _findings(results)
    by_verdict = {
        verdict: [
            one for one in findings.values() if one.result.verdict == verdict
        ]
        for verdict in vocabulary.CheckVerdict
    }
    explanations = explained.explain(
        results,
        {
            one.result.check
            for verdict in (
                vocabulary.CheckVerdict.FAIL,
                vocabulary.CheckVerdict.ABORT,
                vocabulary.CheckVerdict.KNOWN,
            )
            for one in by_verdict[verdict]
        },
    )
    mended = {
        one.volume_type: one.matrix_patch
        for one in results.backends
        if one.matrix_patch is not None
    }
    return environment.get_template('report.html.j2').render(
        results=results,
        run=results.run,
        headline=overview.headline(results),
        declared=overview.declared(results),
        missing=overview.untested(results),
        unlike=judgement.unlike_declared(results),
        lines=overview.lines(results),
        times_note=overview.times_note(results),
        grid=grid.grid(results),
        marks=grid.MARKS,
        verdicts=_VERDICTS,
        mended=mended,
        patches=matrix_patch.joined(mended.values()),
        findings=findings,
        explanations=explanations,
        explained={one.check: one.anchor for one in explanations},
        failures=by_verdict[vocabulary.CheckVerdict.FAIL],
        untested=[
            one
            for one in findings.values()
            if one.result.verdict
            in (
                vocabulary.CheckVerdict.ABORT,
                vocabulary.CheckVerdict.MISSING,
            )
        ],
        left_out={
            heading: by_verdict[verdict]
            for heading, verdict in _LEFT_OUT.items()
            if by_verdict[verdict]
        },
        passed=by_verdict[vocabulary.CheckVerdict.PASS],
        broken={
            backend.volume_type: damage_map.strip(
                backend.measurement.damage, backend.measurement
            )
            for backend in results.backends
            if backend.measurement is not None
        },
        strip_width=damage_map.WIDTH,
        pictures=[
            _picture(one, document)
            for one, document in drawings.items()
            if one.name != 'checks'
        ],
    )


def _findings(
    results: model.Results,
) -> dict[tuple[str, str | None], Finding]:
    measurements = {b.volume_type: b.measurement for b in results.backends}
    return {
        (result.check, result.backend): Finding(
            anchor=f'r{number}',
            look=grid.mark(result),
            mark=grid.MARKS[grid.mark(result)],
            result=result,
            strip=damage_map.strip(
                result.damage, measurements.get(result.backend or '')
            ),
            document=CHECK_DOCUMENT.format(check=result.check),
        )
        for number, result in enumerate(results.checks, 1)
    }


def _details(details: collections.abc.Mapping[str, ty.Any]) -> str:
    """The details of an event in one line."""
    return ', '.join(
        f'{key} = {value}'
        if isinstance(value, str)
        else f'{key} = {json.dumps(value, ensure_ascii=False)}'
        for key, value in storage.as_json(details).items()
    )


def _picture(drawn: drawing.Drawing, document: str) -> Picture:
    """Inline SVG: without prologue, described, as wide as the page allows."""
    text = document[document.index('<svg') :]
    # Not drawn, and a reader of the page's source is better off without.
    text = re.sub(r'<metadata>.*?</metadata>\s*', '', text, flags=re.DOTALL)
    text = re.sub(r'<!--.*?-->\s*', '', text, flags=re.DOTALL)
    label = markupsafe.escape(f'{drawn.title}. {drawn.description}')
    text = text.replace('<svg', f'<svg role="img" aria-label="{label}"', 1)
    # Ids are the same in every figure that matplotlib makes.
    text = re.sub(r'\bid="', f'id="{drawn.name}-', text)
    text = re.sub(r'"#', f'"#{drawn.name}-', text)
    text = text.replace('url(#', f'url(#{drawn.name}-')
    return Picture(drawing=drawn, svg=markupsafe.Markup(text))  # noqa: S704
