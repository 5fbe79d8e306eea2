# SPDX-License-Identifier: Apache-2.0

"""The commands ``sandbox up``, ``down``, ``status``, ``env`` and ``exec``.

They read arguments and draw; all that happens, happens in ``sandbox``.
"""

import argparse
import collections.abc
import os
import shlex
import time
import typing as ty

from cliff import command
from cliff import lister
from cliff import show
from cliff.formatters import base

from extend_conformance import exceptions
from extend_conformance.cli import examples
from extend_conformance.cli import sandbox_start
from extend_conformance.sandbox import environment
from extend_conformance.sandbox import lifecycle
from extend_conformance.sandbox import state


class Up(command.Command):
    """Start an embedded cloud; returns when it answers."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Describe the arguments."""
        parser = super().get_parser(prog_name)
        sandbox_start.add_state_dir(parser)
        sandbox_start.add_backends(parser)
        parser.add_argument(
            '--client-user',
            metavar='USER',
            help='owner of the files for clients (default: SUDO_USER, '
            'else root)',
        )
        parser.add_argument(
            '--token-expiration',
            metavar='S',
            type=int,
            help='life of a token in seconds (default: a day)',
        )
        return examples.with_example(
            parser,
            'extend-conformance sandbox up --backend good '
            '--backend device-stays',
        )

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Start it, and say how to use it."""
        if (
            parsed_args.token_expiration is not None
            and parsed_args.token_expiration < 1
        ):
            raise exceptions.UsageError(
                '--token-expiration must be at least one second'
            )
        begun = time.monotonic()
        record = sandbox_start.start(
            parsed_args.state_dir,
            names=parsed_args.backend,
            confs=parsed_args.backend_conf,
            client_user=parsed_args.client_user,
            token_expiration_s=parsed_args.token_expiration,
        )
        elapsed_s = time.monotonic() - begun
        self.app.stdout.write(
            f'The sandbox is up after {elapsed_s:.1f} s, with '
            f'{len(record.chosen)} backends: '
            f'{", ".join(one.name for one in record.chosen)}.\n'
        )
        option = ''
        if parsed_args.state_dir != state.default_directory():
            option = f' --state-dir {shlex.quote(str(parsed_args.state_dir))}'
        self.app.stdout.write(
            f'Use it with: eval "$({self.app.NAME} sandbox env{option} '
            '-f shell)"\n'
        )


class Down(command.Command):
    """Stop the embedded cloud and remove what it made, except its logs."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Describe the arguments."""
        parser = super().get_parser(prog_name)
        sandbox_start.add_state_dir(parser)
        return examples.with_example(parser, 'extend-conformance sandbox down')

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Stop it, or say that there was nothing."""
        if lifecycle.down(parsed_args.state_dir):
            self.app.stdout.write('The sandbox is down.\n')
        else:
            self.app.stdout.write('There was no sandbox.\n')


class Status(lister.Lister):
    """Say which services of the embedded cloud run."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Describe the arguments."""
        parser = super().get_parser(prog_name)
        sandbox_start.add_state_dir(parser)
        return examples.with_example(
            parser, 'extend-conformance sandbox status -f json'
        )

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the table; 3 unless all run."""
        self._all_run = False
        super().run(parsed_args)
        if self._all_run:
            return exceptions.ExitCode.AS_EXPECTED
        return exceptions.ExitCode.NOT_TESTABLE

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], list[tuple[ty.Any, ...]]]:
        """Return the table."""
        found = lifecycle.status(parsed_args.state_dir)
        self._all_run = all(one.alive for one in found)
        return (
            ('Service', 'PID', 'Address', 'Alive'),
            [(one.service, one.pid, one.address, one.alive) for one in found],
        )


class ExportFormatter(base.SingleFormatter):
    """Prints variables so that a shell can read them."""

    def add_argument_group(self, parser: argparse.ArgumentParser) -> None:
        """Add nothing: there is one way to do it."""

    def emit_one(
        self,
        column_names: collections.abc.Sequence[str],
        data: collections.abc.Sequence[ty.Any],
        stdout: ty.TextIO,
        parsed_args: argparse.Namespace,
    ) -> None:
        """Print an ``export`` line per variable."""
        for name, value in zip(column_names, data, strict=True):
            stdout.write(f'export {name}={shlex.quote(str(value))}\n')


class Env(show.ShowOne):
    """Print the variables that a client of the embedded cloud needs."""

    @property
    def formatter_namespace(self) -> str:
        """Name the formatters: ``shell`` exports, unlike cliff's."""
        return 'extend_conformance.formatters.env'

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Describe the arguments."""
        parser = super().get_parser(prog_name)
        sandbox_start.add_state_dir(parser)
        return examples.with_example(
            parser, 'eval "$(extend-conformance sandbox env -f shell)"'
        )

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return names and values."""
        paths = lifecycle.must_run(parsed_args.state_dir)
        found = environment.variables(paths)
        return tuple(found), tuple(found.values())


class Exec(command.Command):
    """Run a command with the variables of the embedded cloud."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Describe the arguments."""
        parser = super().get_parser(prog_name)
        sandbox_start.add_state_dir(parser)
        parser.add_argument('command', metavar='CMD', nargs=argparse.REMAINDER)
        return examples.with_example(
            parser,
            'extend-conformance sandbox exec -- openstack volume type list',
        )

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Become the command, so that its exit code is ours."""
        words = parsed_args.command
        if words and words[0] == '--':
            words = words[1:]
        if not words:
            raise exceptions.UsageError(
                'There is no command to run',
                next_step='Put it after two dashes: sandbox exec -- CMD.',
            )
        paths = lifecycle.must_run(parsed_args.state_dir)
        variables = {**os.environ, **environment.variables(paths)}
        try:
            os.execvpe(words[0], words, variables)  # noqa: S606
        except OSError as error:
            raise exceptions.UsageError(
                f'{words[0]} cannot be run: {error.strerror}'
            ) from error
