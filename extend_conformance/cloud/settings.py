# SPDX-License-Identifier: Apache-2.0

"""What a run changes in a cloud without making it, and puts back.

The old value is in the ledger from before the change until after it was put
back, so that ``extend-conformance cleanup`` can do it for a run that was
killed. Why something is changed is left to the checks.
"""

import collections.abc
import contextlib
import typing as ty

import tenacity

from extend_conformance import exceptions
from extend_conformance import interrupts
from extend_conformance.cloud import block_storage
from extend_conformance.cloud import calls
from extend_conformance.cloud import connection as connections
from extend_conformance.cloud import ledger as ledgers
from extend_conformance.cloud import views

#: Kind of these entries in the ledger.
KIND = 'setting'

_QUOTA = 'quota'
_STATUS = 'volume-status'

#: As Cinder writes "no limit".
NO_LIMIT = -1


@contextlib.contextmanager
def quota_limit(
    admin: block_storage.BlockStorage,
    ledger: ledgers.Ledger,
    project_id: str,
    resource: str,
    limit: int,
) -> collections.abc.Iterator[None]:
    """Let a limit of a project's quota be another one for a while.

    :param admin: only an administrator may do it.
    :param resource: for example ``gigabytes_lvm``: the GiB of all volumes
        of the type ``lvm``.
    :param limit: not less than what the project uses; Cinder refuses that.
    :raises calls.ApiError: it may not be changed, or not be put back. It is
        left in the ledger then.
    """
    old = _limit(admin, project_id, resource)
    with contextlib.ExitStack() as undo:
        with interrupts.held_back():
            entry = ledger.setting(
                admin.connection.auth_url,
                project_id,
                f'quota {resource} of project {project_id}',
                old,
                setting=_QUOTA,
                resource=resource,
                new=limit,
            )
            undo.callback(_put_back, admin, ledger, entry)
        _set_limit(admin, project_id, resource, limit)
        yield


@contextlib.contextmanager
def volume_status(
    admin: block_storage.BlockStorage,
    ledger: ledgers.Ledger,
    volume_id: str,
) -> collections.abc.Iterator[collections.abc.Callable[[str], None]]:
    """Let a volume of this run have another status for a while.

    Only Cinder's records change; the backend is not asked.

    :param admin: only an administrator may do it.
    :returns: sets a status; may be called several times.
    :raises calls.ApiError: it may not be set, or not be put back.
    """
    volume = admin.get_volume(volume_id)
    with contextlib.ExitStack() as undo:
        with interrupts.held_back():
            entry = ledger.setting(
                admin.connection.auth_url,
                volume.project_id,
                f'status of volume {volume_id}',
                volume.status,
                setting=_STATUS,
                volume_id=volume_id,
            )
            undo.callback(_put_back, admin, ledger, entry)
        yield lambda status: admin.reset_status(volume_id, status)


def restore(
    admin: block_storage.BlockStorage, entry: ledgers.Entry
) -> str | None:
    """Put a setting back, unless somebody else has changed it since.

    :param entry: as this module enters it; its volume may be gone.
    :returns: why nothing was done, if that is a reason to look.
    :raises calls.ApiError: it could not be put back.
    :raises exceptions.WorkFailed: the entry is of another version.
    """
    old = entry.facts['old']
    if entry.facts.get('setting') == _QUOTA:
        project_id, resource = ty.cast(str, entry.project_id), _name(entry)
        now = _limit(admin, project_id, resource)
        reason = _why_it_stays(now, old, entry.facts['new'])
        if reason is None and now != old:
            _set_limit(admin, project_id, resource, old)
        return reason
    if entry.facts.get('setting') == _STATUS:
        volume_id = str(entry.facts['volume_id'])
        try:
            volume = admin.get_volume(volume_id)
            wanted = _status_again(str(old), volume)
            if volume.status != wanted:
                admin.reset_status(volume_id, wanted)
        except calls.ApiError as error:
            if error.status != 404:
                raise
        return None
    raise exceptions.WorkFailed(
        'Something was changed that this version cannot put back',
        resource=entry.name,
        wanted=str(old),
    )


def _why_it_stays(now: int, old: int, new: int) -> str | None:
    """Why a limit is left as it is, if it is not this run's any more."""
    if now in (old, new):
        return None
    return f'It is {now} now, which this run has not set; it was {old} before'


def _status_again(old: str, volume: views.Volume) -> str:
    """The status that a volume gets back.

    Cinder allows ``in-use`` only where an attachment is left.
    """
    return old if volume.attachments else 'available'


def _put_back(
    admin: block_storage.BlockStorage,
    ledger: ledgers.Ledger,
    entry: ledgers.Entry,
) -> None:
    """Restore with some patience: a setting that stays hurts others."""
    with interrupts.held_back(lambda: [f'{entry.kind} {entry.name}']):
        reason = tenacity.Retrying(
            retry=tenacity.retry_if_exception(
                lambda error: (
                    isinstance(error, connections.CloudUnreachable)
                    or (
                        isinstance(error, calls.ApiError)
                        and error.status >= 500
                    )
                )
            ),
            wait=tenacity.wait_exponential(multiplier=0.2, max=2.0),
            stop=tenacity.stop_after_attempt(5),
            reraise=True,
        )(restore, admin, entry)
        if reason is not None:
            admin.journal.add('step', f'{entry.name} stays as it is: {reason}')
        ledger.gone(entry)


def _name(entry: ledgers.Entry) -> str:
    return str(entry.facts['resource'])


def _limit(
    admin: block_storage.BlockStorage, project_id: str, resource: str
) -> int:
    found = admin.client.quotas.get(project_id).to_dict()
    return int(found.get(resource, NO_LIMIT))


def _set_limit(
    admin: block_storage.BlockStorage,
    project_id: str,
    resource: str,
    limit: int,
) -> None:
    admin.client.quotas.update(project_id, **{resource: limit})
