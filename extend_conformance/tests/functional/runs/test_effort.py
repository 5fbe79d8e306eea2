# SPDX-License-Identifier: Apache-2.0

"""Without room nothing is begun, and the error says what there is."""

from extend_conformance import exceptions
from extend_conformance.tests.functional import base


class RoomTest(base.SandboxTestCase):
    def limit(self, **quotas):
        self.admin.client.quotas.update(
            self.storage.connection.project_id, **quotas
        )

    def certify(self, *options):
        return self.run_command(
            'certify', '--volume-type', 'good', '--profile', 'quick', *options
        )

    def test_a_quota_that_is_too_small_ends_it_before_anything_is_made(self):
        before = self.volume_ids()
        self.addCleanup(self.limit, gigabytes_good=-1)
        self.limit(gigabytes_good=1)
        done = self.certify()
        self.assertEqual(exceptions.ExitCode.NOT_TESTABLE, done.returncode)
        self.assertNotIn('Run ', done.stdout)
        self.assertIn(
            'wanted 3 GiB at a time, last seen 1 GiB free', done.stderr
        )
        self.assertEqual(before, self.volume_ids())

    def test_a_dry_run_tells_time_and_room(self):
        done = self.certify('--dry-run')
        self.assertEqual(0, done.returncode)
        said = ' '.join(done.stdout.split())
        self.assertIn('one after the other: about', said)
        self.assertIn('GiB in all at most at a time', said)
