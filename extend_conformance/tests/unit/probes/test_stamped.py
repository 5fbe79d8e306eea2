# SPDX-License-Identifier: Apache-2.0

"""Who is to blame where a stamped volume cannot be detached."""

import types
import uuid
from unittest import mock

import testtools

from extend_conformance.cloud import attachment as attachments
from extend_conformance.cloud import calls
from extend_conformance.probes import context as contexts
from extend_conformance.probes import findings
from extend_conformance.probes import stamped


class DetachTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.context = types.SimpleNamespace(
            run_id='run',
            volume_type='t',
            settings=contexts.Settings(),
            resources=mock.Mock(),
            storage=mock.Mock(),
        )
        self.context.resources.create_volume.return_value.id = str(
            uuid.uuid4()
        )
        self.volume = stamped.StampedVolume(self.context)
        self.volume.attach()
        self.context.resources.detach.side_effect = attachments.DetachFailed(
            'HTTP 500'
        )

    def test_the_backend_if_the_api_works_otherwise(self):
        self.assertRaises(findings.Failed, self.volume.detach)

    def test_nobody_knows_if_it_does_not(self):
        self.context.storage.get_volume.side_effect = calls.ApiError(
            'No', status=500, message='No'
        )
        self.assertRaises(calls.ApiError, self.volume.detach)
