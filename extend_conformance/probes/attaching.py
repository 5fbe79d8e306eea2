# SPDX-License-Identifier: Apache-2.0

"""Attaches a volume that was attached before, or made from one that was.

Where that fails, a control tells the backend's fault from the host's, or the
API's. First attachments are left to ``stamped`` and ``first_extend``.
"""

from extend_conformance import exceptions
from extend_conformance import vocabulary
from extend_conformance.cloud import attachment as attachments
from extend_conformance.cloud import calls
from extend_conformance.probes import context as contexts
from extend_conformance.probes import findings


def attach_again(
    context: contexts.Context, volume_id: str, mode: str = 'rw'
) -> attachments.AttachedVolume:
    """Attach a volume, whose data nobody can reach if that fails.

    :param mode: ``rw`` or ``ro``.
    :raises Failed: outcome ``inconsistent``: it cannot be attached, twice,
        and a fresh volume can.
    :raises calls.ApiError: Cinder refused a step, and the volume may not be
        to blame.
    :raises attachment.ConnectorError: os-brick failed, likewise.
    """
    try:
        return context.resources.attach(volume_id, mode)
    except (calls.ApiError, attachments.ConnectorError) as error:
        if not _is_to_blame(context, volume_id, mode):
            raise
        raise findings.Failed(
            f'Volume {volume_id} cannot be attached any more, while a fresh '
            f'one can: {error}',
            outcome=vocabulary.Outcome.INCONSISTENT,
            request_id=error.request_id,
        ) from error


def _is_to_blame(context: contexts.Context, volume_id: str, mode: str) -> bool:
    """Whether a fresh volume can be attached, and this one again cannot."""
    context.step('control: attach a fresh volume, then this one once more')
    try:
        fresh = context.resources.create_volume(
            size_gib=1, volume_type=context.volume_type
        )
        context.resources.detach(context.resources.attach(fresh.id))
    except exceptions.ExtendConformanceError as error:
        context.step(f'a fresh one cannot be attached either: {error}')
        return False
    try:
        context.resources.attach(volume_id, mode)
    except (calls.ApiError, attachments.ConnectorError):
        return True
    context.step('it can be attached this time')
    return False
