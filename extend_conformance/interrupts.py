# SPDX-License-Identifier: Apache-2.0

"""How a run is broken off: with everything noted that it has made.

A supervisor that terminates and a terminal that hangs up have to leave as
little behind as Ctrl-C does, so all three take the same way out.
"""

import collections.abc
import contextlib
import signal
import threading
import types

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

#: What Python does of its own accord; a handler of somebody else's stays.
_DEFAULTS = (signal.SIG_DFL, signal.default_int_handler)


class _Hold:
    """Whether the main thread may be interrupted just now."""

    depth = 0
    held_back = False


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
    try:
        yield
    finally:
        for number, before in taken.items():
            signal.signal(number, before)


@contextlib.contextmanager
def held_back() -> collections.abc.Iterator[None]:
    """Let an interrupt wait until a step is whole.

    For what must not be cut in two: making something, and noting what was
    made. A second interrupt does not wait, since a cloud may never answer.
    Works within :func:`like_ctrl_c`; threads other than the main one are
    never interrupted.

    :raises KeyboardInterrupt: at the end, if there was one in between.
    """
    if not _in_main_thread():
        yield
        return
    _Hold.depth += 1
    try:
        yield
    finally:
        _Hold.depth -= 1
        if _Hold.held_back and not _Hold.depth:
            _Hold.held_back = False
            raise KeyboardInterrupt


def _interrupt(number: int, frame: types.FrameType | None) -> None:
    if _Hold.depth and not _Hold.held_back:
        _Hold.held_back = True
        return
    _Hold.held_back = False
    raise KeyboardInterrupt


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
