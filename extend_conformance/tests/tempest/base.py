# SPDX-License-Identifier: Apache-2.0

"""What every test class of this plugin does: credentials, session, verdict."""

import json
import math
import os
import pathlib
import typing as ty

import cattrs
from keystoneauth1 import session as keystone_session
from keystoneauth1.identity import v3
from tempest import config
from tempest import test
from testtools import content

from extend_conformance.checks import discovery
from extend_conformance.checks import registry
from extend_conformance.checks import session
from extend_conformance.cloud import block_storage
from extend_conformance.cloud import connection
from extend_conformance.cloud import host
from extend_conformance.cloud import ledger
from extend_conformance.results import environment
from extend_conformance.results import model
from extend_conformance.results import storage
from extend_conformance.tests.tempest import configuration

CONF = config.CONF


def connect(credentials: ty.Any, name: str) -> connection.CloudConnection:
    """Connect with tempest's credentials and tempest's options alone."""
    auth = v3.Password(
        auth_url=CONF.identity.uri_v3,
        username=credentials.username,
        password=credentials.password,
        user_domain_id=credentials.user_domain_id,
        project_id=credentials.project_id,
    )
    verify: bool | str = (
        not CONF.identity.disable_ssl_certificate_validation
    ) and (CONF.identity.ca_certificates_file or True)
    return connection.from_session(
        keystone_session.Session(auth=auth, verify=verify),
        region_name=CONF.volume.region or CONF.identity.region,
        interface=CONF.volume.endpoint_type,
        service_type=CONF.volume.catalog_type,
        name=name,
    )


class ConformanceTest(test.BaseTestCase):
    """Runs checks of the registry on one volume type.

    :cvar volume_type: names the backend.
    :cvar configuration: the plugin's options.
    :cvar budget_s: seconds that the longest check of the class may take.
    """

    credentials: ty.ClassVar[list[str]] = ['primary']
    volume_type: ty.ClassVar[str]
    configuration: ty.ClassVar[configuration.Configuration]
    session: ty.ClassVar[session.Session]

    @classmethod
    def allow(cls, budget_s: float) -> None:
        """Stretch tempest's time limit until the budget fits into it."""
        limit_s = int(os.environ.get('OS_TEST_TIMEOUT') or 0)
        if limit_s > 0:
            cls.TIMEOUT_SCALING_FACTOR = max(1, math.ceil(budget_s / limit_s))

    @classmethod
    def resource_setup(cls) -> None:
        """Open the session, before any volume is made."""
        super().resource_setup()
        cls.session = open_session(
            cls.configuration,
            session.Clouds(
                member=connect(cls.os_primary.credentials, 'tempest member'),
                admin=(
                    connect(cls.os_admin.credentials, 'tempest admin')
                    if 'admin' in cls.credentials
                    else None
                ),
            ),
        )

    def run_check(self, check: registry.Check) -> None:
        """Run a check and report its verdict in tempest's words."""
        result = self.session.run_check(check, self.volume_type)
        self.addDetail(
            'result',
            content.text_content(
                json.dumps(cattrs.unstructure(result), indent=1, default=str)
            ),
        )
        report(self, result)


def report(case: test.BaseTestCase, result: model.CheckResult) -> None:
    """Turn a verdict into a pass, failure, error, skip or known failure.

    A failed ``should`` passes with its evidence attached, unless it found
    wrong data.
    """
    must = result.level == registry.Level.MUST or result.data_failure
    match result.verdict:
        case 'fail' if must:
            case.fail(result.reason)
        case 'abort':
            raise CouldNotTest(result.reason)
        case 'known':
            case.expectFailure(result.reason, case.fail, result.reason)
        case 'skip' | 'not-applicable':
            case.skipTest(f'{result.cause}: {result.reason}')


class CouldNotTest(Exception):
    """The check could not be done; an error, not a failure."""


def open_session(
    settings: configuration.Configuration, clouds: session.Clouds
) -> session.Session:
    """Open the run's session in this worker and note the run's facts."""
    run_id, started_at = configuration.run_identity()
    directory = settings.results_dir or (
        pathlib.Path('extend-conformance-results') / run_id
    )
    results = storage.ResultsDirectory(directory)
    options = CONF.extend_conformance
    machine = (
        host.Host(
            lock_path=options.lock_path, use_multipath=options.use_multipath
        )
        if settings.attaches
        else None
    )
    _, maximum = block_storage.BlockStorage(clouds.member).api_versions()
    results.write_run(
        model.Run(
            id=run_id,
            door='tempest',
            profile=settings.plan.profile,
            tool_version=environment.host_facts()['extend-conformance'],
            started_at=started_at,
            cloud=CONF.identity.uri_v3,
            host=environment.host_facts(),
            release=settings.release,
            microversion_max=maximum,
            planned=settings.plan.for_backends(settings.volume_types),
            not_planned=settings.plan.not_planned,
            warnings=tuple(machine.warnings) if machine else (),
        )
    )
    return session.Session(
        clouds=clouds,
        settings=settings.settings,
        claims=settings.claims,
        documentation=discovery.Documentation.find(
            settings.release, maximum, settings.own_matrix
        ),
        results=results,
        ledger=ledger.Ledger.start(run_id),
        host=machine,
    )
