# SPDX-License-Identifier: Apache-2.0

"""The ``extend-conformance`` command: finds commands, makes exit codes.

What the commands do lives in the packages below; each command is an entry
point of the group ``extend_conformance.cli``.
"""

import collections.abc
import contextlib
import importlib.metadata
import logging
import os
import sys
import warnings

from cliff import app
from cliff import command
from cliff import commandmanager

from extend_conformance import exceptions
from extend_conformance import interrupts
from extend_conformance import masking


class Commands(commandmanager.CommandManager):
    """Knows commands by their entry points; imports the one that is run.

    cliff imports all of them first, which takes seconds: they stand on
    os-brick, openstacksdk and matplotlib.
    """

    def load_commands(self, namespace: str) -> None:
        """Find the commands of a group of entry points."""
        self.group_list.append(namespace)
        for found in importlib.metadata.entry_points(group=namespace):
            self.commands[found.name.replace('_', ' ')] = found


class Application(app.App):
    """Runs one command and returns an exit code of the architecture.

    argparse leaves with status 2 for wrong usage and cliff with 130 for an
    interrupt; both are also ours.
    """

    NAME = 'extend-conformance'

    def __init__(self) -> None:
        super().__init__(
            description=(
                'Does a Cinder backend really extend attached volumes, do '
                'the claims about it agree, and what does it buy?'
            ),
            version=importlib.metadata.version('extend-conformance'),
            command_manager=Commands('extend_conformance.cli'),
            deferred_help=True,
        )
        self._error: BaseException | None = None

    def configure_logging(self) -> None:
        """Log as cliff does, without secrets."""
        super().configure_logging()
        masking.guard_handlers()
        # What os-brick's import says of its import is no news to anybody.
        logging.getLogger('oslo_service').setLevel(logging.WARNING)

    def run(self, argv: collections.abc.Sequence[str]) -> int:
        """Run a command; without one, print the help."""
        if not argv:
            # On its own, --help lists the commands; parser.print_help() does
            # not know them.
            with contextlib.suppress(SystemExit):
                super().run(['--help'])
            return exceptions.ExitCode.USAGE
        return int(super().run(list(argv)))

    def clean_up(
        self,
        cmd: command.Command,
        result: int,
        err: BaseException | None,
    ) -> None:
        """Keep the error, of which cliff only prints the sentence."""
        self._error = err

    def run_subcommand(self, argv: list[str]) -> int:
        """Run a command; the error that ended it chooses the exit code."""
        try:
            result = int(super().run_subcommand(argv))
        except KeyboardInterrupt as interrupt:
            # cliff only makes the exit code of it.
            for sentence in interrupts.told(interrupt):
                self.LOG.error('%s', sentence)
            raise
        if isinstance(self._error, exceptions.ExtendConformanceError):
            return self._error.exit_code
        if self._error is not None and not self.options.debug:
            self.LOG.error(
                '%s was not foreseen. With --debug there is a traceback to '
                'report.',
                type(self._error).__name__,
            )
        return result


def main(argv: collections.abc.Sequence[str] | None = None) -> int:
    """Run the command line.

    :param argv: arguments without the program's name; by default those of
        the process.
    :returns: an :class:`extend_conformance.exceptions.ExitCode`.
    """
    # oslo.privsep imports eventlet where it is installed; nothing of ours
    # runs on it. Its resolver takes a quarter of a second to import, in the
    # sandbox's daemons too, which inherit this and have no name to resolve.
    os.environ.setdefault('EVENTLET_NO_GREENDNS', 'yes')
    warnings.filterwarnings('ignore', message=r'\s*Eventlet is deprecated')
    with interrupts.like_ctrl_c():
        return Application().run(sys.argv[1:] if argv is None else argv)


if __name__ == '__main__':
    sys.exit(main())
