# SPDX-License-Identifier: Apache-2.0

"""What this host can do as an initiator, asked of os-brick itself."""

import ddt
import fixtures
import testtools
from oslo_config import cfg

from extend_conformance.cloud import host as hosts


@ddt.ddt
class CanExtendTest(testtools.TestCase):
    @ddt.data('iscsi', 'fibre_channel', 'nvmeof', 'rbd', 'local', 'scaleio')
    def test_block_protocols_can(self, protocol: str) -> None:
        self.assertIs(True, hosts.Host().can_extend(protocol))

    @ddt.data('nfs', 'quobyte', 'vmdk', 'huaweisdshypervisor')
    def test_protocols_without_an_extend_cannot(self, protocol: str) -> None:
        self.assertIs(False, hosts.Host().can_extend(protocol))

    def test_gpfs_inherits_one_that_cannot_work(self) -> None:
        self.assertIs(False, hosts.Host().can_extend('gpfs'))

    def test_nothing_is_said_of_unknown_protocols(self) -> None:
        self.assertIsNone(hosts.Host().can_extend('vstorageobject'))


class LockPathTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        for group in ('os_brick', 'oslo_concurrency'):
            self.addCleanup(cfg.CONF.clear_override, 'lock_path', group)
        self.state = self.useFixture(fixtures.TempDir()).path
        self.useFixture(
            fixtures.EnvironmentVariable('XDG_STATE_HOME', self.state)
        )
        # Each test stands for a process.
        hosts._choose_locks.cache_clear()
        self.addCleanup(hosts._choose_locks.cache_clear)

    def test_writable_one_is_used_without_a_word(self) -> None:
        wanted = f'{self.state}/shared'
        self.assertEqual((), hosts.Host(lock_path=wanted).warnings)
        self.assertEqual(wanted, cfg.CONF.os_brick.lock_path)
        self.assertEqual(wanted, cfg.CONF.oslo_concurrency.lock_path)

    def test_unwritable_one_is_replaced_and_reported(self) -> None:
        # Not even root can make a directory there.
        (warning,) = hosts.Host(lock_path='/proc/locks').warnings
        self.assertIn('/proc/locks is not writable', warning)
        private = f'{self.state}/extend-conformance/locks'
        self.assertIn(private, warning)
        self.assertEqual(private, cfg.CONF.os_brick.lock_path)
        self.assertEqual(private, cfg.CONF.oslo_concurrency.lock_path)

    def test_without_one_a_private_one_is_used_and_reported(self) -> None:
        (warning,) = hosts.Host().warnings
        self.assertIn('no lock path of os-brick is configured', warning)

    def test_that_of_another_program_is_used_and_reported(self) -> None:
        # As tempest.conf sets it, for tempest alone.
        others = f'{self.state}/tempest'
        cfg.CONF.set_override('lock_path', others, group='oslo_concurrency')
        (warning,) = hosts.Host().warnings
        self.assertIn(f'using {others} of [oslo_concurrency]', warning)
        self.assertEqual(others, cfg.CONF.os_brick.lock_path)
        # A second class of the same worker hears it too.
        self.assertEqual((warning,), hosts.Host().warnings)
