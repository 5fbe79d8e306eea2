# SPDX-License-Identifier: Apache-2.0

"""The command ``backends list``: what ``sandbox.declared`` declares.

It reads nothing else, and so needs neither root nor a cloud nor the extra
``sandbox``.
"""

import argparse
import textwrap

from cliff import columns
from cliff import lister
from cliff import utils

from extend_conformance.cli import examples
from extend_conformance.sandbox import declared

_COLUMNS = ('Name', 'Fault', 'Must Get')
_BORDERS = len('|  |  |  |')
#: Rather than wrap a fault to less, a table is wider than its terminal.
_NARROWEST = 16


class List(lister.Lister):
    """List the backends of the sandbox: what is wrong, what each must get.

    Those with nothing wrong come first. A backend is started by its name
    with "sandbox up --backend NAME"; what it must get is the verdict that
    "sandbox run" holds it to.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Describe the arguments."""
        return examples.with_example(
            super().get_parser(prog_name),
            'extend-conformance backends list\n'
            '  extend-conformance backends list -f json',
        )

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
        """Return the table."""
        rows = [
            (one.name, one.defect or '', one.verdict or '')
            for one in sorted(
                declared.BACKENDS, key=lambda one: one.defect is not None
            )
        ]
        names, _, verdicts = (
            max(map(len, column))
            for column in zip(_COLUMNS, *rows, strict=True)
        )
        width = (
            parsed_args.max_width
            if parsed_args.max_width > 0
            # No terminal, no width: who searches the table finds whole lines.
            else utils.terminal_width()
        )
        if width is not None:
            width = max(_NARROWEST, width - names - verdicts - _BORDERS)
        return _COLUMNS, [
            (name, _Wrapped(fault, width), verdict)
            for name, fault, verdict in rows
        ]


class _Wrapped(columns.FormattableColumn):
    """Words that are wrapped in a table, and nowhere else.

    cliff would wrap names too, which then cannot be copied.

    :param width: in characters; None leaves the words as they are.
    """

    def __init__(self, words: str, width: int | None) -> None:
        super().__init__(words)
        self._width = width

    def human_readable(self) -> str:
        """The words as a table has them."""
        words = str(self._value)
        return (
            words if self._width is None else textwrap.fill(words, self._width)
        )
