# SPDX-License-Identifier: Apache-2.0

"""The configuration that daemons and clients of a sandbox read."""

import configparser
import dataclasses
import pathlib
import stat

import fixtures
import testtools
import yaml

from extend_conformance.sandbox import configuration
from extend_conformance.sandbox import declared
from extend_conformance.sandbox import environment
from extend_conformance.sandbox import state
from extend_conformance.sandbox import tempest_conf
from extend_conformance.tests.unit.sandbox import test_state


class ConfigurationTestCase(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.paths = state.Paths(
            pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        )
        self.paths.etc.mkdir()
        mine = declared.Backend(
            name='mine', volume_driver='a.B', options=(('san_ip', '1%2'),)
        )
        self.record = dataclasses.replace(
            test_state.a_record(), chosen=(*declared.STANDARD, mine)
        )
        configuration.write(self.paths, self.record)

    def read(self, name: str) -> configparser.RawConfigParser:
        parser = configparser.RawConfigParser(default_section='')
        parser.read(self.paths.etc / name)
        return parser

    def test_every_backend_is_enabled(self) -> None:
        self.assertEqual(
            [one.name for one in self.record.chosen],
            self.read('cinder.conf')['DEFAULT']['enabled_backends'].split(','),
        )

    def test_first_backend_is_the_default_type(self) -> None:
        self.assertEqual(
            'good', self.read('cinder.conf')['DEFAULT']['default_volume_type']
        )

    def test_options_of_a_backend_reach_its_section(self) -> None:
        self.assertEqual(
            {
                'volume_driver': 'a.B',
                'volume_backend_name': 'mine',
                'san_ip': '1%2',
            },
            dict(self.read('cinder.conf')['mine']),
        )

    def test_declared_latency_reaches_its_section(self) -> None:
        self.assertEqual(
            '1.0',
            self.read('cinder.conf')['slow-extend']['sandbox_extend_seconds'],
        )

    def test_messages_are_serialised(self) -> None:
        self.assertEqual(
            'serialised://',
            self.read('cinder.conf')['DEFAULT']['transport_url'],
        )

    def test_a_store_for_each_mode(self) -> None:
        glance = self.read('glance-api.conf')
        self.assertEqual(
            ('true', 'false'),
            (
                glance['attached']['cinder_do_extend_attached'],
                glance['detached']['cinder_do_extend_attached'],
            ),
        )

    def test_token_expiration(self) -> None:
        self.assertEqual(
            '60', self.read('keystone.conf')['token']['expiration']
        )

    def test_configuration_is_secret(self) -> None:
        for path in self.paths.etc.iterdir():
            self.assertEqual(
                0o600, stat.S_IMODE(path.stat().st_mode), path.name
            )

    def test_clouds(self) -> None:
        clouds = yaml.safe_load(environment.clouds_yaml(self.record))
        self.assertEqual(
            {
                'sandbox': ('sandbox', 'sandbox'),
                'sandbox-admin': ('admin', 'admin'),
                'sandbox-reader': ('sandbox-reader', 'sandbox'),
                'sandbox-other': ('sandbox-other', 'sandbox-other'),
            },
            {
                name: (
                    cloud['auth']['username'],
                    cloud['auth']['project_name'],
                )
                for name, cloud in clouds['clouds'].items()
            },
        )

    def tempest(
        self, record: state.Record, plugin: dict[str, str]
    ) -> configparser.RawConfigParser:
        parser = configparser.RawConfigParser(default_section='')
        parser.read_string(tempest_conf.render(self.paths, record, plugin))
        return parser

    def test_plugin_options_reach_tempest(self) -> None:
        found = self.tempest(self.record, {'profile': 'quick'})
        self.assertEqual('quick', found['extend_conformance']['profile'])

    def test_one_backend_switches_multi_backend_off(self) -> None:
        one = dataclasses.replace(self.record, chosen=declared.STANDARD[:1])
        found = self.tempest(one, {})
        self.assertEqual(
            'false', found['volume-feature-enabled']['multi_backend']
        )
