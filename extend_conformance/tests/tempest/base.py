# SPDX-License-Identifier: Apache-2.0

"""What every test class of this plugin does: credentials, session, verdict."""

import contextlib
import json
import math
import os
import sys
import typing as ty

from keystoneauth1 import session as keystone_session
from keystoneauth1.identity import v3
from tempest import config as tempest_config
from tempest import test
from testtools import content

from extend_conformance import interrupts
from extend_conformance import vocabulary
from extend_conformance.bench import cells
from extend_conformance.bench import creation
from extend_conformance.checks import registry
from extend_conformance.cloud import connection as connections
from extend_conformance.cloud import host as hosts
from extend_conformance.cloud import ledger as ledgers
from extend_conformance.results import model
from extend_conformance.results import storage
from extend_conformance.results import telling
from extend_conformance.runs import given as givens
from extend_conformance.runs import names
from extend_conformance.runs import pages
from extend_conformance.runs import run
from extend_conformance.tests.tempest import configuration

CONF = tempest_config.CONF


def connect(credentials: ty.Any, name: str) -> connections.CloudConnection:
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
    return connections.from_session(
        keystone_session.Session(auth=auth, verify=verify),
        region_name=CONF.volume.region or CONF.identity.region,
        interface=CONF.volume.endpoint_type,
        service_type=CONF.volume.catalog_type,
        name=name,
    )


#: Tempest's names of a member and a reader of one project, and of a member
#: of another one.
PERSONAS = ('project_member', 'project_reader', 'project_alt_member')


class RunTest(test.BaseTestCase):
    """A class that takes part in a run.

    :cvar volume_type: names the backend.
    :cvar configuration: the plugin's options.
    :cvar announced: the run, before anything can fail.
    :cvar begun: the run, for as long as the class lasts.
    """

    credentials: ty.ClassVar[list[str]] = ['primary']
    volume_type: ty.ClassVar[str]
    configuration: ty.ClassVar[configuration.Configuration]
    announced: ty.ClassVar[run.Announced]
    begun: ty.ClassVar[run.Begun]

    @classmethod
    def allow(cls, budget_s: float) -> None:
        """Stretch tempest's time limit until the budget fits into it.

        :param budget_s: seconds that the longest test may take.
        """
        limit_s = int(os.environ.get('OS_TEST_TIMEOUT') or 0)
        if limit_s > 0:
            cls.TIMEOUT_SCALING_FACTOR = max(1, math.ceil(budget_s / limit_s))

    @classmethod
    def setup_credentials(cls) -> None:
        """Write down what is going to be tested, before anything fails."""
        cls.announced = announce(cls.configuration)
        super().setup_credentials()

    @classmethod
    def resource_setup(cls) -> None:
        """Join the run, before any volume is made."""
        super().resource_setup()
        until_end = contextlib.ExitStack()
        cls.addClassResourceCleanup(until_end.close)
        until_end.enter_context(interrupts.like_ctrl_c())
        prepared = run.prepare(cls.configuration, cls._given())
        prepared.must_have_room()
        cls.begun = prepared.begin(
            cls.announced, ledgers.Ledger.start(cls.announced.facts.id)
        )

    @classmethod
    def _given(cls) -> givens.Given:
        """The cloud, with every set of credentials of this class."""
        found = {
            kind: connect(
                getattr(cls, f'os_{kind}').credentials, f'tempest {kind}'
            )
            for kind in cls.credentials
        }
        member, reader, other = PERSONAS
        own = found['primary'] if 'primary' in found else found[member]
        needs = cls.configuration.needs
        return givens.Given(
            member=own,
            admin=found.get('admin'),
            reader=found.get(reader),
            other=found.get(other),
            own_project=vocabulary.Need.OWN_PROJECT in needs,
            images=vocabulary.Need.IMAGE in needs and own.offers_images,
            host=hosts.Host(
                lock_path=CONF.extend_conformance.lock_path,
                use_multipath=CONF.extend_conformance.use_multipath,
            )
            if vocabulary.Need.HOST in needs
            else None,
        )

    @classmethod
    def resource_cleanup(cls) -> None:
        """Note when the last class of the run ended."""
        super().resource_cleanup()
        if hasattr(cls, 'begun'):
            cls.begun.end()

    def run(self, result: ty.Any = None) -> ty.Any:
        """Run a test; what an interrupt has left is told before anything.

        Whoever reads the stream of results has been interrupted too.
        """
        try:
            return super().run(result)
        except KeyboardInterrupt as interrupt:
            for sentence in interrupts.told(interrupt):
                print(sentence, file=sys.stderr, flush=True)
            raise

    def attach_json(self, name: str, value: ty.Any) -> None:
        """Attach a result to the test, for whoever reads its stream."""
        text = json.dumps(storage.as_json(value), indent=1)
        self.addDetail(name, content.text_content(text))


class ConformanceTest(RunTest):
    """Runs checks of the registry on one volume type."""

    def run_check(self, check: registry.Check) -> None:
        """Run a check and report its verdict in tempest's words."""
        checking = self.begun.session
        result = checking.run_check(check, self.volume_type)
        told = telling.tell(result, str(pages.path(check.id)))
        self.addDetail('evidence', content.text_content(told))
        self.attach_json('result', result)
        measured = checking.written(self.volume_type)
        if measured is not None:
            # Several checks judge a side of it each.
            self.attach_json('first extend', measured.measurement)
        report(self, result)


class BenchmarkTest(RunTest):
    """Times the creation of images on one volume type."""

    def measure(self, cell: cells.Cell) -> None:
        """Take one sample of a cell; one that fails is kept, and fails."""
        given = self.begun.given
        # Without a host there are no classes of the benchmark.
        assert given.host is not None
        sample = creation.measure(
            cell,
            1,
            given.member_storage(),
            given.host,
            self.begun.ledger,
            self.configuration.name_prefix,
        )
        self.begun.results.write_sample(sample)
        self.attach_json('sample', sample)
        self.assertIsNone(sample.error)


def report(case: test.BaseTestCase, result: model.CheckResult) -> None:
    """Turn a verdict into a pass, failure, error, skip or known failure.

    A failed ``should`` passes with its evidence attached, unless it found
    wrong data.
    """
    must = result.level == vocabulary.Level.MUST or result.data_failure
    reason = (
        f'{result.reason}\nWhat it proves and what to do is in '
        f'{pages.path(result.check)}'
    )
    match result.verdict:
        case vocabulary.CheckVerdict.FAIL if must:
            case.fail(reason)
        case vocabulary.CheckVerdict.ABORT:
            raise CouldNotTest(reason)
        case vocabulary.CheckVerdict.KNOWN:
            case.expectFailure(result.reason, case.fail, result.reason)
        case (
            vocabulary.CheckVerdict.SKIP
            | vocabulary.CheckVerdict.NOT_APPLICABLE
        ):
            case.skipTest(f'{result.cause}: {result.reason}')


class CouldNotTest(Exception):
    """The check could not be done; an error, not a failure."""


def announce(settings: configuration.Configuration) -> run.Announced:
    """Write down what this worker is going to test."""
    run_id, started_at = configuration.run_identity()
    return run.announce(
        settings,
        run.output_directory(settings.results_dir, run_id),
        run_id=run_id,
        door=vocabulary.Door.TEMPEST,
        cloud=CONF.identity.uri_v3,
        started_at=started_at,
        planned=planned(settings),
    )


def planned(
    settings: configuration.Configuration,
) -> tuple[model.Planned, ...]:
    """The plan of every backend of which this worker runs something.

    ``tempest run --regex`` may leave backends out; each worker knows what
    it was given.
    """
    tests = configuration.selected_tests()
    if tests is None:
        return settings.plan.for_backends(settings.volume_types)
    # "...test_backends.Backend_lvmAdmin.test_claim_capability[id-...]"
    chosen = {test.partition('[')[0].split('.')[-2] for test in tests}
    subjects: dict[str, str | None] = {names.CONTROL_PLANE: None}
    subjects.update(names.class_names(settings.volume_types))
    return settings.plan.for_selected(
        settings.volume_types,
        {
            subject
            for name, subject in subjects.items()
            for suffix in names.SUFFIXES
            if name + suffix in chosen
        },
    )
