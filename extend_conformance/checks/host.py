# SPDX-License-Identifier: Apache-2.0

"""What the machine that attached the volume sees of an extend."""

from extend_conformance.checks import context as context_module
from extend_conformance.checks import findings
from extend_conformance.checks import registry
from extend_conformance.claims import verdict


@registry.check(
    'host-grows-in-place',
    '7973953d-294d-4117-8700-0fc89406eafa',
    level=registry.Level.MUST,
    applies=registry.Applies.WHERE_SUPPORTED,
    needs=[registry.Need.HOST],
)
def host_grows_in_place(context: context_module.Context) -> None:
    """One call of os-brick's extend_volume makes the block device grow.

    Once Cinder says ``in-use`` with the new size, the call returns the new
    size and the device has at least it, without a new attachment.
    """
    first = context.first_extend
    if first.outcome == verdict.Outcome.INCONCLUSIVE:
        raise findings.CouldNotTest(
            first.explanation, cause='outcome-inconclusive'
        )
    wanted = (first.size_wanted_gib or 0) * context_module.GIB
    device = first.device_after_bytes or 0
    if first.size_after_gib != first.size_wanted_gib:
        raise findings.Failed(first.explanation)
    if device < wanted:
        raise findings.Failed(
            f'The device has {device} bytes after the extend, {wanted} were '
            f'asked for: {first.explanation}',
            outcome=verdict.Outcome(first.outcome),
            request_id=first.request_id,
        )
    if first.connector_bytes != device:
        raise findings.Failed(
            f"os-brick's extend_volume returned {first.connector_bytes}; "
            f'the device has {device} bytes',
            request_id=first.request_id,
        )
