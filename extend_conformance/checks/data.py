# SPDX-License-Identifier: Apache-2.0

"""What becomes of the data in a volume that is extended while attached."""

from extend_conformance.checks import context as context_module
from extend_conformance.checks import findings
from extend_conformance.checks import registry
from extend_conformance.claims import verdict


@registry.check(
    'data-old-intact',
    '9a44512f-0d2f-41b6-bf9f-91542f0bf461',
    level=registry.Level.MUST,
    applies=registry.Applies.WHERE_SUPPORTED,
    needs=[registry.Need.HOST],
)
def data_old_intact(context: context_module.Context) -> None:
    """Every block written before the extend is unchanged after it.

    The whole old area is read past every cache, right after the extend and
    once more after detach and attach.
    """
    first = context.first_extend
    if first.damage:
        raise findings.Failed(
            first.explanation,
            outcome=verdict.Outcome.DATA_DAMAGED,
            damage=first.damage,
            request_id=first.request_id,
        )
    if first.outcome != verdict.Outcome.SUPPORTED:
        raise findings.CouldNotTest(
            f'The data was not read back: {first.explanation}',
            cause=f'outcome-{first.outcome}',
        )
