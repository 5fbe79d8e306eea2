# SPDX-License-Identifier: Apache-2.0

"""What people see on a terminal: text as it is, and how far something is.

Names of volume types, clouds and files are data. rich would read
``nvme[/data]`` as markup and ``:fire:`` as a picture.
"""

import typing as ty

import rich.console
import rich.progress
import rich.text


def out(stream: ty.TextIO) -> rich.console.Console:
    """Standard output, which is for results."""
    return rich.console.Console(file=stream, markup=False, emoji=False)


def err() -> rich.console.Console:
    """Standard error, which is for how far something is."""
    return rich.console.Console(stderr=True, markup=False, emoji=False)


def counted(
    console: rich.console.Console, *, transient: bool = False
) -> rich.progress.Progress:
    """A bar of things that are counted, on a terminal alone.

    :param transient: whether it goes when all is done.
    """
    return rich.progress.Progress(
        rich.progress.SpinnerColumn(),
        rich.progress.BarColumn(),
        rich.progress.MofNCompleteColumn(),
        rich.progress.TimeElapsedColumn(),
        description(),
        console=console,
        disable=not console.is_terminal,
        transient=transient,
    )


def description() -> rich.progress.TextColumn:
    """The column of a bar that says what is done just now."""
    return rich.progress.TextColumn('{task.description}', markup=False)


def status(text: str) -> rich.text.Text:
    """What a spinner says, which takes a plain text for markup."""
    return rich.text.Text(text)
