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

import pydantic_core
from oslo_concurrency import lockutils

from extend_conformance import exceptions
from extend_conformance.results import merging
from extend_conformance.results import model
from extend_conformance.results import schema

#: Leaves room for the suffix of a temporary file under the usual limit of
#: 255 bytes for a file name.
_LONGEST_NAME = 180

_Form = ty.TypeVar('_Form')


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
                written = _read(path, model.RunPart).run
                if written.id != run.id:
                    raise exceptions.UsageError(
                        'The results directory belongs to another run',
                        resource=str(self.path),
                        wanted=f'run {run.id}',
                        last=f'run {written.id}',
                        next_step='Give each run a directory of its own.',
                    )
                run = merging.union_of_runs([written, run])
            _write(path, model.RunPart(run=run))

    def write_backend(self, backend: model.Backend) -> None:
        """Write what is known of a backend, in place of what was written."""
        name = _file_name('backend', backend.volume_type)
        _write(self.parts / name, model.BackendPart(backend=backend))

    def read_backend(self, volume_type: str) -> model.Backend | None:
        """Read what is written of a backend; ``None`` if nothing is."""
        path = self.parts / _file_name('backend', volume_type)
        if not path.exists():
            return None
        return _read(path, model.BackendPart).backend

    def write_check(self, result: model.CheckResult) -> None:
        """Write the result of a check, in place of an earlier one of it."""
        name = _file_name('check', result.check, result.backend)
        _write(self.parts / name, model.CheckPart(check=result))

    def write_sample(self, sample: model.Sample) -> None:
        """Write a sample, in place of an earlier one of the same id."""
        name = _file_name('sample', sample.id)
        _write(self.parts / name, model.SamplePart(sample=sample))

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
        run = _read(path, model.RunPart).run
        backends = _places(planned.backend for planned in run.planned)
        checks = _places(planned.check for planned in run.planned)
        last = len(run.planned)
        found = [
            each.backend
            for each in self._read_parts('backend', model.BackendPart)
        ]
        results = [
            each.check for each in self._read_parts('check', model.CheckPart)
        ]
        samples = [
            each.sample
            for each in self._read_parts('sample', model.SamplePart)
        ]
        return model.Results(
            run=run,
            backends=tuple(
                sorted(
                    found,
                    key=lambda part: backends.get(part.volume_type, last),
                )
            ),
            checks=tuple(
                sorted(
                    results,
                    key=lambda part: (
                        backends.get(part.backend, last),
                        checks.get(part.check, last),
                    ),
                )
            ),
            samples=tuple(
                sorted(
                    samples,
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
        _write(self.results_json, results)
        return self.results_json

    def _read_parts(
        self, kind: str, form: type[_Form]
    ) -> collections.abc.Iterator[_Form]:
        for path in sorted(self.parts.glob(f'{kind}.*.json')):
            yield _read(path, form)


def as_json(value: ty.Any) -> ty.Any:
    """A value of the model as JSON has it, all its fields in their order."""
    return pydantic_core.to_jsonable_python(value, fallback=_plain)


def _plain(value: ty.Any) -> ty.Any:
    """What pydantic does not know: a mapping that cannot be changed."""
    if isinstance(value, collections.abc.Mapping):
        return dict(value)
    return str(value)


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
    return _read(path, model.Results)


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


def _read(path: pathlib.Path, form: type[_Form]) -> _Form:
    try:
        value = json.loads(path.read_text(encoding='utf-8'))
    except OSError as error:
        raise exceptions.UsageError(
            f'The results cannot be read: {error.strerror}',
            resource=str(path),
        ) from error
    except ValueError as error:
        raise exceptions.UsageError(
            f'The results are not JSON: {error}', resource=str(path)
        ) from error
    return schema.structured(value, form, str(path))


def _write(path: pathlib.Path, value: ty.Any) -> None:
    """Write a document so that it appears whole or not at all."""
    text = json.dumps(
        as_json(value), indent=1, allow_nan=False, ensure_ascii=False
    )
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
