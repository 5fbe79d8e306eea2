# SPDX-License-Identifier: Apache-2.0

"""Who asks, and where the cloud's block storage answers.

Credentials come from openstacksdk's configuration, as for every OpenStack
client, or with a session that somebody else made. What is asked is left to
:mod:`extend_conformance.cloud.block_storage`.
"""

import dataclasses
import difflib
import functools
import threading
import typing as ty

from keystoneauth1 import exceptions as keystone_exceptions
from keystoneauth1 import identity
from keystoneauth1 import session as keystone_session
from openstack import config as sdk_config
from openstack import exceptions as sdk_exceptions

from extend_conformance import exceptions

#: Names under which catalogs list Cinder's v3 API, the official one first.
SERVICE_TYPES = ('block-storage', 'volumev3', 'volume')

#: Goes with every request. Without it keystoneauth paces them by the wall
#: clock even where no pace is set: a clock that is put back by an hour
#: would stop them for an hour.
UNPACED = keystone_session.NoOpSemaphore()


class _LockNotForItself:
    """The lock of an identity plugin, which does not wait for itself.

    An identity service that answers 401 when it is asked for its versions is
    asked again, with a token; for the token keystoneauth takes the lock that
    it has already, and would wait for ever. Source:
    ``keystoneauth1.discover.get_version_data``,
    ``keystoneauth1.identity.base.BaseIdentityPlugin.get_access``.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner: int | None = None

    def __enter__(self) -> None:
        if self._owner == threading.get_ident():
            raise keystone_exceptions.Unauthorized(
                'It wants a token of those who ask for its versions'
            )
        self._lock.acquire()
        self._owner = threading.get_ident()

    def __exit__(self, *_error: object) -> None:
        self._owner = None
        self._lock.release()


class CloudUnreachable(exceptions.NotTestable):
    """No answer from the cloud, or none that could be understood.

    Whether a request that changes something had its effect is then unknown.
    """


@dataclasses.dataclass(frozen=True)
class CloudConnection:
    """A session with a project, and the endpoint filter for Cinder.

    :param session: an authenticated keystoneauth session.
    :param name: how a person calls the cloud.
    :param service_type: the catalog's name of the service; the other names
        of :data:`SERVICE_TYPES` are tried if the catalog has no such entry.
    :param endpoint_override: an address that replaces the catalog's.
    :param image_endpoint: the same for the image service.
    """

    session: keystone_session.Session
    name: str
    region_name: str | None = None
    interface: str = 'public'
    service_type: str = SERVICE_TYPES[0]
    endpoint_override: str | None = None
    image_endpoint: str | None = None

    @property
    def auth_url(self) -> str:
        """The address of the identity service: which cloud this is.

        Two names, or two sets of credentials, may lead to one cloud.
        """
        return str(getattr(self.session.auth, 'auth_url', self.name))

    @functools.cached_property
    def project_id(self) -> str:
        """The project that the session is scoped to.

        :raises CloudUnreachable: the identity service did not answer.
        :raises exceptions.UsageError: the credentials have no project.
        """
        project_id = self._ask_identity('get_project_id')
        if project_id is None:
            raise exceptions.UsageError(
                'The credentials are not scoped to a project',
                resource=f'cloud {self.name}',
                next_step='Give the cloud a project_name.',
            )
        return project_id

    @functools.cached_property
    def user_id(self) -> str | None:
        """The user, as far as the kind of credentials tells."""
        return self._ask_identity('get_user_id')

    @functools.cached_property
    def catalog_type(self) -> str:
        """The name under which this cloud's catalog lists Cinder.

        :raises exceptions.NotTestable: under none of the names known.
        """
        if self.endpoint_override is not None:
            return self.service_type
        names = dict.fromkeys((self.service_type, *SERVICE_TYPES))
        for service_type in names:
            endpoint = self._ask_identity(
                'get_endpoint',
                service_type=service_type,
                interface=self.interface,
                region_name=self.region_name,
            )
            if endpoint is not None:
                return service_type
        raise exceptions.NotTestable(
            'The catalog has no block storage endpoint',
            resource=f'cloud {self.name}',
            wanted=(
                f'one of {", ".join(names)} with interface {self.interface}'
                + (f' in {self.region_name}' if self.region_name else '')
            ),
        )

    @functools.cached_property
    def offers_images(self) -> bool:
        """Whether the cloud has an image service.

        :raises CloudUnreachable: the identity service did not answer.
        """
        return self.image_endpoint is not None or (
            self._ask_identity(
                'get_endpoint',
                service_type='image',
                interface=self.interface,
                region_name=self.region_name,
            )
            is not None
        )

    def endpoint_filter(self) -> dict[str, ty.Any]:
        """Arguments with which an adapter finds the service."""
        return {
            'service_type': self.catalog_type,
            'interface': self.interface,
            'region_name': self.region_name,
            'endpoint_override': self.endpoint_override,
        }

    def _ask_identity(self, method: str, **arguments: object) -> str | None:
        try:
            answer = getattr(self.session, method)(**arguments)
        except keystone_exceptions.EndpointNotFound:
            return None
        except keystone_exceptions.ClientException as error:
            raise _refused(error, self.name) from error
        return None if answer is None else str(answer)


def from_session(
    session: keystone_session.Session,
    *,
    region_name: str | None = None,
    interface: str = 'public',
    service_type: str = SERVICE_TYPES[0],
    name: str = 'session',
) -> CloudConnection:
    """Use a session that exists, for example that of a tempest class."""
    return CloudConnection(
        session=session,
        name=name,
        region_name=region_name,
        # Tempest and older clients say publicURL.
        interface=interface.removesuffix('URL'),
        service_type=service_type,
    )


def from_cloud(name: str | None) -> CloudConnection:
    """Connect to a cloud of ``clouds.yaml``, or of the environment.

    :param name: of the cloud; ``None`` takes ``OS_CLOUD`` or the other
        ``OS_*`` variables, as every OpenStack client does.
    :raises exceptions.UsageError: no such cloud, or its entry is wrong.
    :raises CloudUnreachable: its identity service does not answer.
    :raises exceptions.NotTestable: it refuses the credentials.
    """
    try:
        configuration = sdk_config.OpenStackConfig()
    except sdk_exceptions.ConfigException as error:
        raise exceptions.UsageError(
            f'The cloud configuration cannot be read: {error}',
            next_step='See OS_CLOUD and OS_CLIENT_CONFIG_FILE.',
        ) from error
    if name is not None:
        _must_be_known(name, configuration.get_cloud_names())
    try:
        region = configuration.get_one(cloud=name)
        session = region.get_session()
    except (
        sdk_exceptions.SDKException,
        keystone_exceptions.AuthPluginException,
    ) as error:
        raise exceptions.UsageError(
            f'No usable credentials: {error}',
            resource=f'cloud {name}' if name else None,
            next_step=(
                'Name a cloud of clouds.yaml with --os-cloud or OS_CLOUD.'
            ),
        ) from error
    if isinstance(session.auth, identity.BaseIdentityPlugin):
        session.auth._lock = _LockNotForItself()  # type: ignore[assignment]
    label = name or region.name or 'environment'
    connection = CloudConnection(
        session=session,
        name=label,
        region_name=region.get_region_name('block-storage') or None,
        interface=region.get_interface('block-storage') or 'public',
        service_type=region.get_service_type('block-storage')
        or SERVICE_TYPES[0],
        endpoint_override=region.get_endpoint('block-storage') or None,
        image_endpoint=region.get_endpoint('image') or None,
    )
    # The first request that needs credentials: better here than in the
    # middle of a run.
    connection.project_id  # noqa: B018
    return connection


def _must_be_known(name: str, known: list[str]) -> None:
    if name in known:
        return
    # What openstacksdk makes up where no clouds.yaml was found.
    known = [each for each in known if each != 'defaults']
    nearest = difflib.get_close_matches(name, known, n=1)
    if nearest:
        next_step = f'Did you mean {nearest[0]}?'
    elif known:
        next_step = f'Known are: {", ".join(sorted(known))}.'
    else:
        next_step = 'No clouds.yaml was found; see OS_CLIENT_CONFIG_FILE.'
    raise exceptions.UsageError(
        'No such cloud in the configuration',
        resource=f'cloud {name}',
        next_step=next_step,
    )


def _refused(
    error: keystone_exceptions.ClientException, name: str
) -> exceptions.NotTestable:
    """Tell an endpoint that is away from credentials that are refused."""
    if (
        isinstance(error, keystone_exceptions.HttpError)
        and error.http_status < 500
    ):
        return exceptions.NotTestable(
            f'The identity service refuses the credentials: {error.message}',
            resource=f'cloud {name}',
            last=f'HTTP {error.http_status}',
            request_id=error.request_id,
        )
    return CloudUnreachable(
        f'The identity service cannot be used: {error}',
        resource=f'cloud {name}',
        next_step='See auth_url, and whether the cloud is up.',
    )
