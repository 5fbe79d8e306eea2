# SPDX-License-Identifier: Apache-2.0

"""The HTTP server under Glance: connections stay usable, or are closed."""

import collections.abc
import http.client
import pathlib
import socket
import threading
import typing as ty

import testtools

from extend_conformance.sandbox import httpd
from extend_conformance.sandbox import state


class _Startup:
    """Stands where ``daemon.Startup`` does."""

    service = 'glance'
    paths = state.Paths(pathlib.Path('/nonexistent'))

    def __init__(self) -> None:
        self.listener = socket.socket()
        self.listener.bind(('127.0.0.1', 0))
        self.listener.listen(8)
        self.is_ready = threading.Event()

    def listening_socket(self) -> socket.socket:
        return self.listener

    def ready(self) -> None:
        self.is_ready.set()


def _application(environ: ty.Any, start_response: ty.Any) -> list[bytes]:
    """Do what Glance does: read everything, and close what can be closed."""
    if environ['PATH_INFO'] == '/early':
        environ['wsgi.input'].read(4)
        start_response('409 Conflict', [('Content-Length', '0')])
        return []
    body = environ['wsgi.input']
    read = b''
    while chunk := body.read(7):
        read += chunk
    close = getattr(body, 'close', None)
    if close is not None:
        close()
    start_response('200 OK', [('Content-Length', str(len(read)))])
    return [read]


class HttpdTestCase(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        startup = _Startup()
        threading.Thread(
            target=httpd.serve, args=(startup, _application, 2), daemon=True
        ).start()
        self.assertTrue(startup.is_ready.wait(5))
        port = startup.listener.getsockname()[1]
        self.connection = http.client.HTTPConnection('127.0.0.1', port)
        self.addCleanup(self.connection.close)

    def put(self, path: str) -> http.client.HTTPResponse:
        def chunks() -> collections.abc.Iterator[bytes]:
            yield b'some bytes'
            yield b'and more'

        self.connection.request('PUT', path, chunks(), encode_chunked=True)
        return self.connection.getresponse()

    def test_chunked_body_arrives(self) -> None:
        self.assertEqual(b'some bytesand more', self.put('/').read())

    def test_connection_is_usable_after_a_chunked_body(self) -> None:
        self.put('/').read()
        first = self.connection.sock
        self.assertIsNotNone(first)
        self.assertEqual(b'some bytesand more', self.put('/').read())
        self.assertIs(first, self.connection.sock)

    def test_connection_closes_if_the_body_was_not_read(self) -> None:
        answer = self.put('/early')
        answer.read()
        self.assertEqual('close', answer.getheader('Connection'))


class PackagingTestCase(testtools.TestCase):
    def test_templates_are_beside_the_code(self) -> None:
        package = pathlib.Path(httpd.__file__).parent
        self.assertTrue((package / 'templates' / 'cinder.conf.j2').is_file())
