# SPDX-License-Identifier: Apache-2.0

"""The commands ``matrix``: what is documented, and whether it is true."""

import argparse
import collections.abc
import dataclasses
import pathlib
import typing as ty

from cliff import lister

from extend_conformance import exceptions
from extend_conformance import vocabulary
from extend_conformance.claims import agreement
from extend_conformance.claims import matrix
from extend_conformance.claims import matrix_patch
from extend_conformance.cli import examples
from extend_conformance.report import judgement
from extend_conformance.results import model
from extend_conformance.results import storage
from extend_conformance.runs import arguments
from extend_conformance.runs import configuration as configurations

Table: ty.TypeAlias = tuple[tuple[str, ...], list[tuple[ty.Any, ...]]]


class Show(lister.Lister):
    """Show what Cinder's support matrix says of extending attached volumes.

    Without further options that of the newest release known.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Describe the arguments."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'keys',
            metavar='KEY',
            nargs='*',
            help='only these rows, under whatever name a release has them',
        )
        parser.add_argument(
            '--all-releases',
            action='store_true',
            help='the rows of every release since Rocky',
        )
        arguments.add_matrix(parser)
        return examples.with_example(
            parser, 'extend-conformance matrix show --all-releases nfs'
        )

    def take_action(self, parsed_args: argparse.Namespace) -> Table:
        """Return the rows."""
        shown = (
            [release.matrix for release in matrix.releases()]
            if parsed_args.all_releases
            else [_one(parsed_args)]
        )
        rows = [
            (source.name, row.key, row.value.value, row.title, row.note)
            for source in shown
            for row in _rows(source, parsed_args.keys)
        ]
        if not rows:
            raise _no_such_row(parsed_args.keys, shown[-1])
        return ('Matrix', 'Key', 'Online Extend', 'Driver', 'Note'), rows


class Diff(lister.Lister):
    """Compare the support matrix of two releases, or with results.

    With --results, exits with 1 if a row promises what was not measured.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Describe the arguments."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'old', metavar='OLD', nargs='?', help='a release, such as 2025.1'
        )
        parser.add_argument(
            'new',
            metavar='NEW',
            nargs='?',
            help='a later one (default: the matrix file, or the newest)',
        )
        parser.add_argument(
            '--results',
            metavar='DIR',
            type=pathlib.Path,
            help='compare with these results: a directory or a results.json',
        )
        arguments.add_matrix(parser)
        return examples.with_example(
            parser,
            'extend-conformance matrix diff 2024.2 2025.2\n'
            '  extend-conformance matrix diff --release 2026.1 '
            '--results RESULTS -f json',
        )

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Show the table; the exit code says whether a row is contradicted."""
        self._contradicted = False
        result = int(super().run(parsed_args))
        return exceptions.ExitCode.FAILED if self._contradicted else result

    def take_action(self, parsed_args: argparse.Namespace) -> Table:
        """Compare, and return the table."""
        if (parsed_args.old is None) == (parsed_args.results is None):
            raise exceptions.UsageError(
                'One thing is compared with another',
                next_step='Name a release, or results with --results DIR.',
            )
        if parsed_args.results is None:
            old = matrix.load_release(parsed_args.old).matrix
            new = (
                _one(parsed_args)
                if parsed_args.new is None
                else matrix.load_release(parsed_args.new).matrix
            )
            return _between(old, new)
        given = parsed_args.matrix_file or parsed_args.release
        compared = _with_results(
            judgement.judge(storage.load_results(parsed_args.results)),
            _one(parsed_args) if given else None,
        )
        self._contradicted = any(
            one.agreement is agreement.Agreement.TOO_MUCH for one in compared
        )
        return (
            'Volume Type',
            'Key',
            'Matrix',
            'Row',
            'Measured',
            'Agreement',
            'Right Line',
        ), [
            (
                one.volume_type,
                one.key,
                one.source,
                one.value.value,
                one.measured,
                one.agreement.value,
                one.right_line,
            )
            for one in compared
        ]


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Compared:
    """A row beside what was measured.

    :param right_line: what would have to stand in the matrix, if not what
        stands there.
    """

    volume_type: str
    key: str
    source: str
    value: vocabulary.MatrixValue
    measured: str | None
    agreement: agreement.Agreement
    right_line: str | None


def _one(parsed_args: argparse.Namespace) -> matrix.Matrix:
    """The matrix file, or the release's, or the newest."""
    own = configurations.read_matrix(parsed_args.matrix_file)
    if own is not None:
        return own
    if parsed_args.release is not None:
        return matrix.load_release(parsed_args.release).matrix
    return matrix.releases()[-1].matrix


def _rows(
    source: matrix.Matrix, keys: collections.abc.Sequence[str]
) -> list[matrix.Row]:
    if not keys:
        return sorted(source.rows.values(), key=lambda row: row.key)
    found = {row.key: row for key in keys for row in source.find(key)}
    return list(found.values())


def _no_such_row(
    keys: collections.abc.Sequence[str], source: matrix.Matrix
) -> exceptions.UsageError:
    near = [source.nearest_key(key) for key in keys]
    guesses = ', '.join(guess for guess in near if guess is not None)
    return exceptions.UsageError(
        f'No such row: {", ".join(keys)}' if keys else 'The matrix is empty',
        resource=source.name,
        next_step=f'Did you mean {guesses}?' if guesses else None,
    )


def _between(old: matrix.Matrix, new: matrix.Matrix) -> Table:
    return ('Change', 'Old Key', 'New Key', 'Old', 'New', 'Driver'), [
        (
            one.change.value,
            one.old.key if one.old else None,
            one.new.key if one.new else None,
            one.old.value.value if one.old else None,
            one.new.value.value if one.new else None,
            (one.new or ty.cast(matrix.Row, one.old)).title,
        )
        for one in matrix.diff(old, new)
    ]


def _with_results(
    results: model.Results, source: matrix.Matrix | None
) -> list[_Compared]:
    """Every backend that has a row, beside its row.

    :param source: ``None`` takes the rows that the run itself has found.
    """
    compared = []
    for backend in results.backends:
        key = backend.truths.matrix_key
        if key is None:
            continue
        if source is not None:
            rows = [(r.key, source.name, r.value) for r in source.find(key)]
        elif backend.truths.matrix_value is not None:
            where = ', '.join(backend.truths.matrix_releases)
            rows = [(key, where, backend.truths.matrix_value)]
        else:
            rows = []
        compared += [_compare(backend, *row) for row in rows]
    return compared


def _compare(
    backend: model.Backend,
    key: str,
    source: str,
    value: vocabulary.MatrixValue,
) -> _Compared:
    outcome = backend.outcome
    right = matrix_patch.right_value(outcome) if outcome else None
    return _Compared(
        volume_type=backend.volume_type,
        key=key,
        source=source,
        value=value,
        measured=outcome.value if outcome else None,
        agreement=agreement.compare(
            value, outcome.outcome_class if outcome else None
        ),
        right_line=(
            f'driver.{key}={right}' if right not in (None, value) else None
        ),
    )
