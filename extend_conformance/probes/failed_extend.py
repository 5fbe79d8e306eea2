# SPDX-License-Identifier: Apache-2.0

"""An extend that fails on a backend where extends work: too much is asked.

More than a pool has, or than the quota allows, is what users ask for by
mistake every day. What has to be true afterwards is for the checks.
"""

import dataclasses
import math

from extend_conformance import vocabulary
from extend_conformance.cloud import views
from extend_conformance.probes import context as contexts
from extend_conformance.probes import findings
from extend_conformance.probes import online_extend

#: The largest size that Cinder's API takes, in GiB.
#: Source: cinder/api/schemas/volume_actions.py, DB_MAX_INT.
LARGEST_GIB = 2**31 - 1

#: Answers with which the API itself refuses a size: a limit of the volume
#: type, or the quota.
_REFUSED_BY_API = (vocabulary.http_cause(400), vocabulary.http_cause(413))


@dataclasses.dataclass(frozen=True)
class Failure:
    """An extend that failed, as it was to.

    :param status: of the volume afterwards.
    :param by: ``API``, ``scheduler`` or ``driver``.
    """

    status: str
    by: str
    request_id: str | None


def fail_an_extend(
    context: contexts.Context, volume_id: str, size_gib: int
) -> Failure:
    """Extend a volume in use beyond all room, and see that it is refused.

    With an administrator: by more than the pool has in all, so that no
    backend can have room for it, and none that allocates as it extends gives
    room away that others need. Without one, beyond the quota of the project,
    which the backend never hears of.

    :param size_gib: of the volume now.
    :raises findings.NotApplicable: nothing is too much here.
    :raises findings.Failed: it hangs, or state and size disagree after it.
    """
    wanted_gib = _beyond_the_pool(context, volume_id, size_gib)
    wanted_gib = wanted_gib or _beyond_the_quota(
        context.storage.quota(), context.volume_type, size_gib
    )
    if wanted_gib is None or wanted_gib > LARGEST_GIB:
        raise findings.NotApplicable(
            'Neither the quota nor the pool has a limit that is known, so '
            'that no extend can be made to fail safely',
            cause=vocabulary.Cause.NOTHING_TOO_LARGE,
        )
    try:
        online_extend.extend(context, volume_id, size_gib, wanted_gib)
    except online_extend.ExtendRefused as refused:
        by = 'driver'
        if refused.outcome is vocabulary.Outcome.REFUSED_SCHEDULER:
            by = 'scheduler'
        failure = Failure(refused.status, by, refused.request_id)
    except findings.CouldNotTest as answered:
        if answered.cause not in _REFUSED_BY_API:
            raise
        volume = context.storage.get_volume(volume_id)
        if (volume.status, volume.size_gib) != ('in-use', size_gib):
            raise findings.Failed(
                f'The API refused to extend volume {volume_id} from '
                f'{size_gib} to {wanted_gib} GiB, and it is {volume.status} '
                f'with {volume.size_gib} GiB',
                outcome=vocabulary.Outcome.INCONSISTENT,
                request_id=answered.request_id,
            ) from answered
        failure = Failure(volume.status, 'API', answered.request_id)
    else:
        raise findings.NotApplicable(
            f'Even {wanted_gib} GiB were given: nothing is too large for '
            'this backend',
            cause=vocabulary.Cause.NOTHING_TOO_LARGE,
        )
    context.step(
        f'an extend to {wanted_gib} GiB was refused by the {failure.by}; '
        f'the volume is {failure.status}'
    )
    return failure


def _beyond_the_pool(
    context: contexts.Context, volume_id: str, size_gib: int
) -> int | None:
    """A size for which the volume's pool has no room, if it says how much.

    :returns: in GiB; ``None`` if only its administrator could know, or it
        says ``unknown`` or ``infinite``.
    """
    if context.admin is None:
        return None
    home = context.admin.get_volume(volume_id).host
    for pool in context.admin.pools():
        total_gib = pool.total_gib
        if pool.name == home and total_gib and math.isfinite(total_gib):
            return size_gib + math.floor(total_gib) + 1
    return None


def _beyond_the_quota(
    quota: views.Quota, volume_type: str, size_gib: int
) -> int | None:
    """The smallest size that a project's quota refuses, in GiB.

    :returns: ``None`` if it has no limit.
    """
    of_type = quota.by_type.get(volume_type)
    free = [quota.gigabytes.free, of_type.free if of_type else None]
    limits = [size_gib + gib for gib in free if gib is not None]
    if quota.volume_gib is not None:
        limits.append(quota.volume_gib)
    return min(limits) + 1 if limits else None
