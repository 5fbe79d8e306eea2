# SPDX-License-Identifier: Apache-2.0

"""The sandbox's message bus: nothing alive crosses it, and nothing waits."""

import threading
import time
import typing as ty
import uuid

import oslo_messaging
import testtools
from oslo_config import cfg

from extend_conformance.sandbox import messaging


class _Foreign(Exception):
    pass


class _Endpoint:
    """Remembers what it got, and changes it."""

    def __init__(self) -> None:
        self.kept: dict[str, ty.Any] = {'inner': [1]}
        self.contexts: list[ty.Any] = []
        self.arrived = threading.Event()

    def take(self, ctxt: ty.Any, thing: dict[str, ty.Any]) -> None:
        self.contexts.append(ctxt)
        self.kept = thing
        self.arrived.set()

    def give(self, ctxt: ty.Any) -> dict[str, ty.Any]:
        return self.kept

    def spoil(self, ctxt: ty.Any, thing: dict[str, ty.Any]) -> None:
        thing['inner'].append('spoilt')
        ctxt['spoilt'] = True

    def fail(self, ctxt: ty.Any) -> None:
        raise ValueError('not today')

    def fail_strangely(self, ctxt: ty.Any) -> None:
        raise _Foreign('of a module that nobody allowed')

    def sleep(self, ctxt: ty.Any) -> None:
        time.sleep(0.5)


class MessagingTestCase(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        conf = cfg.CONF
        conf([], default_config_files=[])
        self.addCleanup(conf.reset)
        self.transport = oslo_messaging.get_rpc_transport(
            conf, 'serialised://', allowed_remote_exmods=['builtins']
        )
        self.topic = f'topic-{uuid.uuid4().hex}'
        self.endpoint = _Endpoint()
        self.serve('one', self.endpoint)
        self.client = oslo_messaging.get_rpc_client(
            self.transport,
            oslo_messaging.Target(topic=self.topic),
            timeout=10,
        )

    def serve(self, name: str, endpoint: _Endpoint) -> None:
        server = oslo_messaging.get_rpc_server(
            self.transport,
            oslo_messaging.Target(topic=self.topic, server=name),
            [endpoint],
            executor='threading',
        )
        server.start()
        self.addCleanup(server.wait)
        self.addCleanup(server.stop)

    def test_the_driver_is_ours(self) -> None:
        self.assertIsInstance(
            self.transport._driver, messaging.SerialisingDriver
        )

    def test_change_after_cast_is_not_seen(self) -> None:
        thing = {'inner': [1]}
        self.client.cast({}, 'take', thing=thing)
        thing['inner'].append(2)
        self.assertTrue(self.endpoint.arrived.wait(5))
        self.assertEqual({'inner': [1]}, self.endpoint.kept)

    def test_change_by_receiver_is_not_seen(self) -> None:
        thing = {'inner': [1]}
        ctxt: dict[str, ty.Any] = {}
        self.client.call(ctxt, 'spoil', thing=thing)
        self.assertEqual(({'inner': [1]}, {}), (thing, ctxt))

    def test_change_of_reply_is_not_seen(self) -> None:
        reply = self.client.call({}, 'give')
        reply['inner'].append(2)
        self.assertEqual({'inner': [1]}, self.endpoint.kept)

    def test_fanout_gives_everyone_his_own(self) -> None:
        other = _Endpoint()
        self.serve('two', other)
        self.client.prepare(fanout=True).cast({}, 'take', thing={'inner': []})
        self.assertTrue(self.endpoint.arrived.wait(5))
        self.assertTrue(other.arrived.wait(5))
        self.assertIsNot(self.endpoint.kept, other.kept)

    def test_object_without_text_form_is_refused(self) -> None:
        self.assertRaises(
            ValueError, self.client.call, {}, 'take', thing=threading.Lock()
        )

    def test_failure_arrives_as_remote_type(self) -> None:
        error = self.assertRaises(ValueError, self.client.call, {}, 'fail')
        # The traceback of the other side is in it only if it was text.
        self.assertIn('Traceback', str(error))

    def test_failure_of_a_foreign_type_is_a_remote_error(self) -> None:
        error = self.assertRaises(
            oslo_messaging.RemoteError, self.client.call, {}, 'fail_strangely'
        )
        self.assertEqual('_Foreign', error.exc_type)

    def test_no_reply_in_time_is_a_timeout(self) -> None:
        self.assertRaises(
            oslo_messaging.MessagingTimeout,
            self.client.prepare(timeout=0.05).call,
            {},
            'sleep',
        )

    def test_fifty_calls_do_not_wait_for_a_poll(self) -> None:
        begun = time.monotonic()
        for _ in range(50):
            self.client.call({}, 'give')
        # Polled each 50 ms they would take 1.25 s on average, at the least.
        self.assertLess(time.monotonic() - begun, 1.0)
