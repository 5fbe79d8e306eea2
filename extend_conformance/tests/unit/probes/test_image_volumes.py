# SPDX-License-Identifier: Apache-2.0

"""Not every image that was not made is the backend's fault."""

import testtools

from extend_conformance.cloud import attachment as attachments
from extend_conformance.cloud import calls
from extend_conformance.cloud import connection as connections
from extend_conformance.impl import errors
from extend_conformance.probes import findings
from extend_conformance.probes import image_volumes


def step_failed(status):
    answer = calls.ApiError('No', status=status, message='No')
    error = errors.StepFailed('No', step='attach')
    error.__cause__ = answer
    return error


class FindingTest(testtools.TestCase):
    def cause(self, error):
        found = image_volumes.finding(error)
        self.assertIsInstance(found, findings.CouldNotTest)
        return found.cause

    def test_no_room_is_nobodys_fault(self):
        for kind in (
            errors.NoRoom,
            errors.QuotaExceeded,
            errors.ImageTooLarge,
        ):
            self.assertEqual('no-room', self.cause(kind('Full', step='x')))

    def test_an_api_that_fails_is_not_the_backends_fault(self):
        for status in (401, 403, 413, 429, 500, 503):
            self.assertEqual(f'http-{status}', self.cause(step_failed(status)))

    def test_nor_is_one_that_is_away(self):
        away = connections.CloudUnreachable('No answer')
        detach = attachments.DetachFailed('Not detached')
        detach.__cause__ = away
        failed = errors.StepFailed('No', step='detach')
        failed.__cause__ = detach
        left = errors.LeftBehind(failed, away, 'v')
        for error in (failed, left):
            self.assertEqual('no-answer', self.cause(error))

    def test_an_answer_about_the_volume_is(self):
        for status in (400, 404, 409):
            self.assertIsInstance(
                image_volumes.finding(step_failed(status)), findings.Failed
            )

    def test_a_device_that_refuses_is(self):
        error = errors.WriteFailed('Refused', step='write')
        self.assertIsInstance(image_volumes.finding(error), findings.Failed)
