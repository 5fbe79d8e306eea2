# SPDX-License-Identifier: Apache-2.0

"""What connects a host with an extended volume, and what stays behind."""

import collections.abc
import typing as ty

import tenacity

from extend_conformance import vocabulary
from extend_conformance.checks import registry
from extend_conformance.cloud import attachment as attachments
from extend_conformance.cloud import host_traces
from extend_conformance.probes import context as contexts
from extend_conformance.probes import extents
from extend_conformance.probes import findings
from extend_conformance.probes import first_extend
from extend_conformance.probes import stamped

_ISCSI = ('target_iqn', 'target_iqns', 'target_lun', 'target_luns')
_FIBRE_CHANNEL = ('target_wwn', 'target_wwns', 'target_lun', 'target_luns')
_NVME = ('target_nqn', 'nqn', 'vol_uuid', 'volume_nguid', 'ns_id')
_FILE = ('export', 'name')

#: What names the volume in the connection information of a protocol, for
#: hosts that see no world-wide id. Source: os_brick/initiator/connectors.
_NAMES: ty.Final[collections.abc.Mapping[str, tuple[str, ...]]] = {
    'fibre_channel': _FIBRE_CHANNEL,
    'glusterfs': _FILE,
    'gpfs': ('device_path',),
    'iscsi': _ISCSI,
    'iser': _ISCSI,
    'lightos': ('uuid', 'subsysnqn'),
    'local': ('device_path',),
    'nfs': _FILE,
    'nvme': _NVME,
    'nvmeof': _NVME,
    'quobyte': _FILE,
    'rbd': ('cluster_name', 'name'),
    'scaleio': ('scaleIO_volume_id', 'scaleIO_volname'),
    'storpool': ('volume',),
    'vzstorage': _FILE,
}

_WORLD_WIDE_ID = 'world-wide id'


@registry.check(
    'host-connection-stable',
    'c54bc1da-2116-4a4b-8bd1-5fe1cf38f36e',
    level=vocabulary.Level.SHOULD,
    applies=vocabulary.Applies.WHERE_SUPPORTED,
    needs=[vocabulary.Need.HOST],
    first_extend=vocabulary.FirstExtend.ALLOWS_ANOTHER,
    typical_s=4,
    room_gib=3,
)
def host_connection_stable(context: contexts.Context) -> None:
    """A connection made after an extend leads to the same volume by identity.

    So does one that is made after a second extend. What a fresh connection
    changes anyway, without an extend between, is no identity and is left out.
    """
    volume = stamped.StampedVolume(context)
    volume.attach()
    written = extents.spread(0, 1)
    volume.stamp_at(written)
    first = _identity(volume.attached)
    volume.reattach()
    second = _identity(volume.attached)
    identity = {
        name: value
        for name, value in first.items()
        if second.get(name) == value
    }
    context.step(f'identity of the connection: {identity}')
    if not identity:
        raise findings.NotApplicable(
            f'A connection by {volume.attached.protocol} has no identity '
            'that lasts from one attachment to the next',
            cause=vocabulary.Cause.NO_IDENTITY,
        )
    if _WORLD_WIDE_ID in identity:
        # It says all; the target and its number may change then.
        identity = {_WORLD_WIDE_ID: identity[_WORLD_WIDE_ID]}
    for size_gib in (2, 3):
        volume.extend(size_gib)
        try:
            volume.grow_on_host()
        except findings.Failed as failure:
            context.step(f'not judged here: {failure}')
        volume.reattach()
        volume.must_be_intact_at(
            f'through a connection after the extend to {size_gib} GiB', written
        )
        _must_be_kept(volume, identity)


def _must_be_kept(
    volume: stamped.StampedVolume,
    identity: collections.abc.Mapping[str, object],
) -> None:
    """Fail if the volume's present connection names another one."""
    now = _identity(volume.attached)
    for name, value in identity.items():
        if now.get(name) != value:
            raise findings.Failed(
                f'The extend to {volume.size_gib} GiB changed the identity of '
                f'volume {volume.id}: a connection made after it has {name} '
                f'{now.get(name)}, those before it had {value}'
            )


def _identity(attached: attachments.AttachedVolume) -> dict[str, object]:
    """What names the volume, whatever its path on this host is."""
    found: dict[str, object] = {
        name: attached.connection_info[name]
        for name in _NAMES.get(attached.protocol, ())
        if attached.connection_info.get(name) is not None
    }
    world_wide_id = attached.device.world_wide_id()
    if world_wide_id is not None:
        found[_WORLD_WIDE_ID] = world_wide_id
    return {
        # Portals come in any order.
        name: sorted(map(str, value)) if isinstance(value, list) else value
        for name, value in found.items()
    }


@registry.check(
    'host-nothing-left',
    '8e9f382a-44d3-4b74-aa05-c48768d4526c',
    level=vocabulary.Level.MUST,
    applies=vocabulary.Applies.ALWAYS,
    needs=[vocabulary.Need.HOST],
    typical_s=4,
    room_gib=3,
)
def host_nothing_left(context: contexts.Context) -> None:
    """After the detach nothing of the volume is left on the host.

    No block device or link to one, no session, mount, lock or temporary
    file. Two extends were tried before the detach, whatever came of them.
    """
    volume = stamped.StampedVolume(context)
    others = host_traces.all_traces()
    volume.attach()
    directories = host_traces.link_directories(volume.attached)
    marks = set(host_traces.marks_of(volume.attached))
    volume.stamp_at(extents.spread(0, 1))
    try:
        first_extend.must_allow_another(context)
        for size_gib in (2, 3):
            volume.grow(size_gib)
    except (
        findings.Failed,
        findings.Refused,
        findings.CouldNotTest,
    ) as error:
        context.step(f'not judged here: {error}')
    marks |= host_traces.marks_of(volume.attached)
    there = _traces(directories, marks, others)
    context.step(f'while attached: {_listed(there)}')
    volume.detach()
    look = tenacity.Retrying(
        stop=tenacity.stop_after_delay(context.settings.release_patience_s),
        wait=tenacity.wait_fixed(0.2),
        retry=tenacity.retry_if_result(bool),
        retry_error_callback=lambda state: (
            state.outcome.result() if state.outcome else []
        ),
    )
    left = look(_traces, directories, marks, others)
    context.step(f'after the detach: {_listed(left)}')
    if left:
        raise findings.Failed(
            f'Volume {volume.id} was detached, and '
            f'{context.settings.release_patience_s:.0f} s later this is '
            f'still on the host: {_listed(left)}'
        )


def _traces(
    directories: collections.abc.Set[str],
    marks: collections.abc.Set[str],
    others: collections.abc.Set[host_traces.Trace],
) -> list[host_traces.Trace]:
    """What is there of a volume; a session may have been there before it."""
    now = host_traces.all_traces(directories)
    return host_traces.belonging(now - others, marks)


def _listed(traces: collections.abc.Sequence[host_traces.Trace]) -> str:
    return '; '.join(map(str, traces)) or 'nothing'


@registry.check(
    'host-multiattach',
    '65c525c7-2ee3-4b7a-82c8-0fafac2cd0e0',
    level=vocabulary.Level.SHOULD,
    applies=vocabulary.Applies.WHERE_SUPPORTED,
    needs=[vocabulary.Need.HOST],
    first_extend=vocabulary.FirstExtend.ALLOWS_ANOTHER,
    typical_s=3,
    room_gib=2,
    feature=vocabulary.Feature.MULTIATTACH,
)
def host_multiattach(context: contexts.Context) -> None:
    """Both attachments of a multiattach volume see the growth and the data.

    Both are on this host, each with a call of os-brick of its own; the first
    one stays whole when the second has gone.
    """
    volume = stamped.StampedVolume(context)
    if not context.storage.get_volume(volume.id).multiattach:
        raise findings.NotApplicable(
            f'Volumes of type {context.volume_type} are not multiattach',
            cause=vocabulary.Cause.NO_MULTIATTACH,
        )
    volume.attach()
    second = context.resources.attach(volume.id)
    old, new = extents.spread(0, 1), extents.spread(1, 2)
    volume.stamp_at(old)
    volume.grow(2)
    _second_must_have_grown(context, volume, second)
    volume.stamp_at(new)
    with second.device.open_direct() as opened:
        volume.must_be_intact_at(
            'written through the first attachment, read through the second',
            (*old, *new),
            opened,
        )
    context.step('detach the second attachment')
    try:
        context.resources.detach(second, context.settings.state_timeout_s)
    except attachments.DetachFailed as error:
        raise findings.Failed(
            str(error), outcome=vocabulary.Outcome.INCONSISTENT
        ) from error
    volume.must_be_intact_at(
        'read through the first attachment when the second has gone',
        (*old, *new),
    )


def _second_must_have_grown(
    context: contexts.Context,
    volume: stamped.StampedVolume,
    second: attachments.AttachedVolume,
) -> None:
    wanted = volume.size_gib * contexts.GIB
    try:
        second.extend()
    except attachments.ConnectorError as error:
        raise findings.Failed(
            f'The second attachment did not grow: {error}'
        ) from error
    found = second.device.size_bytes()
    context.step(
        f'the second attachment, {second.device.name} '
        f'{second.device.identity()}, has {found} bytes'
    )
    if found < wanted:
        raise findings.Failed(
            f'Volume {volume.id} has {volume.size_gib} GiB and its first '
            f'attachment shows them; the second, {second.device.name}, has '
            f'{found} bytes, {wanted - found} too few'
        )
