# SPDX-License-Identifier: Apache-2.0

"""What a project is charged for, beside what it has.

What a check makes of a difference is left to it.
"""

import collections.abc
import dataclasses

import tenacity

from extend_conformance.cloud import views
from extend_conformance.probes import context as contexts


@dataclasses.dataclass(frozen=True)
class Usage:
    """Quota usage of a project, and the volumes that it has.

    :param sizes: GiB by volume id, as Cinder lists them.
    :param type_sizes: the same of the volume type under test.
    :param total: gigabytes of all volumes together.
    :param of_type: gigabytes of the volume type; ``None`` if Cinder does
        not tell.
    """

    sizes: dict[str, int]
    type_sizes: dict[str, int]
    total: views.QuotaUse
    of_type: views.QuotaUse | None

    @property
    def balance(self) -> tuple[int, int, int, int]:
        """What is charged beyond what is there, and what is reserved.

        Snapshots, and mistakes of before, are charged too, so that only a
        change of it says something. In GiB: charged beyond the sum of the
        sizes, and reserved; of all volumes, then of those of the type.
        """
        return (
            self.total.in_use - sum(self.sizes.values()),
            self.total.reserved,
            (self.of_type.in_use if self.of_type else 0)
            - sum(self.type_sizes.values()),
            self.of_type.reserved if self.of_type else 0,
        )

    def describe(self) -> str:
        """Put it into words."""
        text = (
            f'{self.total.in_use} GiB in use and {self.total.reserved} '
            f'reserved for {sum(self.sizes.values())} GiB of volumes'
        )
        if self.of_type is not None:
            text += (
                f' (of the volume type: {self.of_type.in_use}, '
                f'{self.of_type.reserved} and '
                f'{sum(self.type_sizes.values())} GiB)'
            )
        return text


def read(context: contexts.Context) -> Usage:
    """Ask Cinder once."""
    volumes = context.storage.list_volumes()
    quota = context.storage.quota()
    return Usage(
        sizes={volume.id: volume.size_gib for volume in volumes},
        type_sizes={
            volume.id: volume.size_gib
            for volume in volumes
            if volume.volume_type == context.volume_type
        },
        total=quota.gigabytes,
        of_type=quota.by_type.get(context.volume_type),
    )


def settled(
    context: contexts.Context,
    as_wanted: collections.abc.Callable[[Usage], bool],
) -> Usage:
    """Ask until the usage is as wanted, or patience is at its end.

    Cinder returns a reservation after it has changed the status.

    :returns: the usage that was seen last.
    """
    look = tenacity.Retrying(
        stop=tenacity.stop_after_delay(context.settings.message_patience_s),
        wait=tenacity.wait_fixed(0.2),
        retry=tenacity.retry_if_result(lambda usage: not as_wanted(usage)),
        retry_error_callback=lambda state: (
            state.outcome.result() if state.outcome else None
        ),
    )
    usage: Usage = look(read, context)
    context.step(f'quota: {usage.describe()}')
    return usage
