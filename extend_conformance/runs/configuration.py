# SPDX-License-Identifier: Apache-2.0

"""What a run is asked to do, as every door knows it before it begins.

Where it comes from, arguments or tempest.conf, is left to the doors.
"""

import dataclasses

from extend_conformance.claims import claims_file
from extend_conformance.claims import matrix
from extend_conformance.probes import context as contexts
from extend_conformance.runs import effort
from extend_conformance.runs import profiles


@dataclasses.dataclass(frozen=True, kw_only=True)
class Configuration:
    """What to check, and what is said of it.

    :param volume_types: each names a backend; each once.
    :param own_matrix: the matrix file, if one was given.
    :param release: of the cloud, if it was told.
    :param name_prefix: begins the name of whatever is made.
    """

    volume_types: tuple[str, ...]
    claims: claims_file.Claims
    own_matrix: matrix.Matrix | None
    release: str | None
    plan: profiles.Plan
    settings: contexts.Settings
    name_prefix: str = ''

    @property
    def effort(self) -> effort.Effort:
        """What the whole run takes."""
        return effort.of_plan(
            self.plan, self.volume_types, self.settings.extend_timeout_s
        )
