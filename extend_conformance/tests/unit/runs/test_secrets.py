# SPDX-License-Identifier: Apache-2.0

"""A check that meets CHAP credentials leaves them nowhere."""

import contextlib
import json
import types
import uuid

import fixtures
import testtools

from extend_conformance.cloud import attachment as attachments
from extend_conformance.cloud import journal as journals
from extend_conformance.probes import context as contexts
from extend_conformance.report import build
from extend_conformance.results import model
from extend_conformance.results import storage
from extend_conformance.results import telling
from extend_conformance.runs import execution
from extend_conformance.tests.unit import checking
from extend_conformance.tests.unit.report import example


class SecretsTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.secret = f'geheim{uuid.uuid4().hex}'
        self.token = f'gAAAAA{uuid.uuid4().hex}'
        self.directory = self.useFixture(fixtures.TempDir()).path

    def run_check(self):
        """Run a check that os-brick fails, as its errors and logs are."""
        events = journals.Journal()

        def attach(_):
            events.add(
                'connector',
                'connected',
                connection_info={
                    'driver_volume_type': 'iscsi',
                    'data': {
                        'auth_method': 'CHAP',
                        'auth_username': 'u',
                        'auth_password': self.secret,
                    },
                },
            )
            raise attachments.ConnectorError(
                'os-brick could not connect: iscsiadm: initiator reported '
                f'error ({self.secret}); X-Auth-Token: {self.token}'
            )

        return execution.execute(
            checking.make_check(attach),
            contexts.Context(
                run_id='r',
                volume_type='lvm',
                settings=contexts.Settings(),
                journal=events,
                storage=types.SimpleNamespace(),
                resources=contextlib.nullcontext(),
                backend=model.Backend(volume_type='lvm'),
                measure=lambda: model.Backend(volume_type='lvm'),
            ),
        )

    def test_neither_result_nor_report_nor_text_has_them(self):
        result = self.run_check()
        self.assertEqual('abort', result.verdict)
        directory = storage.ResultsDirectory(self.directory)
        directory.write_run(example.run())
        directory.write_check(result)
        report = build.build([self.directory], self.directory)

        said = [telling.tell(result), repr(result)]
        said += [
            path.read_text(encoding='utf-8')
            for path in (
                report.html,
                report.junit,
                report.summary,
                report.results_json,
                *directory.parts.glob('*.json'),
            )
        ]

        for text in said:
            self.assertNotIn(self.secret, text)
            self.assertNotIn(self.token, text)
        self.assertIn('CHAP', json.dumps(str(said)))
        self.assertIn('initiator reported error (***)', result.reason)
