# SPDX-License-Identifier: Apache-2.0

"""Which backends a sandbox has: ours by name, and those of other people."""

import configparser
import difflib
import pathlib
import re
import typing as ty

from extend_conformance import exceptions
from extend_conformance.sandbox import declared

#: Sections of ``cinder.conf`` that no backend can have: those of the
#: sandbox's own file.
_TAKEN: ty.Final = frozenset(
    {
        'DEFAULT',
        'backend_defaults',
        'coordination',
        'database',
        'keystone_authtoken',
        'os_brick',
        'oslo_concurrency',
        'oslo_policy',
    }
)


def by_names(names: ty.Sequence[str]) -> tuple[declared.Backend, ...]:
    """Return backends by name, in the order asked for.

    :param names: names, or ``all``; none means the standard set.
    :raises extend_conformance.exceptions.UsageError: for an unknown name.
    """
    if not names:
        return declared.STANDARD
    known = {backend.name: backend for backend in declared.BACKENDS}
    chosen: dict[str, declared.Backend] = {}
    for name in names:
        if name == 'all':
            chosen.update(known)
        elif name in known:
            chosen[name] = known[name]
        else:
            near = difflib.get_close_matches(name, [*known, 'all'], n=1)
            raise exceptions.UsageError(
                f'There is no sandbox backend {name!r}',
                next_step=(
                    f'Did you mean {near[0]!r}?'
                    if near
                    else f'There are: {", ".join(known)}, all.'
                ),
            )
    return tuple(chosen.values())


def from_conf(path: pathlib.Path) -> declared.Backend:
    """Read a backend of somebody else from a section of ``cinder.conf``.

    :param path: a file with exactly one section, whose name becomes the
        backend's, with at least ``volume_driver``.
    :raises extend_conformance.exceptions.UsageError: if it is not that.
    """
    parser = configparser.RawConfigParser(strict=True, default_section='')
    try:
        parser.read_string(path.read_text(), source=str(path))
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        raise exceptions.UsageError(
            f'The backend file {path} cannot be read: '
            + ' '.join(str(error).split())
        ) from error
    sections = parser.sections()
    if len(sections) != 1:
        raise exceptions.UsageError(
            f'The backend file {path} must have exactly one section',
            last=', '.join(sections) or 'none',
        )
    name = sections[0]
    if name in _TAKEN or not re.fullmatch(r'[A-Za-z0-9][\w.-]*', name):
        raise exceptions.UsageError(
            f'A backend cannot be named {name!r}',
            resource=str(path),
            next_step='Choose letters, digits, dots and dashes.',
        )
    options = dict(parser.items(name))
    volume_driver = options.pop('volume_driver', None)
    if not volume_driver:
        raise exceptions.UsageError(
            f'Section [{name}] of {path} has no volume_driver'
        )
    return declared.Backend(
        name=name, volume_driver=volume_driver, options=tuple(options.items())
    )


def select(
    names: ty.Sequence[str], confs: ty.Sequence[pathlib.Path]
) -> tuple[declared.Backend, ...]:
    """Return the backends of one sandbox: ours by name, then others by file.

    Files alone bring ``good`` along only if it is named too; without any
    name the standard set is started and the files are added to it.

    :raises extend_conformance.exceptions.UsageError: for an unknown name, a
        bad file, or two backends of one name.
    """
    chosen = list(by_names(names))
    for path in confs:
        backend = from_conf(path)
        if backend.name in {other.name for other in chosen}:
            raise exceptions.UsageError(
                f'Two backends would be named {backend.name!r}',
                next_step=f'Rename the section in {path}.',
            )
        chosen.append(backend)
    return tuple(chosen)


def support_matrix(chosen: ty.Iterable[declared.Backend]) -> str:
    """Return a support matrix in upstream's form, rows of our own only.

    Form: Cinder's ``doc/source/reference/support-matrix.ini``.
    """
    rows = [backend for backend in chosen if backend.matrix is not None]
    lines = []
    for backend in rows:
        lines += [
            f'[driver.{backend.matrix_key}]',
            f'title=Sandbox backend {backend.name}',
            '',
        ]
    lines += [
        '[operation.online_extend_support]',
        'title=Extend an Attached Volume',
        'status=optional',
        'notes=Rows of the sandbox, some wrong on purpose.',
    ]
    lines += [f'driver.{b.matrix_key}={b.matrix}' for b in rows]
    return '\n'.join(lines) + '\n'
