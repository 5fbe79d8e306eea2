# SPDX-License-Identifier: Apache-2.0

"""What os-brick's connectors can do, asked of os-brick itself."""

import ddt
import testtools

from extend_conformance.cloud import host


@ddt.ddt
class CanExtendTest(testtools.TestCase):
    @ddt.data('iscsi', 'fibre_channel', 'nvmeof', 'rbd', 'local', 'scaleio')
    def test_block_protocols_can(self, protocol: str) -> None:
        self.assertIs(True, host.Host().can_extend(protocol))

    @ddt.data('nfs', 'quobyte', 'vmdk', 'huaweisdshypervisor')
    def test_protocols_without_an_extend_cannot(self, protocol: str) -> None:
        self.assertIs(False, host.Host().can_extend(protocol))

    def test_gpfs_inherits_one_that_cannot_work(self) -> None:
        self.assertIs(False, host.Host().can_extend('gpfs'))

    def test_nothing_is_said_of_unknown_protocols(self) -> None:
        self.assertIsNone(host.Host().can_extend('vstorageobject'))
