# SPDX-License-Identifier: Apache-2.0

"""One run, as one process sees it: clouds, plan, backends, results.

Every front door makes one of these and asks it to run checks; the doors
differ only in where clouds and settings come from.
"""

import dataclasses
import functools

from extend_conformance import exceptions
from extend_conformance.checks import registry
from extend_conformance.claims import claims_file
from extend_conformance.cloud import journal as journals
from extend_conformance.cloud import ledger as ledgers
from extend_conformance.cloud import resources as resource_owner
from extend_conformance.probes import context as contexts
from extend_conformance.probes import first_extend
from extend_conformance.results import model
from extend_conformance.results import storage
from extend_conformance.runs import discovery
from extend_conformance.runs import execution
from extend_conformance.runs import given as givens

#: What was measured once, and is evidence of every check that judges it.
_JUDGED = 'the first extend of a fresh volume, measured once per backend'


class Session:
    """Runs checks against the backends of one cloud.

    :param results: where every result is written the moment it is there.
    :param documentation: the matrices that may hold for the cloud.
    :param name_prefix: begins the name of whatever is made.
    """

    def __init__(
        self,
        *,
        given: givens.Given,
        settings: contexts.Settings,
        claims: claims_file.Claims,
        documentation: discovery.Documentation,
        results: storage.ResultsDirectory,
        ledger: ledgers.Ledger,
        name_prefix: str = '',
    ) -> None:
        self._given = given
        self._settings = settings
        self._claims = claims
        self._documentation = documentation
        self._results = results
        self._ledger = ledger
        self._name_prefix = name_prefix
        self._found: dict[str, discovery.Found] = {}

    def run_check(
        self, check: registry.Check, volume_type: str
    ) -> model.CheckResult:
        """Run one check on one backend and keep its result.

        :param volume_type: for a check of scope ``cloud``, the type that
            its volumes shall have.
        """
        claim = self._claims.find(volume_type)
        known = claim.known_disagreement.get(check.id) if claim else None
        try:
            context = self._context(volume_type)
        except exceptions.ExtendConformanceError as error:
            # The cloud has gone away since the last check.
            result = execution.not_begun(check, volume_type, error)
        else:
            result = execution.execute(check, context, known)
        self._results.write_check(result)
        return result

    def _context(self, volume_type: str) -> contexts.Context:
        journal = journals.Journal()
        found = self.found(volume_type)
        found.tell_capability(journal)
        given = self._given
        member = given.member_storage(journal)
        admin = given.admin_storage(journal)
        images = given.member_images(journal)
        return contexts.Context(
            run_id=self._ledger.run_id,
            volume_type=volume_type,
            settings=self._settings,
            journal=journal,
            storage=member,
            admin=admin,
            reader=given.reader_storage(journal),
            other=given.other_storage(journal),
            images=images,
            admin_images=given.admin_images(journal),
            given=given.needs,
            absent_features=frozenset(
                found.claim.absent_features if found.claim else ()
            ),
            host=given.host,
            resources=resource_owner.Resources(
                member,
                self._ledger,
                given.host,
                admin=admin,
                settle_timeout_s=self._settings.extend_timeout_s,
                images=images,
                name_prefix=self._name_prefix,
            ),
            backend=found.as_backend(),
            measure=functools.partial(self._told, volume_type, journal),
        )

    def found(self, volume_type: str) -> discovery.Found:
        """What is said of a backend before it is measured."""
        if volume_type not in self._found:
            self._found[volume_type] = discovery.look_at(
                volume_type,
                self._claims.find(volume_type),
                self._documentation,
                discovery.find_pool(volume_type, self._given.admin_storage()),
            )
        return self._found[volume_type]

    def written(self, volume_type: str) -> model.Backend | None:
        """The backend, if its first extend was measured already."""
        return self._results.read_backend(volume_type)

    def measured(self, volume_type: str) -> model.Backend:
        """The backend with the outcome of its first extend.

        Measured once per run: workers that meet here wait for the first
        one and read what it has written.
        """
        with self._results.lock(f'backend-{volume_type}'):
            backend = self._results.read_backend(volume_type)
            if backend is None or backend.measurement is None:
                backend = self._measure(volume_type)
                self._results.write_backend(backend)
            return backend

    def _told(
        self, volume_type: str, journal: journals.Journal
    ) -> model.Backend:
        """The same, for a check, whose evidence it becomes."""
        backend = self.measured(volume_type)
        assert backend.measurement is not None
        if not any(event.summary == _JUDGED for event in journal.events):
            facts = {
                field.name: getattr(backend.measurement, field.name)
                for field in dataclasses.fields(backend.measurement)
                # Kept once, with the backend.
                if field.name not in ('damage', 'evidence')
            }
            journal.add('step', _JUDGED, **facts)
        return backend

    def _measure(self, volume_type: str) -> model.Backend:
        backend = first_extend.measure(self._context(volume_type))
        assert backend.measurement is not None
        return dataclasses.replace(
            backend,
            matrix_patch=self.found(volume_type).matrix_patch(
                backend.measurement.outcome
            ),
        )
