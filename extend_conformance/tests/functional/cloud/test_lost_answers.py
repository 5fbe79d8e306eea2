# SPDX-License-Identifier: Apache-2.0

"""Requests that had their effect and whose answer never came."""

import typing as ty

import fixtures

from extend_conformance.cloud import calls
from extend_conformance.cloud import connection as connections
from extend_conformance.tests.functional import base


class LostAnswerTest(base.SandboxTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.before = self.volume_ids()

    def _lose_answers_to(self, path: str, error: BaseException) -> None:
        """Send requests, and then fail as if there were no answer."""
        request = calls.JournallingClient.request

        def lose(
            client: calls.JournallingClient,
            url: str,
            method: str,
            **arguments: ty.Any,
        ) -> ty.Any:
            answer = request(client, url, method, **arguments)
            if method == 'POST' and url == path:
                raise error
            return answer

        self.useFixture(
            fixtures.MonkeyPatch(
                'extend_conformance.cloud.calls.JournallingClient.request',
                lose,
            )
        )

    def test_a_volume_is_found_by_its_name(self) -> None:
        self._lose_answers_to(
            '/volumes', connections.CloudUnreachable('cable cut')
        )

        volume = self.resources.create_volume(1, 'good')

        self.assertEqual({volume.id}, self.volume_ids() - self.before)
        self.resources.cleanup()
        self.must_leave_nothing(self.before)

    def test_an_interrupt_is_passed_on_and_the_volume_goes(self) -> None:
        self._lose_answers_to('/volumes', KeyboardInterrupt())

        self.assertRaises(
            KeyboardInterrupt, self.resources.create_volume, 1, 'good'
        )
        self.resources.cleanup()

        self.must_leave_nothing(self.before)

    def test_an_attachment_goes_with_the_error(self) -> None:
        volume = self.resources.create_volume(1, 'good')
        self._lose_answers_to(
            '/attachments', connections.CloudUnreachable('cable cut')
        )

        self.assertRaises(
            connections.CloudUnreachable, self.resources.attach, volume.id
        )

        self.assertEqual((), self.storage.attachments(volume.id))
        self.assertEqual(
            'available', self.storage.get_volume(volume.id).status
        )
