# SPDX-License-Identifier: Apache-2.0

"""The requests to Glance that this project makes, and where it stores.

Reads and changes one thing per method. Who owns what was made, and that it
goes away again, is left to :mod:`extend_conformance.cloud.resources`.
"""

import collections.abc
import contextlib
import dataclasses
import functools
import operator
import typing as ty

import tenacity
from keystoneauth1 import exceptions as keystone_exceptions
from openstack import connection as sdk_connection
from openstack import exceptions as sdk_exceptions
from requests import exceptions as http_exceptions

from extend_conformance.cloud import answers
from extend_conformance.cloud import calls
from extend_conformance.cloud import connection as connections
from extend_conformance.cloud import journal as journals
from extend_conformance.cloud import waiting

#: Property of an image that says which run made it.
RUN_PROPERTY = 'extend_conformance_run'

#: How long an image that is still in use is asked to go. Glance answers 409
#: while it detaches the image's volume, and up to 2025.1 500.
_DELETE_PATIENCE_S = 30.0
_PORTION_BYTES = 4 * 1024 * 1024


@dataclasses.dataclass(frozen=True, kw_only=True)
class Store:
    """A place where Glance stores images.

    :param id: what an upload asks for.
    :param volume_type: of a store that makes volumes, ``None`` for Cinder's
        default type.
    :param is_cinder: whether it makes volumes.
    """

    id: str
    is_cinder: bool
    volume_type: str | None


class ImageService:
    """Glance, for one project of one cloud.

    Every request is one event of the journal. Errors of Glance are
    :class:`calls.ApiError`; no answer is
    :class:`connections.CloudUnreachable`.
    """

    def __init__(
        self,
        connection: connections.CloudConnection,
        journal: journals.Journal | None = None,
    ) -> None:
        self.connection = connection
        self.journal = journal or journals.Journal()

    @functools.cached_property
    def _http(self) -> ty.Any:
        # openstacksdk's adapter, which finds version 2 of the API behind
        # whatever the catalog says.
        return sdk_connection.Connection(
            session=self.connection.session,
            region_name=self.connection.region_name,
            interface=self.connection.interface,
            image_api_version='2',
            image_endpoint_override=self.connection.image_endpoint,
        ).image

    def stores(self) -> tuple[Store, ...] | None:
        """The stores of this Glance (administrators).

        :returns: ``None`` if it has only one, and does not tell which.
        :raises calls.ApiError: 403 for anybody else.
        """
        try:
            found = self._read('GET', '/info/stores/detail')
        except calls.ApiError as error:
            # One store alone is not listed, and before 2023.1 no details.
            if error.status == 404:
                return None
            raise
        return tuple(
            Store(
                id=each['id'],
                is_cinder=each.get('type') == 'cinder',
                volume_type=each.get('properties', {}).get('volume_type'),
            )
            for each in found['stores']
        )

    def create_image(
        self, name: str, properties: collections.abc.Mapping[str, str]
    ) -> str:
        """Ask for a raw image without content; returns its id."""
        body = {
            'name': name,
            'disk_format': 'raw',
            'container_format': 'bare',
            'visibility': 'private',
            **properties,
        }
        return str(self._read('POST', '/images', json=body)['id'])

    def find_images(self, name: str) -> tuple[str, ...]:
        """Ids of the images of exactly this name that this user sees."""
        found = self._read('GET', '/images', params={'name': name})
        return tuple(
            each['id'] for each in found['images'] if each.get('name') == name
        )

    def has_image(self, image_id: str) -> bool:
        """Whether there is such an image."""
        try:
            self._read('GET', f'/images/{image_id}')
        except calls.ApiError as error:
            if error.status != 404:
                raise
            return False
        return True

    def upload(
        self,
        image_id: str,
        content: collections.abc.Iterable[bytes],
        store_id: str | None = None,
    ) -> None:
        """Send the content of an image without saying how much it is.

        :param content: sent in chunks, one for each portion.
        :param store_id: one of several stores; otherwise the default one.
        """
        headers = {'Content-Type': 'application/octet-stream'}
        if store_id is not None:
            headers['X-Image-Meta-Store'] = store_id
        self._request(
            'PUT',
            f'/images/{image_id}/file',
            data=iter(content),
            headers=headers,
            # Sent again, it would begin in the middle.
            allow_reauth=False,
        )

    def download(self, image_id: str) -> collections.abc.Iterator[bytes]:
        """The content of an image, in portions of any size."""
        response = self._request(
            'GET', f'/images/{image_id}/file', stream=True
        )
        try:
            with contextlib.closing(response):
                yield from response.iter_content(_PORTION_BYTES)
        except http_exceptions.RequestException as error:
            raise connections.CloudUnreachable(
                f'The download of image {image_id} broke off: {error}',
                resource=f'cloud {self.connection.name}',
            ) from error

    def delete_image(self, image_id: str) -> None:
        """Delete an image with its volume, and see it gone.

        One that is gone already is as good.

        :raises calls.ApiError: it may not be deleted.
        :raises waiting.WaitTimeout: Glance said so, and it stayed.
        """
        try:
            tenacity.Retrying(
                retry=tenacity.retry_if_exception(
                    lambda error: (
                        isinstance(error, calls.ApiError)
                        and (error.status == 409 or error.status >= 500)
                    )
                ),
                wait=tenacity.wait_exponential(multiplier=0.5, max=4.0),
                stop=tenacity.stop_after_delay(_DELETE_PATIENCE_S),
                reraise=True,
            )(self._request, 'DELETE', f'/images/{image_id}')
        except calls.ApiError as error:
            if error.status != 404:
                raise
            return
        waiting.wait_until(
            functools.partial(self.has_image, image_id),
            operator.not_,
            timeout_s=_DELETE_PATIENCE_S,
            resource=f'image {image_id}',
            wanted='gone',
            describe=lambda there: 'there',
        )

    def _read(self, method: str, path: str, **how: ty.Any) -> ty.Any:
        """Send one request; returns the JSON value that answers it."""
        response = self._request(method, path, **how)
        try:
            body = response.json()
        except ValueError:
            body = None
        flaw = answers.flaw(method, path, body)
        if flaw is not None:
            raise calls.senseless(
                method,
                path,
                flaw,
                response.headers.get('x-openstack-request-id'),
            )
        return body

    def _request(self, method: str, path: str, **how: ty.Any) -> ty.Any:
        """Send one request; returns the response, which is no error."""
        began_s = self.journal.elapsed_s()
        details = {'method': method, 'path': path, 'began_s': began_s}
        # The SDK would send everything twice if the connection breaks.
        retries = calls.READ_RETRIES if method == 'GET' else 0
        try:
            response = self._http.request(
                path,
                method,
                connect_retries=retries,
                rate_semaphore=connections.UNPACED,
                **how,
            )
        except (
            keystone_exceptions.ClientException,
            sdk_exceptions.SDKException,
            http_exceptions.RequestException,
        ) as error:
            self.journal.add(
                'api-call',
                f'Glance: {method} {path}: no answer',
                error=str(error),
                **details,
            )
            raise connections.CloudUnreachable(
                f'The image service gives no answer to {method} {path}: '
                f'{error}',
                resource=f'cloud {self.connection.name}',
                next_step='See whether the cloud is up.',
            ) from error
        status = int(response.status_code)
        request_id = response.headers.get('x-openstack-request-id')
        self.journal.add(
            'api-call',
            f'Glance: {method} {path}: {status}',
            status=status,
            request_id=request_id,
            **details,
        )
        if status >= 400:
            raise calls.ApiError(
                f'Glance answers {method} {path} with: {response.reason}',
                status=status,
                message=str(response.reason),
                request_id=request_id,
            )
        return response
