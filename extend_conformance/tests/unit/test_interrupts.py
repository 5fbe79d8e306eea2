# SPDX-License-Identifier: Apache-2.0

"""An interrupt waits until a step is whole; a second one does not."""

import collections.abc
import io
import os
import signal
import subprocess
import sys
import tempfile
import threading
import typing as ty

import ddt
import fixtures
import testtools

from extend_conformance import interrupts

_ALL = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _read(stream: ty.IO[str]) -> str:
    stream.seek(0)
    return stream.read()


@ddt.ddt
class InterruptsTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        for number, handler in (
            (signal.SIGINT, signal.default_int_handler),
            (signal.SIGTERM, signal.SIG_DFL),
            (signal.SIGHUP, signal.SIG_DFL),
        ):
            before = signal.signal(number, handler)
            self.addCleanup(signal.signal, number, before)
        # Here the second one comes at once.
        self.count_as_one(0.0)
        self.done: list[str] = []

    def count_as_one(self, within_s: float) -> None:
        self.useFixture(
            fixtures.MonkeyPatch(
                'extend_conformance.interrupts._ONE_S', within_s
            )
        )

    def interrupted(
        self, work: collections.abc.Callable[[], None]
    ) -> tuple[list[str], str]:
        """Do something that is interrupted.

        :returns: the notes, and what was written to standard error.
        """
        with tempfile.TemporaryFile('w+') as stream:
            stderr = fixtures.MonkeyPatch('sys.stderr', stream)
            with stderr, interrupts.like_ctrl_c():
                error = self.assertRaises(KeyboardInterrupt, work)
            return list(interrupts.told(error)), _read(stream)

    @ddt.data(*_ALL)
    def test_every_signal_interrupts(self, number: signal.Signals) -> None:
        def work() -> None:
            with interrupts.like_ctrl_c():
                signal.raise_signal(number)
                self.done.append('after')

        self.assertRaises(KeyboardInterrupt, work)

        self.assertEqual([], self.done)

    @ddt.data(*_ALL)
    def test_a_step_is_whole_before_it(self, number: signal.Signals) -> None:
        def work() -> None:
            with interrupts.like_ctrl_c():
                with interrupts.held_back():
                    with interrupts.held_back():
                        signal.raise_signal(number)
                        self.done.append('inner')
                    self.done.append('outer')
                self.done.append('after')

        self.assertRaises(KeyboardInterrupt, work)

        self.assertEqual(['inner', 'outer'], self.done)

    def test_a_step_that_fails_is_interrupted_too(self) -> None:
        def work() -> None:
            with interrupts.like_ctrl_c(), interrupts.held_back():
                signal.raise_signal(signal.SIGTERM)
                raise ValueError

        self.assertRaises(KeyboardInterrupt, work)

    def test_a_second_one_does_not_wait(self) -> None:
        def work() -> None:
            with interrupts.like_ctrl_c(), interrupts.held_back():
                signal.raise_signal(signal.SIGINT)
                self.done.append('first')
                signal.raise_signal(signal.SIGINT)
                self.done.append('second')

        self.assertRaises(KeyboardInterrupt, work)

        self.assertEqual(['first'], self.done)
        # Nothing of it is left for the next step.
        with interrupts.like_ctrl_c(), interrupts.held_back():
            pass

    @ddt.data(
        (signal.SIGHUP, signal.SIGHUP),
        (signal.SIGTERM, signal.SIGHUP),
        (signal.SIGINT, signal.SIGTERM),
    )
    def test_signals_that_come_together_are_one(
        self, numbers: tuple[signal.Signals, ...]
    ) -> None:
        self.count_as_one(60.0)

        def work() -> None:
            with interrupts.like_ctrl_c():
                with interrupts.held_back():
                    for number in numbers:
                        signal.raise_signal(number)
                    self.done.append('held')
                self.done.append('after')

        self.assertRaises(KeyboardInterrupt, work)

        self.assertEqual(['held'], self.done)

    def test_ctrl_c_twice_at_once_is_two(self) -> None:
        self.count_as_one(60.0)

        def work() -> None:
            with interrupts.like_ctrl_c(), interrupts.held_back():
                signal.raise_signal(signal.SIGINT)
                self.done.append('first')
                signal.raise_signal(signal.SIGINT)
                self.done.append('second')

        self.assertRaises(KeyboardInterrupt, work)

        self.assertEqual(['first'], self.done)

    def test_a_step_is_held_back_without_a_word(self) -> None:
        def work() -> None:
            with interrupts.held_back():
                signal.raise_signal(signal.SIGINT)

        self.assertEqual(([], ''), self.interrupted(work))

    @ddt.data(*_ALL)
    def test_a_clean_up_goes_on_and_says_so(
        self, number: signal.Signals
    ) -> None:
        def work() -> None:
            with interrupts.held_back(lambda: ['volume 1']):
                # What it does in steps of its own is no less a clean-up.
                with interrupts.held_back():
                    signal.raise_signal(number)
                self.done.append('whole')
            self.done.append('after')

        notes, said = self.interrupted(work)

        self.assertEqual(['whole'], self.done)
        self.assertEqual([], notes)
        self.assertEqual(f'{interrupts._GOES_ON}\n', said)

    def test_a_second_one_ends_a_clean_up_and_names_what_is_left(self) -> None:
        left = ['volume 1', 'attachment 2']

        def work() -> None:
            with (
                interrupts.held_back(lambda: left),
                # One clean-up within another: each thing is named once.
                interrupts.held_back(lambda: left),
            ):
                signal.raise_signal(signal.SIGINT)
                left.pop()
                signal.raise_signal(signal.SIGTERM)
                self.done.append('second')

        notes, said = self.interrupted(work)

        self.assertEqual([], self.done)
        self.assertEqual(
            ['Left behind: volume 1. Run extend-conformance cleanup.'], notes
        )
        self.assertEqual(f'{interrupts._GOES_ON}\n', said)

    def test_where_nothing_is_left_nothing_is_named(self) -> None:
        def work() -> None:
            with interrupts.held_back(list):
                signal.raise_signal(signal.SIGINT)
                signal.raise_signal(signal.SIGINT)

        notes, _ = self.interrupted(work)

        self.assertEqual([], notes)

    def test_one_before_the_clean_up_is_not_the_first(self) -> None:
        def work() -> None:
            try:
                signal.raise_signal(signal.SIGINT)
            finally:
                with interrupts.held_back(lambda: ['volume 1']):
                    signal.raise_signal(signal.SIGINT)
                    self.done.append('whole')

        notes, _ = self.interrupted(work)

        self.assertEqual((['whole'], []), (self.done, notes))

    def test_an_error_of_the_clean_up_is_not_lost(self) -> None:
        def work() -> None:
            with interrupts.held_back(lambda: ['volume 1']):
                signal.raise_signal(signal.SIGINT)
                raise ValueError('It stayed.')

        notes, _ = self.interrupted(work)

        self.assertEqual(['It stayed.'], notes)

    def test_where_one_was_ended_no_other_one_begins(self) -> None:
        def work() -> None:
            try:
                with interrupts.held_back(lambda: ['setting 1']):
                    signal.raise_signal(signal.SIGINT)
                    signal.raise_signal(signal.SIGINT)
            finally:
                with interrupts.held_back(lambda: ['setting 1', 'volume 2']):
                    self.done.append('begun')

        notes, _ = self.interrupted(work)

        self.assertEqual([], self.done)
        self.assertEqual(
            [
                'Left behind: setting 1, volume 2. Run extend-conformance '
                'cleanup.'
            ],
            notes,
        )
        # The next run has nothing to do with it.
        with (
            interrupts.like_ctrl_c(),
            interrupts.held_back(lambda: ['volume 3']),
        ):
            self.done.append('begun')
        self.assertEqual(['begun'], self.done)

    def test_it_is_said_to_whoever_looked_on_at_the_beginning(self) -> None:
        def work() -> None:
            captured = io.StringIO()
            with (
                fixtures.MonkeyPatch('sys.stderr', captured),
                interrupts.held_back(list),
            ):
                signal.raise_signal(signal.SIGINT)

        _, said = self.interrupted(work)

        self.assertEqual(f'{interrupts._GOES_ON}\n', said)

    @ddt.data('2>&-', '2>/dev/full')
    def test_a_clean_up_goes_on_where_nothing_can_be_said(
        self, stderr: str
    ) -> None:
        program = (
            'import signal\n'
            'from extend_conformance import interrupts\n'
            'try:\n'
            '    with interrupts.like_ctrl_c():\n'
            '        # Takes the number of what is closed.\n'
            '        with open("there", "wb") as stream:\n'
            '            with interrupts.held_back(lambda: []):\n'
            '                signal.raise_signal(signal.SIGTERM)\n'
            '                print("whole")\n'
            'except KeyboardInterrupt:\n'
            '    print(open("there").read(), end="")\n'
        )
        ended = subprocess.run(
            (
                *('sh', '-c', f'exec "$@" {stderr}', 'sh'),
                *(sys.executable, '-c', program),
            ),
            cwd=self.useFixture(fixtures.TempDir()).path,
            env={**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)},
            stdout=subprocess.PIPE,
            text=True,
        )

        self.assertEqual((0, 'whole\n'), (ended.returncode, ended.stdout))

    def test_handlers_are_what_they_were(self) -> None:
        before = [signal.getsignal(number) for number in _ALL]

        with interrupts.like_ctrl_c():
            within = [signal.getsignal(number) for number in _ALL]

        self.assertEqual(1, len(set(within)))
        self.assertEqual(before, [signal.getsignal(number) for number in _ALL])

    def test_what_others_handle_stays_theirs(self) -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(
            signal.SIGTERM, lambda number, frame: self.done.append('theirs')
        )

        with interrupts.like_ctrl_c(), interrupts.held_back():
            signal.raise_signal(signal.SIGHUP)
            signal.raise_signal(signal.SIGTERM)

        self.assertEqual(['theirs'], self.done)

    def test_a_step_of_a_thread_holds_nothing_back(self) -> None:
        begun, ended = threading.Event(), threading.Event()

        def step() -> None:
            with interrupts.like_ctrl_c(), interrupts.held_back():
                begun.set()
                ended.wait()
            self.done.append('thread')

        def work() -> None:
            with interrupts.like_ctrl_c():
                self.assertTrue(begun.wait(60))
                signal.raise_signal(signal.SIGINT)

        thread = threading.Thread(target=step)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(ended.set)

        self.assertRaises(KeyboardInterrupt, work)
        ended.set()
        thread.join()

        self.assertEqual(['thread'], self.done)
