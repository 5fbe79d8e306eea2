# SPDX-License-Identifier: Apache-2.0

"""What is said of a backend before it is measured: pool, row, capability.

The tests never skip for something that was discovered: discovery writes a
claims file, or fills the witnesses into the results, and nothing else.
"""

import collections.abc
import dataclasses

from extend_conformance import vocabulary
from extend_conformance.claims import claims_file
from extend_conformance.claims import driver_identity
from extend_conformance.claims import expectation
from extend_conformance.claims import matrix
from extend_conformance.claims import matrix_patch
from extend_conformance.cloud import block_storage
from extend_conformance.cloud import journal as journals
from extend_conformance.cloud import views
from extend_conformance.results import model


@dataclasses.dataclass(frozen=True)
class Documentation:
    """The support matrices that may hold for the cloud.

    :param matrices: one, if the release is known or a matrix file was
        given; several if the microversion only narrows the release down.
    :param own: the matrix file, if one was given.
    """

    matrices: tuple[matrix.Matrix, ...]
    own: matrix.Matrix | None = None

    @classmethod
    def find(
        cls,
        release: str | None,
        max_microversion: str,
        own: matrix.Matrix | None = None,
    ) -> 'Documentation':
        """Choose the matrices.

        :param release: told by a person; otherwise the maximum
            microversion narrows it down.
        :raises UsageError: for an unknown release.
        """
        return cls(
            expectation.find_matrices(
                own=own, release=release, max_microversion=max_microversion
            ),
            own,
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Found:
    """A backend, as far as it can be known without touching a volume.

    :param key_reason: why this is its matrix row, or why there is none.
    """

    volume_type: str
    pool: views.Pool | None
    claim: claims_file.BackendClaim | None
    truths: model.Truths
    promise: model.Promise
    key_reason: str
    rows: tuple[expectation.FoundRow, ...] = ()

    def matrix_patch(self, outcome: vocabulary.Outcome) -> str | None:
        """What would mend the support matrix, if it is wrong.

        Where the release is only narrowed down, the newest is mended.
        """
        if not self.rows:
            return None
        newest = self.rows[-1]
        return matrix_patch.matrix_patch(newest.source, newest.row, outcome)

    def tell_capability(self, journal: journals.Journal) -> None:
        """Enter what the pool says of itself, if somebody could look."""
        if self.pool is None:
            return
        journal.add(
            'capability',
            f'pool {self.pool.name}: online_extend_support '
            f'{self.truths.capability}',
            online_extend_support=self.truths.capability,
            # As stated: infinity is a word there, and no number of JSON.
            free_capacity_gb=self.pool.capabilities.get('free_capacity_gb'),
            total_capacity_gb=self.pool.capabilities.get('total_capacity_gb'),
            protocol=self.pool.protocol,
        )

    def as_backend(self) -> model.Backend:
        """The backend as results keep it, before it is measured."""
        capabilities = self.pool.capabilities if self.pool else {}
        return model.Backend(
            volume_type=self.volume_type,
            pool=self.pool.name if self.pool else None,
            vendor=capabilities.get('vendor_name'),
            driver_version=capabilities.get('driver_version'),
            simulated=_simulated(self.pool),
            truths=self.truths,
            promise=self.promise,
        )

    def as_entry(self) -> claims_file.Discovered:
        """The entry that a claims file gets for it."""
        return claims_file.Discovered(
            claims_file.BackendClaim(
                volume_type=self.volume_type,
                matrix_key=self.truths.matrix_key,
            ),
            comment=self.key_reason,
        )


def look_around(
    admin: block_storage.BlockStorage,
    claims: claims_file.Claims,
    release: str | None = None,
    own: matrix.Matrix | None = None,
) -> tuple[Found, ...]:
    """Look at every backend that a volume type is bound to.

    :returns: the default volume type first, then by name.
    """
    _, maximum = admin.api_versions()
    documentation = Documentation.find(release, maximum, own)
    types = admin.volume_types()
    pools = admin.pools()
    return tuple(
        look_at(
            one.name,
            claims.find(one.name),
            documentation,
            _pool(one.name, types, pools),
        )
        for one in types
        if one.backend_name is not None
    )


def look_at(
    volume_type: str,
    claim: claims_file.BackendClaim | None,
    documentation: Documentation,
    pool: views.Pool | None,
) -> Found:
    """Find what is promised of one backend, and by whom.

    :param pool: what :func:`find_pool` has found; without it, row and
        capability stay unknown unless the claims entry names them.
    """
    match = driver_identity.match(
        driver_identity.BackendIdentity.from_capabilities(
            pool.capabilities if pool else {}
        ),
        documentation.own,
    )
    keys, reason = match.keys, match.reason
    if claim is not None and claim.matrix_key is not None:
        keys, reason = (claim.matrix_key,), 'the claims entry says so'
    capability = expectation.read_capability(
        pool.capabilities if pool else None
    )
    promise = expectation.promise(
        claim, keys, documentation.matrices, capability
    )
    values = {found.row.value for found in promise.rows}
    return Found(
        volume_type=volume_type,
        pool=pool,
        claim=claim,
        truths=model.Truths(
            claim=claim.expect if claim else None,
            matrix_key=expectation.claimable_key(keys, documentation.matrices),
            matrix_value=values.pop() if len(values) == 1 else None,
            matrix_releases=tuple(one.name for one in documentation.matrices),
            capability=capability,
        ),
        promise=model.Promise(
            expected=promise.expected,
            source=promise.source,
            explanation=promise.explanation,
        ),
        key_reason=reason,
        rows=promise.rows,
    )


def find_pool(
    volume_type: str, admin: block_storage.BlockStorage | None
) -> views.Pool | None:
    """The pool of a volume type, the first if it has several.

    :param admin: sees pools; without it there is none.
    """
    if admin is None:
        return None
    return _pool(volume_type, admin.volume_types(), admin.pools())


def _pool(
    volume_type: str,
    types: collections.abc.Iterable[views.VolumeType],
    pools: collections.abc.Iterable[views.Pool],
) -> views.Pool | None:
    bound = {one.backend_name for one in types if one.name == volume_type}
    return next(
        (
            pool
            for pool in pools
            if pool.backend_name is not None and pool.backend_name in bound
        ),
        None,
    )


def _simulated(pool: views.Pool | None) -> str | None:
    """What a pool of the sandbox declares of itself, in words."""
    if pool is None:
        return None
    declared = [
        f'{what} takes {pool.capabilities[name]:g} s more'
        for what in ('attach', 'detach', 'extend')
        if (name := f'simulated_{what}_seconds') in pool.capabilities
    ]
    return ', '.join(declared) or None
