# SPDX-License-Identifier: Apache-2.0

"""What names a volume does not depend on the path of one host."""

import testtools

from extend_conformance.checks import host_connection


class FakeDevice:
    """As much of a device as is asked of one."""

    def __init__(self, world_wide_id=None):
        self._world_wide_id = world_wide_id

    def world_wide_id(self):
        return self._world_wide_id


class FakeAttachment:
    """As much of an attached volume as is asked of one."""

    def __init__(self, protocol, world_wide_id=None, **connection_info):
        self.protocol = protocol
        self.device = FakeDevice(world_wide_id)
        self.connection_info = connection_info


def identity(*args, **kwargs):
    return host_connection._identity(FakeAttachment(*args, **kwargs))


class IdentityTest(testtools.TestCase):
    def test_target_and_lun_of_iscsi_and_not_its_portal(self):
        self.assertEqual(
            {'target_iqn': 'iqn.a:one', 'target_lun': 3},
            identity(
                'iscsi',
                target_iqn='iqn.a:one',
                target_lun=3,
                target_portal='10.0.0.1:3260',
                device_path='/dev/sdb',
            ),
        )

    def test_number_zero_is_a_name(self):
        self.assertEqual({'target_lun': 0}, identity('iscsi', target_lun=0))

    def test_targets_in_another_order_are_the_same(self):
        self.assertEqual(
            identity('iscsi', target_iqns=['b', 'a']),
            identity('iscsi', target_iqns=['a', 'b']),
        )

    def test_world_wide_id_for_every_protocol(self):
        self.assertEqual(
            {'world-wide id': 'naa.6001'}, identity('other', 'naa.6001')
        )

    def test_protocol_of_which_nothing_is_known(self):
        self.assertEqual({}, identity('other', device_path='/dev/sdb'))
