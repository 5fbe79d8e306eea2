# SPDX-License-Identifier: Apache-2.0

"""The fault plane in front of an application that counts its effects."""

import io
import json
import pathlib
import time
import typing as ty

import ddt
import fixtures
import testtools

from extend_conformance.sandbox import fault_plane
from extend_conformance.sandbox import fault_rules
from extend_conformance.sandbox import state
from extend_conformance.tests.unit.sandbox import test_fault_rules
from extend_conformance.tests.unit.sandbox import test_state

_PATH = '/v3/p/volumes/1/action'


@ddt.ddt
class FaultPlaneTestCase(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        root = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.paths = state.Paths(root)
        self.paths.etc.mkdir()
        state.save(self.paths, test_state.a_record())
        self.rules = fault_rules.RuleStore(self.paths)
        self.effects: list[ty.Any] = []
        self.dropped = 0
        self.plane = self.make('cinder')

    def make(self, service: str) -> fault_plane.FaultPlane:
        return fault_plane.FaultPlane(
            self.application, service, self.paths, self.drop
        )

    def drop(self, environ: ty.Any) -> None:
        self.dropped += 1

    def application(
        self, environ: ty.Any, start_response: ty.Any
    ) -> list[bytes]:
        length = int(environ.get('CONTENT_LENGTH') or 0)
        self.effects.append(json.loads(environ['wsgi.input'].read(length)))
        start_response('202 Accepted', [('Content-Length', '4')])
        return [b'do', b'ne']

    def rule(self, action: fault_rules.Action, **match: ty.Any) -> int:
        return self.rules.add(test_fault_rules.a_rule(action=action, **match))

    def ask(
        self,
        body: ty.Any = None,
        method: str = 'POST',
        path: str = _PATH,
        microversion: str | None = None,
        plane: fault_plane.FaultPlane | None = None,
    ) -> tuple[int, dict[str, str], bytes]:
        text = json.dumps(body).encode()
        environ: dict[str, ty.Any] = {
            'REQUEST_METHOD': method,
            'PATH_INFO': path,
            'CONTENT_LENGTH': str(len(text)),
            'CONTENT_TYPE': 'application/json',
            'wsgi.input': io.BytesIO(text),
        }
        if microversion is not None:
            environ['HTTP_OPENSTACK_API_VERSION'] = f'volume {microversion}'
        found: list[ty.Any] = []

        def start(status: str, headers: list[tuple[str, str]]) -> None:
            found[:] = [int(status.split()[0]), dict(headers)]

        content = b''.join((plane or self.plane)(environ, start))
        self.assertEqual(
            str(len(content)),
            found[1].get('Content-Length', str(len(content))),
        )
        return found[0], found[1], content

    def test_no_rule_passes_everything_on(self) -> None:
        self.assertEqual(
            (202, {'Content-Length': '4'}, b'done'), self.ask({'a': 1})
        )
        self.assertEqual([{'a': 1}], self.effects)

    def test_rule_is_in_force_at_once_and_gone_at_once(self) -> None:
        self.ask()
        self.rule(fault_rules.Answer(503))
        self.assertEqual(503, self.ask()[0])
        self.rules.clear()
        self.assertEqual(202, self.ask()[0])

    @ddt.data(
        ('cinder', 500, '"computeFault": {"code": 500'),
        ('cinder', 503, '"serviceUnavailable": {"code": 503'),
        ('cinder', 413, '"overLimit"'),
        ('keystone', 500, '{"error": {"code": 500'),
        ('cinder', 401, '{"error": {"code": 401'),
        ('glance', 503, '<title>503 Service Unavailable</title>'),
        ('glance', 451, '<h1>451 Unavailable For Legal Reasons</h1>'),
    )
    @ddt.unpack
    def test_error_is_written_as_the_service_does(
        self, service: str, status: int, text: str
    ) -> None:
        self.rule(fault_rules.Answer(status), service=service)
        found, headers, content = self.ask(plane=self.make(service))
        self.assertEqual(status, found)
        self.assertIn(text, content.decode())
        self.assertTrue(headers['X-Openstack-Request-Id'].startswith('req-'))
        self.assertEqual([], self.effects)

    def test_success_without_effect_shows_what_was_asked(self) -> None:
        self.rule(fault_rules.Answer(200))
        status, _, content = self.ask({'metadata': {'a': 'b'}})
        self.assertEqual(
            (200, {'metadata': {'a': 'b'}}), (status, json.loads(content))
        )
        self.assertEqual([], self.effects)

    def test_accepted_without_effect_has_no_body(self) -> None:
        self.rule(fault_rules.Answer(202))
        self.assertEqual(b'', self.ask({'os-extend': {}})[2])
        self.assertEqual([], self.effects)

    def test_body_of_ones_own(self) -> None:
        self.rule(fault_rules.Answer(404, '{"x": 1}'))
        self.assertEqual(b'{"x": 1}', self.ask()[2])

    def test_error_after_the_effect(self) -> None:
        self.rule(fault_rules.Answer(500, after_effect=True))
        self.assertEqual(500, self.ask({'a': 1})[0])
        self.assertEqual([{'a': 1}], self.effects)

    def test_drop_before_the_effect(self) -> None:
        self.rule(fault_rules.Drop())
        self.ask()
        self.assertEqual((1, []), (self.dropped, self.effects))

    def test_drop_after_the_effect(self) -> None:
        self.rule(fault_rules.Drop(after_effect=True))
        self.ask()
        self.assertEqual((1, [None]), (self.dropped, self.effects))

    def test_garbage_is_not_json(self) -> None:
        self.rule(fault_rules.Garbage())
        status, _, content = self.ask()
        self.assertEqual(200, status)
        self.assertRaises(ValueError, json.loads, content)
        self.assertEqual([], self.effects)

    def test_garbage_after_the_effect_keeps_the_status(self) -> None:
        self.rule(fault_rules.Garbage(after_effect=True))
        self.assertEqual(202, self.ask()[0])
        self.assertEqual([None], self.effects)

    def test_half_an_answer(self) -> None:
        self.rule(fault_rules.Truncate())
        self.assertEqual((202, b'do'), self.ask()[::2])
        self.assertEqual([None], self.effects)

    @ddt.data(False, True)
    def test_delay(self, after_effect: bool) -> None:
        self.rule(fault_rules.Delay(0.05, after_effect))
        begun_s = time.monotonic()
        self.assertEqual((202, b'done'), self.ask()[::2])
        self.assertGreater(time.monotonic() - begun_s, 0.05)
        self.assertEqual([None], self.effects)

    def test_change_of_a_field(self) -> None:
        self.rule(fault_rules.Change('volume.size', '1'))
        self.ask({'volume': {'size': 22, 'name': 'x'}})
        self.assertEqual([{'volume': {'size': 1, 'name': 'x'}}], self.effects)

    @ddt.data({'snapshot': 1}, {'volume': 'text'}, [1], None)
    def test_change_of_a_body_without_such_a_field(self, body: ty.Any) -> None:
        self.rule(fault_rules.Change('volume.size', '1'))
        self.ask(body)
        self.assertEqual([body], self.effects)

    def test_rules_add_up(self) -> None:
        self.rule(fault_rules.Change('a', '2'))
        self.rule(fault_rules.Answer(500, after_effect=True))
        self.assertEqual(500, self.ask({'a': 1})[0])
        self.assertEqual([{'a': 2}], self.effects)

    @ddt.data(
        ({'method': 'POST'}, True),
        ({'method': 'PUT'}, False),
        ({'path': '/volumes/[^/]+/action$'}, True),
        ({'path': '^/action'}, False),
        ({'body_key': 'os-extend'}, True),
        ({'body_key': 'os-extend.new_size'}, True),
        ({'body_key': 'os-extend.new_size.more'}, False),
        ({'body_key': 'os-reset'}, False),
        ({'body_key': 'os-extend.new_size', 'body_value': '1'}, True),
        ({'body_key': 'os-extend.new_size', 'body_value': 'true'}, False),
        ({'body_key': 'os-extend.new_size', 'body_value': '"1"'}, False),
        ({'microversion': '3.42'}, True),
        ({'microversion': '3.41'}, False),
        ({'microversion': 'none'}, False),
        ({'service': 'glance'}, False),
    )
    @ddt.unpack
    def test_match(self, match: dict[str, str], acts: bool) -> None:
        self.rule(fault_rules.Answer(500), **match)
        body = {'os-extend': {'new_size': 1}}
        status = self.ask(body, microversion='3.42')[0]
        self.assertEqual(500 if acts else 202, status)
        self.assertEqual([] if acts else [body], self.effects)

    def test_request_without_a_microversion(self) -> None:
        self.rule(fault_rules.Answer(500), microversion='none')
        self.assertEqual(500, self.ask()[0])

    def test_calls_are_counted_by_rule(self) -> None:
        second = self.rule(fault_rules.Answer(500), nth=2, count=1)
        other = self.rule(fault_rules.Answer(503), method='DELETE')
        self.assertEqual([202, 500, 202], [self.ask()[0] for _ in range(3)])
        self.assertEqual(503, self.ask(method='DELETE')[0])
        self.assertEqual({second: 4, other: 1}, self.rules.seen())

    def test_damaged_rules_do_nothing(self) -> None:
        self.rule(fault_rules.Answer(500))
        self.rules.path.write_text('{')
        self.assertEqual(202, self.ask()[0])
