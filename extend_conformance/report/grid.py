# SPDX-License-Identifier: Apache-2.0

"""Backends against checks, as rows and columns that other files draw.

The picture of it is here too; the HTML page shows the same grid as a table
with links.
"""

import collections
import collections.abc
import dataclasses
import typing as ty

from matplotlib import patches

from extend_conformance import vocabulary
from extend_conformance.report import drawing
from extend_conformance.report import judgement
from extend_conformance.results import model

#: Between the subjects of checks, in rows.
_GAP = 0.2


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mark:
    """How a verdict of a check looks: a symbol first, a colour second."""

    symbol: str
    word: str
    ink: str
    ground: str


#: A failure that is no part of the verdict.
_MINOR = 'minor'

#: By verdict, in the order of the legend.
MARKS = {
    vocabulary.CheckVerdict.PASS: Mark(
        symbol='✓', word='pass', ink='#0b4f7a', ground='#e2eef6'
    ),
    vocabulary.CheckVerdict.FAIL: Mark(
        symbol='✗', word='fail', ink='#ffffff', ground='#b3361b'
    ),
    _MINOR: Mark(
        symbol='✗',
        word='fail that does not count',
        ink='#b3361b',
        ground='#fbeae5',
    ),
    vocabulary.CheckVerdict.ABORT: Mark(
        symbol='!', word='abort', ink='#3d2c00', ground='#f2c14e'
    ),
    vocabulary.CheckVerdict.MISSING: Mark(
        symbol='?', word='missing', ink='#3d2c00', ground='#f8e3ad'
    ),
    vocabulary.CheckVerdict.SKIP: Mark(
        symbol='–',  # noqa: RUF001
        word='skip',
        ink='#6b6b6b',
        ground='#f0f0f0',
    ),
    vocabulary.CheckVerdict.NOT_APPLICABLE: Mark(
        symbol='○', word='not applicable', ink='#a8a8a8', ground='#ffffff'
    ),
    vocabulary.CheckVerdict.KNOWN: Mark(
        symbol='≈', word='known', ink='#0b4f7a', ground='#f3eecb'
    ),
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """A check, with its result for each column that has one."""

    check: str
    level: str
    subject: str
    results: collections.abc.Mapping[str | None, model.CheckResult]

    @property
    def is_must(self) -> bool:
        """Whether it is part of the verdict, whatever it finds."""
        return self.level == vocabulary.Level.MUST

    @property
    def label(self) -> str:
        """The check; its level too unless it is a must."""
        return self.check if self.is_must else f'{self.check} ({self.level})'


@dataclasses.dataclass(frozen=True, kw_only=True)
class Grid:
    """All results. A column is a volume type; ``None`` is the cloud."""

    columns: tuple[str | None, ...]
    rows: tuple[Row, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many results have each mark, in the order of ``MARKS``."""
        found = collections.Counter(
            mark(result)
            for row in self.rows
            for result in row.results.values()
        )
        return {name: found[name] for name in MARKS if found[name]}


def mark(result: model.CheckResult) -> str:
    """The name in ``MARKS`` of how a result looks."""
    failed = result.verdict == vocabulary.CheckVerdict.FAIL
    if failed and not judgement.counted_failure(result):
        return _MINOR
    return result.verdict


def grid(results: model.Results) -> Grid:
    """Arrange results; checks of one subject (``host-``, ...) together."""
    by_check: dict[str, list[model.CheckResult]] = {}
    for result in results.checks:
        by_check.setdefault(result.check, []).append(result)
    rows = [
        Row(
            check=check,
            level=found[0].level,
            subject=check.partition('-')[0],
            results={result.backend: result for result in found},
        )
        for check, found in by_check.items()
    ]
    subjects = list(dict.fromkeys(row.subject for row in rows))
    rows.sort(key=lambda row: subjects.index(row.subject))
    named = {result.backend for result in results.checks}
    columns: list[str | None] = [None] if None in named else []
    columns += [
        backend.volume_type
        for backend in results.backends
        if backend.volume_type in named
    ]
    return Grid(columns=tuple(columns), rows=tuple(rows))


def checks(results: model.Results) -> drawing.Drawing | None:
    """Draw the grid.

    :returns: ``None`` if there is no result of a check.
    """
    shown = grid(results)
    if not shown.rows:
        return None
    verdicts = {b.volume_type: b.verdict for b in results.backends}
    verdicts[vocabulary.Scope.CLOUD] = results.cloud_verdict
    declared = drawing.simulated(results)
    step = 0.31
    names = [column or vocabulary.Scope.CLOUD for column in shown.columns]
    heads = [
        f'{name} (simulated)' if name in declared else name for name in names
    ]
    above = 0.2 + max(drawing.inches(head, 8.5) for head in heads)
    below = 0.1 + max(
        drawing.inches(verdicts.get(name) or '', 7.5, bold=True)
        for name in names
    )
    left = 0.2 + max(drawing.inches(row.label, 8.5) for row in shown.rows)
    groups = len({row.subject for row in shown.rows})
    tall = step * (len(shown.rows) + _GAP * (groups - 1))
    wide = step * len(names)
    height = above + tall + below + 0.75
    legend = _legend_words(shown.counts)
    width = max(
        drawing.WIDTH_IN * 0.8,
        left + wide + 0.4,
        0.2 + sum(_legend_inches(words) for words in legend.values()),
    )
    sheet = drawing.sheet(height, width)
    panel = sheet.add_axes(
        (
            left / width,
            (below + 0.6) / height,
            wide / width,
            tall / height,
        )
    )
    panel.set_xlim(0, len(names))
    panel.set_ylim(tall / step, 0)
    panel.set_axis_off()
    place = 0.0
    for previous, row in zip((None, *shown.rows), shown.rows, strict=False):
        if previous is not None and previous.subject != row.subject:
            place += _GAP
        _row(panel, place, row, shown.columns)
        place += 1
    for index, (name, head) in enumerate(zip(names, heads, strict=True)):
        panel.text(
            index + 0.5,
            -0.25,
            head,
            rotation=90,
            ha='center',
            va='bottom',
            fontweight='normal',
        )
        verdict = verdicts.get(name) or ''
        bad = verdict in (
            vocabulary.BackendVerdict.FAILS,
            vocabulary.BackendVerdict.CONTRADICTS_CLAIM,
        )
        panel.text(
            index + 0.5,
            tall / step + 0.3,
            verdict,
            rotation=90,
            ha='center',
            va='top',
            fontsize=7.5,
            fontweight='bold' if bad else 'normal',
            color=MARKS[vocabulary.CheckVerdict.FAIL].ground
            if bad
            else drawing.INK,
        )
    panel.text(
        -0.3,
        tall / step + 0.3,
        'verdict',
        ha='right',
        va='top',
        fontsize=7.5,
        color=drawing.QUIET,
    )
    _legend(sheet, legend)
    number = sum(shown.counts.values())
    drawing.footer(sheet, results.run, f'n = {number} results, one of each')
    return drawing.Drawing(
        name='checks',
        title='Backends and checks',
        caption='What each check said of each backend. Checks that are '
        'part of the verdict are printed dark, the others are marked should '
        'or info.',
        description='; '.join(
            f'{MARKS[name].word}: {number}'
            for name, number in shown.counts.items()
        ),
        figure=sheet,
    )


def _row(
    panel: ty.Any,
    place: float,
    row: Row,
    columns: collections.abc.Sequence[str | None],
) -> None:
    panel.text(
        -0.3,
        place + 0.5,
        row.label,
        ha='right',
        va='center',
        color=drawing.INK if row.is_must else drawing.QUIET,
    )
    for index, column in enumerate(columns):
        result = row.results.get(column)
        if result is None:
            continue
        look = MARKS[mark(result)]
        panel.add_patch(
            patches.Rectangle(
                (index + 0.04, place + 0.04),
                0.92,
                0.92,
                facecolor=look.ground,
                edgecolor='none',
            )
        )
        panel.text(
            index + 0.5,
            place + 0.52,
            look.symbol,
            ha='center',
            va='center',
            color=look.ink,
            fontsize=7 if look.symbol == '○' else 10,
            gid=f'{row.check}@{column or vocabulary.Scope.CLOUD}',
        )


def _legend_words(
    counts: collections.abc.Mapping[str, int],
) -> dict[str, str]:
    return {
        name: f'{MARKS[name].word} {number}' for name, number in counts.items()
    }


def _legend_inches(words: str) -> float:
    return 0.45 + drawing.inches(words, 7.5)


def _legend(sheet: ty.Any, legend: collections.abc.Mapping[str, str]) -> None:
    height = sheet.get_figheight()
    width = sheet.get_figwidth()
    place = 0.1
    for name, words in legend.items():
        look = MARKS[name]
        sheet.text(
            (place + 0.09) / width,
            0.36 / height,
            look.symbol,
            ha='center',
            va='center',
            fontsize=9,
            color=look.ink,
            bbox={
                'facecolor': look.ground,
                'edgecolor': drawing.HAIRLINE,
                'linewidth': 0.5,
                'boxstyle': 'square,pad=0.2',
            },
        )
        sheet.text(
            (place + 0.25) / width,
            0.36 / height,
            words,
            va='center',
            fontsize=7.5,
            color=drawing.INK,
        )
        place += _legend_inches(words)
