# SPDX-License-Identifier: Apache-2.0

"""What a run takes is the sum over its checks, and their largest need."""

import dataclasses

import testtools

from extend_conformance import exceptions
from extend_conformance import vocabulary
from extend_conformance.checks import registry
from extend_conformance.runs import effort
from extend_conformance.runs import profiles
from extend_conformance.tests.unit import checking


def check(scope, room_gib, **facts):
    return dataclasses.replace(
        checking.make_check(checking.passes),
        id=f'needs-{room_gib}',
        scope=scope,
        room_gib=room_gib,
        **facts,
    )


PLAN = profiles.Plan(
    vocabulary.Profile.QUICK,
    (
        check(vocabulary.Scope.CLOUD, 1, typical_s=2, budget_s=10),
        check(vocabulary.Scope.BACKEND, 5, typical_s=3, budget_s=20),
        check(vocabulary.Scope.BACKEND, 3, typical_s=4, budget_s=30),
    ),
    (),
)


class OfPlanTest(testtools.TestCase):
    def test_time_is_the_sum_with_a_first_extend_for_each_backend(self):
        found = effort.of_plan(PLAN, ['a', 'b'], 0)
        self.assertEqual(
            (5, 2 + 2 * 7 + 2 * effort._FIRST_EXTEND_S, 10 + 2 * 50),
            (found.checks, found.typical_s, found.limit_s),
        )

    def test_every_check_may_wait_for_extends_besides(self):
        found = effort.of_plan(PLAN, ['a'], 100)
        self.assertEqual(60 + 3 * 100, found.limit_s)

    def test_room_is_that_of_the_neediest_since_they_take_turns(self):
        found = effort.of_plan(PLAN, ['a', 'b'], 0)
        self.assertEqual((5, 'needs-5'), (found.room_gib, found.neediest))

    def test_volumes_are_the_most_that_any_has(self):
        plan = profiles.Plan(
            vocabulary.Profile.QUICK,
            (
                check(vocabulary.Scope.BACKEND, 5, volumes=1),
                check(vocabulary.Scope.BACKEND, 3, volumes=3),
            ),
            (),
        )
        self.assertEqual(3, effort.of_plan(plan, ['a', 'b'], 0).volumes)

    def test_nothing_planned_is_wrong_usage(self):
        self.assertRaises(
            exceptions.UsageError,
            effort.of_plan,
            profiles.Plan(vocabulary.Profile.QUICK, (), ()),
            ['a'],
            0,
        )


class CatalogueTest(testtools.TestCase):
    def test_no_check_takes_longer_than_it_may(self):
        self.assertEqual(
            [],
            [
                one.id
                for one in registry.catalogue()
                if one.typical_s > one.budget_s
            ],
        )
