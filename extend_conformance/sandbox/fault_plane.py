# SPDX-License-Identifier: Apache-2.0

"""The fault plane: WSGI middleware that does to requests what rules say.

Loaded by every API of the sandbox, outermost, so that whatever happens here
looks to a client like the service, or the way to it. Without a rule it costs
one look at a file. What rules are is left to ``fault_rules``.
"""

import collections.abc
import functools
import http
import io
import json
import logging
import os
import re
import time
import typing as ty

from oslo_context import context as oslo_context
from webob import exc as http_errors

from extend_conformance import exceptions
from extend_conformance.sandbox import fault_rules
from extend_conformance.sandbox import state

LOG = logging.getLogger(__name__)

Environ: ty.TypeAlias = dict[str, ty.Any]
Application: ty.TypeAlias = collections.abc.Callable[
    [Environ, ty.Any], collections.abc.Iterable[bytes]
]

_GARBAGE: ty.Final = b'<html><body><h1>It works!</h1>'

#: Cinder's names of errors (cinder.api.openstack.wsgi.Fault).
_CINDER_NAMES: ty.Final = {
    400: 'badRequest',
    401: 'unauthorized',
    403: 'forbidden',
    404: 'itemNotFound',
    405: 'badMethod',
    409: 'conflictingRequest',
    413: 'overLimit',
    415: 'badMediaType',
    501: 'notImplemented',
    503: 'serviceUnavailable',
}


class FaultPlane:
    """The middleware.

    :param application: the service.
    :param service: its name in rules.
    :param paths: of the sandbox, whose state directory has the rules.
    :param drop: closes the connection of a request, which WSGI does not
        know of.
    """

    def __init__(
        self,
        application: Application,
        service: str,
        paths: state.Paths,
        drop: collections.abc.Callable[[Environ], None],
    ) -> None:
        self._application = application
        self._service = service
        self._drop = drop
        self._store = fault_rules.RuleStore(paths)
        self._counts = fault_rules.Counts(paths, service)
        self._read_at: tuple[int, int] | None = None
        self._rules: tuple[fault_rules.Numbered, ...] = ()

    def __call__(
        self, environ: Environ, start_response: ty.Any
    ) -> collections.abc.Iterable[bytes]:
        """Pass a request on, through every rule that is due, oldest first."""
        application = self._application
        rules = self._current()
        if rules:
            for rule in reversed(self._due(rules, environ)):
                application = functools.partial(
                    self._act, rule.action, application
                )
        return application(environ, start_response)

    def _current(self) -> tuple[fault_rules.Numbered, ...]:
        """The rules for this service, read anew if the file is another."""
        try:
            found = os.stat(self._store.path)
            # Every write makes a new file; the time alone may be the same.
            identity = (found.st_mtime_ns, found.st_ino)
        except FileNotFoundError:
            return ()
        if identity != self._read_at:
            try:
                self._rules = tuple(
                    each
                    for each in self._store.rules()
                    if each.rule.service == self._service
                )
            except exceptions.UsageError as error:
                LOG.error('%s', error)
                self._rules = ()
            self._read_at = identity
        return self._rules

    def _due(
        self,
        rules: collections.abc.Iterable[fault_rules.Numbered],
        environ: Environ,
    ) -> list[fault_rules.Rule]:
        matching = [each for each in rules if _matches(each.rule, environ)]
        if not matching:
            return []
        seen = self._counts.add(each.number for each in matching)
        due = [
            each for each in matching if each.rule.is_due(seen[each.number])
        ]
        for each in due:
            LOG.warning(
                'Fault rule %d: %s for %s %s',
                each.number,
                each.rule.action,
                environ['REQUEST_METHOD'],
                environ['PATH_INFO'],
            )
        return [each.rule for each in due]

    def _act(
        self,
        action: fault_rules.Action,
        application: Application,
        environ: Environ,
        start_response: ty.Any,
    ) -> collections.abc.Iterable[bytes]:
        if isinstance(action, fault_rules.Change):
            _change(environ, action)
            return application(environ, start_response)
        real = None
        if isinstance(action, fault_rules.Truncate) or action.after_effect:
            real = _Response.of(application, environ)
        match action:
            case fault_rules.Delay():
                time.sleep(action.seconds)
                if real is None:
                    return application(environ, start_response)
                return real(start_response)
            case fault_rules.Drop():
                self._drop(environ)
                return _Response(500, 'text/plain')(start_response)
            case fault_rules.Answer():
                answer = _answer(self._service, action, environ)
            case fault_rules.Garbage():
                answer = _Response(200, 'application/json', _GARBAGE)
                if real is not None:
                    answer = real.with_body(_GARBAGE)
            case fault_rules.Truncate():
                assert real is not None
                answer = real.with_body(real.body[: len(real.body) // 2])
        return answer(start_response)


class _Response:
    """A whole response of WSGI."""

    def __init__(
        self,
        status: int,
        content_type: str,
        body: bytes = b'',
        headers: collections.abc.Iterable[tuple[str, str]] = (),
    ) -> None:
        self.status = f'{status} {http.HTTPStatus(status).phrase}'
        self.body = body
        self.headers = [('Content-Type', content_type), *headers]

    @classmethod
    def of(cls, application: Application, environ: Environ) -> '_Response':
        """Let an application answer a request."""
        response = cls(200, 'text/plain')
        written: list[bytes] = []

        def start(
            status: str, headers: list[tuple[str, str]], *rest: ty.Any
        ) -> ty.Any:
            response.status, response.headers = status, headers
            return written.append

        parts = application(environ, start)
        try:
            written.extend(parts)
        finally:
            close = getattr(parts, 'close', None)
            if close is not None:
                close()
        response.body = b''.join(written)
        return response

    def with_body(self, body: bytes) -> '_Response':
        """Replace the body."""
        self.body = body
        return self

    def __call__(self, start_response: ty.Any) -> list[bytes]:
        """Give it to a server."""
        headers = [
            (name, value)
            for name, value in self.headers
            if name.lower() not in ('content-length', 'transfer-encoding')
        ]
        if not self.status.startswith(('204', '304')):
            headers.append(('Content-Length', str(len(self.body))))
        start_response(self.status, headers)
        return [self.body]


def _matches(rule: fault_rules.Rule, environ: Environ) -> bool:
    if rule.method not in (None, environ['REQUEST_METHOD']):
        return False
    path = environ.get('SCRIPT_NAME', '') + environ['PATH_INFO']
    query = environ.get('QUERY_STRING')
    if re.search(rule.path, f'{path}?{query}' if query else path) is None:
        return False
    if rule.microversion not in (None, _microversion(environ)):
        return False
    if rule.body_key is None:
        return True
    try:
        found = _find(_json_body(environ), rule.body_key)
    except LookupError:
        return False
    if rule.body_value is None:
        return True
    # Not ==, for which 1, 1.0 and true are the same.
    return json.dumps(found, sort_keys=True) == json.dumps(
        json.loads(rule.body_value), sort_keys=True
    )


def _microversion(environ: Environ) -> str:
    """What a request names, of whichever service.

    ``OpenStack-API-Version: volume 3.42`` (API-SIG, microversion
    specification).
    """
    words = environ.get('HTTP_OPENSTACK_API_VERSION', '').split()
    return words[-1] if words else fault_rules.NO_MICROVERSION


def _body(environ: Environ) -> bytes:
    """Read the body, and leave it to be read again.

    Empty where its length is not told: such bodies are images.
    """
    length = int(environ.get('CONTENT_LENGTH') or 0)
    if not length or 'json' not in environ.get('CONTENT_TYPE', ''):
        return b''
    source = environ['wsgi.input']
    if isinstance(source, io.BytesIO):
        return source.getvalue()
    body = bytes(source.read(length))
    environ['wsgi.input'] = io.BytesIO(body)
    return body


def _json_body(environ: Environ) -> ty.Any:
    try:
        return json.loads(_body(environ) or b'null')
    except ValueError:
        return None


def _find(value: ty.Any, key: str) -> ty.Any:
    """Find a field by its dotted name.

    :raises LookupError: it is not there.
    """
    for part in key.split('.'):
        if not isinstance(value, dict):
            raise LookupError(key)
        value = value[part]
    return value


def _change(environ: Environ, action: fault_rules.Change) -> None:
    """Change a field; a body that has no place for it stays as it is."""
    whole = _json_body(environ)
    *parents, name = action.key.split('.')
    value = whole
    for part in parents:
        value = value.get(part) if isinstance(value, dict) else None
    if not isinstance(value, dict):
        return
    value[name] = json.loads(action.value)
    body = json.dumps(whole).encode()
    environ['wsgi.input'] = io.BytesIO(body)
    environ['CONTENT_LENGTH'] = str(len(body))


def _answer(
    service: str, action: fault_rules.Answer, environ: Environ
) -> _Response:
    """Answer as the service would, with a request id of its form."""
    headers = [('X-Openstack-Request-Id', oslo_context.generate_request_id())]
    if service == 'cinder':
        headers.append(('X-Compute-Request-Id', headers[0][1]))
    kind = 'application/json'
    if action.body is not None:
        body = action.body.encode()
    elif action.status >= 400:
        kind, body = _error(service, action.status)
    elif action.status in (202, 204) or action.status >= 300:
        # Such answers have nothing to tell.
        body = b''
    else:
        # A service that has done what it was asked shows just that.
        body = _body(environ)
    return _Response(action.status, kind, body, headers)


def _error(service: str, status: int) -> tuple[str, bytes]:
    """The kind and the text of an error body as the service writes it."""
    known = http.HTTPStatus(status)
    message = known.description or known.phrase
    if status == 401:
        # keystonemiddleware answers it, in front of every service.
        service = 'keystone'
        message = 'The request you have made requires authentication.'
    if service == 'glance':
        # Glance raises subclasses of it, one a status.
        error = http_errors.WSGIHTTPException()
        error.status = f'{status} {known.phrase}'
        error.explanation = message
        return 'text/html; charset=UTF-8', error.html_body({}).encode()
    if service == 'cinder':
        name = _CINDER_NAMES.get(status, 'computeFault')
        value = {name: {'code': status, 'message': message}}
    else:
        value = {
            'error': {
                'code': status,
                'message': message,
                'title': known.phrase,
            }
        }
    return 'application/json', json.dumps(value).encode()
