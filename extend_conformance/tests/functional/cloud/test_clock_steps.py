# SPDX-License-Identifier: Apache-2.0

"""A client whose wall clock is set, in the middle of its work."""

import time

import ddt
import fixtures

from extend_conformance.cloud import image_service
from extend_conformance.tests.functional import base

_HOUR_S = 3600


@ddt.ddt
class ClockStepTest(base.SandboxTestCase):
    def step(self, by_s: int) -> None:
        """Set the clock of this process as its Python sees it."""
        real_time, real_sleep = time.time, time.sleep

        def sleep(seconds: float) -> None:
            self.assertLess(seconds, 60, 'somebody waits for the wall clock')
            real_sleep(seconds)

        for name, stepped in (
            ('time.time', lambda: real_time() + by_s),
            ('time.sleep', sleep),
        ):
            self.useFixture(fixtures.MonkeyPatch(name, stepped))

    @ddt.data(_HOUR_S, -_HOUR_S)
    def test_work_goes_on(self, by_s: int) -> None:
        before = self.volume_ids()
        images = image_service.ImageService(self.storage.connection)
        images.find_images('nobody')
        volume = self.resources.create_volume(1, 'good')

        self.step(by_s)

        self.resources.attach(volume.id)
        images.find_images('nobody')
        self.resources.cleanup()
        self.must_leave_nothing(before)
