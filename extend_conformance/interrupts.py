# SPDX-License-Identifier: Apache-2.0

"""How a run is broken off: with everything noted that it has made.

A supervisor that terminates and a terminal that hangs up have to leave as
little behind as Ctrl-C does, so all three take the same way out. What is left
all the same is named in notes of the ``KeyboardInterrupt``; to show them is
left to the front doors.
"""

import collections.abc
import contextlib
import math
import os
import signal
import sys
import threading
import time
import types

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

#: What Python does of its own accord; a handler of somebody else's stays.
_DEFAULTS = (signal.SIG_DFL, signal.default_int_handler)

#: A signal that so soon follows another one is the same interrupt, unless a
#: person has pressed Ctrl-C twice. When a terminal hangs up, shell and kernel
#: both say so, and timeout(1) signals a process, and then its whole group.
_ONE_S = 0.5

_GOES_ON = (
    'Interrupted: what was made is still being removed; interrupt once more '
    'to leave it behind.'
)


_LEFT = 'Left behind: '


class _Hold:
    """Whether the main thread may be interrupted just now.

    :cvar depth: how many steps are not whole.
    :cvar clean_ups: how many of them are clean-ups.
    :cvar held_back: whether an interrupt waits for them.
    :cvar is_over: whether one has ended a clean-up: no other one begins.
    :cvar last_s: when the last signal came, on the monotonic clock.
    :cvar stderr: a descriptor of what was standard error at the beginning.
    """

    depth = 0
    clean_ups = 0
    held_back = False
    is_over = False
    last_s = -math.inf
    stderr: int | None = None


@contextlib.contextmanager
def like_ctrl_c() -> collections.abc.Iterator[None]:
    """Let SIGTERM and SIGHUP raise ``KeyboardInterrupt`` too, for a while.

    What is ignored stays so, as a hang-up is under nohup. Python lets only
    the main thread set handlers; elsewhere this does nothing.
    """
    taken = {}
    if _in_main_thread():
        for number in _SIGNALS:
            before = signal.getsignal(number)
            if before in _DEFAULTS:
                taken[number] = before
                signal.signal(number, _interrupt)
    if not taken:
        yield
        return
    _Hold.last_s = -math.inf
    with _kept_stderr() as _Hold.stderr:
        try:
            yield
        finally:
            for number, before in taken.items():
                signal.signal(number, before)
            _Hold.is_over = False
            _Hold.stderr = None


@contextlib.contextmanager
def held_back(
    left: collections.abc.Callable[[], collections.abc.Iterable[str]]
    | None = None,
) -> collections.abc.Iterator[None]:
    """Let an interrupt wait until a step is whole.

    For what must not be cut in two: making something, and noting what was
    made; or taking everything away again. A second interrupt does not wait,
    since a cloud may never answer. Works within :func:`like_ctrl_c`; threads
    other than the main one are never interrupted.

    :param left: makes it a clean-up, which takes its time: whoever interrupts
        is told that it goes on. Says, where a second interrupt has ended it,
        what is still there; clean-ups that would follow do not begin then,
        and say it too.
    :raises KeyboardInterrupt: at the end, if there was one in between. If
        the clean-up has failed as well, a note says so.
    """
    if not _in_main_thread():
        yield
        return
    is_clean_up = left is not None
    failure: Exception | None = None
    _Hold.depth += 1
    _Hold.clean_ups += is_clean_up
    try:
        if is_clean_up and _Hold.is_over:
            raise KeyboardInterrupt
        yield
    except KeyboardInterrupt as interrupt:
        for each in left() if left is not None else ():
            interrupt.add_note(_LEFT + each)
        raise
    except Exception as error:
        failure = error
        raise
    finally:
        _Hold.clean_ups -= is_clean_up
        _Hold.depth -= 1
        if _Hold.held_back and not _Hold.depth:
            _Hold.held_back = False
            held = KeyboardInterrupt()
            if is_clean_up and failure is not None:
                held.add_note(str(failure))
            raise held


def told(interrupt: BaseException) -> tuple[str, ...]:
    """The sentences that whoever has interrupted has to read.

    An interrupt may have come on top of another one, or of an error, and two
    clean-ups may have left the same.
    """
    found: list[str] = []
    error: BaseException | None = interrupt
    while error is not None:
        found = [*getattr(error, '__notes__', ()), *found]
        error = error.__context__
    notes = tuple(dict.fromkeys(found))
    left = [note for note in notes if note.startswith(_LEFT)]
    sentences = [note for note in notes if note not in left]
    if left:
        named = ', '.join(note.removeprefix(_LEFT) for note in left)
        sentences.append(f'{_LEFT}{named}. Run extend-conformance cleanup.')
    return tuple(sentences)


@contextlib.contextmanager
def _kept_stderr() -> collections.abc.Iterator[int | None]:
    """Standard error as it is now; pytest, for one, captures it later.

    :returns: ``None`` if it is closed.
    """
    with contextlib.ExitStack() as until_end:
        descriptor = None
        # Whoever has closed it may have opened something else there.
        if sys.stderr is not None:
            with contextlib.suppress(OSError, ValueError):
                descriptor = os.dup(sys.stderr.fileno())
                until_end.callback(os.close, descriptor)
        yield descriptor


def _interrupt(number: int, frame: types.FrameType | None) -> None:
    now_s = time.monotonic()
    if number != signal.SIGINT and now_s - _Hold.last_s < _ONE_S:
        return
    _Hold.last_s = now_s
    if _Hold.depth and not _Hold.held_back:
        _Hold.held_back = True
        if _Hold.clean_ups:
            _tell(_GOES_ON)
        return
    _Hold.held_back = False
    _Hold.is_over |= _Hold.clean_ups > 0
    raise KeyboardInterrupt


def _tell(sentence: str) -> None:
    """Write to whoever looks on, from within a handler of a signal."""
    if _Hold.stderr is not None:
        # A terminal that has hung up takes nothing any more.
        with contextlib.suppress(OSError):
            os.write(_Hold.stderr, f'{sentence}\n'.encode())


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
