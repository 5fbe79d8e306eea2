# SPDX-License-Identifier: Apache-2.0

"""What a client of the sandbox needs: ``clouds.yaml`` and variables."""

import typing as ty

import yaml

from extend_conformance.sandbox import state

#: cloud of clouds.yaml -> (account, project).
CLOUDS: ty.Final = {
    'sandbox': ('sandbox', 'sandbox'),
    'sandbox-admin': ('admin', 'admin'),
    'sandbox-reader': ('sandbox-reader', 'sandbox'),
    'sandbox-other': ('sandbox-other', 'sandbox-other'),
}


def clouds_yaml(record: state.Record) -> str:
    """Return ``clouds.yaml`` for everyone who may use the sandbox."""
    clouds = {
        cloud: {
            'auth': {
                'auth_url': record.auth_url,
                'username': account,
                'password': record.passwords[account],
                'project_name': project,
                'user_domain_name': 'Default',
                'project_domain_name': 'Default',
            },
            'region_name': 'RegionOne',
            'interface': 'public',
            'identity_api_version': '3',
            'volume_api_version': '3',
        }
        for cloud, (account, project) in CLOUDS.items()
    }
    return yaml.safe_dump({'clouds': clouds}, sort_keys=False)


def variables(paths: state.Paths) -> dict[str, str]:
    """Return the environment variables of a client."""
    return {
        'OS_CLIENT_CONFIG_FILE': str(paths.clouds),
        'OS_CLOUD': 'sandbox',
        'TEMPEST_CONFIG_DIR': str(paths.tempest_conf.parent),
        'TEMPEST_CONFIG': paths.tempest_conf.name,
        'EXTEND_CONFORMANCE_ADMIN_CLOUD': 'sandbox-admin',
        'EXTEND_CONFORMANCE_READER_CLOUD': 'sandbox-reader',
        'EXTEND_CONFORMANCE_OTHER_CLOUD': 'sandbox-other',
        'EXTEND_CONFORMANCE_CLAIMS_FILE': str(paths.claims),
        'EXTEND_CONFORMANCE_MATRIX_FILE': str(paths.matrix),
        'EXTEND_CONFORMANCE_LOCK_PATH': str(paths.locks),
    }
