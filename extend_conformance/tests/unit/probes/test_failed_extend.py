# SPDX-License-Identifier: Apache-2.0

"""The smallest size that is too large follows from every limit there is."""

import ddt
import testtools

from extend_conformance.cloud import views
from extend_conformance.probes import failed_extend


def _quota(limit, volume_gib=None, in_use=0, reserved=0, **by_type):
    return views.Quota(
        volumes=views.QuotaUse(limit=None, in_use=0, reserved=0),
        gigabytes=views.QuotaUse(
            limit=limit, in_use=in_use, reserved=reserved
        ),
        volume_gib=volume_gib,
        by_type={
            name: views.QuotaUse(limit=gib, in_use=3, reserved=0)
            for name, gib in by_type.items()
        },
    )


@ddt.ddt
class BeyondTheQuotaTest(testtools.TestCase):
    @ddt.unpack
    @ddt.named_data(
        ['no_limit', _quota(None), None],
        ['all_volumes', _quota(10, in_use=3), 10],
        ['what_is_reserved_counts', _quota(10, in_use=3, reserved=2), 8],
        ['a_full_quota', _quota(3, in_use=3), 3],
        ['more_used_than_allowed', _quota(2, in_use=3), 3],
        ['one_volume', _quota(None, volume_gib=5), 6],
        ['its_type', _quota(None, good=7), 7],
        ['another_type', _quota(None, bad=7), None],
        ['a_type_without_limit', _quota(10, in_use=3, good=None), 10],
        ['the_smallest_of_all', _quota(10, 6, in_use=3, good=4), 4],
    )
    def test_is_one_more_than_there_is(self, quota, wanted):
        """For a volume of 2 GiB, which is part of what is used."""
        self.assertEqual(
            wanted, failed_extend._beyond_the_quota(quota, 'good', 2)
        )
