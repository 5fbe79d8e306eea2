# SPDX-License-Identifier: Apache-2.0

"""The sandbox's own Cinder driver: sparse files behind loop devices.

It does right all that stock tests ask of a driver, and is the base of those
that do wrong (``faults``): what they change are the ``_on_...`` and
``_grow_device`` hooks. Volumes reach hosts through os-brick's ``local``
connector, by one link per volume that stays the same while attached.
"""

import contextlib
import math
import os
import pathlib
import time
import typing as ty

from cinder import exception
from cinder import interface
from cinder.volume import configuration
from cinder.volume import driver
from cinder.volume import volume_utils
from eventlet import tpool
from oslo_concurrency import lockutils
from oslo_concurrency import processutils
from oslo_config import cfg
from oslo_log import log
from oslo_utils import units

from extend_conformance.sandbox import declared
from extend_conformance.sandbox import loopdevices

LOG = log.getLogger(__name__)

OPTIONS = [
    cfg.StrOpt(
        'sandbox_volumes_root',
        help='Directory below which each backend keeps its volumes.',
    ),
    cfg.StrOpt(
        'sandbox_devices_dir',
        help='Directory of the links through which hosts find devices.',
    ),
    cfg.FloatOpt(
        'sandbox_attach_seconds',
        default=0.0,
        min=0.0,
        help='Simulated: seconds added to every attach.',
    ),
    cfg.FloatOpt(
        'sandbox_detach_seconds',
        default=0.0,
        min=0.0,
        help='Simulated: seconds added to every detach.',
    ),
    cfg.FloatOpt(
        'sandbox_extend_seconds',
        default=0.0,
        min=0.0,
        help='Simulated: seconds added to every extend.',
    ),
]

cfg.CONF.register_opts(OPTIONS, group=configuration.SHARED_CONF_GROUP)


@interface.volumedriver
class LoopDriver(driver.VolumeDriver):
    """Volumes are sparse files; attached ones have a loop device each."""

    VERSION = '1.0'
    CI_WIKI_NAME = 'None'

    #: What the pool states; None leaves the key out.
    online_extend_support: ty.Any = True

    def __init__(self, *args: ty.Any, **kwargs: ty.Any) -> None:
        super().__init__(*args, **kwargs)
        self.configuration.append_config_values(OPTIONS)

    @staticmethod
    def get_driver_options() -> list[cfg.Opt]:
        """Return the options that a backend section may have."""
        return OPTIONS

    # Hooks for the faults

    def _on_extend(self, volume: ty.Any, new_size: int, device: str) -> None:
        """Act before an attached volume grows; raise to refuse."""

    def _grow_device(self, volume: ty.Any, device: str) -> None:
        """Let the host's device follow its file."""
        loopdevices.grow(device)

    def _on_extended(self, volume: ty.Any, new_size: int) -> None:
        """Act after an attached volume has grown."""

    def _on_detached(self, volume: ty.Any) -> None:
        """Act after the last attachment of a volume has gone."""

    def _file_bytes(self, size_gib: int) -> int:
        """Return how large the file of a volume of some GiB is."""
        return size_gib * int(units.Gi)

    # Set-up and statistics

    def do_setup(self, context: ty.Any) -> None:
        """Find the directories of this backend."""
        root = self.configuration.sandbox_volumes_root
        devices = self.configuration.sandbox_devices_dir
        if not root or not devices:
            raise exception.InvalidConfigurationValue(
                option='sandbox_volumes_root, sandbox_devices_dir', value=None
            )
        name = self.configuration.config_group
        self._volumes: pathlib.Path = pathlib.Path(root) / str(name)
        self._volumes.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._devices: pathlib.Path = pathlib.Path(devices)

    def check_for_setup_error(self) -> None:
        """Accept: what a volume needs was tried before the cloud started."""

    def _update_volume_stats(self) -> None:
        space = os.statvfs(self._volumes)
        total_gib = space.f_blocks * space.f_frsize / units.Gi
        free_gib = space.f_bavail * space.f_frsize / units.Gi
        simulated = {
            f'simulated_{what}_seconds': seconds
            for what in ('attach', 'detach', 'extend')
            if (seconds := self._simulated_seconds(what))
        }
        self._stats = {
            'volume_backend_name': self.configuration.volume_backend_name
            or self.configuration.config_group,
            'vendor_name': declared.VENDOR,
            'driver_version': self.VERSION,
            'storage_protocol': 'local',
            'total_capacity_gb': round(total_gib, 2),
            'free_capacity_gb': round(free_gib, 2),
            'reserved_percentage': self.configuration.reserved_percentage,
            'multiattach': True,
            'location_info': f'{LoopDriver.__name__}:{self._volumes}',
            **simulated,
        }
        if self.online_extend_support is not None:
            self._stats['online_extend_support'] = self.online_extend_support

    def _simulated_seconds(self, what: str) -> float:
        return float(
            self.configuration.safe_get(f'sandbox_{what}_seconds') or 0
        )

    def _simulate(self, what: str) -> None:
        seconds = self._simulated_seconds(what)
        if seconds:
            time.sleep(seconds)

    # Files

    def local_path(self, volume: ty.Any) -> str:
        """Return the file of a volume."""
        return str(self._path(volume))

    def _path(self, resource: ty.Any) -> pathlib.Path:
        return self._volumes / str(resource.name)

    def _link(self, volume: ty.Any) -> pathlib.Path:
        return self._devices / str(volume.name)

    def _must_have_room(self, needed_bytes: int) -> None:
        space = os.statvfs(self._volumes)
        free_bytes = space.f_bavail * space.f_frsize
        if needed_bytes > free_bytes:
            raise exception.VolumeBackendAPIException(
                data=f'{needed_bytes} bytes wanted in {self._volumes}, '
                f'{free_bytes} free'
            )

    def _copy(
        self, source: pathlib.Path, target: pathlib.Path, size_gib: int
    ) -> None:
        """Copy a file in a child process, so that the cloud goes on."""
        self._must_have_room(source.stat().st_blocks * 512)
        try:
            processutils.execute(
                'cp', '--sparse=always', str(source), str(target)
            )
            os.truncate(target, self._file_bytes(size_gib))
        except Exception as error:
            target.unlink(missing_ok=True)
            raise exception.VolumeBackendAPIException(
                data=f'copy of {source} failed: {error}'
            ) from error

    # Volumes and snapshots

    def create_volume(self, volume: ty.Any) -> None:
        """Create a sparse file."""
        self._must_have_room(volume.size * units.Gi)
        with self._path(volume).open('xb') as file:
            file.truncate(self._file_bytes(volume.size))

    def delete_volume(self, volume: ty.Any) -> None:
        """Delete the file, and what an unclean detach may have left."""
        self._release(volume)
        self._path(volume).unlink(missing_ok=True)

    def create_snapshot(self, snapshot: ty.Any) -> None:
        """Copy the volume; a snapshot shares nothing with it afterwards."""
        self._copy(
            self._path(snapshot.volume),
            self._path(snapshot),
            snapshot.volume_size,
        )

    def delete_snapshot(self, snapshot: ty.Any) -> None:
        """Delete the snapshot's file."""
        self._path(snapshot).unlink(missing_ok=True)

    def create_volume_from_snapshot(
        self, volume: ty.Any, snapshot: ty.Any
    ) -> None:
        """Copy a snapshot into a new volume of the same size or larger."""
        self._copy(self._path(snapshot), self._path(volume), volume.size)

    def create_cloned_volume(self, volume: ty.Any, src_vref: ty.Any) -> None:
        """Copy a volume into a new one of the same size or larger."""
        self._copy(self._path(src_vref), self._path(volume), volume.size)

    def revert_to_snapshot(
        self, context: ty.Any, volume: ty.Any, snapshot: ty.Any
    ) -> None:
        """Give the volume the snapshot's content again."""
        path = self._path(volume)
        copy = path.with_suffix('.revert')
        self._copy(self._path(snapshot), copy, volume.size)
        copy.replace(path)

    def extend_volume(self, volume: ty.Any, new_size: int) -> None:
        """Grow the file, and the device of an attached volume with it."""
        path = self._path(volume)
        attached = loopdevices.devices_of(path)
        for device in attached:
            self._on_extend(volume, new_size, device)
        self._must_have_room(new_size * units.Gi - path.stat().st_size)
        self._simulate('extend')
        os.truncate(path, self._file_bytes(new_size))
        for device in attached:
            self._grow_device(volume, device)
        if attached:
            self._on_extended(volume, new_size)

    # Attaching

    def create_export(
        self, context: ty.Any, volume: ty.Any, connector: ty.Any
    ) -> None:
        """Do nothing: the device is made when a host connects."""

    def ensure_export(self, context: ty.Any, volume: ty.Any) -> None:
        """Bring back the device of a volume in use, after a restart."""
        self._bind(volume)

    def remove_export(self, context: ty.Any, volume: ty.Any) -> None:
        """Do nothing: the device goes when the last host disconnects."""

    def validate_connector(self, connector: ty.Any) -> None:
        """Accept every host: there is only one."""

    def _bind(self, volume: ty.Any) -> None:
        """Make the device, unless it is there, and the link to it."""
        path = self._path(volume)
        with lockutils.lock(f'sandbox-loop-{volume.name}'):
            devices = loopdevices.devices_of(path)
            device = devices[0] if devices else loopdevices.attach(path)
            link = self._link(volume)
            fresh = link.with_name(f'.{link.name}')
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(device)
            fresh.replace(link)

    def _release(self, volume: ty.Any) -> bool:
        """Drop link and device; tell whether there was a device."""
        path = self._path(volume)
        with lockutils.lock(f'sandbox-loop-{volume.name}'):
            self._link(volume).unlink(missing_ok=True)
            devices = loopdevices.devices_of(path)
            for device in devices:
                if not loopdevices.detach(device, path):
                    LOG.warning('%s is still open on the host.', device)
        return bool(devices)

    def initialize_connection(
        self, volume: ty.Any, connector: ty.Any
    ) -> dict[str, ty.Any]:
        """Make the device and return where its link is."""
        self._simulate('attach')
        self._bind(volume)
        return {
            'driver_volume_type': 'local',
            'data': {'device_path': str(self._link(volume))},
        }

    def terminate_connection(
        self, volume: ty.Any, connector: ty.Any, **kwargs: ty.Any
    ) -> bool:
        """Remove the device with the last attachment.

        :returns: whether other attachments still use it.
        """
        self._simulate('detach')
        if volume.multiattach:
            connected = [a for a in volume.volume_attachment if a.connector]
            if len(connected) > 1:
                return True
        if self._release(volume):
            self._on_detached(volume)
        return False

    # Images

    def _must_be_raw(self, image_id: str, image_meta: ty.Any) -> None:
        if (
            image_meta.get('disk_format') != 'raw'
            or image_meta.get('container_format') != 'bare'
        ):
            raise exception.ImageUnacceptable(
                image_id=image_id,
                reason='the sandbox copies raw images in bare containers only',
            )

    def _download(
        self, context: ty.Any, volume: ty.Any, service: ty.Any, image_id: str
    ) -> None:
        self._must_be_raw(image_id, service.show(context, image_id))
        path = self._path(volume)
        with path.open('wb') as file:
            service.download(context, image_id, tpool.Proxy(file))
        if path.stat().st_size > volume.size * units.Gi:
            raise exception.ImageTooBig(
                image_id=image_id,
                reason=f'it does not fit in {volume.size} GiB',
            )
        os.truncate(path, self._file_bytes(volume.size))

    def clone_image(
        self,
        context: ty.Any,
        volume: ty.Any,
        image_location: ty.Any,
        image_meta: ty.Any,
        image_service: ty.Any,
    ) -> tuple[dict[str, ty.Any], bool]:
        """Create a volume from an image, without any tool of the host.

        Cinder's own way needs qemu-img, even for raw images.
        """
        try:
            self._download(context, volume, image_service, image_meta['id'])
        except Exception:
            with contextlib.suppress(OSError):
                self._path(volume).unlink()
            raise
        return {}, True

    def copy_image_to_volume(
        self,
        context: ty.Any,
        volume: ty.Any,
        image_service: ty.Any,
        image_id: str,
        disable_sparse: bool = False,
    ) -> None:
        """Write an image over an existing volume."""
        self._download(context, volume, image_service, image_id)

    def copy_volume_to_image(
        self,
        context: ty.Any,
        volume: ty.Any,
        image_service: ty.Any,
        image_meta: ty.Any,
    ) -> None:
        """Upload the volume as a raw image."""
        self._must_be_raw(image_meta['id'], image_meta)
        volume_utils.upload_volume(
            context,
            image_service,
            image_meta,
            self.local_path(volume),
            volume,
        )

    # Moving

    def retype(
        self,
        context: ty.Any,
        volume: ty.Any,
        new_type: ty.Any,
        diff: ty.Any,
        host: ty.Any,
    ) -> bool:
        """Accept any new type on the same backend: types change nothing."""
        return bool(
            volume_utils.hosts_are_equivalent(volume.host, host['host'])
        )

    def migrate_volume(
        self, context: ty.Any, volume: ty.Any, host: ty.Any
    ) -> tuple[bool, dict[str, ty.Any] | None]:
        """Copy to another backend of this driver, without attaching."""
        kind, _, target = (
            host['capabilities'].get('location_info', '').partition(':')
        )
        if volume.status not in ('available', 'retyping') or (
            kind != LoopDriver.__name__
        ):
            return False, None
        source = self._path(volume)
        self._copy(source, pathlib.Path(target) / source.name, volume.size)
        source.unlink()
        return True, None

    def update_migrated_volume(
        self,
        ctxt: ty.Any,
        volume: ty.Any,
        new_volume: ty.Any,
        original_volume_status: str,
    ) -> dict[str, ty.Any]:
        """Give a migrated volume its old name, unless it is in use."""
        if original_volume_status != 'available':
            return {
                '_name_id': new_volume.name_id,
                'provider_location': None,
            }
        template = cfg.CONF.volume_name_template
        (self._volumes / (template % new_volume.id)).rename(
            self._volumes / (template % volume.id)
        )
        return {'_name_id': None, 'provider_location': None}

    # Managing

    def _existing(self, reference: ty.Any) -> pathlib.Path:
        name = reference.get('source-name')
        path: pathlib.Path = self._volumes / str(name)
        if not name or path.parent != self._volumes or not path.is_file():
            raise exception.ManageExistingInvalidReference(
                existing_ref=reference,
                reason='source-name must be a file of this backend',
            )
        return path

    @staticmethod
    def _size_gib(path: pathlib.Path) -> int:
        return math.ceil(path.stat().st_size / int(units.Gi))

    def _adopt(self, resource: ty.Any, reference: ty.Any) -> None:
        path = self._existing(reference)
        size_gib = self._size_gib(path)
        path.rename(self._path(resource))
        os.truncate(self._path(resource), size_gib * units.Gi)

    def manage_existing(self, volume: ty.Any, existing_ref: ty.Any) -> None:
        """Rename a file to the volume's name."""
        self._adopt(volume, existing_ref)

    def manage_existing_get_size(
        self, volume: ty.Any, existing_ref: ty.Any
    ) -> int:
        """Return the size of a file, in GiB, rounded up."""
        return self._size_gib(self._existing(existing_ref))

    def unmanage(self, volume: ty.Any) -> None:
        """Leave the file under its name, so that it can be found again."""
        self._release(volume)

    def manage_existing_snapshot(
        self, snapshot: ty.Any, existing_ref: ty.Any
    ) -> None:
        """Rename a file to the snapshot's name."""
        self._adopt(snapshot, existing_ref)

    def manage_existing_snapshot_get_size(
        self, snapshot: ty.Any, existing_ref: ty.Any
    ) -> int:
        """Return the size of a file, in GiB, rounded up."""
        return self._size_gib(self._existing(existing_ref))

    def unmanage_snapshot(self, snapshot: ty.Any) -> None:
        """Leave the file under its name."""

    def _manageable(
        self, prefix: str, known: dict[str, str], *paging: ty.Any
    ) -> list[dict[str, ty.Any]]:
        entries = []
        for path in sorted(self._volumes.glob(f'{prefix}*')):
            cinder_id = known.get(path.name)
            entry = {
                'reference': {'source-name': path.name},
                'size': self._size_gib(path),
                'cinder_id': cinder_id,
                'safe_to_manage': cinder_id is None,
                'reason_not_safe': 'already managed' if cinder_id else None,
                'extra_info': None,
            }
            if prefix.startswith('snapshot'):
                entry['source_reference'] = {'source-name': None}
            entries.append(entry)
        return list(volume_utils.paginate_entries_list(entries, *paging))

    def get_manageable_volumes(
        self,
        cinder_volumes: ty.Any,
        marker: ty.Any,
        limit: ty.Any,
        offset: ty.Any,
        sort_keys: ty.Any,
        sort_dirs: ty.Any,
    ) -> list[dict[str, ty.Any]]:
        """List the files that are, or could be, volumes."""
        known = {str(v.name): str(v.id) for v in cinder_volumes}
        return self._manageable(
            'volume-', known, marker, limit, offset, sort_keys, sort_dirs
        )

    def get_manageable_snapshots(
        self,
        cinder_snapshots: ty.Any,
        marker: ty.Any,
        limit: ty.Any,
        offset: ty.Any,
        sort_keys: ty.Any,
        sort_dirs: ty.Any,
    ) -> list[dict[str, ty.Any]]:
        """List the files that are, or could be, snapshots."""
        known = {str(s.name): str(s.id) for s in cinder_snapshots}
        return self._manageable(
            'snapshot-', known, marker, limit, offset, sort_keys, sort_dirs
        )
