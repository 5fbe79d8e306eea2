# SPDX-License-Identifier: Apache-2.0

"""Ctrl-C while things are taken away: once it waits, twice it names them.

The fault plane keeps a deletion until the signals have come.
"""

import collections.abc
import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import typing as ty

import fixtures

from extend_conformance import exceptions
from extend_conformance import interrupts
from extend_conformance.sandbox import fault_rules
from extend_conformance.sandbox import state
from extend_conformance.tests.functional import base

_VOLUME = '/volumes/'
_ATTACHMENT = '/attachments/'

#: More than it takes to send a signal, on a machine that is busy.
_SHORT_S = 5.0

#: Nobody waits for this one, and the request is carried out at its end.
_LONG_S = 60.0

_KILLED = """
import os, signal
from extend_conformance.cloud import block_storage, connection, ledger
from extend_conformance.cloud import resources
member = block_storage.BlockStorage(connection.from_cloud('sandbox'))
owned = resources.Resources(member, ledger.Ledger.start())
for name in 'last', 'first':
    print(owned.create_volume(1, 'good', name=name).id)
os.kill(os.getpid(), signal.SIGKILL)
"""

_CERTIFY = (
    *(*base.COMMAND, 'certify', '--profile', 'quick'),
    *('--volume-type', 'good', '--output', 'certify'),
)


class InterruptedCleanUpTestCase(base.SandboxTestCase):
    """Starts programs, and interrupts them while they delete something."""

    def setUp(self) -> None:
        super().setUp()
        self.before = self.all_volumes()
        root = pathlib.Path(base.sandbox_directory()).resolve()
        self.rules = fault_rules.RuleStore(state.Paths(root))
        self.addCleanup(self.rules.clear)
        self.work = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def all_volumes(self) -> set[str]:
        """Those in projects of tempest's own too."""
        found = self.admin.list_volumes(all_projects=True)
        return {each.id for each in found}

    def keep(self, path: str, seconds: float, nth: int = 1) -> None:
        """Let a deletion take long, unless another one before it does."""
        self.rule = self.rules.add(
            fault_rules.Rule(
                service='cinder',
                action=fault_rules.Delay(seconds),
                method='DELETE',
                path=path,
                nth=nth,
                count=1,
            )
        )
        self.nth = nth

    def start(
        self, *words: str, stdin: int | ty.IO[bytes] = subprocess.DEVNULL
    ) -> 'subprocess.Popen[bytes]':
        """Start a program, with all that it says in files."""
        with self._stream('out') as out, self._stream('err') as err:
            process = subprocess.Popen(
                words,
                cwd=self.work,
                env={**os.environ, **self.environment},
                stdin=stdin,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        self.addCleanup(self.kill, process)
        return process

    def kill(self, process: 'subprocess.Popen[bytes]') -> None:
        """Kill a program and all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def _stream(self, name: str) -> ty.IO[bytes]:
        return (self.work / name).open('wb')

    def said(self, name: str = 'err') -> str:
        return (self.work / name).read_text()

    def wait_until(self, done: collections.abc.Callable[[], bool]) -> None:
        deadline = time.monotonic() + 300
        while not done():
            self.assertLess(time.monotonic(), deadline, self.said())
            time.sleep(0.02)

    def wait_until_kept(self, process: 'subprocess.Popen[bytes]') -> None:
        """Wait until the deletion is under way that takes long."""

        def is_kept() -> bool:
            self.assertIsNone(process.poll(), self.said())
            return self.rules.seen().get(self.rule, 0) >= self.nth

        self.wait_until(is_kept)

    def interrupt(self, process: 'subprocess.Popen[bytes]') -> None:
        """Interrupt, as a terminal does, and wait until that is noticed."""
        os.killpg(process.pid, signal.SIGINT)
        self.wait_until(lambda: interrupts._GOES_ON in self.said())

    def must_be_named(self) -> None:
        """Assert that what is left was named, and can be taken away."""
        left = self.all_volumes() - self.before
        self.assertNotEqual(set(), left)
        (told,) = re.findall('^.*Left behind: .*$', self.said(), re.MULTILINE)
        self.assertEqual(left, set(re.findall(r'volume ([\da-f-]+)', told)))
        self.assertIn('. Run extend-conformance cleanup.', told)
        self.rules.clear()
        cleaned = self.run_command('cleanup', '--all-projects')
        self.assertEqual(0, cleaned.returncode, cleaned.stderr)
        self.assertEqual(self.before, self.all_volumes())
        self.must_leave_nothing(self.volume_ids())


class ResourcesTest(InterruptedCleanUpTestCase):
    """What the owner of all things does, in this process."""

    def interrupt_before(self, request: str, count: int = 1) -> None:
        """Interrupt this process each time that a request is to be sent."""
        send = getattr(self.storage, request)

        def interrupted(*arguments: ty.Any, **named: ty.Any) -> ty.Any:
            for _ in range(count):
                signal.raise_signal(signal.SIGINT)
            return send(*arguments, **named)

        setattr(self.storage, request, interrupted)
        self.addCleanup(setattr, self.storage, request, send)

    def interrupted(
        self, work: collections.abc.Callable[[], object]
    ) -> tuple[str, ...]:
        """Do something with resources; returns what an interrupt says."""

        def owning() -> None:
            with interrupts.like_ctrl_c(), self.resources:
                work()

        return interrupts.told(self.assertRaises(KeyboardInterrupt, owning))

    def fail(self, *_: ty.Any) -> ty.NoReturn:
        raise exceptions.WorkFailed('It has failed')

    def create_and_fail(self) -> None:
        self.resources.create_volume(1, 'good')
        self.fail()

    def test_one_among_the_evidence_leaves_nothing(self) -> None:
        self.interrupt_before('messages')

        self.assertEqual((), self.interrupted(self.create_and_fail))

        self.must_leave_nothing(self.before)

    def test_a_detach_is_not_cut_in_two(self) -> None:
        volume = self.resources.create_volume(1, 'good')
        attached = self.resources.attach(volume.id)
        self.interrupt_before('attachment_delete')

        self.interrupted(lambda: self.resources.detach(attached))

        events = self.storage.journal.events
        self.assertEqual(
            1, [each.summary for each in events].count('disconnected')
        )
        self.must_leave_nothing(self.before)

    def test_a_clean_up_that_fails_is_told_with_it(self) -> None:
        self.rules.add(
            fault_rules.Rule(
                service='cinder',
                action=fault_rules.Answer(403),
                method='DELETE',
                path=_VOLUME,
            )
        )
        self.interrupt_before('delete_volume')

        for work in (
            lambda: self.resources.create_volume(1, 'good'),
            self.fail,
        ):
            (told,) = self.interrupted(work)
            self.assertIn('1 things could not be taken away: Cinder', told)
        self.rules.clear()

    def test_what_may_have_been_made_is_named_too(self) -> None:
        self.rules.add(
            fault_rules.Rule(
                service='cinder',
                action=fault_rules.Drop(),
                method='POST',
                path='/volumes$',
            )
        )

        def lose() -> None:
            with contextlib.ExitStack() as last:
                last.callback(self.interrupt_before, 'list_volumes', 2)
                self.resources.create_volume(1, 'good', name='lost')

        self.assertEqual(
            ('Left behind: volume lost. Run extend-conformance cleanup.',),
            self.interrupted(lose),
        )


class ImageCreateTest(InterruptedCleanUpTestCase):
    def start_to_clean_up(self, seconds: float) -> ty.Any:
        """Interrupt a command, which then cleans up slowly."""
        self.keep(_ATTACHMENT, seconds)
        with open('/dev/zero', 'rb') as zeros:
            process = self.start(
                *(*base.COMMAND, 'image', 'create', '-'),
                *('--volume-type', 'good', '--mode', 'attached'),
                stdin=zeros,
            )
        self.wait_until(
            lambda: any(
                self.storage.get_volume(each).status == 'in-use'
                for each in self.volume_ids() - self.before
            )
        )
        process.send_signal(signal.SIGINT)
        self.wait_until_kept(process)
        return process

    def test_one_waits_until_nothing_is_left(self) -> None:
        process = self.start_to_clean_up(_SHORT_S)

        self.interrupt(process)

        self.assertEqual(130, process.wait(300))
        self.assertNotIn('Left behind', self.said())
        self.must_leave_nothing(self.before)

    def test_two_leave_it_and_name_it(self) -> None:
        process = self.start_to_clean_up(_LONG_S)

        self.interrupt(process)
        self.interrupt(process)

        self.assertEqual(130, process.wait(300))
        self.must_be_named()


class DoorsTest(InterruptedCleanUpTestCase):
    """Every door, while it cleans up after a check."""

    def start_to_clean_up(self, seconds: float, *words: str) -> ty.Any:
        self.keep(_VOLUME, seconds)
        process = self.start(*words)
        self.wait_until_kept(process)
        return process

    def must_leave_it_and_name_it(self, *words: str) -> int:
        process = self.start_to_clean_up(_LONG_S, *words)
        self.interrupt(process)
        self.interrupt(process)
        code = int(process.wait(300))
        self.wait_until(lambda: 'Left behind' in self.said())
        self.must_be_named()
        return code

    def test_certify_once(self) -> None:
        process = self.start_to_clean_up(_SHORT_S, *_CERTIFY)

        self.interrupt(process)

        self.assertEqual(130, process.wait(300), self.said())
        self.must_leave_nothing(self.before)

    def test_certify(self) -> None:
        self.assertEqual(130, self.must_leave_it_and_name_it(*_CERTIFY))

    def test_pytest(self) -> None:
        # It captures what a check writes to standard error.
        self.assertEqual(
            2,
            self.must_leave_it_and_name_it(
                *(sys.executable, '-m', 'pytest', '--pyargs'),
                *('extend_conformance.checks', '--profile', 'quick'),
                *('--volume-type', 'good', '--output', 'pytest'),
            ),
        )

    def test_worker_of_tempest(self) -> None:
        directory = pathlib.Path(self.environment['TEMPEST_CONFIG_DIR'])
        self.must_leave_it_and_name_it(
            *(str(pathlib.Path(sys.executable).with_name('tempest')), 'run'),
            *('--concurrency', '1', '--config-file'),
            str(directory / self.environment['TEMPEST_CONFIG']),
            *('--regex', '^extend_conformance.*Backend_good[.]'),
        )


class CleanupCommandTest(InterruptedCleanUpTestCase):
    def setUp(self) -> None:
        super().setUp()
        killed = subprocess.run(
            (sys.executable, '-c', _KILLED),
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            text=True,
        )
        self.assertEqual(-signal.SIGKILL, killed.returncode)
        self.second, self.first = killed.stdout.split()

    def start_to_clean_up(self, seconds: float) -> ty.Any:
        """Start the command, and wait until it is at its second volume."""
        self.keep(_VOLUME, seconds, nth=2)
        process = self.start(*base.COMMAND, 'cleanup', '-f', 'json')
        self.wait_until_kept(process)
        return process

    def shown(self) -> list[tuple[str, str]]:
        found = json.loads(self.said('out'))
        return [(each['ID'], each['Status']) for each in found]

    def test_one_waits_until_all_is_done(self) -> None:
        process = self.start_to_clean_up(_SHORT_S)

        self.interrupt(process)

        self.assertEqual(130, process.wait(300), self.said())
        self.assertEqual(
            [(self.first, 'removed'), (self.second, 'removed')], self.shown()
        )
        self.assertNotIn('Left behind', self.said())
        self.must_leave_nothing(self.before)

    def test_two_leave_it_and_name_it(self) -> None:
        process = self.start_to_clean_up(_LONG_S)

        self.interrupt(process)
        self.interrupt(process)

        self.assertEqual(130, process.wait(300), self.said())
        self.assertEqual(
            [(self.first, 'removed'), (self.second, 'left')], self.shown()
        )
        self.must_be_named()
