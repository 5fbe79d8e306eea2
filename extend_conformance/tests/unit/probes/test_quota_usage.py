# SPDX-License-Identifier: Apache-2.0

"""What is charged is compared with what is there."""

import dataclasses

import testtools

from extend_conformance.cloud import views
from extend_conformance.probes import quota_usage


def _use(in_use, reserved=0):
    return views.QuotaUse(limit=100, in_use=in_use, reserved=reserved)


#: A volume of 1 GiB of another type, one of 3 GiB of this one, and a snapshot
#: of 2 GiB that is charged as well.
_USAGE = quota_usage.Usage(
    sizes={'one': 1, 'other': 3},
    type_sizes={'other': 3},
    total=_use(6),
    of_type=_use(5),
)


class BalanceTest(testtools.TestCase):
    def test_what_is_charged_beyond_the_volumes(self):
        self.assertEqual((2, 0, 2, 0), _USAGE.balance)

    def test_an_extend_that_is_charged_right_keeps_it(self):
        grown = dataclasses.replace(
            _USAGE,
            sizes={'one': 1, 'other': 4},
            type_sizes={'other': 4},
            total=_use(7),
            of_type=_use(6),
        )
        self.assertEqual(_USAGE.balance, grown.balance)

    def test_an_extend_that_is_not_charged_changes_it(self):
        grown = dataclasses.replace(
            _USAGE, sizes={'one': 1, 'other': 4}, type_sizes={'other': 4}
        )
        self.assertEqual((1, 0, 1, 0), grown.balance)

    def test_a_charge_for_the_wrong_type_changes_it(self):
        wrong = dataclasses.replace(_USAGE, of_type=_use(4))
        self.assertEqual((2, 0, 1, 0), wrong.balance)

    def test_a_reservation_that_is_kept_changes_it(self):
        kept = dataclasses.replace(
            _USAGE, total=_use(6, reserved=1), of_type=_use(5, reserved=2)
        )
        self.assertEqual((2, 1, 2, 2), kept.balance)

    def test_where_cinder_tells_nothing_of_the_type(self):
        silent = dataclasses.replace(_USAGE, of_type=None, type_sizes={})
        self.assertEqual((2, 0, 0, 0), silent.balance)


class DescriptionTest(testtools.TestCase):
    def test_names_all_figures(self):
        self.assertEqual(
            '6 GiB in use and 1 reserved for 4 GiB of volumes (of the volume '
            'type: 5, 2 and 3 GiB)',
            dataclasses.replace(
                _USAGE, total=_use(6, reserved=1), of_type=_use(5, reserved=2)
            ).describe(),
        )
