# SPDX-License-Identifier: Apache-2.0

"""What Cinder says of volumes, pools and the rest, as immutable values.

Every view is made from the JSON of the Block Storage API, version 3
(https://docs.openstack.org/api-ref/block-storage/v3/). Asking for it is left
to :mod:`extend_conformance.cloud.block_storage`.
"""

import collections.abc
import dataclasses
import types
import typing as ty

Json: ty.TypeAlias = collections.abc.Mapping[str, ty.Any]

#: Entries that Cinder mixes into the metadata of a volume that it shows,
#: and that are not the user's.
_ADMIN_METADATA = frozenset({'readonly', 'attached_mode'})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Volume:
    """A volume, as it was shown at one moment.

    :param metadata: the user's own.
    :param attachments: ids of the attachments that are attached.
    :param host: ``host@backend#pool``; only an administrator sees it.
    :param shared_targets: whether attachments share a target; ``None``
        demands a lock always (microversion 3.69).
    """

    id: str
    name: str | None
    status: str
    size_gib: int
    volume_type: str | None
    metadata: collections.abc.Mapping[str, str]
    attachments: tuple[str, ...]
    encrypted: bool
    multiattach: bool
    bootable: bool
    readonly: bool
    snapshot_id: str | None
    source_id: str | None
    service_uuid: str | None
    shared_targets: bool | None
    host: str | None
    project_id: str | None
    created_at: str | None

    @classmethod
    def from_json(cls, body: Json) -> 'Volume':
        """Read the ``volume`` object of the API."""
        metadata = body.get('metadata') or {}
        return cls(
            id=body['id'],
            name=body.get('name'),
            status=body['status'],
            size_gib=int(body['size']),
            volume_type=body.get('volume_type'),
            metadata=types.MappingProxyType(
                {
                    key: value
                    for key, value in metadata.items()
                    if key not in _ADMIN_METADATA
                }
            ),
            attachments=tuple(
                each['attachment_id'] for each in body.get('attachments', ())
            ),
            encrypted=_truth(body.get('encrypted')),
            multiattach=_truth(body.get('multiattach')),
            bootable=_truth(body.get('bootable')),
            readonly=_truth(metadata.get('readonly')),
            snapshot_id=body.get('snapshot_id'),
            source_id=body.get('source_volid'),
            service_uuid=body.get('service_uuid'),
            shared_targets=body.get('shared_targets', False),
            host=body.get('os-vol-host-attr:host'),
            project_id=body.get('os-vol-tenant-attr:tenant_id'),
            created_at=body.get('created_at'),
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A snapshot of a volume, as it was shown at one moment.

    :param size_gib: of the volume when the snapshot was made.
    :param project_id: only an administrator sees it.
    """

    id: str
    name: str | None
    status: str
    size_gib: int
    volume_id: str
    metadata: collections.abc.Mapping[str, str]
    project_id: str | None

    @classmethod
    def from_json(cls, body: Json) -> 'Snapshot':
        """Read the ``snapshot`` object of the API."""
        return cls(
            id=body['id'],
            name=body.get('name'),
            status=body['status'],
            size_gib=int(body['size']),
            volume_id=body['volume_id'],
            metadata=types.MappingProxyType(dict(body.get('metadata') or {})),
            project_id=body.get('os-extended-snapshot-attributes:project_id'),
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Attachment:
    """An attachment of the attachments API (microversion 3.27).

    :param connection_info: what os-brick connects with; may hold secrets
        and is therefore left out of the representation.
    """

    id: str
    volume_id: str
    status: str | None
    connection_info: Json = dataclasses.field(repr=False)

    @classmethod
    def from_json(cls, body: Json) -> 'Attachment':
        """Read the ``attachment`` object of the API."""
        return cls(
            id=body['id'],
            volume_id=body['volume_id'],
            status=body.get('status'),
            connection_info=types.MappingProxyType(
                dict(body.get('connection_info') or {})
            ),
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Message:
    """A user message: what Cinder tells about a failure after its answer.

    :param event_id: for example ``VOLUME_VOLUME_007_003``.
    :param request_id: of the request that failed.
    """

    id: str
    event_id: str
    text: str
    request_id: str | None
    created_at: str | None

    @classmethod
    def from_json(cls, body: Json) -> 'Message':
        """Read the ``message`` object of the API."""
        return cls(
            id=body['id'],
            event_id=body['event_id'],
            text=body['user_message'],
            request_id=body.get('request_id'),
            created_at=body.get('created_at'),
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pool:
    """A pool, as the scheduler sees it; only for administrators.

    :param name: ``host@backend#pool``.
    :param capabilities: everything that the driver reports.
    :param free_gib: ``None`` if the driver says unknown, ``inf`` for
        infinite.
    """

    name: str
    capabilities: Json
    free_gib: float | None
    total_gib: float | None

    @classmethod
    def from_json(cls, body: Json) -> 'Pool':
        """Read a pool of ``scheduler-stats/get_pools?detail=True``."""
        capabilities = body.get('capabilities') or {}
        return cls(
            name=body['name'],
            capabilities=types.MappingProxyType(dict(capabilities)),
            free_gib=_capacity(capabilities.get('free_capacity_gb')),
            total_gib=_capacity(capabilities.get('total_capacity_gb')),
        )

    @property
    def backend_name(self) -> str | None:
        """The ``volume_backend_name`` that volume types ask for."""
        name = self.capabilities.get('volume_backend_name')
        return None if name is None else str(name)

    @property
    def protocol(self) -> str | None:
        """The storage protocol that the driver reports, as text."""
        protocol = self.capabilities.get('storage_protocol')
        if isinstance(protocol, list):
            return str(protocol[0]) if protocol else None
        return None if protocol is None else str(protocol)


@dataclasses.dataclass(frozen=True, kw_only=True)
class VolumeType:
    """A volume type.

    :param backend_name: its extra spec ``volume_backend_name``; seen by
        administrators only.
    :param extra_specs: those that this user may see.
    """

    id: str
    name: str
    backend_name: str | None
    is_default: bool
    is_public: bool
    extra_specs: collections.abc.Mapping[str, str]

    @classmethod
    def from_json(cls, body: Json, default_id: str | None) -> 'VolumeType':
        """Read the ``volume_type`` object of the API."""
        specs = body.get('extra_specs') or {}
        return cls(
            id=body['id'],
            name=body['name'],
            backend_name=specs.get('volume_backend_name'),
            is_default=body['id'] == default_id,
            is_public=_truth(body.get('is_public', True)),
            extra_specs=types.MappingProxyType(dict(specs)),
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class QuotaUse:
    """One quota; ``limit`` is ``None`` if there is none."""

    limit: int | None
    in_use: int
    reserved: int

    @property
    def free(self) -> int | None:
        """What is left, never below 0; ``None`` if there is no limit."""
        if self.limit is None:
            return None
        return max(self.limit - self.in_use - self.reserved, 0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Quota:
    """What a project may have, and has.

    :param gigabytes: GiB of all volumes together.
    :param volume_gib: GiB that one volume may have; ``None`` for no limit.
    :param by_type: GiB of all volumes of a type together, by its name.
    """

    volumes: QuotaUse
    gigabytes: QuotaUse
    volume_gib: int | None
    by_type: collections.abc.Mapping[str, QuotaUse]

    @classmethod
    def from_json(cls, body: Json) -> 'Quota':
        """Read the ``quota_set`` object, asked for with ``usage=True``."""
        prefix = 'gigabytes_'
        return cls(
            volumes=_quota_use(body['volumes']),
            gigabytes=_quota_use(body['gigabytes']),
            volume_gib=_quota_use(
                body.get('per_volume_gigabytes', {'limit': -1})
            ).limit,
            by_type=types.MappingProxyType(
                {
                    key.removeprefix(prefix): _quota_use(value)
                    for key, value in body.items()
                    if key.startswith(prefix)
                }
            ),
        )


def _quota_use(body: Json) -> QuotaUse:
    limit = int(body['limit'])
    return QuotaUse(
        # Cinder writes -1 for "no limit".
        limit=None if limit < 0 else limit,
        in_use=int(body.get('in_use', 0)),
        reserved=int(body.get('reserved', 0)),
    )


def _truth(value: object) -> bool:
    """Cinder writes some truths as text: ``"true"``, ``"True"``."""
    return str(value).lower() == 'true'


def _capacity(value: object) -> float | None:
    """GiB of a pool; drivers may also say ``unknown`` or ``infinite``."""
    if value == 'infinite':
        return float('inf')
    try:
        return float(ty.cast(ty.Any, value))
    except (TypeError, ValueError):
        return None
