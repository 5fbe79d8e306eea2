# SPDX-License-Identifier: Apache-2.0

"""The Keystone daemon: migrates, fills and serves its own database."""

# ruff: noqa: E402
import importlib.util
import pathlib
import sys
import typing as ty
import uuid


def _defer(name: str) -> None:
    """Import a module when it is first used, not when it is first named."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.loader is None:
        return
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    parent, _, child = name.rpartition('.')
    setattr(sys.modules[parent], child, module)


# It compiles the XML schemas of SAML: a fifth of Keystone's start, for
# nothing unless someone asks for an assertion.
_defer('keystone.federation.idp')

from cryptography import fernet
from keystone import exception
from keystone.cmd import bootstrap
from keystone.common import driver_hints
from keystone.common import provider_api
from keystone.common.sql import upgrades
from keystone.server.flask import core

from extend_conformance.sandbox import daemon
from extend_conformance.sandbox import httpd
from extend_conformance.sandbox import state

REGION: ty.Final = 'RegionOne'

#: account -> (project, roles). Names of projects are those of accounts.
_GRANTS: ty.Final = {
    'sandbox': ('sandbox', ('member',)),
    'sandbox-reader': ('sandbox', ('reader',)),
    'sandbox-other': ('sandbox-other', ('member',)),
    # A service role alone may not create the volumes that hold images.
    'cinder': ('service', ('service', 'member')),
    'glance': ('service', ('service', 'member')),
}


def _make_keys(repository: pathlib.Path) -> None:
    """Write the first two keys; Keystone exits where it finds none."""
    repository.mkdir(mode=0o700, exist_ok=True)
    for name in ('0', '1'):
        path = repository / name
        if not path.exists():
            state.write_atomically(path, fernet.Fernet.generate_key().decode())


class _Bootstrapper(bootstrap.Bootstrapper):
    """Keystone's own bootstrap, in a process that has its backends."""

    def __init__(self) -> None:
        loaded = bootstrap.backends.load_backends
        bootstrap.backends.load_backends = dict
        try:
            super().__init__()
        finally:
            bootstrap.backends.load_backends = loaded


class _Cloud:
    """Users, projects, roles and the catalog; made, or found again."""

    def __init__(self, record: state.Record) -> None:
        self._record = record
        self._providers = provider_api.ProviderAPIs

    def fill(self) -> None:
        """Make everything that is not there, and set every address."""
        admin = _Bootstrapper()
        admin.admin_password = self._record.passwords['admin']
        admin.admin_username = 'admin'
        admin.project_name = 'admin'
        admin.admin_role_name = 'admin'
        admin.region_id = REGION
        admin.service_name = 'keystone'
        admin.public_url = self._record.auth_url
        admin.internal_url = self._record.auth_url
        admin.admin_url = self._record.auth_url
        admin.bootstrap()
        volumes = self._record.url('cinder') + '/v3/$(project_id)s'
        self._service('volumev3', 'cinderv3', volumes)
        self._service('block-storage', 'cinder', volumes)
        self._service('image', 'glance', self._record.url('glance'))
        roles = {
            role['name']: role['id']
            for role in self._providers.role_api.list_roles()
        }
        for account, (project, names) in _GRANTS.items():
            project_id = self._project(project, admin.default_domain_id)
            user_id = self._user(account, admin.default_domain_id)
            assignments = self._providers.assignment_api
            for name in names:
                try:
                    assignments.add_role_to_user_and_project(
                        user_id, project_id, roles[name]
                    )
                except exception.Conflict:
                    continue  # of an earlier start

    def _project(self, name: str, domain_id: str) -> str:
        api = self._providers.resource_api
        try:
            return str(api.get_project_by_name(name, domain_id)['id'])
        except exception.ProjectNotFound:
            project_id = uuid.uuid4().hex
            api.create_project(
                project_id,
                {
                    'id': project_id,
                    'name': name,
                    'domain_id': domain_id,
                    'enabled': True,
                },
            )
            return project_id

    def _user(self, name: str, domain_id: str) -> str:
        api = self._providers.identity_api
        try:
            return str(api.get_user_by_name(name, domain_id)['id'])
        except exception.UserNotFound:
            user = api.create_user(
                {
                    'name': name,
                    'domain_id': domain_id,
                    'enabled': True,
                    'password': self._record.passwords[name],
                }
            )
            return str(user['id'])

    def _service(self, kind: str, name: str, url: str) -> None:
        api = self._providers.catalog_api
        hints = driver_hints.Hints()
        hints.add_filter('type', kind)
        found = api.list_services(hints)
        if found:
            service_id = found[0]['id']
        else:
            service_id = uuid.uuid4().hex
            api.create_service(
                service_id,
                {
                    'id': service_id,
                    'type': kind,
                    'name': name,
                    'enabled': True,
                },
            )
        endpoints = {
            endpoint['interface']: endpoint
            for endpoint in api.list_endpoints(driver_hints.Hints())
            if endpoint['service_id'] == service_id
        }
        for interface in ('public', 'internal', 'admin'):
            if interface in endpoints:
                api.update_endpoint(
                    endpoints[interface]['id'],
                    {**endpoints[interface], 'url': url},
                )
                continue
            endpoint_id = uuid.uuid4().hex
            api.create_endpoint(
                endpoint_id,
                {
                    'id': endpoint_id,
                    'interface': interface,
                    'url': url,
                    'service_id': service_id,
                    'region_id': REGION,
                    'enabled': True,
                },
            )


def run(startup: daemon.Startup) -> None:
    """Start the service and serve; returns when it is stopped."""
    home = startup.paths.of('keystone')
    _make_keys(home / 'fernet-keys')
    _make_keys(home / 'credential-keys')
    application = core.initialize_application(
        name='public',
        config_files=[str(startup.paths.etc / 'keystone.conf')],
    )
    startup.progress('database')
    upgrades.offline_sync_database_to_version()
    startup.progress('accounts')
    _Cloud(startup.record).fill()
    # One thread: several contend for SQLite's one writer, and lose.
    httpd.serve(startup, application, threads=1)
