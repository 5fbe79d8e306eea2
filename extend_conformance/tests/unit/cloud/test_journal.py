# SPDX-License-Identifier: Apache-2.0

"""Order, times, and that no secret gets in."""

import itertools
import threading

import testtools

from extend_conformance.cloud import journal as journals


class JournalTest(testtools.TestCase):
    def test_events_carry_the_seconds_since_the_beginning(self) -> None:
        clock = itertools.chain([100.0, 100.5, 102.0]).__next__
        journal = journals.Journal(clock=clock)

        journal.add('step', 'one')
        journal.add('step', 'two')

        self.assertEqual([0.5, 2.0], [event.at_s for event in journal.events])

    def test_details_are_a_copy(self) -> None:
        journal = journals.Journal()
        sizes = {'gib': [1]}
        journal.add('device', 'size', sizes=sizes)

        sizes['gib'].append(2)

        self.assertEqual({'gib': [1]}, journal.events[0].details['sizes'])

    def test_chap_passwords_are_masked(self) -> None:
        journal = journals.Journal()
        journal.add(
            'connector',
            'connect',
            connection_info={
                'target_iqn': 'iqn.2000-05.com.example:1',
                'auth_username': 'chap-user',
                'auth_password': 'geheim',
                'discovery_auth_password': 'geheim',
            },
        )

        info = journal.events[0].details['connection_info']
        assert isinstance(info, dict)

        self.assertEqual('iqn.2000-05.com.example:1', info['target_iqn'])
        self.assertNotIn('geheim', repr(journal.events))

    def test_secrets_in_lists_of_mappings_are_masked(self) -> None:
        journal = journals.Journal()
        journal.add('connector', 'paths', paths=[{'auth_password': 'geheim'}])

        self.assertNotIn('geheim', repr(journal.events))

    def test_a_ceph_keyring_is_masked(self) -> None:
        journal = journals.Journal()
        journal.add('connector', 'rbd', data={'keyring': 'AQB='})

        self.assertEqual({'keyring': '***'}, journal.events[0].details['data'])

    def test_a_token_as_a_detail_itself_is_masked(self) -> None:
        journal = journals.Journal()
        journal.add('api-call', 'authenticate', auth_token='gAAAAA')

        self.assertEqual('***', journal.events[0].details['auth_token'])

    def test_a_password_in_the_summary_is_masked(self) -> None:
        journal = journals.Journal()
        journal.add('error', "mount failed: password='geheim'")

        self.assertNotIn('geheim', journal.events[0].summary)

    def test_threads_lose_no_event_and_keep_the_order_of_times(self) -> None:
        journal = journals.Journal()

        def write() -> None:
            for number in range(200):
                journal.add('step', str(number))

        threads = [threading.Thread(target=write) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        times = [event.at_s for event in journal.events]
        self.assertEqual(800, len(times))
        self.assertEqual(sorted(times), times)
