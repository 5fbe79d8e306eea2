# SPDX-License-Identifier: Apache-2.0

"""What is planned follows from the profile and from what was given."""

import dataclasses

import fixtures
import testtools

from extend_conformance import vocabulary
from extend_conformance.runs import profiles
from extend_conformance.tests.unit import checking


class ProfileTest(testtools.TestCase):
    def catalogue(self, **checks):
        """Let the catalogue be these checks, facts by name."""
        made = tuple(
            dataclasses.replace(
                checking.make_check(checking.passes), id=name, **facts
            )
            for name, facts in checks.items()
        )
        self.useFixture(
            fixtures.MonkeyPatch(
                'extend_conformance.checks.registry.catalogue', lambda: made
            )
        )

    def planned(self, profile, given=()):
        plan = profiles.make_plan(profile, given)
        return [check.id for check in plan.checks], {
            left_out.check: left_out.cause for left_out in plan.not_planned
        }

    def test_a_profile_holds_its_checks_and_those_of_the_ones_before(self):
        self.catalogue(
            last={'profile': vocabulary.Profile.CERTIFIED},
            first={'profile': vocabulary.Profile.QUICK},
            between={'profile': vocabulary.Profile.STANDARD},
        )
        self.assertEqual(
            {
                'quick': (['first'], {}),
                'standard': (['first', 'between'], {}),
                'certified': (['last', 'first', 'between'], {}),
            },
            {
                profile: self.planned(profile)
                for profile in ('quick', 'standard', 'certified')
            },
        )

    def test_without_admin_a_check_for_it_is_not_planned(self):
        self.catalogue(
            any={}, acts={'needs': frozenset({vocabulary.Need.ADMIN})}
        )
        self.assertEqual(
            (['any'], {'acts': 'no-admin'}), self.planned('standard')
        )
        self.assertEqual(
            (['any', 'acts'], {}),
            self.planned('standard', {vocabulary.Need.ADMIN}),
        )

    def test_certified_plans_it_all_the_same(self):
        self.catalogue(acts={'needs': frozenset({vocabulary.Need.ADMIN})})
        self.assertEqual((['acts'], {}), self.planned('certified'))

    def test_without_a_host_a_check_for_it_is_planned(self):
        self.catalogue(looks={'needs': frozenset({vocabulary.Need.HOST})})
        self.assertEqual((['looks'], {}), self.planned('standard'))

    def test_an_unknown_profile_is_refused(self):
        error = self.assertRaises(
            profiles.exceptions.UsageError, profiles.make_plan, 'fast', set()
        )
        self.assertIn('Choose one of quick, standard, certified', str(error))

    def test_cloud_checks_are_planned_once_and_others_per_backend(self):
        self.catalogue(
            judges_backend={},
            judges_cloud={'scope': vocabulary.Scope.CLOUD},
        )
        plan = profiles.make_plan('standard', ())
        self.assertEqual(
            [
                ('judges_cloud', None),
                ('judges_backend', 'a'),
                ('judges_backend', 'b'),
            ],
            [
                (one.check, one.backend)
                for one in plan.for_backends(['a', 'b'])
            ],
        )
