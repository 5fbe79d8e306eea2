# SPDX-License-Identifier: Apache-2.0

"""What a check raises when not all is well.

What verdict follows is left to those who run checks.
"""

import collections.abc

from extend_conformance import exceptions
from extend_conformance import vocabulary
from extend_conformance.probes import blocks
from extend_conformance.results import model


class Failed(exceptions.WorkFailed):
    """The check has found the backend, or the cloud, at fault.

    :param outcome: the broken outcome that was found, if it is one.
    :param damage: wrong, lost or foreign data; counts as a must whatever
        the level.
    :param level: of this failure, where it weighs less than the check.
    """

    def __init__(
        self,
        reason: str,
        *,
        outcome: vocabulary.Outcome | None = None,
        damage: collections.abc.Sequence[model.Damage] = (),
        level: vocabulary.Level | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(reason, request_id=request_id)
        self.outcome = outcome
        self.damage = tuple(damage)
        self.level = level


class Refused(exceptions.WorkFailed):
    """The backend refused the extend, at a place where that was possible."""


class NotApplicable(exceptions.ExtendConformanceError):
    """The check has nothing to say here.

    :param cause: machine-readable.
    """

    def __init__(self, reason: str, *, cause: vocabulary.Cause) -> None:
        super().__init__(reason)
        self.cause = cause


class CouldNotTest(exceptions.NotTestable):
    """Something beside the backend was in the way: quota, policy, room.

    :param cause: machine-readable: of the vocabulary, or an HTTP status.
    """

    def __init__(
        self, reason: str, *, cause: str, request_id: str | None = None
    ) -> None:
        super().__init__(reason, request_id=request_id)
        self.cause = cause


def must_be_intact(
    damage: collections.abc.Sequence[model.Damage], where: str
) -> None:
    """Fail unless there is no damage.

    :param where: what was read and when, as the beginning of the sentence.
    :raises Failed: with the damage and the outcome ``data-damaged``.
    """
    if damage:
        raise Failed(
            f'{where}: {blocks.describe(damage)}',
            outcome=vocabulary.Outcome.DATA_DAMAGED,
            damage=damage,
        )
