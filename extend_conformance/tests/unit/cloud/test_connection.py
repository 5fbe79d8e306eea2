# SPDX-License-Identifier: Apache-2.0

"""Which error a person gets who names the wrong cloud, or one that is off."""

import http.server
import os
import socket
import threading

import ddt
import fixtures
import testtools
import yaml
from testtools import matchers

from extend_conformance import exceptions
from extend_conformance.cloud import connection as connections


@ddt.ddt
class FromCloudTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        for name in os.environ:
            if name.startswith('OS_'):
                self.useFixture(fixtures.EnvironmentVariable(name))
        self.directory = self.useFixture(fixtures.TempDir()).path
        self.useFixture(fixtures.EnvironmentVariable('HOME', self.directory))
        # A bound socket that does not listen refuses connections.
        closed = socket.socket()
        self.addCleanup(closed.close)
        closed.bind(('127.0.0.1', 0))
        self.address = f'http://127.0.0.1:{closed.getsockname()[1]}/v3'

    def _write(self, clouds: dict[str, object]) -> None:
        path = os.path.join(self.directory, 'clouds.yaml')
        with open(path, 'w') as stream:
            yaml.safe_dump({'clouds': clouds}, stream)
        self.useFixture(
            fixtures.EnvironmentVariable('OS_CLIENT_CONFIG_FILE', path)
        )

    def _cloud(self) -> dict[str, object]:
        return {
            'auth': {
                'auth_url': self.address,
                'username': 'member',
                'password': 'geheim',
                'project_name': 'demo',
                'user_domain_name': 'Default',
                'project_domain_name': 'Default',
            }
        }

    def test_misspelt_cloud_names_the_nearest(self) -> None:
        self._write({'sandbox': self._cloud(), 'other': self._cloud()})

        error = self.assertRaises(
            exceptions.UsageError, connections.from_cloud, 'sandbocks'
        )

        self.assertEqual('Did you mean sandbox?', error.next_step)

    def test_cloud_that_resembles_none_lists_all(self) -> None:
        self._write({'sandbox': self._cloud(), 'other': self._cloud()})

        error = self.assertRaises(
            exceptions.UsageError, connections.from_cloud, 'zzz'
        )

        self.assertEqual('Known are: other, sandbox.', error.next_step)

    def test_unknown_cloud_of_the_environment_is_a_usage_error(self) -> None:
        self._write({'sandbox': self._cloud()})
        self.useFixture(fixtures.EnvironmentVariable('OS_CLOUD', 'zzz'))

        self.assertRaises(exceptions.UsageError, connections.from_cloud, None)

    def test_no_cloud_at_all_is_a_usage_error(self) -> None:
        self.assertRaises(exceptions.UsageError, connections.from_cloud, None)

    def test_configuration_that_is_no_yaml_is_a_usage_error(self) -> None:
        path = os.path.join(self.directory, 'clouds.yaml')
        with open(path, 'w') as stream:
            stream.write('clouds: [')
        self.useFixture(
            fixtures.EnvironmentVariable('OS_CLIENT_CONFIG_FILE', path)
        )

        self.assertRaises(
            exceptions.UsageError, connections.from_cloud, 'sandbox'
        )

    def test_identity_service_that_is_off_is_unreachable(self) -> None:
        self._write({'sandbox': self._cloud()})

        error = self.assertRaises(
            connections.CloudUnreachable, connections.from_cloud, 'sandbox'
        )

        self.assertEqual('cloud sandbox', error.resource)
        self.assertNotIn('geheim', str(error))

    @ddt.data(
        # No list of versions: the address has its version.
        (404, 401, 'The identity service refuses the credentials'),
        (404, 503, 'The identity service cannot be used'),
        # keystoneauth would ask again, with a token, and wait for ever.
        (401, 401, 'The identity service refuses the credentials'),
    )
    @ddt.unpack
    def test_identity_service_that_answers_an_error(
        self, versions: int, status: int, what: str
    ) -> None:
        self.useFixture(fixtures.Timeout(20, gentle=True))

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_error(versions)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers['Content-Length']))
                self.send_error(status)

            def log_message(self, *what: object) -> None:
                pass

        server = http.server.HTTPServer(('127.0.0.1', 0), Handler)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.address = f'http://127.0.0.1:{server.server_port}/v3'
        self._write({'sandbox': self._cloud()})

        error = self.assertRaises(
            exceptions.NotTestable, connections.from_cloud, 'sandbox'
        )

        self.assertThat(str(error), matchers.StartsWith(what))
