# SPDX-License-Identifier: Apache-2.0

"""One request to Cinder: sent once, journalled once, its errors made ours.

python-cinderclient knows the requests; this is the HTTP client that it is
given. Which requests there are is left to
:mod:`extend_conformance.cloud.block_storage`.
"""

import collections.abc
import dataclasses
import typing as ty

import tenacity
from keystoneauth1 import adapter
from keystoneauth1 import exceptions as keystone_exceptions

from extend_conformance import exceptions
from extend_conformance.cloud import answers
from extend_conformance.cloud import connection as connections
from extend_conformance.cloud import journal as journals

#: How often a request that changes nothing is sent again when the connection
#: breaks, the server fails, or its answer makes no sense. Requests that change
#: something are sent once: their effect is unknown, and only the caller can
#: find it out.
READ_RETRIES = 2

#: Seconds before a request is sent again; doubled each time.
_PAUSE_S = 0.2

#: What a proxy answers that has given up on a request: it may go on.
_GIVEN_UP = frozenset({502, 504})


class ApiError(exceptions.WorkFailed):
    """Cinder answered with an error.

    :param status: the HTTP status.
    :param message: what Cinder says about it.
    """

    def __init__(
        self,
        what: str,
        *,
        status: int,
        message: str,
        resource: str | None = None,
        request_id: str | None = None,
        next_step: str | None = None,
    ) -> None:
        self.status = status
        self.message = message
        super().__init__(
            what,
            resource=resource,
            last=f'HTTP {status}',
            request_id=request_id,
            next_step=next_step,
        )

    @property
    def changed_nothing(self) -> bool:
        """Whether nothing was done; a server that fails may have begun."""
        return self.status < 500

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of the request."""
        return self.status not in _GIVEN_UP


@dataclasses.dataclass(frozen=True)
class ApiResponse:
    """What Cinder answered to a request of which only that matters."""

    status: int
    request_id: str | None


class JournallingClient(adapter.LegacyJsonAdapter):
    """Sends requests, enters each into a journal, raises our errors.

    :param journal: gets one event for each request, whatever became of it.
    :param connection: where the service is.
    :param microversion: of every request that does not name its own.
    """

    def __init__(
        self,
        journal: journals.Journal,
        connection: connections.CloudConnection,
        microversion: str,
    ) -> None:
        super().__init__(
            session=connection.session,
            user_agent='extend-conformance',
            default_microversion=microversion,
            **connection.endpoint_filter(),
        )
        self._journal = journal
        self._cloud = connection.name

    def request(
        self, url: str, method: str, **kwargs: ty.Any
    ) -> tuple[ty.Any, ty.Any]:
        """Send one request.

        :param kwargs: as for keystoneauth; ``microversion=None`` sends the
            request without a microversion header.
        :returns: the response and its JSON body.
        :raises ApiError: the answer is an error.
        :raises connections.CloudUnreachable: there was no answer, or none
            that could be understood.
        """
        send = super().request
        if method != 'GET':
            return self._send(send, url, method, kwargs)
        answer: tuple[ty.Any, ty.Any] = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_may_pass),
            wait=tenacity.wait_exponential(multiplier=_PAUSE_S),
            stop=tenacity.stop_after_attempt(1 + READ_RETRIES),
            reraise=True,
        )(lambda: self._send(send, url, method, dict(kwargs)))
        return answer

    def _send(
        self,
        send: collections.abc.Callable[..., tuple[ty.Any, ty.Any]],
        url: str,
        method: str,
        kwargs: dict[str, ty.Any],
    ) -> tuple[ty.Any, ty.Any]:
        """Send a request once, and enter it."""
        microversion = kwargs.setdefault(
            'microversion', self.default_microversion
        )
        kwargs.pop('raise_exc', None)
        kwargs.setdefault('rate_semaphore', connections.UNPACED)
        began_s = self._journal.elapsed_s()
        try:
            response, body = send(url, method, raise_exc=False, **kwargs)
        except keystone_exceptions.ClientException as error:
            self._journal.add(
                'api-call',
                f'{method} {url}: no answer',
                method=method,
                path=url,
                microversion=microversion,
                began_s=began_s,
                error=str(error),
            )
            raise connections.CloudUnreachable(
                f'Block storage gives no answer to {method} {url}: {error}',
                resource=f'cloud {self._cloud}',
                next_step='See whether the cloud is up.',
            ) from error
        request_id = response.headers.get('x-openstack-request-id')
        details = {
            'method': method,
            'path': url,
            'status': response.status_code,
            'microversion': microversion,
            'request_id': request_id,
            'began_s': began_s,
        }
        if kwargs.get('body') is not None:
            details['body'] = kwargs['body']
        if response.status_code >= 400:
            message = _message(body) or response.reason
            details['message'] = message
            flaw = None
        else:
            flaw = answers.flaw(method, url, body)
        if flaw is not None:
            details['flaw'] = flaw.what
        self._journal.add(
            'api-call', f'{method} {url}: {response.status_code}', **details
        )
        if response.status_code >= 400:
            raise ApiError(
                f'Cinder answers {method} {url} with: {message}',
                status=response.status_code,
                message=message,
                request_id=request_id,
                next_step=_next_step(response.status_code),
            )
        if body is None and response.content:
            raise connections.CloudUnreachable(
                f'The answer to {method} {url} is not JSON',
                resource=f'cloud {self._cloud}',
                last=response.text[:60],
                request_id=request_id,
                next_step='See what is between here and the cloud.',
            )
        if flaw is not None:
            raise senseless(method, url, flaw, request_id)
        return response, body


def senseless(
    method: str, url: str, flaw: answers.Flaw, request_id: str | None
) -> connections.CloudUnreachable:
    """An answer that cannot be read is as good as none."""
    return connections.CloudUnreachable(
        f'The answer to {method} {url} makes no sense: {flaw.what}',
        resource=flaw.resource,
        request_id=request_id,
        next_step='See what is between here and the cloud.',
    )


def _may_pass(error: BaseException) -> bool:
    """Whether the same request may be answered well a moment later."""
    return isinstance(error, connections.CloudUnreachable) or (
        isinstance(error, ApiError) and not error.changed_nothing
    )


def persistently(
    request: collections.abc.Callable[..., object], *arguments: object
) -> None:
    """Send a request until it is answered, for some seconds.

    Only for what may be done twice: a deletion whose answer was lost is
    answered with 404 the second time.

    :raises ApiError: it is refused, or the server goes on failing.
    :raises connections.CloudUnreachable: there is still no answer.
    """
    tenacity.Retrying(
        retry=tenacity.retry_if_exception(_may_pass),
        wait=tenacity.wait_exponential(multiplier=_PAUSE_S, max=2.0),
        stop=tenacity.stop_after_attempt(5),
        reraise=True,
    )(request, *arguments)


def _message(body: object) -> str:
    """Find the sentence in ``{"badRequest": {"message": ...}}``."""
    if isinstance(body, dict):
        for value in body.values():
            if isinstance(value, dict) and value.get('message'):
                return str(value['message'])
            if isinstance(value, str):
                return value
    return ''


def _next_step(status: int) -> str | None:
    if status in (401, 403):
        return 'The credentials do not allow it; see the roles of the user.'
    if status == 413:
        return 'See the quota of the project.'
    return None
