# SPDX-License-Identifier: Apache-2.0

"""Which row of the support matrix a running backend is.

No API of Cinder names a backend's driver, so that it has to be told by what
its pool reports; what drivers report is in ``identity_rules``. A key that a
person wrote into the claims file is always believed before this.
"""

import collections.abc
import dataclasses
import json
import re
import typing as ty

from extend_conformance.claims import identity_rules
from extend_conformance.claims import matrix

_NOT_ALPHANUMERIC = re.compile('[^a-z0-9]+')


@dataclasses.dataclass(frozen=True, kw_only=True)
class BackendIdentity:
    """What is known of a backend from outside.

    Empty text means that it is not known: only an administrator sees pools,
    and only the owner of an attachment its ``driver_volume_type``.

    :param capabilities: all that the pool reports, these fields included.
    """

    vendor_name: str = ''
    storage_protocol: str = ''
    driver_version: str = ''
    location_info: str = ''
    volume_backend_name: str = ''
    driver_volume_type: str = ''
    capabilities: collections.abc.Mapping[str, ty.Any] = dataclasses.field(
        default_factory=dict
    )

    @classmethod
    def from_capabilities(
        cls,
        capabilities: collections.abc.Mapping[str, ty.Any],
        driver_volume_type: str = '',
    ) -> 'BackendIdentity':
        """Take it from the ``capabilities`` of a pool.

        :param capabilities: as ``scheduler-stats/get_pools?detail=true``
            answers.
        :param driver_volume_type: of the connection information of an
            attachment, if there is one.
        """
        return cls(
            vendor_name=_text(capabilities.get('vendor_name')),
            storage_protocol=_text(capabilities.get('storage_protocol')),
            driver_version=_text(capabilities.get('driver_version')),
            location_info=_text(capabilities.get('location_info')),
            volume_backend_name=_text(capabilities.get('volume_backend_name')),
            driver_volume_type=driver_volume_type,
            capabilities=dict(capabilities),
        )

    @property
    def protocol_family(self) -> str:
        """The protocol without its spellings, such as ``fc`` or ``nvme``."""
        name = (self.storage_protocol or self.driver_volume_type).lower()
        return identity_rules.FAMILIES.get(name, name)


@dataclasses.dataclass(frozen=True)
class Match:
    """The rows that a backend may be.

    :param keys: one; several that nothing reported can tell apart; or none.
        In the spelling of the newest release that has the driver.
    :param reason: what led there, as part of a sentence.
    """

    keys: tuple[str, ...]
    reason: str

    @property
    def ambiguous(self) -> bool:
        """Whether there is more than one."""
        return len(self.keys) > 1


def match(
    identity: BackendIdentity, own: matrix.Matrix | None = None
) -> Match:
    """Find the row of a running backend.

    A matrix file of one's own can have rows for single backends, which no
    vendor's driver is: a row is a backend's own if its key is made of the
    vendor (``vendor_name``, or ``location_info`` up to the first colon) and
    of the name of the backend, in lower case, with ``_`` for everything
    that is neither letter nor digit. Vendor ``Sandbox`` and backend
    ``slow-extend`` are ``sandbox_slow_extend``. Such a row comes first.

    :param identity: what is known of the backend.
    :param own: the matrix file that the user gave instead of Cinder's.
    """
    if own is not None:
        for key in _own_keys(identity):
            if key in own.rows:
                return Match((key,), f'{own.name} has a row of this backend')
    if not identity.vendor_name and not identity.location_info:
        return _match_by_volume_type(identity)
    for rule in identity_rules.RULES:
        if _holds(rule, identity):
            return Match(rule.keys, _reason(rule, identity))
    return Match(
        (),
        f'no driver of Cinder reports vendor "{identity.vendor_name}" with '
        f'protocol "{identity.storage_protocol}"',
    )


def _match_by_volume_type(identity: BackendIdentity) -> Match:
    volume_type = identity.driver_volume_type
    if not volume_type:
        return Match((), 'nothing is known of the pool or of a connection')
    keys = identity_rules.BY_VOLUME_TYPE.get(volume_type, ())
    if keys:
        return Match(keys, f'its connections are of type {volume_type}')
    return Match(
        (),
        f'connections of type {volume_type} say too little, and the pool '
        'was not read',
    )


def _own_keys(identity: BackendIdentity) -> tuple[str, ...]:
    backend = _slug(identity.volume_backend_name)
    vendors = (
        _slug(identity.vendor_name),
        _slug(identity.location_info.partition(':')[0]),
    )
    return tuple(
        f'{vendor}_{backend}' for vendor in vendors if vendor and backend
    )


def _holds(rule: identity_rules.Rule, identity: BackendIdentity) -> bool:
    capabilities = identity.capabilities
    return (
        rule.vendor in ('', identity.vendor_name)
        and (not rule.protocols or identity.protocol_family in rule.protocols)
        and re.search(rule.location, identity.location_info) is not None
        and re.search(rule.version, identity.driver_version) is not None
        and (not rule.present or rule.present in capabilities)
        and (
            not rule.true or str(capabilities.get(rule.true)).lower() == 'true'
        )
    )


def _reason(rule: identity_rules.Rule, identity: BackendIdentity) -> str:
    seen = {
        'vendor': identity.vendor_name if rule.vendor else '',
        'protocol': (
            identity.storage_protocol or identity.driver_volume_type
            if rule.protocols
            else ''
        ),
        'location': identity.location_info if rule.location else '',
        'driver version': identity.driver_version if rule.version else '',
        'capability': rule.present or rule.true,
    }
    facts = ', '.join(
        f'{name} "{text}"' for name, text in seen.items() if text
    )
    return f'its pool reports {facts}'


def _slug(text: str) -> str:
    return _NOT_ALPHANUMERIC.sub('_', text.lower()).strip('_')


def _text(value: object) -> str:
    """Return one line of text: some drivers report lists and mappings."""
    if value is None:
        return ''
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple) and value:
        return _text(value[0])
    return json.dumps(value, sort_keys=True, default=str)
