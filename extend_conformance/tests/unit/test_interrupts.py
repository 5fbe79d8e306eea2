# SPDX-License-Identifier: Apache-2.0

"""An interrupt waits until a step is whole; a second one does not."""

import signal
import threading

import ddt
import testtools

from extend_conformance import interrupts

_ALL = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


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
        self.done: list[str] = []

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
