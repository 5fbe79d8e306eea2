# SPDX-License-Identifier: Apache-2.0

"""An extend changes size and state of a volume, and nothing else."""

import testtools

from extend_conformance import vocabulary
from extend_conformance.cloud import views
from extend_conformance.probes import findings
from extend_conformance.probes import volume_attributes

_BODY = {
    'id': 'v1',
    'name': 'mine',
    'status': 'in-use',
    'size': 1,
    'volume_type': 'good',
    'metadata': {'a': 'b'},
    'attachments': [{'attachment_id': 'a1'}],
    'bootable': 'true',
}


def _volume(**changes):
    return views.Volume.from_json({**_BODY, **changes})


class KeptTest(testtools.TestCase):
    def test_size_and_state_may_change(self):
        volume_attributes.must_be_kept(
            _volume(), _volume(size=2, status='error_extending'), 'It'
        )

    def test_everything_else_may_not_and_is_named(self):
        lost = _volume(metadata={}, bootable='false', attachments=[])

        failure = self.assertRaises(
            findings.Failed,
            volume_attributes.must_be_kept,
            _volume(),
            lost,
            'It',
            'r1',
        )

        self.assertEqual(
            'It changed what Cinder knows of volume v1: attachments was '
            "('a1',) and is (); bootable was True and is False; metadata was "
            "{'a': 'b'} and is {}",
            failure.what,
        )
        self.assertEqual(vocabulary.Outcome.INCONSISTENT, failure.outcome)
        self.assertEqual('r1', failure.request_id)
