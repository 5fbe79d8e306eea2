# SPDX-License-Identifier: Apache-2.0

"""Requests to a real Cinder: microversions, errors, what is recorded."""

import os

import fixtures
import yaml

from extend_conformance import exceptions
from extend_conformance.cloud import block_storage
from extend_conformance.cloud import calls
from extend_conformance.cloud import connection as connections
from extend_conformance.cloud import journal as journals
from extend_conformance.cloud import ledger as ledgers
from extend_conformance.cloud import waiting
from extend_conformance.tests.functional import base


class BlockStorageTest(base.SandboxTestCase):
    def test_extend_in_use_needs_microversion_342(self) -> None:
        volume = self.resources.create_volume(1, 'good')
        self.resources.put_in_use(volume.id)

        for microversion in (None, '3.0', '3.41'):
            error = self.assertRaises(
                calls.ApiError,
                self.storage.extend,
                volume.id,
                2,
                microversion,
            )
            self.assertEqual(400, error.status)
        answer = self.storage.extend(volume.id, 2, '3.42')

        self.assertEqual(202, answer.status)
        seen = self.storage.wait_for_extend(volume.id, 1, 2)
        self.assertEqual(('in-use', 2), (seen.status, seen.size_gib))

    def test_what_is_too_new_for_the_cloud_is_not_testable(self) -> None:
        error = self.assertRaises(
            exceptions.NotTestable,
            self.storage.require,
            '3.999',
            'a feature to come',
        )

        self.assertEqual('microversion 3.999', error.wanted)
        self.assertEqual('3.0 to 3.71', error.last)

    def test_a_refusal_of_the_scheduler_is_seen_by_its_size(self) -> None:
        volume = self.resources.create_volume(1, 'refuses-capability')
        self.resources.put_in_use(volume.id)
        answer = self.storage.extend(volume.id, 2)

        seen = self.storage.wait_for_extend(volume.id, 1, 2)

        self.assertEqual(('in-use', 1), (seen.status, seen.size_gib))
        messages = waiting.wait_until(
            lambda: self.storage.messages(volume.id, answer.request_id),
            bool,
            timeout_s=5,
            resource='messages',
            wanted='one',
        ).value
        self.assertEqual(
            ['VOLUME_VOLUME_007_003'], [each.event_id for each in messages]
        )
        self.assertEqual((), self.storage.messages(volume.id, 'req-other'))

    def test_a_failure_of_the_driver_is_seen_by_its_status(self) -> None:
        volume = self.resources.create_volume(1, 'refuses-driver')
        self.resources.put_in_use(volume.id)
        self.storage.extend(volume.id, 2)

        seen = self.storage.wait_for_extend(volume.id, 1, 2)

        self.assertEqual(('error_extending', 1), (seen.status, seen.size_gib))

    def test_a_request_is_an_event_with_all_that_identifies_it(self) -> None:
        journal = journals.Journal()
        storage = self.storage.with_journal(journal)
        volume = self.resources.create_volume(1, 'good')
        answer = storage.extend(volume.id, 2, '3.42')
        storage.wait_for_extend(volume.id, 1, 2)

        (event,) = (
            each
            for each in journal.events
            if each.details.get('method') == 'POST'
        )

        self.assertEqual('api-call', event.kind)
        self.assertEqual(202, event.details['status'])
        self.assertEqual('3.42', event.details['microversion'])
        self.assertEqual(answer.request_id, event.details['request_id'])
        self.assertEqual(f'/volumes/{volume.id}/action', event.details['path'])

    def test_volumes_carry_the_id_of_their_run(self) -> None:
        volume = self.resources.create_volume(1, 'good')

        seen = self.storage.get_volume(volume.id)

        self.assertEqual(
            {ledgers.METADATA_KEY: self.ledger.run_id}, dict(seen.metadata)
        )

    def test_volumes_are_found_by_their_exact_name(self) -> None:
        volume = self.resources.create_volume(1, 'good', name='exactly-this')

        found = self.storage.list_volumes(name='exactly-this')

        self.assertEqual([volume.id], [each.id for each in found])
        self.assertEqual((), self.storage.list_volumes(name='exactly'))

    def test_pools_of_a_type_are_those_of_its_backend(self) -> None:
        (pool,) = self.admin.pools('refuses-capability')

        self.assertEqual('refuses-capability', pool.backend_name)
        self.assertIs(False, pool.capabilities['online_extend_support'])
        self.assertGreater(pool.free_gib or 0, 0)

    def test_a_member_sees_no_pools(self) -> None:
        error = self.assertRaises(calls.ApiError, self.storage.pools)

        self.assertEqual(403, error.status)

    def test_default_type_is_the_first(self) -> None:
        found = self.admin.volume_types()

        self.assertEqual('good', found[0].name)
        self.assertEqual(
            [True], [each.is_default for each in found if each.is_default]
        )

    def test_quota_counts_volumes(self) -> None:
        before = self.storage.quota()
        self.resources.create_volume(2, 'good')

        after = self.storage.quota()

        self.assertEqual(2, after.gigabytes.in_use - before.gigabytes.in_use)
        self.assertEqual(
            2, after.by_type['good'].in_use - before.by_type['good'].in_use
        )

    def test_unknown_volume_is_an_error_with_its_request(self) -> None:
        error = self.assertRaises(
            calls.ApiError, self.storage.get_volume, 'no-such-volume'
        )

        self.assertEqual(404, error.status)
        self.assertIn(str(error.request_id), str(error))

    def test_refused_credentials_are_not_testable(self) -> None:
        path = os.path.join(self.useFixture(fixtures.TempDir()).path, 'c')
        with open(self.environment['OS_CLIENT_CONFIG_FILE']) as stream:
            clouds = yaml.safe_load(stream)
        clouds['clouds']['sandbox']['auth']['password'] = 'wrong'
        with open(path, 'w') as stream:
            yaml.safe_dump(clouds, stream)
        self.useFixture(
            fixtures.EnvironmentVariable('OS_CLIENT_CONFIG_FILE', path)
        )

        error = self.assertRaises(
            exceptions.NotTestable, connections.from_cloud, 'sandbox'
        )

        self.assertEqual('HTTP 401', error.last)
        self.assertIsNotNone(error.request_id)

    def test_endpoint_that_is_off_is_unreachable(self) -> None:
        member = self.storage.connection
        off = connections.CloudConnection(
            session=member.session,
            name='off',
            endpoint_override='http://127.0.0.1:9/v3',
        )

        self.assertRaises(
            connections.CloudUnreachable,
            block_storage.BlockStorage(off).get_volume,
            'any',
        )

    def test_older_names_of_the_service_find_the_same_cinder(self) -> None:
        for name in ('volumev3', 'volume', 'block-storage', 'no-such'):
            storage = block_storage.BlockStorage(
                connections.from_session(
                    self.storage.connection.session,
                    interface='publicURL',
                    service_type=name,
                )
            )

            self.assertEqual(('3.0', '3.71'), storage.api_versions())
