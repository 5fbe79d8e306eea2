# SPDX-License-Identifier: Apache-2.0

"""Rules of the fault plane act on the real services, at once."""

import json
import pathlib
import typing as ty

from keystoneauth1 import exceptions as keystone_exceptions
from keystoneauth1 import session as keystone_session
from keystoneauth1.identity import v3

from extend_conformance.sandbox import fault_rules
from extend_conformance.sandbox import state
from extend_conformance.tests.functional import base


class FaultPlaneTest(base.SandboxTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.root = pathlib.Path(base.sandbox_directory()).resolve()
        self.rules = fault_rules.RuleStore(state.Paths(self.root))
        self.addCleanup(self.rules.clear)
        self.session = self.storage.connection.session

    def rule(self, service: str, action: ty.Any, **match: ty.Any) -> int:
        return self.rules.add(
            fault_rules.Rule(service=service, action=action, **match)
        )

    def ask(self, service_type: str, path: str, **kwargs: ty.Any) -> ty.Any:
        return self.session.request(
            path,
            kwargs.pop('method', 'GET'),
            endpoint_filter={'service_type': service_type},
            raise_exc=False,
            **kwargs,
        )

    def acted(self) -> list[int]:
        seen = self.rules.seen()
        return [
            each.rule.acted(seen.get(each.number, 0))
            for each in self.rules.rules()
        ]

    def test_every_service_answers_as_told(self) -> None:
        for service, kind, path in (
            ('cinder', 'block-storage', '/volumes'),
            ('glance', 'image', '/v2/images'),
            ('keystone', 'identity', '/auth/catalog'),
        ):
            self.assertEqual(200, self.ask(kind, path).status_code)
            self.rule(service, fault_rules.Answer(503), path=path)
            answer = self.ask(kind, path)
            self.assertEqual(503, answer.status_code, service)
            self.assertIn('req-', answer.headers['x-openstack-request-id'])
        self.rules.clear()
        self.assertEqual(200, self.ask('image', '/v2/images').status_code)

    def test_every_service_drops_the_connection(self) -> None:
        for service, kind, path in (
            ('cinder', 'block-storage', '/volumes'),
            ('glance', 'image', '/v2/images'),
            ('keystone', 'identity', '/auth/catalog'),
        ):
            self.rule(service, fault_rules.Drop(), path=path, count=1)
            self.assertRaises(
                keystone_exceptions.ConnectFailure, self.ask, kind, path
            )
            self.assertEqual(200, self.ask(kind, path).status_code)

    def test_effect_of_a_request_whose_answer_is_dropped(self) -> None:
        self.rule(
            'cinder',
            fault_rules.Drop(after_effect=True),
            method='POST',
            path='/volumes$',
            body_key='volume.size',
        )
        self.assertRaises(
            keystone_exceptions.ConnectFailure,
            self.ask,
            'block-storage',
            '/volumes',
            method='POST',
            json={'volume': {'size': 1, 'name': 'dropped'}},
        )
        (volume,) = self.storage.list_volumes(name='dropped')
        self.storage.wait_for_status(volume.id, 'available')
        self.storage.delete_volume(volume.id)
        self.storage.wait_until_gone(volume.id)

    def test_changed_field_reaches_the_service(self) -> None:
        self.rule(
            'cinder',
            fault_rules.Change('volume.size', '1'),
            method='POST',
            path='/volumes$',
        )
        volume = self.resources.create_volume(3, 'good')
        self.assertEqual(1, volume.size_gib)

    def test_half_an_answer(self) -> None:
        self.rule('cinder', fault_rules.Truncate(), path='/types')
        answer = self.ask('block-storage', '/types')
        self.assertEqual(200, answer.status_code)
        self.assertRaises(ValueError, json.loads, answer.text)

    def test_a_connection_stays_usable_after_a_body_nobody_read(self) -> None:
        # Glance and Cinder each have a server of their own under the plane.
        self.rule('glance', fault_rules.Answer(500), method='POST', count=1)
        self.rule('cinder', fault_rules.Answer(500), method='POST', count=1)
        for kind, path in (('image', '/v2/images'), ('block-storage', '/x')):
            body = {'name': 'x' * 100_000}
            answer = self.ask(kind, path, method='POST', json=body)
            self.assertEqual(500, answer.status_code)
        self.assertEqual(200, self.ask('image', '/v2/images').status_code)
        self.assertEqual(200, self.ask('block-storage', '/types').status_code)

    def test_client_signs_in_again_on_401(self) -> None:
        self.rule('cinder', fault_rules.Answer(401), nth=2, count=1)
        before = self.session.get_token()
        self.storage.list_volumes()
        self.storage.list_volumes()
        self.assertEqual([1], self.acted())
        self.assertNotEqual(before, self.session.get_token())

    def test_tokens_are_refused(self) -> None:
        record = state.load(state.Paths(self.root))
        assert record is not None
        self.rule('keystone', fault_rules.Answer(500), path='/auth/tokens$')
        fresh = keystone_session.Session(
            v3.Password(
                auth_url=record.auth_url,
                username='sandbox',
                password=record.passwords['sandbox'],
                project_name='sandbox',
                user_domain_name='Default',
                project_domain_name='Default',
            )
        )
        self.assertRaises(
            keystone_exceptions.InternalServerError, fresh.get_token
        )

    def test_commands(self) -> None:
        def run(*arguments: str) -> str:
            ended = self.run_command(
                'sandbox',
                'fault',
                *arguments,
                '--state-dir',
                str(self.root),
            )
            self.assertEqual(0, ended.returncode, ended.stderr)
            return ended.stdout

        number = run(
            *('add', '--service', 'cinder', '--method', 'POST'),
            *('--path', '/action$', '--body', 'os-extend.new_size=2'),
            *('--microversion', '3.42', '--nth', '2', '--count', '1'),
            *('--status', '500', '--after-effect'),
        ).strip()
        (shown,) = json.loads(run('list', '-f', 'json'))
        self.assertEqual(
            {
                'Number': int(number),
                'Service': 'cinder',
                'Method': 'POST',
                'Path': '/action$',
                'Body': 'os-extend.new_size=2',
                'Microversion': '3.42',
                'Nth': 2,
                'Count': 1,
                'Action': 'answer 500 after the effect',
                'Matched': 0,
                'Acted': 0,
            },
            shown,
        )
        self.assertEqual('Cleared 1 rules.\n', run('clear'))
        self.assertEqual((), self.rules.rules())
