# SPDX-License-Identifier: Apache-2.0

"""Which checks a run plans: by profile, and by what it has been given."""

import collections.abc
import dataclasses

from extend_conformance import exceptions
from extend_conformance import vocabulary
from extend_conformance.checks import registry
from extend_conformance.results import model

#: Needs without which a check is not planned at all, except in ``certified``.
_OPTIONAL_NEEDS = frozenset(
    {
        vocabulary.Need.ADMIN,
        vocabulary.Need.IMAGE,
        vocabulary.Need.OWN_PROJECT,
        vocabulary.Need.READER,
        vocabulary.Need.OTHER_PROJECT,
    }
)


@dataclasses.dataclass(frozen=True)
class Plan:
    """What a run is going to check.

    :param checks: in the order in which they run.
    :param not_planned: what the profile holds but the run cannot, and why.
    """

    profile: vocabulary.Profile
    checks: tuple[registry.Check, ...]
    not_planned: tuple[model.NotPlanned, ...]

    def of_scope(self, scope: vocabulary.Scope) -> tuple[registry.Check, ...]:
        """The planned checks of one scope."""
        return tuple(check for check in self.checks if check.scope is scope)

    def work(
        self, volume_types: collections.abc.Sequence[str]
    ) -> tuple[tuple[registry.Check, str], ...]:
        """Every planned check with the volume type that it runs on.

        Checks of scope ``cloud`` run once, on the first volume type.
        """
        return tuple(
            (check, volume_type)
            for scope, of_scope in (
                (vocabulary.Scope.CLOUD, volume_types[:1]),
                (vocabulary.Scope.BACKEND, volume_types),
            )
            for volume_type in of_scope
            for check in self.of_scope(scope)
        )

    def for_backends(
        self, volume_types: collections.abc.Sequence[str]
    ) -> tuple[model.Planned, ...]:
        """The plan as results keep it: an entry a check and backend."""
        return tuple(
            model.Planned(
                check=check.id,
                uuid=check.uuid,
                scope=check.scope,
                level=check.level,
                backend=volume_type
                if check.scope is vocabulary.Scope.BACKEND
                else None,
            )
            for check, volume_type in self.work(volume_types)
        )

    def for_selected(
        self,
        volume_types: collections.abc.Sequence[str],
        selected: collections.abc.Container[str | None],
    ) -> tuple[model.Planned, ...]:
        """The plan of the subjects of which something was selected.

        A backend of which nothing was selected is not part of the run. One
        of which only some checks were is planned whole: the verdict of a
        backend cannot follow from a choice of checks.

        :param selected: volume types; ``None`` is the cloud.
        """
        return tuple(
            planned
            for planned in self.for_backends(volume_types)
            if planned.backend in selected
        )


def make_plan(
    profile: str, given: collections.abc.Collection[vocabulary.Need]
) -> Plan:
    """Choose the checks of a profile.

    :param profile: a :class:`vocabulary.Profile`, as a person wrote it.
    :param given: the needs that this run can meet.
    :raises UsageError: for an unknown profile.
    """
    try:
        chosen = vocabulary.Profile(profile)
    except ValueError as error:
        raise exceptions.UsageError(
            f'There is no profile {profile!r}',
            next_step=f'Choose one of {", ".join(vocabulary.Profile)}.',
        ) from error
    planned = []
    not_planned = []
    for check in registry.catalogue():
        if not chosen.holds(check.profile):
            continue
        lacking = (check.needs & _OPTIONAL_NEEDS) - set(given)
        if lacking and chosen is not vocabulary.Profile.CERTIFIED:
            cause = vocabulary.Cause.lacking(min(lacking))
            not_planned.append(model.NotPlanned(check=check.id, cause=cause))
        else:
            planned.append(check)
    return Plan(chosen, tuple(planned), tuple(not_planned))
