# SPDX-License-Identifier: Apache-2.0

"""What is planned follows from the profile and from what was given."""

import testtools

from extend_conformance import vocabulary
from extend_conformance.runs import profiles


class ProfileTest(testtools.TestCase):
    def planned(self, profile, given):
        plan = profiles.make_plan(profile, given)
        return {check.id for check in plan.checks}, {
            left_out.check: left_out.cause for left_out in plan.not_planned
        }

    def test_quick_holds_what_the_catalogue_says(self):
        planned, not_planned = self.planned('quick', {vocabulary.Need.ADMIN})
        self.assertEqual(profiles._QUICK, planned)
        self.assertEqual({}, not_planned)

    def test_without_admin_a_check_for_it_is_not_planned(self):
        planned, not_planned = self.planned('quick', set())
        self.assertNotIn('claim-capability', planned)
        self.assertEqual({'claim-capability': 'no-admin'}, not_planned)

    def test_certified_plans_it_all_the_same(self):
        planned, not_planned = self.planned('certified', set())
        self.assertIn('claim-capability', planned)
        self.assertEqual({}, not_planned)

    def test_an_unknown_profile_is_refused(self):
        error = self.assertRaises(
            profiles.exceptions.UsageError, profiles.make_plan, 'fast', set()
        )
        self.assertIn('Choose one of quick, standard, certified', str(error))

    def test_cloud_checks_are_planned_once_and_others_per_backend(self):
        plan = profiles.make_plan('quick', {vocabulary.Need.ADMIN})
        planned = plan.for_backends(['a', 'b'])
        gates = [p for p in planned if p.check == 'api-microversion-gate']
        self.assertEqual([None], [gate.backend for gate in gates])
        grows = [
            p.backend for p in planned if p.check == 'host-grows-in-place'
        ]
        self.assertEqual(['a', 'b'], grows)
