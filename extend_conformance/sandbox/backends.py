# SPDX-License-Identifier: Apache-2.0

"""Every backend of the sandbox, with what it promises and what it must get.

The one place where backends are declared. What their drivers do is in
``sandbox.drivers``; what a verdict is, in the room of the claims.
"""

import configparser
import dataclasses
import difflib
import pathlib
import re
import typing as ty

from extend_conformance import exceptions

#: What every driver of the sandbox says its vendor is.
VENDOR: ty.Final = 'Sandbox'

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

_LOOP = 'extend_conformance.sandbox.drivers.loop.LoopDriver'
_FAULTS = 'extend_conformance.sandbox.drivers.faults'


@dataclasses.dataclass(frozen=True)
class Backend:
    """One backend, its volume type of the same name, and its promise.

    :param name: of the backend, of its volume type and of its section.
    :param volume_driver: dotted name of the Cinder driver.
    :param options: further options of its section of ``cinder.conf``.
    :param defect: what is wrong with it, for people; None if nothing is.
    :param simulated: whether its latencies are declared, not real.
    :param matrix: its row in the sandbox's support matrix, ``complete`` or
        ``missing``, some wrong on purpose; None for no row.
    :param expect: ``expect`` of its claims entry, or None to leave it out.
    :param outcomes: the outcomes of an online extend that are right for it;
        empty for a backend of which nothing is known.
    :param verdict: the verdict that it must get, or None.
    """

    name: str
    volume_driver: str
    options: tuple[tuple[str, str], ...] = ()
    defect: str | None = None
    simulated: bool = False
    matrix: str | None = None
    expect: str | None = None
    outcomes: tuple[str, ...] = ()
    verdict: str | None = None

    @property
    def matrix_key(self) -> str:
        """The key of its row in the support matrix."""
        return 'sandbox_' + self.name.replace('-', '_')

    @property
    def volume_backend_name(self) -> str:
        """What its volume type asks the scheduler for."""
        return dict(self.options).get('volume_backend_name', self.name)


BACKENDS: ty.Final = (
    Backend(
        name='good',
        volume_driver=_LOOP,
        matrix='complete',
        outcomes=('supported',),
        verdict='conforms',
    ),
    Backend(
        name='slow-extend',
        volume_driver=_LOOP,
        options=(('sandbox_extend_seconds', '2.0'),),
        simulated=True,
        matrix='complete',
        outcomes=('supported',),
        verdict='conforms',
    ),
    Backend(
        # Its row is wrong on purpose: documented as missing, yet it works.
        name='slow-attach',
        volume_driver=_LOOP,
        options=(
            ('sandbox_attach_seconds', '2.0'),
            ('sandbox_detach_seconds', '1.0'),
        ),
        simulated=True,
        matrix='missing',
        outcomes=('supported',),
        verdict='better-than-claimed',
    ),
    Backend(
        # Its row is wrong on purpose: documented as complete, yet it refuses.
        name='refuses-driver',
        volume_driver=f'{_FAULTS}.RefusesInDriver',
        defect='raises when the volume is attached',
        matrix='complete',
        outcomes=('refused-driver',),
        verdict='contradicts-claim',
    ),
    Backend(
        name='refuses-capability',
        volume_driver=f'{_FAULTS}.RefusesByCapability',
        defect='cannot, and says so in its pool',
        matrix='missing',
        outcomes=('refused-scheduler',),
        verdict='refuses-honestly',
    ),
    Backend(
        name='device-stays',
        volume_driver=f'{_FAULTS}.DeviceStays',
        defect='the attached device keeps its old size',
        matrix='complete',
        outcomes=('control-plane-only',),
        verdict='fails',
    ),
    Backend(
        name='loses-old-data',
        volume_driver=f'{_FAULTS}.LosesOldData',
        defect='an online extend zeroes the first MiB',
        matrix='complete',
        outcomes=('data-damaged',),
        verdict='fails',
    ),
    Backend(
        name='damages-at-detach',
        volume_driver=f'{_FAULTS}.DamagesAtDetach',
        defect='the detach after an online extend zeroes the first MiB',
        matrix='complete',
        outcomes=('data-damaged',),
        verdict='fails',
    ),
)

#: Started without ``--backend``; the first is the default volume type.
STANDARD: ty.Final = BACKENDS[:8]


def by_names(names: ty.Sequence[str]) -> tuple[Backend, ...]:
    """Return backends by name, in the order asked for.

    :param names: names, or ``all``; none means the standard set.
    :raises extend_conformance.exceptions.UsageError: for an unknown name.
    """
    if not names:
        return STANDARD
    known = {backend.name: backend for backend in BACKENDS}
    chosen: dict[str, Backend] = {}
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


def from_conf(path: pathlib.Path) -> Backend:
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
    return Backend(
        name=name, volume_driver=volume_driver, options=tuple(options.items())
    )


def select(
    names: ty.Sequence[str], confs: ty.Sequence[pathlib.Path]
) -> tuple[Backend, ...]:
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


def support_matrix(chosen: ty.Iterable[Backend]) -> str:
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
