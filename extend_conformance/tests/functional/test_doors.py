# SPDX-License-Identifier: Apache-2.0

"""tempest, pytest and certify: the same answers, also at the same time.

What a run leaves when it is killed is found by ``cleanup``, whichever door it
came through.
"""

import collections.abc
import configparser
import contextlib
import dataclasses
import os
import pathlib
import signal
import subprocess
import sys
import time
import typing as ty

import ddt
import fixtures

from extend_conformance import vocabulary
from extend_conformance.cli import sandbox_run
from extend_conformance.cloud import host as hosts
from extend_conformance.cloud import ledger as ledgers
from extend_conformance.report import judgement
from extend_conformance.results import model
from extend_conformance.results import storage
from extend_conformance.tests.functional import base

_PROGRAMS = pathlib.Path(sys.executable).parent

_GOOD = 'good'
_BAD = 'refuses-driver'


class DoorsTestCase(base.SandboxTestCase):
    """Starts runs through any door, in a directory of the test's own."""

    def setUp(self) -> None:
        super().setUp()
        self.work = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def start(self, door: str, *words: str) -> 'subprocess.Popen[str]':
        """Start a program, with its output in a file."""
        log = self.work / f'{door}.log'
        with log.open('a') as output:
            process = subprocess.Popen(
                words,
                cwd=self.work,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        self.addCleanup(self.kill, process)
        return process

    def kill(self, process: 'subprocess.Popen[str]') -> None:
        """Kill a program and all that it started, at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def tempest_conf(self, **options: str) -> pathlib.Path:
        """A copy of the sandbox's tempest.conf with other options."""
        parser = configparser.RawConfigParser(default_section='')
        parser.read(
            pathlib.Path(self.environment['TEMPEST_CONFIG_DIR'])
            / self.environment['TEMPEST_CONFIG']
        )
        for name, value in options.items():
            parser.set('extend_conformance', name, value)
        config = self.work / 'tempest.conf'
        with config.open('w') as stream:
            parser.write(stream)
        return config

    def start_tempest(self, regex: str, **options: str) -> ty.Any:
        """Start ``tempest run`` in one worker."""
        return self.start(
            'tempest',
            *(str(_PROGRAMS / 'tempest'), 'run', '--concurrency', '1'),
            *('--config-file', str(self.tempest_conf(**options))),
            *('--regex', regex),
        )

    def call(self, program: str, *words: str) -> str:
        """Run a program to its end; what it says."""
        return subprocess.run(
            (str(_PROGRAMS / program), *words),
            cwd=self.work,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    def logs(self) -> str:
        """All that the programs have said."""
        return '\n'.join(
            log.read_text(errors='replace') for log in self.work.glob('*.log')
        )

    def entries_of_run(self) -> list[ledgers.Entry]:
        """Everything that the run has entered so far."""
        return [
            entry
            for run in ledgers.Ledger.runs()
            if run.run_id != self.ledger.run_id
            for entry in run.entries
        ]

    def wait_until_it_has_made(
        self, number: int, process: 'subprocess.Popen[str]'
    ) -> None:
        """Wait until the ledger of the run has so many entries."""
        self.wait_until(lambda: len(self.entries_of_run()) >= number, process)

    def wait_until(
        self,
        done: collections.abc.Callable[[], bool],
        process: 'subprocess.Popen[str] | None' = None,
    ) -> None:
        """Wait for something that a program, if named, does before its end."""
        deadline = time.monotonic() + 300
        while not done():
            if process is not None:
                self.assertIsNone(process.poll(), self.logs())
            self.assertLess(time.monotonic(), deadline, self.logs())
            time.sleep(0.02)

    def volumes_of_runs(self) -> list[str]:
        """Volumes that any run has made, in the projects of tempest too."""
        return [
            volume.id
            for volume in self.admin.list_volumes(all_projects=True)
            if ledgers.METADATA_KEY in volume.metadata
        ]


@ddt.ddt
class PlanTest(DoorsTestCase):
    """What is shown as the number of results is what tempest runs."""

    @ddt.data(*vocabulary.Profile)
    def test_sandbox_run_expects_what_tempest_runs(
        self, profile: vocabulary.Profile
    ) -> None:
        types = [_GOOD, _BAD]
        config = self.tempest_conf(
            profile=profile, volume_types=','.join(types)
        )
        self.call('stestr', 'init')
        listed = self.call(
            *('tempest', 'run', '--list-tests'),
            *('--config-file', str(config)),
            *('--regex', '^extend_conformance.tests.tempest.conformance'),
        )
        tests = [
            line
            for line in listed.splitlines()
            if line.startswith('extend_conformance')
        ]
        self.assertEqual(
            len(sandbox_run.plan(profile).work(types)), len(tests), listed
        )


class SameAnswersTest(DoorsTestCase):
    """Three runs at once on one cloud and one host."""

    def test_ids_outcomes_and_verdicts_are_the_same(self) -> None:
        before = self.volume_ids()
        chosen = (
            *('--profile', 'quick', '--own-project'),
            *('--volume-type', _GOOD, '--volume-type', _BAD),
        )
        runs = {
            'certify': self.start(
                'certify',
                *(*base.COMMAND, 'certify', *chosen, '--output', 'certify'),
            ),
            'pytest': self.start(
                'pytest',
                *(sys.executable, '-m', 'pytest', '--pyargs'),
                *('extend_conformance.checks', *chosen),
                *('--output', 'pytest'),
            ),
            'tempest': self.start_tempest(
                '^extend_conformance.*conformance',
                profile='quick',
                volume_types=f'{_GOOD},{_BAD}',
                results_dir=str(self.work / 'tempest'),
            ),
        }

        codes = {door: run.wait(900) for door, run in runs.items()}

        # refuses-driver is promised to work.
        self.assertEqual(
            {'certify': 1, 'pytest': 1, 'tempest': 1}, codes, self.logs()
        )
        found = {
            door: judgement.judge(storage.load_results(self.work / door))
            for door in runs
        }
        said = {door: _said(results) for door, results in found.items()}
        self.assertEqual(said['certify'], said['pytest'])
        self.assertEqual(said['certify'], said['tempest'])
        self.assertEqual(
            {_GOOD: 'conforms', _BAD: 'contradicts-claim', None: 'conforms'},
            {
                one: verdict
                for one, (_, verdict) in said['certify'].backends.items()
            },
        )
        # Nobody has hurt the others, and nothing is left.
        self.assertNotIn(
            'abort', {one.verdict for one in found['pytest'].checks}
        )
        self.must_leave_nothing(before)


@dataclasses.dataclass(frozen=True)
class _Said:
    """What has to be the same, whichever door was used.

    :param checks: level, verdict, cause and outcome by id and backend.
    :param backends: outcome and verdict by volume type; ``None`` is the
        cloud.
    """

    checks: dict[ty.Any, ty.Any]
    backends: dict[str | None, tuple[str | None, str | None]]
    planned: frozenset[tuple[str, str | None]]
    not_planned: frozenset[model.NotPlanned]


def _said(results: model.Results) -> _Said:
    backends: dict[str | None, tuple[str | None, str | None]] = {
        one.volume_type: (one.outcome, one.verdict) for one in results.backends
    }
    backends[None] = (None, results.cloud_verdict)
    return _Said(
        checks={
            (one.check, one.uuid, one.backend): (
                one.level,
                one.verdict,
                one.cause,
                one.outcome,
            )
            for one in results.checks
        },
        backends=backends,
        planned=frozenset(
            (one.check, one.backend) for one in results.run.planned
        ),
        not_planned=frozenset(results.run.not_planned),
    )


class KilledTest(DoorsTestCase):
    """A run that is killed at any point, and ``cleanup`` after it."""

    def must_be_cleaned(self, *options: str) -> None:
        """Clean up, and assert that nothing at all is left."""
        cleaned = self.run_command('cleanup', *options)
        self.assertEqual(0, cleaned.returncode, cleaned.stderr)
        again = self.run_command('cleanup', *options, '-f', 'value')
        self.assertEqual((0, ''), (again.returncode, again.stdout))
        self.assertEqual([], self.entries_of_run())
        self.assertEqual([], self.volumes_of_runs())
        self.must_leave_nothing(self.volume_ids())

    def test_certify_at_several_points(self) -> None:
        # With its first volume, with an attachment, and on a second volume.
        for number in (1, 3, 6):
            process = self.start(
                'certify',
                *(*base.COMMAND, 'certify', '--profile', 'quick'),
                *('--volume-type', _GOOD, '--output', f'killed-{number}'),
            )
            self.wait_until_it_has_made(number, process)
            self.kill(process)

            self.must_be_cleaned()

    def test_worker_of_tempest(self) -> None:
        process = self.start_tempest(
            '^extend_conformance.*Backend_good[.]', profile='quick'
        )
        # An attachment is there, in a project that tempest has made.
        self.wait_until_it_has_made(3, process)
        self.kill(process)

        self.must_be_cleaned('--all-projects')


class TerminatedTest(DoorsTestCase):
    """A run that a supervisor ends removes what it made by itself."""

    def kinds_made(self) -> set[str]:
        """Kinds of what the run makes, or has made and not yet removed."""
        return {
            entry.kind for entry in self.entries_of_run() if not entry.gone
        }

    def must_remove_what_it_made(
        self, process: 'subprocess.Popen[str]'
    ) -> None:
        """Terminate the run, and assert that nothing at all is left."""
        self.wait_until(lambda: hosts.KIND in self.kinds_made(), process)

        os.killpg(process.pid, signal.SIGTERM)

        process.wait(120)
        # tempest does not wait for its workers.
        self.wait_until(lambda: not self.kinds_made())
        self.assertEqual([], self.volumes_of_runs())
        self.must_leave_nothing(self.volume_ids())

    def test_pytest(self) -> None:
        process = self.start(
            'pytest',
            *(sys.executable, '-m', 'pytest', '--pyargs'),
            *('extend_conformance.checks', '--profile', 'quick'),
            *('--volume-type', _GOOD, '--output', 'pytest'),
        )

        self.must_remove_what_it_made(process)

        self.assertEqual(2, process.returncode)
        self.assertIn('KeyboardInterrupt', self.logs())

    def test_worker_of_tempest(self) -> None:
        process = self.start_tempest(
            '^extend_conformance.*Backend_good[.]', profile='quick'
        )

        self.must_remove_what_it_made(process)
