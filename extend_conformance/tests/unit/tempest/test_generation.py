# SPDX-License-Identifier: Apache-2.0

"""Classes are made of the configuration; nothing here raises at import."""

import dataclasses
import sys
import unittest

import fixtures
import testtools

from extend_conformance import exceptions
from extend_conformance import vocabulary
from extend_conformance.bench import cells
from extend_conformance.checks import registry
from extend_conformance.claims import claims_file
from extend_conformance.probes import context as contexts
from extend_conformance.runs import profiles
from extend_conformance.tests.tempest import base
from extend_conformance.tests.tempest import configuration
from extend_conformance.tests.tempest import generation


def make_configuration(
    *volume_types, has_admin=True, benchmark=(), given=(), profile='quick'
):
    needs = {vocabulary.Need.HOST, *given}
    if has_admin:
        needs.add(vocabulary.Need.ADMIN)
    return configuration.Configuration(
        volume_types=volume_types,
        claims=claims_file.Claims(
            backends=tuple(
                claims_file.BackendClaim(volume_type=name)
                for name in volume_types
            )
        ),
        own_matrix=None,
        release=None,
        plan=profiles.make_plan(profile, needs),
        settings=contexts.Settings(),
        needs=frozenset(needs),
        name_prefix='tempest-',
        results_dir=None,
        benchmark=benchmark,
    )


def test_names(case_class):
    return unittest.TestLoader().getTestCaseNames(case_class)


class GenerationTest(testtools.TestCase):
    def configure(self, read):
        self.useFixture(
            fixtures.MonkeyPatch(
                'extend_conformance.tests.tempest.configuration.read', read
            )
        )

    def outcome(self, case_class):
        """Run the one test of a class; say how it ended, and why."""
        (name,) = test_names(case_class)
        result = unittest.TestResult()
        case_class(name).run(result)
        if result.skipped:
            return 'skipped', result.skipped[0][1]
        return 'failed', result.failures[0][1]

    def test_a_class_for_each_backend_and_set_of_credentials(self):
        self.configure(lambda: make_configuration('good', 'bad'))
        classes = generation.conformance_classes('m')
        self.assertEqual(
            {
                'ControlPlane',
                'Backend_good',
                'Backend_goodAdmin',
                'Backend_bad',
                'Backend_badAdmin',
            },
            set(classes),
        )

    def test_every_check_of_the_profile_is_in_one_class(self):
        self.configure(lambda: make_configuration('good'))
        classes = generation.conformance_classes('m')
        names = [n for case in classes.values() for n in test_names(case)]
        planned = make_configuration('good').plan.checks
        self.assertEqual(
            sorted(f'test_{check.method_name}' for check in planned),
            sorted(names),
        )

    def test_without_admin_only_its_classes_are_missing(self):
        self.configure(lambda: make_configuration('good', has_admin=False))
        classes = generation.conformance_classes('m')
        self.assertEqual({'ControlPlane', 'Backend_good'}, set(classes))
        self.assertEqual(['primary'], classes['Backend_good'].credentials)

    def test_a_class_for_the_checks_that_need_a_reader(self):
        check = dataclasses.replace(
            registry.catalogue()[0],
            id='api-policy-reader',
            negative=True,
            needs=frozenset(
                {vocabulary.Need.READER, vocabulary.Need.OTHER_PROJECT}
            ),
        )
        plan = profiles.Plan(vocabulary.Profile.QUICK, (check,), ())
        self.configure(
            lambda: dataclasses.replace(make_configuration('good'), plan=plan)
        )
        ((name, case),) = generation.conformance_classes('m').items()
        self.assertEqual('ControlPlaneReader', name)
        self.assertEqual(
            [
                'project_member',
                'project_reader',
                'project_alt_member',
                'admin',
            ],
            case.credentials,
        )
        method = case('test_api_policy_reader')
        self.assertIn('negative', method.id())

    def test_the_test_carries_the_uuid_of_the_check(self):
        self.configure(lambda: make_configuration('good'))
        case = generation.conformance_classes('m')['Backend_good']
        (check,) = [
            check
            for check in registry.catalogue()
            if check.id == 'host-grows-in-place'
        ]
        method = case('test_host_grows_in_place')
        self.assertIn(check.uuid, method.id())

    def test_nothing_configured_is_one_skip_that_says_so(self):
        self.configure(make_configuration)
        (case,) = generation.conformance_classes('m').values()
        how, why = self.outcome(case)
        self.assertEqual('skipped', how)
        self.assertIn('no-backend: ', why)

    def test_a_wrong_file_is_one_failure_that_says_why(self):
        def read():
            raise exceptions.UsageError('The claims file is wrong')

        self.configure(read)
        (case,) = generation.conformance_classes('m').values()
        how, why = self.outcome(case)
        self.assertEqual('failed', how)
        self.assertIn('The claims file is wrong.', why)

    def test_a_mistake_of_ours_does_not_break_the_import(self):
        def read():
            return 1 / 0

        self.configure(read)
        (case,) = generation.conformance_classes('m').values()
        how, why = self.outcome(case)
        self.assertEqual('failed', how)
        self.assertIn('ZeroDivisionError', why)

    def test_no_benchmark_unless_asked_for(self):
        self.configure(lambda: make_configuration('good'))
        (case,) = generation.benchmark_classes('m').values()
        how, why = self.outcome(case)
        self.assertEqual('skipped', how)
        self.assertIn('run_benchmark is false', why)

    def test_a_benchmark_class_runs_alone_and_has_a_test_a_cell(self):
        grid = cells.grid(['good'], vocabulary.Mode, [False], [1024])
        self.configure(lambda: make_configuration('good', benchmark=grid))
        (case,) = generation.benchmark_classes('m').values()
        self.assertTrue(case.is_serial_execution_requested())
        self.assertEqual(
            [
                'test_create_image_1_attached_unknown_1024_bytes',
                'test_create_image_2_detached_unknown_1024_bytes',
            ],
            sorted(test_names(case)),
        )


class SelectionTest(testtools.TestCase):
    """What ``tempest run --regex`` chose is what is planned."""

    def planned(self, *tests):
        path = self.useFixture(fixtures.TempDir()).join('list')
        with open(path, 'w') as stream:
            stream.write('\n'.join(tests))
        self.useFixture(
            fixtures.MonkeyPatch(
                'sys.argv', [*sys.argv[:1], '--load-list', path]
            )
        )
        settings = make_configuration('good', 'bad')
        return {one.backend for one in base.planned(settings)}

    def test_backends_of_which_nothing_was_selected_are_left_out(self):
        prefix = 'extend_conformance.tests.tempest.conformance.test_backends.'
        self.assertEqual(
            {'good'},
            self.planned(
                f'{prefix}Backend_goodAdmin.test_claim_capability[id-1,slow]'
            ),
        )
        self.assertEqual(
            {None, 'bad'},
            self.planned(
                f'{prefix}ControlPlane.test_api_microversion_gate[id-2]',
                f'{prefix}Backend_bad.test_claim_host[id-3]',
            ),
        )

    def test_a_backend_is_planned_whole(self):
        self.planned('m.Backend_good.test_claim_host[id-3]')
        settings = make_configuration('good', 'bad')
        self.assertEqual(
            {
                check.id
                for check in settings.plan.of_scope(vocabulary.Scope.BACKEND)
            },
            {one.check for one in base.planned(settings)},
        )

    def test_without_a_list_everything_is_planned(self):
        self.useFixture(fixtures.MonkeyPatch('sys.argv', ['run']))
        settings = make_configuration('good', 'bad')
        self.assertEqual(
            {None, 'good', 'bad'},
            {one.backend for one in base.planned(settings)},
        )
