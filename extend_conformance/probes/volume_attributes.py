# SPDX-License-Identifier: Apache-2.0

"""What Cinder knows of a volume, and no extend may change.

Size and state do change, and are judged where the extend is.
"""

import dataclasses

from extend_conformance import vocabulary
from extend_conformance.cloud import views
from extend_conformance.probes import findings

_MAY_CHANGE = frozenset({'status', 'size_gib'})


def must_be_kept(
    before: views.Volume,
    after: views.Volume,
    what: str,
    request_id: str | None = None,
) -> None:
    """Fail if anything but size and state is not what it was.

    :param what: changed it, as the beginning of a sentence.
    :raises findings.Failed: outcome ``inconsistent``, with every change.
    """
    changes = [
        f'{name} was {old} and is {new}'
        for name in sorted(
            field.name
            for field in dataclasses.fields(before)
            if field.name not in _MAY_CHANGE
        )
        if (old := getattr(before, name)) != (new := getattr(after, name))
    ]
    if changes:
        raise findings.Failed(
            f'{what} changed what Cinder knows of volume {before.id}: '
            + '; '.join(changes),
            outcome=vocabulary.Outcome.INCONSISTENT,
            request_id=request_id,
        )
