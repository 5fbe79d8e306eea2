# SPDX-License-Identifier: Apache-2.0

"""A results directory: one file for each result, many writers at once.

Workers of one run never share a file but ``results/run.json``, and every
file appears whole or not at all, so that whatever a killed run leaves can be
read. Putting several runs together is left to ``merging``.
"""

import collections.abc
import contextlib
import hashlib
import json
import os
import pathlib
import typing as ty
import urllib.parse
import uuid

import cattrs
from cattrs.preconf import json as json_converter
from oslo_concurrency import lockutils

from extend_conformance import exceptions
from extend_conformance.results import merging
from extend_conformance.results import model
from extend_conformance.results import schema

_CONVERTER = json_converter.make_converter(
    forbid_extra_keys=True, unstruct_collection_overrides={tuple: list}
)

#: What a file of ``results/`` holds, by the first part of its name.
_PARTS: dict[str, type] = {
    'run': model.Run,
    'backend': model.Backend,
    'check': model.CheckResult,
    'sample': model.Sample,
}

#: Leaves room for the suffix of a temporary file under the usual limit of
#: 255 bytes for a file name.
_LONGEST_NAME = 180

_Part = ty.TypeVar('_Part')


class ResultsDirectory:
    """Writes and reads the results of one run, beside other processes.

    :param path: the directory; made when something is first written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = pathlib.Path(path)
        self.parts = self.path / 'results'
        self.results_json = self.path / 'results.json'

    def write_run(self, run: model.Run) -> None:
        """Write what is true of the run, or add to what is written.

        Each worker tells what it planned and knows; the file holds the
        union, whoever comes first.

        :raises extend_conformance.exceptions.UsageError: if the directory
            holds another run.
        """
        path = self.parts / 'run.json'
        with self.lock('run'):
            if path.exists():
                written = _read_part(path, 'run', model.Run)
                if written.id != run.id:
                    raise exceptions.UsageError(
                        'The results directory belongs to another run',
                        resource=str(self.path),
                        wanted=f'run {run.id}',
                        last=f'run {written.id}',
                        next_step='Give each run a directory of its own.',
                    )
                run = merging.union_of_runs([written, run])
            self._write_part('run', path.name, run)

    def write_backend(self, backend: model.Backend) -> None:
        """Write what is known of a backend, in place of what was written."""
        name = _file_name('backend', backend.volume_type)
        self._write_part('backend', name, backend)

    def read_backend(self, volume_type: str) -> model.Backend | None:
        """Read what is written of a backend; ``None`` if nothing is."""
        path = self.parts / _file_name('backend', volume_type)
        if not path.exists():
            return None
        return _read_part(path, 'backend', model.Backend)

    def write_check(self, result: model.CheckResult) -> None:
        """Write the result of a check, in place of an earlier one of it."""
        name = _file_name('check', result.check, result.backend)
        self._write_part('check', name, result)

    def write_sample(self, sample: model.Sample) -> None:
        """Write a sample, in place of an earlier one of the same id."""
        self._write_part('sample', _file_name('sample', sample.id), sample)

    @contextlib.contextmanager
    def lock(self, name: str) -> collections.abc.Iterator[None]:
        """Hold a lock that all threads and processes of this run share."""
        with contextlib.ExitStack() as held:
            with writing(self.parts):
                held.enter_context(
                    lockutils.lock(
                        _quoted(name),
                        lock_file_prefix='',
                        external=True,
                        lock_path=str(self.parts / '.locks'),
                    )
                )
            yield

    def load(self) -> model.Results:
        """Put all files of the run together.

        Order is that of the plan, then by name, so that it does not depend
        on who wrote first.

        :raises extend_conformance.exceptions.UsageError: if there is no
            run, or a file is not what the schema says.
        """
        path = self.parts / 'run.json'
        if not path.exists():
            raise exceptions.UsageError(
                'The directory holds no run',
                resource=str(self.path),
                wanted=str(path),
            )
        run = _read_part(path, 'run', model.Run)
        backends = _places(planned.backend for planned in run.planned)
        checks = _places(planned.check for planned in run.planned)
        last = len(run.planned)
        return model.Results(
            run=run,
            backends=tuple(
                sorted(
                    self._read_parts('backend', model.Backend),
                    key=lambda part: backends.get(part.volume_type, last),
                )
            ),
            checks=tuple(
                sorted(
                    self._read_parts('check', model.CheckResult),
                    key=lambda part: (
                        backends.get(part.backend, last),
                        checks.get(part.check, last),
                    ),
                )
            ),
            samples=tuple(
                sorted(
                    self._read_parts('sample', model.Sample),
                    key=lambda part: (
                        backends.get(part.backend, last),
                        part.started_at,
                    ),
                )
            ),
        )

    def write_results(self, results: model.Results) -> pathlib.Path:
        """Write ``results.json``.

        :returns: its path.
        """
        value = _CONVERTER.unstructure(results)
        _write(self.results_json, value, schema.problem(value))
        return self.results_json

    def _read_parts(self, kind: str, form: type[_Part]) -> tuple[_Part, ...]:
        return tuple(
            _read_part(path, kind, form)
            for path in sorted(self.parts.glob(f'{kind}.*.json'))
        )

    def _write_part(self, kind: str, name: str, part: ty.Any) -> None:
        value = {
            'schema_version': model.SCHEMA_VERSION,
            kind: _CONVERTER.unstructure(part),
        }
        _write(self.parts / name, value, schema.problem(value, kind))


@contextlib.contextmanager
def writing(path: pathlib.Path) -> collections.abc.Iterator[None]:
    """Tell of a full disk, or another reason, in words.

    :param path: what is written meanwhile.
    :raises extend_conformance.exceptions.NotTestable: it cannot be. What was
        written before can be read.
    """
    try:
        yield
    except OSError as error:
        raise exceptions.NotTestable(
            f'The results cannot be written: {error.strerror}',
            resource=str(path),
            next_step='Make room there, or name another directory with '
            '--output.',
        ) from error


def load_results(path: str | os.PathLike[str]) -> model.Results:
    """Read a ``results.json`` of any version, or a results directory.

    Where a directory has both single files and a ``results.json``, the
    single files count: they are what the run wrote.

    :raises extend_conformance.exceptions.UsageError: names the file and the
        place in it that is wrong.
    """
    path = pathlib.Path(path)
    if path.is_dir():
        directory = ResultsDirectory(path)
        if (directory.parts / 'run.json').exists():
            return directory.load()
        if not directory.results_json.exists():
            raise exceptions.UsageError(
                'The directory holds no results',
                resource=str(path),
                wanted='results.json or results/run.json',
            )
        path = directory.results_json
    value = schema.current(_read(path), str(path))
    return _structured(value, model.Results, path)


def _places(
    names: collections.abc.Iterable[str | None],
) -> dict[str | None, int]:
    return {name: place for place, name in enumerate(dict.fromkeys(names))}


def _quoted(name: str) -> str:
    """A file name that no other name gets."""
    quoted = urllib.parse.quote(name, safe='')
    if len(quoted) <= _LONGEST_NAME:
        return quoted
    digest = hashlib.sha256(name.encode(errors='surrogatepass')).hexdigest()
    return f'{quoted[: _LONGEST_NAME - 65]}~{digest}'


def _file_name(kind: str, name: str, backend: str | None = None) -> str:
    if backend is None:
        return f'{kind}.{_quoted(name)}.json'
    # "@" is quoted in both, so that it can only be the border.
    joined = f'{_quoted(name)}@{_quoted(backend)}'
    if len(joined) > _LONGEST_NAME:
        digest = hashlib.sha256(joined.encode()).hexdigest()
        joined = f'{joined[: _LONGEST_NAME - 65]}@{digest}'
    return f'{kind}.{joined}.json'


def _read(path: pathlib.Path) -> ty.Any:
    try:
        return json.loads(path.read_text(encoding='utf-8'))
    except OSError as error:
        raise exceptions.UsageError(
            f'The results cannot be read: {error.strerror}',
            resource=str(path),
        ) from error
    except ValueError as error:
        raise exceptions.UsageError(
            f'The results are not JSON: {error}', resource=str(path)
        ) from error


def _read_part(path: pathlib.Path, kind: str, form: type[_Part]) -> _Part:
    value = schema.current(_read(path), str(path), kind)
    return _structured(value[kind], form, path)


def _structured(value: ty.Any, form: type[_Part], path: pathlib.Path) -> _Part:
    try:
        return _CONVERTER.structure(value, form)
    except cattrs.BaseValidationError as error:
        # What a schema cannot say, such as a span that ends before it
        # starts.
        reasons = '; '.join(
            cattrs.transform_error(
                error, format_exception=lambda why, _: str(why)
            )
        )
        raise exceptions.UsageError(
            f'The results contradict themselves: {reasons}',
            resource=str(path),
        ) from error


def _write(path: pathlib.Path, value: ty.Any, wrong: str | None) -> None:
    """Write a document so that it appears whole or not at all.

    :param wrong: what the schema has against it: the mistake of the caller,
        found where it is made and not when the results are read.
    """
    if wrong is not None:
        raise ValueError(f'{path.name} would break the schema at {wrong}')
    text = json.dumps(value, indent=1, allow_nan=False, ensure_ascii=False)
    # Hidden and without the suffix, so that no reader takes it for a part.
    temporary = path.with_name(f'.{uuid.uuid4().hex}')
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_text(text + '\n', encoding='utf-8')
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
