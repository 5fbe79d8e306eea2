# SPDX-License-Identifier: Apache-2.0

"""APIs that fail in the middle: a verdict for every check, nothing left."""

import collections.abc
import json
import os
import pathlib
import re
import signal
import threading
import typing as ty

import ddt
import fixtures
from testtools import matchers

from extend_conformance import exceptions
from extend_conformance import interrupts
from extend_conformance.checks import registry
from extend_conformance.claims import claims_file
from extend_conformance.claims import matrix_ini
from extend_conformance.cloud import leftovers
from extend_conformance.probes import context as contexts
from extend_conformance.results import model
from extend_conformance.results import storage
from extend_conformance.runs import discovery
from extend_conformance.runs import given as givens
from extend_conformance.runs import session
from extend_conformance.sandbox import fault_rules
from extend_conformance.sandbox import state
from extend_conformance.tests.functional import base

_CREATE = ('POST', '/volumes$')
_RESERVE = ('POST', '/attachments$')
_EXPORT = ('PUT', '/attachments/')
_COMPLETE = ('POST', '/attachments/.*/action$')
_EXTEND = ('POST', '/volumes/.*/action$')
_DETACH = ('DELETE', '/attachments/')
_DELETE = ('DELETE', '/volumes/')
_SNAPSHOT = ('POST', '/snapshots$')
_LOOK = ('GET', '/volumes/[^/?]+$')

_BEFORE = fault_rules.Drop()
_AFTER = fault_rules.Drop(after_effect=True)
_FAILS = fault_rules.Answer(500)
_FAILS_AFTER = fault_rules.Answer(500, after_effect=True)
_UNAVAILABLE = fault_rules.Answer(503)
_GARBAGE = fault_rules.Garbage(after_effect=True)
_REFUSED = fault_rules.Answer(400)
_EXPIRED = fault_rules.Answer(401)


def check_named(check_id: str) -> registry.Check:
    (check,) = (each for each in registry.catalogue() if each.id == check_id)
    return check


class FaultTestCase(base.SandboxTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.before = self.volume_ids()
        root = pathlib.Path(base.sandbox_directory()).resolve()
        self.paths = state.Paths(root)
        self.rules = fault_rules.RuleStore(self.paths)
        self.addCleanup(self.rules.clear)
        self.output = self.useFixture(fixtures.TempDir()).path

    def rule(
        self,
        action: fault_rules.Action,
        method: str | None = None,
        path: str = '',
        **match: ty.Any,
    ) -> None:
        self.rules.add(
            fault_rules.Rule(
                service='cinder',
                action=action,
                method=method,
                path=path,
                **match,
            )
        )

    def must_have_acted(self) -> None:
        seen = self.rules.seen()
        for each in self.rules.rules():
            acted = each.rule.acted(seen.get(each.number, 0))
            self.assertGreater(acted, 0, str(each))

    def clean_up(self) -> None:
        self.rules.clear()
        list(
            leftovers.Sweep(
                self.storage, self.host, only=self.ledger.run_id
            ).run()
        )

    def must_be_clean(self) -> None:
        """Nothing is left, or known to be: a clean-up finds nothing."""
        self.rules.clear()
        self.assertEqual(self.before, self.volume_ids())
        sweep = leftovers.Sweep(
            self.storage, self.host, only=self.ledger.run_id
        )
        self.assertEqual([], list(sweep.run()))
        self.must_leave_nothing(self.before)

    def session(self) -> session.Session:
        _, maximum = self.storage.api_versions()
        own = matrix_ini.load_ini(self.paths.matrix)
        return session.Session(
            given=givens.Given(
                member=self.storage.connection,
                admin=self.admin.connection,
                host=self.host,
            ),
            settings=contexts.Settings(extend_timeout_s=20),
            claims=claims_file.Claims(),
            documentation=discovery.Documentation.find(None, maximum, own),
            results=storage.ResultsDirectory(self.output),
            ledger=self.ledger,
        )


@ddt.ddt
class CheckTest(FaultTestCase):
    """A check that creates, attaches, extends, detaches and deletes."""

    def run_check(self, check_id: str) -> model.CheckResult:
        return self.session().run_check(check_named(check_id), 'good')

    @ddt.data(
        ('create, unavailable', _UNAVAILABLE, _CREATE, 'abort'),
        ('create, fails after', _FAILS_AFTER, _CREATE, 'abort'),
        ('create, dropped before', _BEFORE, _CREATE, 'abort'),
        ('create, dropped after', _AFTER, _CREATE, 'pass'),
        ('create, garbage', _GARBAGE, _CREATE, 'pass'),
        ('reserve, fails', _FAILS, _RESERVE, 'abort'),
        ('reserve, dropped before', _BEFORE, _RESERVE, 'abort'),
        ('reserve, dropped after', _AFTER, _RESERVE, 'pass'),
        ('export, fails', _FAILS, _EXPORT, 'abort'),
        ('complete, dropped after', _AFTER, _COMPLETE, 'abort'),
        ('extend, dropped after', _AFTER, _EXTEND, 'abort'),
        ('detach, fails', _FAILS, _DETACH, 'pass'),
        ('detach, dropped before', _BEFORE, _DETACH, 'pass'),
        ('detach, dropped after', _AFTER, _DETACH, 'pass'),
        ('delete, fails', _FAILS, _DELETE, 'pass'),
        ('delete, a moment too early', _REFUSED, _DELETE, 'pass'),
        ('delete, dropped before', _BEFORE, _DELETE, 'pass'),
        ('delete, dropped after', _AFTER, _DELETE, 'pass'),
        ('delete, does nothing', fault_rules.Answer(202), _DELETE, 'pass'),
        ('look, fails', _FAILS, _LOOK, 'pass'),
        ('look, garbage', _GARBAGE, _LOOK, 'pass'),
        ('look, dropped', _BEFORE, _LOOK, 'pass'),
        ('look, token expired', _EXPIRED, _LOOK, 'pass'),
    )
    @ddt.unpack
    def test_one_fault(
        self,
        name: str,
        action: fault_rules.Action,
        request: tuple[str, str],
        wanted: str,
    ) -> None:
        # At 3.42, so that the requests that have to be refused are not hit.
        match = {'microversion': '3.42'} if request is _EXTEND else {}
        self.rule(action, *request, count=1, **match)

        result = self.run_check('api-microversion-gate')

        self.must_have_acted()
        self.assertEqual(wanted, result.verdict, result.reason)
        self.assertNotIn('unforeseen', result.reason)
        self.must_be_clean()

    @ddt.data(
        (_LOOK, '[]', 'it is a list, not an object'),
        (_LOOK, '{"volume": null}', 'volume is nothing, not an object'),
        (_LOOK, '{"volume": {}}', 'volume has no id, status, size, attach'),
        (
            _LOOK,
            '{"volume": {"id": "1", "status": "available", "size": "1", '
            '"attachments": []}}',
            'volume.size is text, not a whole number',
        ),
        (_CREATE, '{}', 'it has no volume'),
        (_CREATE, '[]', 'it is a list, not an object'),
        (_RESERVE, '{"attachment": []}', 'attachment is a list, not an obj'),
        (_EXPORT, '{"attachment": {"id": "1"}}', 'attachment has no volume_i'),
    )
    @ddt.unpack
    def test_answer_that_is_json_and_nonsense(
        self, request: tuple[str, str], body: str, flaw: str
    ) -> None:
        self.rule(fault_rules.Answer(200, body), *request)

        result = self.run_check('api-microversion-gate')

        self.must_have_acted()
        self.assertEqual('abort', result.verdict)
        self.assertThat(
            result.reason,
            matchers.MatchesRegex(
                rf'The answer to {request[0]} /\S+ makes no sense: '
                rf'{re.escape(flaw)}.* \((volume|attachment).*, '
                r'request req-\S+\)',
                re.DOTALL,
            ),
        )
        # What Cinder says of a volume is what its deletion is judged by.
        self.clean_up()
        self.must_be_clean()

    def test_every_check_has_a_verdict_when_cinder_has_vanished(self) -> None:
        checking = self.session()
        checking.found('good')
        self.rule(_BEFORE)
        for check_id in ('api-microversion-gate', 'claim-matrix'):
            check = check_named(check_id)
            # The second session has not seen the backend before.
            for one in (checking, self.session_without_versions()):
                result = one.run_check(check, 'good')
                self.assertEqual('abort', result.verdict)
                self.assertIn('no answer', result.reason)
        self.must_be_clean()

    def session_without_versions(self) -> session.Session:
        own = matrix_ini.load_ini(self.paths.matrix)
        return session.Session(
            given=givens.Given(
                member=self.storage.connection,
                admin=self.admin.connection,
                host=self.host,
            ),
            settings=contexts.Settings(extend_timeout_s=20),
            claims=claims_file.Claims(),
            documentation=discovery.Documentation.find(None, '3.71', own),
            results=storage.ResultsDirectory(f'{self.output}/other'),
            ledger=self.ledger,
        )


@ddt.ddt
class BlameTest(FaultTestCase):
    """A volume that the API keeps from being attached again, or detached."""

    @ddt.data(
        ('export, fails once', _FAILS, _EXPORT, 1),
        ('export, fails from then on', _FAILS, _EXPORT, None),
        ('detach, dropped from then on', _BEFORE, _DETACH, None),
    )
    @ddt.unpack
    def test_backend_is_not_blamed(
        self,
        name: str,
        action: fault_rules.Action,
        request: tuple[str, str],
        count: int | None,
    ) -> None:
        checking = self.session()
        checking.measured('good')
        # The first export is that of a fresh volume.
        self.rule(
            action, *request, nth=2 if request is _EXPORT else 1, count=count
        )

        result = checking.run_check(
            check_named('data-durable-after-detach'), 'good'
        )

        self.must_have_acted()
        self.assertEqual('abort', result.verdict, result.reason)
        self.clean_up()
        self.must_be_clean()


@ddt.ddt
class AttachTest(FaultTestCase):
    """A volume that this host attaches, extends and detaches."""

    @ddt.data(
        (_AFTER, _EXPORT),
        (_GARBAGE, _EXPORT),
        (_AFTER, _COMPLETE),
        (_FAILS_AFTER, _RESERVE),
    )
    @ddt.unpack
    def test_attach_is_undone(
        self, action: fault_rules.Action, request: tuple[str, str]
    ) -> None:
        volume = self.resources.create_volume(1, 'good')
        self.rule(action, *request, count=1)

        self.assertRaises(
            exceptions.ExtendConformanceError,
            self.resources.attach,
            volume.id,
        )

        self.must_have_acted()
        self.assertEqual((), self.storage.attachments(volume.id))
        self.resources.cleanup()
        self.must_be_clean()

    @ddt.data(_FAILS, _AFTER)
    def test_detach_gets_through(self, action: fault_rules.Action) -> None:
        volume = self.resources.create_volume(1, 'good')
        attached = self.resources.attach(volume.id)
        self.rule(action, *_DETACH, count=2)

        self.resources.detach(attached)

        self.must_have_acted()
        self.resources.cleanup()
        self.must_be_clean()


class InterruptTest(FaultTestCase):
    """Ctrl-C while Cinder takes its time to make something."""

    def must_be_finished_first(
        self,
        request: tuple[str, str],
        make: collections.abc.Callable[[], object],
    ) -> None:
        """Interrupt this process while it waits for an answer."""
        self.rule(fault_rules.Delay(2.0), *request, count=1)
        timer = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        self.addCleanup(timer.join)

        def work() -> None:
            with interrupts.like_ctrl_c(), self.resources:
                make()

        self.assertRaises(KeyboardInterrupt, work)

        self.must_have_acted()
        # Otherwise it may still come, long after everybody has looked.
        self.assertEqual((), self.ledger.open_entries)
        self.must_be_clean()

    def test_a_volume_goes(self) -> None:
        self.must_be_finished_first(
            _CREATE, lambda: self.resources.create_volume(1, 'good')
        )

    def test_an_attachment_goes(self) -> None:
        volume = self.resources.create_volume(1, 'good')

        self.must_be_finished_first(
            _RESERVE, lambda: self.resources.attach(volume.id)
        )

    def test_a_snapshot_goes(self) -> None:
        volume = self.resources.create_volume(1, 'good')

        self.must_be_finished_first(
            _SNAPSHOT, lambda: self.resources.create_snapshot(volume.id)
        )


@ddt.ddt
class RunTest(FaultTestCase):
    """A whole run while Cinder goes away, and the clean-up after it."""

    @ddt.data(_FAILS, fault_rules.Truncate())
    def test_cinder_fails_from_the_start(
        self, action: fault_rules.Action
    ) -> None:
        self.rule(action)

        ended = self.run_command(
            'certify', '--volume-type', 'good', '--output', self.output
        )

        self.must_have_acted()
        self.assertEqual(3, ended.returncode, ended.stderr)
        self.assertIn('Cinder answers GET', ended.stderr)

    def test_cinder_vanishes_in_mid_run(self) -> None:
        self.rule(_BEFORE, nth=40)

        ended = self.run_command(
            'certify',
            *('--volume-type', 'good', '--profile', 'quick'),
            *('--extend-timeout', '20', '--output', self.output),
        )

        self.must_have_acted()
        self.assertEqual(3, ended.returncode, ended.stderr)
        self.assertNotIn('Traceback', ended.stderr)
        results = json.loads(
            pathlib.Path(self.output, 'results.json').read_text()
        )
        planned = {each['check'] for each in results['run']['planned']}
        found = {each['check']: each['verdict'] for each in results['checks']}
        self.assertEqual(planned, set(found))
        self.assertIn('abort', found.values())
        self.rules.clear()
        swept = self.run_command('cleanup', '-f', 'json')
        self.assertEqual(0, swept.returncode, swept.stderr)
        self.must_be_clean()
