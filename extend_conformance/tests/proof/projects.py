# SPDX-License-Identifier: Apache-2.0

"""A project of its own for every worker of the proof.

Checks of quota and usage can only be trusted where nobody else creates.
"""

import secrets

from keystoneauth1 import session as keystone_session
from keystoneauth1.identity import v3
from openstack import connection as sdk_connection

from extend_conformance.cloud import connection as connections
from extend_conformance.cloud import host as hosts
from extend_conformance.runs import given as givens

_DOMAIN = 'default'


def make(host: hosts.Host) -> givens.Given:
    """Make a project with a member and a reader.

    :param host: attaches.

    The administrator and the member of another project are the sandbox's.
    """
    admin = connections.from_cloud('sandbox-admin')
    identity = sdk_connection.Connection(
        session=admin.session, region_name=admin.region_name
    ).identity
    name = f'proof-{secrets.token_hex(4)}'
    project = identity.create_project(name=name, domain_id=_DOMAIN)

    def with_role(role_name: str) -> connections.CloudConnection:
        password = secrets.token_urlsafe(18)
        user = identity.create_user(
            name=f'{name}-{role_name}', domain_id=_DOMAIN, password=password
        )
        identity.assign_project_role_to_user(
            project, user, identity.find_role(role_name)
        )
        return connections.from_session(
            keystone_session.Session(
                v3.Password(
                    auth_url=admin.auth_url,
                    username=user.name,
                    password=password,
                    project_name=name,
                    user_domain_id=_DOMAIN,
                    project_domain_id=_DOMAIN,
                )
            ),
            region_name=admin.region_name,
            name=user.name,
        )

    return givens.Given(
        member=with_role('member'),
        reader=with_role('reader'),
        admin=admin,
        other=connections.from_cloud('sandbox-other'),
        own_project=True,
        images=True,
        host=host,
    )
