# SPDX-License-Identifier: Apache-2.0

"""The overview as a table: in a terminal, and as reStructuredText."""

import io
import re

import rich.box
import rich.console
import rich.table
import rich.text

from extend_conformance import vocabulary
from extend_conformance.report import overview
from extend_conformance.results import model

#: Below this width promise and measurement share a column, and so do the
#: verdict and the one that it must be.
_WIDE = 118

_STYLES: dict[str, str] = {
    vocabulary.BackendVerdict.CONFORMS: 'green',
    vocabulary.BackendVerdict.REFUSES_HONESTLY: 'green',
    vocabulary.BackendVerdict.BETTER_THAN_CLAIMED: 'green',
    vocabulary.BackendVerdict.CONTRADICTS_CLAIM: 'bold red',
    vocabulary.BackendVerdict.FAILS: 'bold red',
    vocabulary.BackendVerdict.UNDECIDED: 'yellow',
}


def show(results: model.Results, out: rich.console.Console) -> None:
    """Print the overview of judged results.

    :param out: its width decides the form of the table; without a terminal
        behind it there are no colours.
    """
    out.print(_table(results, out))
    out.print()
    for line in _notes(results):
        if line:
            out.print(rich.text.Text(line))


def rst(results: model.Results) -> str:
    """The overview as a document in reStructuredText."""
    run = results.run
    title = f'Results of run {_escaped(run.id)}'
    parts = [
        title,
        '=' * len(title),
        '',
        *(_escaped(line) for line in _notes(results)[:-1]),
        '',
        _rst_table(results),
        _escaped(overview.times_note(results)),
        '',
        f'Profile {_escaped(run.profile)}, cloud {_escaped(run.cloud)}, '
        f'{_escaped(run.started_at)}, '
        f'extend-conformance {_escaped(run.tool_version)}.',
        '',
    ]
    return '\n'.join(parts)


def _notes(results: model.Results) -> list[str]:
    """What stands below the table; that of the times comes last."""
    return [
        line
        for line in (
            overview.headline(results),
            overview.declared(results),
            *overview.corrections(results),
            *overview.untested(results),
            overview.host(results),
        )
        if line
    ] + [overview.times_note(results)]


def _table(
    results: model.Results, out: rich.console.Console
) -> rich.table.Table:
    shown = overview.lines(results)
    wide = out.width >= _WIDE
    must_get = any(line.must_get for line in shown)
    timed = any(line.attached or line.detached for line in shown)
    form = rich.table.Table(
        box=None,
        header_style='bold' if out.is_terminal else '',
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    form.add_column('backend', overflow='fold')
    if wide:
        headings = ['promised', 'measured', 'verdict']
        headings += ['must get'] if must_get else []
        times = ['attached', 'detached']
    else:
        headings = ['promised\nmeasured']
        headings += ['verdict\nmust get'] if must_get else ['verdict']
        times = ['time\nattached', 'time\ndetached']
    for heading in headings:
        form.add_column(heading, no_wrap=True)
    for heading in times if timed else ():
        form.add_column(heading, justify='right', no_wrap=True)
    for line in shown:
        name = line.backend.volume_type
        if line.backend.simulated is not None:
            name += '\n(simulated)'
        verdict = rich.text.Text(line.verdict)
        if out.is_terminal:
            verdict.stylize(_STYLES.get(line.verdict, ''))
        if wide:
            facts = [
                rich.text.Text(_promised(line)),
                rich.text.Text(line.measured),
                verdict,
            ]
            facts += [rich.text.Text(line.must_get)] if must_get else []
        else:
            facts = [
                rich.text.Text(f'{line.promised}\n{line.measured}'),
                verdict,
            ]
            if must_get:
                verdict.append(f'\n{line.must_get}', style='not bold default')
        if timed:
            facts += [
                rich.text.Text(overview.time(line.attached)),
                rich.text.Text(overview.time(line.detached)),
            ]
        form.add_row(rich.text.Text(name), *facts)
    return form


def _promised(line: overview.Line) -> str:
    return f'{line.promised} ({line.promised_by})' if line.promised else ''


def _rst_table(results: model.Results) -> str:
    """A grid table, whose form rich happens to have among its boxes."""
    shown = overview.lines(results)
    columns = {
        'Backend': [
            _escaped(line.backend.volume_type)
            + (' (simulated)' if line.backend.simulated is not None else '')
            for line in shown
        ],
        'Promised': [_promised(line) for line in shown],
        'Measured': [line.measured for line in shown],
        'Verdict': [line.verdict for line in shown],
        'Must get': [line.must_get for line in shown],
        'Attached': [overview.time(line.attached) for line in shown],
        'Detached': [overview.time(line.detached) for line in shown],
    }
    form = rich.table.Table(box=rich.box.ASCII_DOUBLE_HEAD, show_lines=True)
    filled = [heading for heading, cells in columns.items() if any(cells)]
    for heading in filled:
        form.add_column(heading, no_wrap=True)
    for cells in zip(*(columns[heading] for heading in filled), strict=True):
        form.add_row(*map(rich.text.Text, cells))
    out = rich.console.Console(
        file=io.StringIO(), width=10_000, color_system=None, markup=False
    )
    with out.capture() as captured:
        out.print(form)
    return captured.get()


def _escaped(words: str) -> str:
    """Without anything that reStructuredText would take for markup."""
    return re.sub(r'([\\*`_|<>\[\]])', r'\\\1', ' '.join(words.split()))
