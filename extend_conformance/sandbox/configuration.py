# SPDX-License-Identifier: Apache-2.0

"""Writes the configuration of the daemons from the templates beside it.

What clients read is written by ``tempest_conf`` and ``environment``.
"""

import collections.abc
import dataclasses
import functools
import importlib.metadata
import pathlib
import sys
import typing as ty

import jinja2

from extend_conformance import exceptions
from extend_conformance import vocabulary
from extend_conformance.sandbox import declared
from extend_conformance.sandbox import state


@dataclasses.dataclass(frozen=True)
class CinderStore:
    """A store of Glance that makes volumes, with upstream's Cinder store.

    :param name: of the store, which is how an upload asks for it.
    :param mode: in which its volumes are extended.
    """

    name: str
    volume_type: str
    mode: vocabulary.Mode

    @property
    def extends_attached(self) -> bool:
        """Whether its volumes grow while they are attached."""
        return self.mode is vocabulary.Mode.ATTACHED


def cinder_stores(
    chosen: collections.abc.Sequence[declared.Backend],
) -> tuple[CinderStore, ...]:
    """One per mode in the first backend, one in each that wants one."""
    first, *others = chosen
    return (
        *(CinderStore(mode, first.name, mode) for mode in vocabulary.Mode),
        *(
            CinderStore(backend.name, backend.name, vocabulary.Mode.ATTACHED)
            for backend in others
            if backend.glance_store
        ),
    )


@functools.cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(  # noqa: S701 - configuration, not HTML
        loader=jinja2.PackageLoader('extend_conformance.sandbox', 'templates'),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=False,
    )


def _installed(distribution: str, path: str) -> pathlib.Path:
    """Find a file that a service installs outside its packages.

    :raises extend_conformance.exceptions.NotTestable: if it is not there.
    """
    usual = pathlib.Path(sys.prefix) / path
    if usual.exists():
        return usual
    files = importlib.metadata.files(distribution) or ()
    for file in files:
        if str(file).endswith(path):
            return pathlib.Path(str(file.locate())).resolve()
    raise exceptions.NotTestable(
        f'{distribution} was installed without {path}',
        next_step=f'Install {distribution} again, from its wheel.',
    )


def write(paths: state.Paths, record: state.Record) -> None:
    """Write the configuration of every daemon.

    :raises extend_conformance.exceptions.NotTestable: if a service is not
        installed as it should be.
    """
    # In the order of their names: stock tests expect an image that is in all
    # stores to name them so, and Glance goes by this order.
    in_cinder = cinder_stores(record.chosen)
    stores = sorted(
        [
            'file:file',
            *(f'{store.name}:cinder' for store in in_cinder),
            'web:http',
        ]
    )
    files: dict[str, tuple[str, dict[str, ty.Any]]] = {
        'keystone.conf': ('keystone', {}),
        'cinder.conf': (
            'cinder',
            {
                'paste_ini': _installed('cinder', 'etc/cinder/api-paste.ini'),
                'resource_filters': _installed(
                    'cinder', 'etc/cinder/resource_filters.json'
                ),
            },
        ),
        'glance-api.conf': (
            'glance',
            {
                'paste_ini': _installed(
                    'glance', 'etc/glance/glance-api-paste.ini'
                ),
                'metadefs': _installed('glance', 'etc/glance/metadefs'),
                'stores': ','.join(stores),
                'cinder_stores': in_cinder,
                'python': sys.executable,
            },
        ),
    }
    for name, (service, values) in files.items():
        text = (
            _templates()
            .get_template(f'{name}.j2')
            .render(
                paths=paths,
                record=record,
                service=service,
                home=paths.of(service),
                **values,
            )
        )
        state.write_atomically(paths.etc / name, text)
