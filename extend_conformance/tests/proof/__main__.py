# SPDX-License-Identifier: Apache-2.0

"""The proof: every defect of the table on one sandbox, and what finds it.

``python -m extend_conformance.tests.proof``. Exits with 0 if every check
said what the table wants, 1 if not, 3 if there is no sandbox, 130 if it was
interrupted. The sandbox is gone in the end, whatever happened.
"""

import argparse
import collections.abc
import concurrent.futures
import contextlib
import dataclasses
import difflib
import json
import multiprocessing
import pathlib
import signal
import sys
import time

import rich.console
import rich.progress
import rich.table

from extend_conformance import exceptions
from extend_conformance import interrupts
from extend_conformance.cli import sandbox_start
from extend_conformance.cloud import ledger as ledgers
from extend_conformance.runs import run
from extend_conformance.sandbox import lifecycle
from extend_conformance.sandbox import state
from extend_conformance.tests.proof import proving
from extend_conformance.tests.proof import table

#: Two for each processor of a small machine keep these busy while checks wait
#: for their storage.
_WORKERS = 4


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='python -m extend_conformance.tests.proof',
        description='Try every defect of the table on a sandbox, and the '
        'whole profile "standard" on good backends.',
    )
    parser.add_argument(
        '--only',
        metavar='NAME',
        action='append',
        default=[],
        help='a row of the table, or a good backend; may be repeated',
    )
    parser.add_argument(
        '--part',
        action='store_true',
        help='a fixed small part of the table, in two minutes',
    )
    parser.add_argument(
        '--workers',
        metavar='N',
        type=int,
        default=_WORKERS,
        help='rows to try at the same time (default: %(default)s)',
    )
    parser.add_argument(
        '--output',
        metavar='DIR',
        type=pathlib.Path,
        help='where results, proof.json and the logs of the sandbox go '
        '(default: extend-conformance-results/proof-<run id>)',
    )
    return parser


def _chosen(
    only: collections.abc.Collection[str], part: bool
) -> list[proving.Task]:
    """The tasks, the longest first, so that no worker is alone in the end."""
    good = [] if part else [proving.of_good(name) for name in table.GOOD]
    names = {task.name for task in good}
    rows = [
        proving.of_row(row)
        for row in table.ROWS
        if row.name not in names and (not part or row.name in table.PART)
    ]
    known = {task.name: task for task in (*good, *rows)}
    for name in only:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise exceptions.UsageError(
                f'The table has no row {name!r}',
                next_step=(
                    f'Did you mean {near[0]!r}?'
                    if near
                    else f'There are: {", ".join(known)}.'
                ),
            )
    return [known[name] for name in only] if only else list(known.values())


class _Proof:
    """One run of the proof on one sandbox."""

    def __init__(
        self,
        tasks: collections.abc.Sequence[proving.Task],
        output: pathlib.Path,
        workers: int,
        console: rich.console.Console,
    ) -> None:
        self._tasks = tasks
        self._output = output
        self._workers = workers
        self._console = console
        self._root = output / 'sandbox'

    def run(self) -> list[proving.Done]:
        """Start the sandbox, do all tasks, take the sandbox down."""
        backends = dict.fromkeys(task.backend for task in self._tasks)
        sandbox_start.start(self._root, names=tuple(backends), confs=())
        self._console.print(f'The sandbox is up with {len(backends)} backends')
        try:
            return self._do()
        finally:
            with _undisturbed():
                for child in multiprocessing.active_children():
                    # Whoever is still at work was interrupted.
                    child.kill()
                    child.join()
                lifecycle.down(self._root)

    def _do(self) -> list[proving.Done]:
        paths = state.Paths(self._root.resolve())
        done: list[proving.Done] = []
        pool = concurrent.futures.ProcessPoolExecutor(
            self._workers,
            # Threads of rich do not survive a fork.
            mp_context=multiprocessing.get_context('spawn'),
            initializer=proving.prepare,
            initargs=(paths, self._output),
        )
        with self._progress() as bar:
            shown = bar.add_task('', total=sum(map(_size, self._tasks)))

            def take(
                future: 'concurrent.futures.Future[proving.Done]',
            ) -> None:
                one = future.result()
                done.append(one)
                bar.update(shown, advance=len(one.got), description=one.name)
                self._console.print(
                    f'{len(done)}/{len(self._tasks)} {one.name}: '
                    f'{"as wanted" if one.is_right else "WRONG"}, '
                    f'{one.elapsed_s:.0f} s',
                    highlight=False,
                )

            def give(
                task: proving.Task,
            ) -> 'concurrent.futures.Future[proving.Done]':
                return pool.submit(
                    proving.prove, task, paths, self._output / task.name
                )

            given = [give(task) for task in self._tasks]
            for future in concurrent.futures.as_completed(given):
                take(future)
        pool.shutdown()
        return done

    def _progress(self) -> rich.progress.Progress:
        return rich.progress.Progress(
            rich.progress.SpinnerColumn(),
            rich.progress.BarColumn(),
            rich.progress.MofNCompleteColumn(),
            rich.progress.TimeElapsedColumn(),
            rich.progress.TextColumn('{task.description}'),
            console=self._console,
            disable=not self._console.is_terminal,
            transient=True,
        )


def _size(task: proving.Task) -> int:
    return len(task.wanted)


@contextlib.contextmanager
def _undisturbed() -> collections.abc.Iterator[None]:
    """Let no second interrupt leave a sandbox behind."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _show(
    done: collections.abc.Iterable[proving.Done],
    console: rich.console.Console,
) -> None:
    shown = rich.table.Table(box=None, pad_edge=False)
    for heading in ('defect', 'check', 'wanted', 'got', '', 's'):
        shown.add_column(heading)
    for one in done:
        for each in one.got:
            shown.add_row(
                one.name,
                each.check,
                each.wanted,
                each.got,
                '' if each.is_right else 'WRONG',
                f'{each.elapsed_s:.1f}',
            )
    console.print(shown)
    for one in done:
        for problem in one.problems:
            console.print(
                f'\n{one.name}: {problem}',
                highlight=False,
                markup=False,
                soft_wrap=True,
            )
        for each in one.got:
            if not each.is_right:
                console.print(
                    f'\n{one.name}, {each.check}: wanted {each.wanted}, got '
                    f'{each.got}. {each.reason}',
                    highlight=False,
                    markup=False,
                    soft_wrap=True,
                )


def _write(
    path: pathlib.Path,
    done: collections.abc.Iterable[proving.Done],
    elapsed_s: float,
) -> None:
    rows = [
        {**dataclasses.asdict(one), 'is_right': one.is_right} for one in done
    ]
    content = {'elapsed_s': round(elapsed_s, 1), 'rows': rows}
    path.write_text(json.dumps(content, indent=1) + '\n', encoding='utf-8')


def main(argv: collections.abc.Sequence[str] | None = None) -> int:
    """Run the proof; return an exit code of ours."""
    parsed_args = _parser().parse_args(argv)
    console = rich.console.Console()
    begun_s = time.monotonic()
    try:
        with interrupts.like_ctrl_c():
            tasks = _chosen(parsed_args.only, parsed_args.part)
            output = run.output_directory(
                parsed_args.output, f'proof-{ledgers.new_run_id()}'
            )
            output = output.resolve()
            output.mkdir(parents=True, exist_ok=True)
            done = _Proof(tasks, output, parsed_args.workers, console).run()
    except KeyboardInterrupt:
        console.print('interrupted')
        return exceptions.ExitCode.INTERRUPTED
    except exceptions.ExtendConformanceError as error:
        console.print(str(error), soft_wrap=True)
        return error.exit_code
    elapsed_s = time.monotonic() - begun_s
    order = {task.name: place for place, task in enumerate(tasks)}
    done.sort(key=lambda one: order[one.name])
    _show(done, console)
    _write(output / 'proof.json', done, elapsed_s)
    wrong = [one.name for one in done if not one.is_right]
    verdicts = sum(len(one.got) for one in done)
    console.print(
        f'\n{len(done)} rows, {verdicts} verdicts, {len(wrong)} rows wrong, '
        f'{elapsed_s:.0f} s: {output / "proof.json"}',
        highlight=False,
        soft_wrap=True,
    )
    return (
        exceptions.ExitCode.FAILED
        if wrong
        else exceptions.ExitCode.AS_EXPECTED
    )


if __name__ == '__main__':
    sys.exit(main())
