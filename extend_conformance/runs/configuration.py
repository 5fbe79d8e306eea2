# SPDX-License-Identifier: Apache-2.0

"""What a run is asked to do, as every door knows it before it begins.

The doors say it in text, as arguments or in tempest.conf; what the text
means is the same for all of them.
"""

import dataclasses
import pathlib

from extend_conformance.checks import registry
from extend_conformance.claims import claims_file
from extend_conformance.claims import matrix
from extend_conformance.claims import matrix_ini
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


def read_claims(path: str | None) -> claims_file.Claims:
    """The claims file; without one, nothing is claimed.

    :raises UsageError: for a file that cannot be read or is wrong.
    """
    if path is None:
        return claims_file.Claims()
    return claims_file.load(
        pathlib.Path(path),
        checks={check.id for check in registry.catalogue()},
    )


def read_matrix(path: str | None) -> matrix.Matrix | None:
    """The matrix file, if one was named.

    :raises UsageError: for a file that cannot be read or is wrong.
    """
    return None if path is None else matrix_ini.load_ini(pathlib.Path(path))


def release_of(told: str | None, claims: claims_file.Claims) -> str | None:
    """The release of the cloud, as it was told, or as the claims file says."""
    return told or claims.release
