# SPDX-License-Identifier: Apache-2.0

"""A host that cannot attach is found out once, not by every check."""

import pathlib

import fixtures

from extend_conformance.checks import registry
from extend_conformance.claims import claims_file
from extend_conformance.cloud import attachment as attachments
from extend_conformance.cloud import connection as connections
from extend_conformance.cloud import host as hosts
from extend_conformance.probes import context as contexts
from extend_conformance.results import storage
from extend_conformance.runs import discovery
from extend_conformance.runs import given as givens
from extend_conformance.runs import session
from extend_conformance.tests.functional import base


class _WithoutPath(hosts.Host):
    """A host that no storage network reaches."""

    attempts = 0

    def attach(self, *arguments, **more):
        self.attempts += 1
        raise attachments.ConnectorError('No path to the target')


class HostThatCannotAttachTest(base.SandboxTestCase):
    def setUp(self):
        super().setUp()
        self.path = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.lonely = _WithoutPath()
        self.results = storage.ResultsDirectory(self.path)
        self.checks = {check.id: check for check in registry.catalogue()}

    def session(self):
        member = connections.from_cloud('sandbox')
        return session.Session(
            given=givens.Given(member=member, host=self.lonely),
            settings=contexts.Settings(extend_timeout_s=20),
            claims=claims_file.Claims(),
            documentation=discovery.Documentation(()),
            results=self.results,
            ledger=self.ledger,
        )

    def test_it_is_told_early_with_its_cause(self):
        before = self.volume_ids()
        for check in ('host-grows-in-place', 'image-source-fails'):
            # As in two workers of one run.
            result = self.session().run_check(self.checks[check], 'good')
            self.assertEqual(
                ('abort', 'host-cannot-attach'),
                (result.verdict, result.cause),
            )
            self.assertIn('No path to the target', result.reason)
        self.assertEqual(1, self.lonely.attempts)
        measured = self.results.read_backend('good').measurement
        self.assertEqual(
            ('inconclusive', 'host-cannot-attach'),
            (measured.outcome, measured.cause),
        )
        self.must_leave_nothing(before)
