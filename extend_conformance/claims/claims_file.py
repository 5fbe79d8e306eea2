# SPDX-License-Identifier: Apache-2.0

"""The claims file: what a person, or ``discover``, says of a cloud's backends.

Reads and writes it, and says in which line it is wrong. What is promised
when an entry is silent is found in ``expectation``.

Whatever stands in a file may be the work of a person, and nothing in it says
which part is. So :func:`update` only ever adds: an entry that is there keeps
its values, its comments and its place.
"""

import collections.abc
import contextlib
import dataclasses
import io
import os
import pathlib
import tempfile
import types
import typing as ty

import ruamel.yaml
import ruamel.yaml.comments
import ruamel.yaml.error
import ruamel.yaml.scalarstring

from extend_conformance import exceptions
from extend_conformance import vocabulary
from extend_conformance.claims import claims_form

_HEADER = (
    'What the backends of this cloud promise about extending attached '
    'volumes.\n'
    'New entries are only ever added; change the others as you like.\n'
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class BackendClaim:
    """What is claimed of the backend behind one volume type.

    :param expect: what it promises; ``None``: matrix and capability say.
    :param matrix_key: its row in the support matrix, ``None``: unknown.
    :param absent_features: features that it does not have.
    :param known_disagreement: URL of the bug, by id of the check that fails.
    """

    volume_type: str
    expect: vocabulary.Expectation | None = None
    matrix_key: str | None = None
    absent_features: tuple[vocabulary.Feature, ...] = ()
    known_disagreement: collections.abc.Mapping[str, str] = dataclasses.field(
        default_factory=lambda: types.MappingProxyType({})
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Claims:
    """A whole claims file.

    :param release: the Cinder series of the cloud, as it was written.
    """

    release: str | None = None
    backends: tuple[BackendClaim, ...] = ()

    def find(self, volume_type: str) -> BackendClaim | None:
        """Return the entry of this volume type."""
        for backend in self.backends:
            if backend.volume_type == volume_type:
                return backend
        return None


@dataclasses.dataclass(frozen=True)
class Discovered:
    """An entry that was found on the cloud.

    :param comment: one line above it in the file, such as the reason why
        this is its matrix key.
    """

    claim: BackendClaim
    comment: str = ''


@dataclasses.dataclass(frozen=True)
class Update:
    """What :func:`update` did, by volume type.

    :param vanished: entries in the file that were not discovered; they are
        left there too.
    """

    added: tuple[str, ...]
    kept: tuple[str, ...]
    vanished: tuple[str, ...]


def load(
    path: pathlib.Path,
    *,
    checks: collections.abc.Collection[str] | None = None,
) -> Claims:
    """Read a claims file.

    :param checks: ids that ``known_disagreement`` may have; ``None``: any.
    :raises UsageError: unreadable, not YAML, a wrong key or value, or two
        entries of one volume type; names the file and the line.
    """
    document = _read(path)
    claims = _interpret(path, document)
    for index, backend in enumerate(claims.backends):
        for check in backend.known_disagreement:
            if checks is not None and check not in checks:
                where = ('backends', index, 'known_disagreement', check)
                raise claims_form.wrong_check(path, document, where, checks)
    return claims


def save(path: pathlib.Path, claims: Claims) -> None:
    """Write a claims file, in place of one that is there; whole or not at all.

    :raises UsageError: the file cannot be written.
    """
    document = _new_document()
    _set_release(document, claims.release)
    for claim in claims.backends:
        _append(document, Discovered(claim))
    _write(path, document)


def update(
    path: pathlib.Path,
    discovered: collections.abc.Sequence[Discovered],
    release: str | None = None,
) -> Update:
    """Add what was discovered to a claims file; make it if there is none.

    An entry whose volume type is in the file is left as it is, with its
    comments, whoever wrote it; so is ``release``, and so are entries of
    volume types that were not discovered. Others are put at the end. With
    nothing to add the file is not written.
    If two processes do this at once, each writes a whole file and the last
    one stays.

    :param release: written if the file does not have one.
    :raises UsageError: the file there is wrong, or cannot be written.
    """
    document = _read(path) if path.exists() else _new_document()
    present = [
        claim.volume_type for claim in _interpret(path, document).backends
    ]
    found = {entry.claim.volume_type: entry for entry in discovered}
    added = [name for name in found if name not in present]
    add_release = release is not None and 'release' not in document
    if add_release:
        _set_release(document, release)
    for name in added:
        _append(document, found[name])
    if added or add_release or not path.exists():
        _write(path, document)
    return Update(
        added=tuple(added),
        kept=tuple(name for name in present if name in found),
        vanished=tuple(name for name in present if name not in found),
    )


def _yaml() -> ruamel.yaml.YAML:
    yaml = ruamel.yaml.YAML(typ='rt')
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _read(path: pathlib.Path) -> ty.Any:
    try:
        text = path.read_text(encoding='utf-8')
    except (OSError, UnicodeError) as error:
        raise exceptions.UsageError(
            f'The claims file {path} cannot be read: {error}',
            next_step='"extend-conformance discover" writes one.',
        ) from error
    try:
        document = _yaml().load(text)
        if document is None:
            # Keeps the comments of a file that has nothing else.
            document = _yaml().load(f'{text}\nbackends: []\n')
    except ruamel.yaml.error.YAMLError as error:
        mark = getattr(error, 'problem_mark', None)
        problem = getattr(error, 'problem', None) or str(error)
        raise claims_form.wrong_file(
            path,
            None if mark is None else mark.line + 1,
            f'is not YAML: {str(problem).splitlines()[0]}',
        ) from error
    return document


def _interpret(path: pathlib.Path, document: ty.Any) -> Claims:
    claims_form.check(path, document)
    backends = tuple(_claim(entry) for entry in document.get('backends') or ())
    seen: dict[str, int] = {}
    for index, backend in enumerate(backends):
        line = claims_form.line_of(
            document, ('backends', index, 'volume_type')
        )
        if backend.volume_type in seen:
            raise claims_form.wrong_file(
                path,
                line,
                f'volume type "{backend.volume_type}" has an entry in line '
                f'{seen[backend.volume_type]} already',
            )
        seen[backend.volume_type] = line
    release = document.get('release')
    return Claims(
        release=None if release is None else str(release), backends=backends
    )


def _claim(entry: collections.abc.Mapping[str, ty.Any]) -> BackendClaim:
    expect = entry.get('expect')
    key = entry.get('matrix_key')
    return BackendClaim(
        volume_type=str(entry['volume_type']),
        expect=None if expect is None else vocabulary.Expectation(str(expect)),
        matrix_key=None if key is None else str(key),
        absent_features=tuple(
            vocabulary.Feature(str(feature))
            for feature in entry.get('absent_features', ())
        ),
        known_disagreement=types.MappingProxyType(
            {
                str(check): str(url)
                for check, url in entry.get('known_disagreement', {}).items()
            }
        ),
    )


def _entry(claim: BackendClaim) -> ruamel.yaml.comments.CommentedMap:
    entry = ruamel.yaml.comments.CommentedMap()
    entry['volume_type'] = claim.volume_type
    if claim.expect is not None:
        entry['expect'] = str(claim.expect)
    if claim.matrix_key is not None:
        entry['matrix_key'] = claim.matrix_key
    if claim.absent_features:
        entry['absent_features'] = [str(one) for one in claim.absent_features]
    if claim.known_disagreement:
        entry['known_disagreement'] = dict(claim.known_disagreement)
    return entry


def _new_document() -> ruamel.yaml.comments.CommentedMap:
    document = ruamel.yaml.comments.CommentedMap()
    document.yaml_set_start_comment(_HEADER)
    document['backends'] = ruamel.yaml.comments.CommentedSeq()
    return document


def _append(
    document: ruamel.yaml.comments.CommentedMap, entry: Discovered
) -> None:
    if document.get('backends') is None:
        document['backends'] = ruamel.yaml.comments.CommentedSeq()
    backends = document['backends']
    backends.append(_entry(entry.claim))
    if entry.comment:
        backends.yaml_set_comment_before_after_key(
            len(backends) - 1, before=entry.comment, indent=2
        )


def _set_release(
    document: ruamel.yaml.comments.CommentedMap, release: str | None
) -> None:
    # Quoted, since 2026.1 without quotes is a number to YAML.
    if release is not None:
        document.insert(
            0,
            'release',
            ruamel.yaml.scalarstring.DoubleQuotedScalarString(release),
        )


def _write(path: pathlib.Path, document: ty.Any) -> None:
    stream = io.StringIO()
    _yaml().dump(document, stream)
    target = path.resolve()
    temporary = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            'w', encoding='utf-8', dir=target.parent, delete=False
        ) as file:
            temporary = pathlib.Path(file.name)
            file.write(stream.getvalue())
            file.flush()
            os.fsync(file.fileno())
        _take_over_mode(target, temporary)
        temporary.replace(target)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise exceptions.UsageError(
            f'The claims file {path} cannot be written: {error.strerror}',
            next_step='Name a file in a directory that you may write to.',
        ) from error


def _take_over_mode(old: pathlib.Path, new: pathlib.Path) -> None:
    if not old.exists():
        new.chmod(0o644)
        return
    status = old.stat()
    new.chmod(status.st_mode & 0o777)
    # Only root may keep the file another user's.
    with contextlib.suppress(PermissionError):
        os.chown(new, status.st_uid, status.st_gid)
