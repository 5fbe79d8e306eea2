# SPDX-License-Identifier: Apache-2.0

"""A setting goes back to what it was, unless it is somebody else's by now."""

import testtools

from extend_conformance import exceptions
from extend_conformance.cloud import ledger as ledgers
from extend_conformance.cloud import settings
from extend_conformance.cloud import views


def _volume(*attachments):
    return views.Volume.from_json(
        {
            'id': 'v1',
            'status': 'error_extending',
            'size': 1,
            'attachments': [{'attachment_id': one} for one in attachments],
        }
    )


class WhyItStaysTest(testtools.TestCase):
    def test_what_the_run_has_set_goes_back(self):
        self.assertIsNone(settings._why_it_stays(now=7, old=-1, new=7))

    def test_what_has_gone_back_already_is_nobody_elses(self):
        self.assertIsNone(settings._why_it_stays(now=-1, old=-1, new=7))

    def test_what_somebody_else_has_set_stays(self):
        self.assertEqual(
            'It is 50 now, which this run has not set; it was -1 before',
            settings._why_it_stays(now=50, old=-1, new=7),
        )


class StatusAgainTest(testtools.TestCase):
    def test_an_attached_volume_gets_its_status_back(self):
        self.assertEqual(
            'in-use', settings._status_again('in-use', _volume('a1'))
        )

    def test_one_that_was_detached_since_is_available(self):
        self.assertEqual(
            'available', settings._status_again('in-use', _volume())
        )


class UnknownSettingTest(testtools.TestCase):
    def test_one_of_another_version_is_not_touched(self):
        entry = ledgers.Entry(
            key='k',
            kind=settings.KIND,
            cloud='c',
            project_id='p',
            name='policy of project p',
            facts={'old': 'strict', 'setting': 'policy'},
        )

        failure = self.assertRaises(
            exceptions.WorkFailed, settings.restore, None, entry
        )

        self.assertIn('policy of project p', str(failure))
