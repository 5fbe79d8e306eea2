# SPDX-License-Identifier: Apache-2.0

"""What tells a worker of tempest which run it belongs to."""

import fixtures
import psutil
import testtools

from extend_conformance import config
from extend_conformance.tests.tempest import configuration


class RunIdentityTest(testtools.TestCase):
    def test_a_clock_that_steps_begins_no_other_run(self) -> None:
        self.useFixture(fixtures.EnvironmentVariable(config.RUN_ID_VARIABLE))
        before = configuration.run_identity()
        # As psutil says it of the same process when the clock was set.
        real = psutil.Process.create_time
        self.useFixture(
            fixtures.MonkeyPatch(
                'psutil.Process.create_time', lambda self: real(self) + 3600
            )
        )

        self.assertEqual(before, configuration.run_identity())
