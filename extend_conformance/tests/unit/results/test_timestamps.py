# SPDX-License-Identifier: Apache-2.0

"""Times of results, while somebody sets the clock."""

import datetime
import time

import fixtures
import testtools

from extend_conformance.results import timestamps


class NowTest(testtools.TestCase):
    def test_it_goes_on_with_the_monotonic_clock_alone(self) -> None:
        before = datetime.datetime.fromisoformat(timestamps.now())
        real = time.monotonic
        self.useFixture(
            fixtures.MonkeyPatch('time.monotonic', lambda: real() + 100)
        )
        self.useFixture(fixtures.MonkeyPatch('time.time', lambda: 0.0))

        after = datetime.datetime.fromisoformat(timestamps.now())

        passed_s = (after - before).total_seconds()
        self.assertTrue(99 <= passed_s <= 110, passed_s)

    def test_it_is_the_time_of_day_in_utc(self) -> None:
        now = datetime.datetime.now(datetime.UTC)

        said = datetime.datetime.fromisoformat(timestamps.now())

        self.assertEqual(datetime.timedelta(0), said.utcoffset())
        self.assertTrue(abs((said - now).total_seconds()) < 60, said)
