# SPDX-License-Identifier: Apache-2.0

"""The command ``sandbox run``: up, ``tempest run``, report, down.

The one place that joins the floors: the sandbox's backends declare which
verdict they must get, tempest finds out which they do get.
"""

import argparse
import collections.abc
import contextlib
import dataclasses
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse

from cliff import command

from extend_conformance import config
from extend_conformance import exceptions
from extend_conformance import vocabulary
from extend_conformance.bench import cells
from extend_conformance.cli import examples
from extend_conformance.cli import sandbox_start
from extend_conformance.cli import terminal
from extend_conformance.cloud import ledger as ledgers
from extend_conformance.report import build
from extend_conformance.report import judgement
from extend_conformance.report import summary
from extend_conformance.results import model
from extend_conformance.results import storage
from extend_conformance.runs import arguments
from extend_conformance.runs import profiles
from extend_conformance.runs import run
from extend_conformance.sandbox import backends as sandbox_backends
from extend_conformance.sandbox import declared
from extend_conformance.sandbox import environment
from extend_conformance.sandbox import lifecycle
from extend_conformance.sandbox import state

#: Images of the small sweep; the last one needs an extend.
_SWEEP = ('64MiB', '256MiB', '1088MiB')
_GRACE_S = 10
_TESTS = 'extend_conformance.tests.tempest.'


class Run(command.Command):
    """Try the whole product on an embedded cloud.

    Starts the cloud with good and bad backends, lets tempest run this
    plugin, builds the report and takes everything down. Exits with 0 if
    every backend got the verdict that it declares.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Describe the arguments."""
        parser = super().get_parser(prog_name)
        sandbox_start.add_state_dir(parser)
        sandbox_start.add_backends(parser)
        arguments.add_run(parser, profile=vocabulary.Profile.QUICK)
        parser.add_argument(
            '--workers',
            metavar='N',
            type=int,
            default=3,
            help='backends to test at the same time; more than there are '
            'processors keep these busy while others wait for their storage '
            '(default: %(default)s)',
        )
        parser.add_argument(
            '--no-benchmark',
            action='store_true',
            help='leave out the small sweep of image sizes',
        )
        return examples.with_example(
            parser,
            'extend-conformance sandbox run --profile quick --backend good',
        )

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Do it all, and leave only the report and the logs."""
        begun_s = time.monotonic()
        console = terminal.out(self.app.stdout)
        chosen = sandbox_backends.select(
            parsed_args.backend, parsed_args.backend_conf
        )
        sweep = () if parsed_args.no_benchmark else _sweep(chosen)
        run_id = ledgers.new_run_id()
        console.print(f'Run {run_id}')
        output = _output(parsed_args.output, run_id)
        record = sandbox_start.start(
            parsed_args.state_dir,
            names=parsed_args.backend,
            confs=parsed_args.backend_conf,
            plugin={
                'profile': parsed_args.profile,
                'results_dir': str(output),
                'run_benchmark': str(bool(sweep)).lower(),
                'benchmark_volume_types': ','.join(
                    dict.fromkeys(cell.backend for cell in sweep)
                ),
                'benchmark_image_sizes': ','.join(_SWEEP),
            },
        )
        try:
            console.print(
                f'The sandbox is up after {time.monotonic() - begun_s:.1f} s '
                f'with {len(chosen)} backends.'
            )
            work = plan(parsed_args.profile).work([one.name for one in chosen])
            _Tempest(
                state.Paths(parsed_args.state_dir.resolve()),
                output,
                run_id,
                len(work) + len(sweep),
            ).run(parsed_args.workers)
            _declare(output, record.chosen)
            report = build.build([output], output)
        finally:
            lifecycle.down(parsed_args.state_dir)
        console.print()
        summary.show(report.results, console)
        console.print(f'\nReport: {report.html}', soft_wrap=True)
        console.print(f'Took {time.monotonic() - begun_s:.0f} s.')
        return _exit_code(report.results)


def plan(profile: str) -> profiles.Plan:
    """What tempest plans on a sandbox, which has all that checks need."""
    return profiles.make_plan(profile, frozenset(vocabulary.Need))


def _sweep(
    chosen: collections.abc.Iterable[declared.Backend],
) -> tuple[cells.Cell, ...]:
    """What to time: backends that work, the simulated ones among them."""
    works = vocabulary.Outcome.SUPPORTED
    return cells.grid(
        [
            one.name
            for one in chosen
            # Some defects show only after a first extend that works.
            if one.defect is None and works in one.outcomes
        ],
        vocabulary.Mode,
        [False],
        [cells.parse_size(text) for text in _SWEEP],
    )


def _output(wanted: pathlib.Path | None, run_id: str) -> pathlib.Path:
    output = run.output_directory(wanted, run_id).resolve()
    if (output / 'results').exists():
        raise exceptions.UsageError(
            'There are results already',
            resource=str(output),
            next_step='Name another directory with --output.',
        )
    output.mkdir(parents=True, exist_ok=True)
    return output


class _Tempest:
    """Runs tests of the plugin and shows how far they are.

    :param total: how many results are expected of all runs together.
    """

    def __init__(
        self, paths: state.Paths, output: pathlib.Path, run_id: str, total: int
    ) -> None:
        self._config = paths.tempest_conf
        self._environment = {
            **os.environ,
            **environment.variables(paths),
            config.RUN_ID_VARIABLE: run_id,
        }
        self._output = output
        self._results = output / 'results'
        self._total = total
        self._seen: set[str] = set()

    def run(self, workers: int) -> None:
        """Run the classes of the plugin.

        Timings have a worker of their own: their classes wait until nothing
        else runs, and would keep checks waiting behind them.

        Whether tests pass is for the verdicts to say: bad backends have to
        fail.

        :raises WorkFailed: tempest ended without any result.
        """
        workspace = self._output / 'tempest'
        workspace.mkdir(parents=True)
        workers_file = workspace / 'workers.yaml'
        workers_file.write_text(
            f'- worker:\n  - {_TESTS}conformance\n  concurrency: {workers}\n'
            f'- worker:\n  - {_TESTS}benchmark\n',
            encoding='utf-8',
        )
        log = self._output / 'logs' / 'tempest-run.log'
        log.parent.mkdir(exist_ok=True)
        tempest = pathlib.Path(sys.executable).with_name('tempest')
        with (
            log.open('w', encoding='utf-8') as stream,
            # stestr leaves its lists of tests if it is killed.
            tempfile.TemporaryDirectory() as temporary,
        ):
            process = subprocess.Popen(
                [
                    str(tempest),
                    'run',
                    '--config-file',
                    str(self._config),
                    '--regex',
                    f'^{_TESTS}',
                    '--worker-file',
                    str(workers_file),
                ],
                cwd=workspace,
                env={**self._environment, 'TMPDIR': temporary},
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                self._follow(process)
            finally:
                _end(process)
        if not (self._results / 'run.json').exists():
            raise exceptions.WorkFailed(
                'tempest ended without a result',
                last=f'exit status {process.returncode}',
                next_step=f'Read {log}.',
            )

    def _follow(self, process: subprocess.Popen[bytes]) -> None:
        """Show results as they come: a bar on a terminal, else a line each."""
        console = terminal.err()
        with terminal.counted(console, transient=True) as bar:
            task = bar.add_task(
                'starting', total=self._total, completed=len(self._seen)
            )
            while True:
                running = process.poll() is None
                for name in _new_results(self._results, self._seen):
                    bar.update(task, advance=1, description=name)
                    if not console.is_terminal:
                        console.print(
                            f'{len(self._seen)}/{self._total} {name}'
                        )
                if not running:
                    return
                time.sleep(0.5)


def _new_results(
    results: pathlib.Path, seen: set[str]
) -> collections.abc.Iterator[str]:
    for kind in ('check', 'sample'):
        for path in sorted(results.glob(f'{kind}.*.json')):
            if path.name not in seen:
                seen.add(path.name)
                name = path.name.removeprefix(f'{kind}.')
                yield urllib.parse.unquote(
                    name.removesuffix('.json').replace('@', ' of ')
                )


def _end(process: subprocess.Popen[bytes]) -> None:
    """End tempest with its workers, if an interrupt left it running."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_S)


def _declare(
    output: pathlib.Path,
    chosen: collections.abc.Iterable[declared.Backend],
) -> None:
    """Add to the results which verdict each backend must get."""
    results = storage.ResultsDirectory(output)
    for one in chosen:
        if one.verdict is None:
            continue
        backend = results.read_backend(one.name) or model.Backend(
            volume_type=one.name
        )
        results.write_backend(
            dataclasses.replace(backend, must_get=one.verdict)
        )


def _exit_code(results: model.Results) -> exceptions.ExitCode:
    """0 if the cloud conforms and every backend got what it declares.

    A backend of ``--backend-conf`` declares nothing; its verdict counts as
    in every other run.
    """
    if judgement.unlike_declared(results):
        return exceptions.ExitCode.FAILED
    declared = {
        one.volume_type for one in results.backends if one.must_get is not None
    }
    undeclared = dataclasses.replace(
        results,
        backends=tuple(
            one for one in results.backends if one.volume_type not in declared
        ),
    )
    return judgement.exit_code(undeclared)
