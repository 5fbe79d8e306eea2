# SPDX-License-Identifier: Apache-2.0

"""Attaches volumes to this host with os-brick, as a good neighbour.

An attachment is made in the order of the attachments API, is undone as a
whole if any step fails, and is in the ledger from before its first request
until after its last. What is done with the device is left to others.
"""

import collections.abc
import contextlib
import dataclasses
import functools
import inspect
import logging
import os
import pathlib
import threading
import types
import typing as ty

import os_brick
import platformdirs
from os_brick.initiator import connector as brick_connector
from oslo_concurrency import lockutils  # noqa: F401  registers its options
from oslo_config import cfg
from oslo_utils import importutils
from oslo_utils import netutils

from extend_conformance import exceptions
from extend_conformance.cloud import attachment as attachments
from extend_conformance.cloud import block_storage
from extend_conformance.cloud import calls
from extend_conformance.cloud import ledger as ledgers
from extend_conformance.cloud import node_owner
from extend_conformance.cloud import privileged
from extend_conformance.cloud import views

#: Kind of these entries in the ledger.
KIND = 'attachment'

#: Connectors that inherit an extend that cannot work: GPFS connects volumes
#: as regular files, whose size ``blockdev --getsize64`` refuses to read.
_UNUSABLE = frozenset({'gpfs'})


class Host:
    """This host, as an initiator.

    :param lock_path: directory of os-brick's locks, shared with whatever
        else attaches volumes here; by default the configuration's.
    :param use_multipath: connect all paths of a volume.
    :param enforce_multipath: fail where multipathd does not run.
    :param helper_command: starts the privilege helper as root.
    """

    def __init__(
        self,
        lock_path: str | None = None,
        use_multipath: bool = False,
        enforce_multipath: bool = False,
        helper_command: str | None = None,
    ) -> None:
        self._lock_path = lock_path
        self._use_multipath = use_multipath
        self._enforce_multipath = enforce_multipath
        self._helper_command = helper_command
        self._prepared = threading.Lock()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What somebody who reads the results should know of this host."""
        with self._prepared:
            return _choose_locks(self._lock_path)

    def connector_properties(self) -> collections.abc.Mapping[str, ty.Any]:
        """What backends need to know of this host; prepares it once.

        :raises exceptions.NotTestable: the privileges are missing.
        :raises attachments.ConnectorError: os-brick failed.
        """
        with self._prepared:
            return self._properties

    @functools.cached_property
    def _properties(self) -> collections.abc.Mapping[str, ty.Any]:
        _choose_locks(self._lock_path)
        privileged.prepare(self._helper_command)
        try:
            with _quiet():
                return types.MappingProxyType(
                    brick_connector.get_connector_properties(
                        'sudo',
                        netutils.get_my_ipv4(),
                        self._use_multipath,
                        self._enforce_multipath,
                    )
                )
        except Exception as error:
            raise attachments.ConnectorError(
                f'os-brick cannot describe this host: '
                f'{type(error).__name__}: {error}'
            ) from error

    def attach(
        self,
        storage: block_storage.BlockStorage,
        ledger: ledgers.Ledger,
        volume_id: str,
        mode: str = 'rw',
    ) -> attachments.AttachedVolume:
        """Attach a volume to this host.

        :param mode: ``rw``, or ``ro`` (the only one for a volume with the
            readonly flag).
        :raises exceptions.NotTestable: the volume is encrypted, or the
            privileges are missing.
        :raises calls.ApiError: Cinder refused a step.
        :raises attachments.ConnectorError: os-brick failed to connect.
        """
        properties = self.connector_properties()
        volume = storage.get_volume(volume_id)
        if volume.encrypted:
            raise exceptions.NotTestable(
                'Encrypted volumes cannot be attached: their bytes would '
                'have to pass an encryptor, and none is here yet',
                resource=f'volume {volume_id}',
            )
        entry = ledger.intend(
            KIND,
            storage.connection.auth_url,
            storage.connection.project_id,
            volume_id,
            hostname=properties['host'],
            boot_id=node_owner.boot_id(),
        )
        with contextlib.ExitStack() as undo:
            attachment = _reserve(storage, ledger, entry, volume, mode)
            intended = entry
            entry = dataclasses.replace(intended, id=attachment.id)
            undo.callback(_release, storage, ledger, entry)
            ledger.made(intended, attachment.id)
            attachment = storage.attachment_update(attachment.id, properties)
            connector = self._connector(attachment.connection_info)
            device_info = self._connect(
                storage, volume, attachment, connector, undo
            )
            storage.attachment_complete(attachment.id)
            attached = attachments.AttachedVolume(
                storage,
                ledger,
                entry,
                volume,
                attachment,
                connector,
                device_info,
            )
            storage.journal.add(
                'device',
                f'attached as {attached.device.name}',
                volume_id=volume_id,
                attachment_id=attachment.id,
                identity=str(attached.device.identity()),
            )
            undo.pop_all()
        return attached

    def disconnect_leftover(
        self,
        storage: block_storage.BlockStorage,
        entry: ledgers.Entry,
    ) -> None:
        """Disconnect what a run that was killed has left connected here.

        Does nothing for an attachment of another host, or from before the
        last start of this one.

        :param entry: of an attachment, as :meth:`attach` enters it.
        :raises attachments.ConnectorError: os-brick failed.
        """
        properties = self.connector_properties()
        if (
            entry.facts.get('hostname') != properties['host']
            or entry.facts.get('boot_id') != node_owner.boot_id()
        ):
            return
        info = dict(
            storage.get_attachment(ty.cast(str, entry.id)).connection_info
        )
        if 'driver_volume_type' not in info:
            # It was never exported.
            return
        volume = storage.get_volume(entry.name)
        try:
            with attachments.guard(volume):
                self._connector(info).disconnect_volume(
                    info, None, force=True, ignore_errors=True
                )
        except Exception as error:
            raise attachments.ConnectorError(
                f'os-brick could not disconnect the volume from this host: '
                f'{type(error).__name__}: {error}',
                resource=f'volume {volume.id}',
            ) from error

    def can_extend(self, protocol: str) -> bool | None:
        """Whether os-brick can extend volumes of a protocol on this host.

        :param protocol: a ``driver_volume_type``.
        :returns: ``None`` if os-brick has no connector for it.
        """
        path = brick_connector.get_connector_mapping().get(protocol.upper())
        if path is None:
            return None
        if protocol.lower() in _UNUSABLE:
            return False
        method = inspect.unwrap(importutils.import_class(path).extend_volume)
        # What cannot extend consists of raising this one error; calling it
        # to find out would touch a device.
        names: tuple[str, ...] = method.__code__.co_names
        return names != ('NotImplementedError',)

    def _connector(self, info: collections.abc.Mapping[str, ty.Any]) -> ty.Any:
        return brick_connector.InitiatorConnector.factory(
            info['driver_volume_type'],
            'sudo',
            use_multipath=self._use_multipath,
            conn=dict(info),
        )

    def _connect(
        self,
        storage: block_storage.BlockStorage,
        volume: views.Volume,
        attachment: views.Attachment,
        connector: ty.Any,
        undo: contextlib.ExitStack,
    ) -> collections.abc.Mapping[str, ty.Any]:
        info = dict(attachment.connection_info)
        found: dict[str, ty.Any] = {}

        def disconnect() -> None:
            # Also after a connect that failed: it may have got half way.
            with attachments.guard(volume):
                connector.disconnect_volume(
                    info, found or None, force=True, ignore_errors=True
                )

        began_s = storage.journal.elapsed_s()
        undo.callback(disconnect)
        try:
            with attachments.guard(volume):
                found.update(connector.connect_volume(info))
        except Exception as error:
            storage.journal.add(
                'connector',
                f'connect raised {type(error).__name__}',
                volume_id=volume.id,
                began_s=began_s,
                error=str(error),
            )
            raise attachments.ConnectorError(
                f'os-brick could not connect the volume to this host: '
                f'{type(error).__name__}: {error}',
                resource=(f'volume {volume.id}, {info["driver_volume_type"]}'),
            ) from error
        storage.journal.add(
            'connector',
            f'connected as {found.get("path")}',
            volume_id=volume.id,
            began_s=began_s,
            connection_info=info,
        )
        return found


@functools.cache
def _choose_locks(lock_path: str | None) -> tuple[str, ...]:
    """Give os-brick a directory of locks that it can write, once a process.

    os-brick locks under its own option, but guards connections under that of
    oslo.concurrency. Where nobody has set its option, it takes that of the
    program that it runs in, which nothing else on the host need share.

    :returns: what is to be known of the choice.
    """
    os_brick.setup(cfg.CONF)
    is_set = cfg.CONF.get_location('lock_path', 'os_brick')
    configured = (
        cfg.CONF.os_brick.lock_path
        if is_set is not None and is_set.location.is_user_controlled
        else None
    )
    of_program = cfg.CONF.oslo_concurrency.lock_path
    wanted = lock_path or configured or of_program
    warnings = []
    chosen = wanted
    if wanted is None or not _writable(wanted):
        state = platformdirs.user_state_path('extend-conformance')
        chosen = str(state / 'locks')
        pathlib.Path(chosen).mkdir(parents=True, exist_ok=True)
        reason = (
            'no lock path of os-brick is configured'
            if wanted is None
            else f'the lock path {wanted} is not writable'
        )
        warnings.append(
            f'{reason}; using {chosen}, so that attachments of other '
            'services on this host are not kept apart from ours'
        )
    elif wanted not in (lock_path, configured):
        warnings.append(
            f'no lock path of os-brick is configured; using {chosen} of '
            '[oslo_concurrency], so that attachments of services on this '
            'host that use another one are not kept apart from ours'
        )
    cfg.CONF.set_override('lock_path', chosen, group='os_brick')
    if not of_program or chosen != wanted:
        cfg.CONF.set_override('lock_path', chosen, group='oslo_concurrency')
    return tuple(warnings)


def _reserve(
    storage: block_storage.BlockStorage,
    ledger: ledgers.Ledger,
    entry: ledgers.Entry,
    volume: views.Volume,
    mode: str,
) -> views.Attachment:
    try:
        return storage.attachment_create(volume.id, mode)
    except BaseException as error:
        if isinstance(error, calls.ApiError) and error.changed_nothing:
            ledger.gone(entry)
            raise
        # The answer was lost, or nobody waited for it. An attachment has no
        # name, but a volume without multiattach can only have ours.
        if not volume.multiattach:
            for each in storage.attachments(volume.id):
                attachments.delete_attachment(storage, each)
            ledger.gone(entry)
        raise


@contextlib.contextmanager
def _quiet() -> collections.abc.Iterator[None]:
    """Keep os-brick from warning of protocols that this host has not.

    It looks for every one that it knows, whatever the backend uses.
    """
    logger = logging.getLogger('os_brick')
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


def _release(
    storage: block_storage.BlockStorage,
    ledger: ledgers.Ledger,
    entry: ledgers.Entry,
) -> None:
    attachments.delete_attachment(storage, ty.cast(str, entry.id))
    ledger.gone(entry)


def _writable(directory: str) -> bool:
    """Whether this user can take every lock that os-brick keeps there."""
    path = pathlib.Path(directory)
    with contextlib.suppress(OSError):
        path.mkdir(parents=True, exist_ok=True)
    return os.access(path, os.R_OK | os.W_OK | os.X_OK) and all(
        # Root made these, if it was here before.
        os.access(lock, os.W_OK)
        for lock in path.glob('os-brick-*')
    )
