# SPDX-License-Identifier: Apache-2.0

"""What is left of a volume is told from what other people have there."""

import os
import pathlib
import tempfile

import fixtures
import testtools

from extend_conformance.cloud import device as devices
from extend_conformance.cloud import host_traces

_VOLUME_ID = '0f3e1f6c-5d0a-4a58-9b0e-7a2f2f3c9d11'


class FakeDevice(devices.BlockDevice):
    """A device that has the numbers and the name that a test wants."""

    def __init__(self, wanted, world_wide_id=None, path='/dev/none'):
        super().__init__(path)
        self._wanted = wanted
        self._world_wide_id = world_wide_id

    def identity(self):
        return self._wanted

    def world_wide_id(self):
        return self._world_wide_id


class FakeAttachment:
    """As much of an attached volume as is asked of one."""

    def __init__(self, device, **connection_info):
        self.device = device
        self.volume_id = _VOLUME_ID
        self.connection_info = connection_info


def trace(*origin, kind='block device'):
    return host_traces.Trace(kind, 'a name', origin)


class MarksTest(testtools.TestCase):
    def marks(self, identity=None, world_wide_id=None, **info):
        return host_traces.marks_of(
            FakeAttachment(FakeDevice(identity, world_wide_id), **info)
        )

    def found(self, marks, *origin):
        return bool(host_traces.belonging([trace(*origin)], marks))

    def test_volume_id_with_and_without_dashes(self):
        marks = self.marks()
        self.assertTrue(self.found(marks, f'/volumes/volume-{_VOLUME_ID}'))
        bare = _VOLUME_ID.replace('-', '')
        self.assertTrue(self.found(marks, f'nvme-uuid.{bare}'))

    def test_another_volume_is_not_ours(self):
        other = _VOLUME_ID.replace('0', '1')
        self.assertFalse(self.found(self.marks(), f'volume-{other}'))

    def test_the_device_by_its_numbers(self):
        identity = devices.DeviceIdentity(7, 3, 12)
        marks = self.marks(identity)
        self.assertTrue(self.found(marks, f'[{identity}]'))

    def test_a_device_whose_numbers_begin_alike_is_not_ours(self):
        marks = self.marks(devices.DeviceIdentity(7, 3, 12))
        for other in (
            devices.DeviceIdentity(7, 3, 123),
            devices.DeviceIdentity(7, 31, 12),
            devices.DeviceIdentity(17, 3, 12),
        ):
            self.assertFalse(self.found(marks, f'[{other}]'), other)

    def test_world_wide_id_below_multipath(self):
        marks = self.marks(world_wide_id='naa.600140512345')
        self.assertTrue(self.found(marks, 'mpath-3600140512345'))
        self.assertTrue(self.found(marks, 'scsi-3600140512345-part1'))

    def test_world_wide_id_of_a_path_of_a_multipath_device(self):
        marks = self.marks(world_wide_id='mpath-3600140512345')
        self.assertTrue(self.found(marks, 'naa.600140512345'))

    def test_session_to_one_of_the_targets(self):
        marks = self.marks(target_iqns=['iqn.a:one', 'iqn.a:two'])
        self.assertTrue(self.found(marks, 'target iqn.a:two;'))

    def test_session_to_a_target_whose_name_begins_alike(self):
        marks = self.marks(target_iqn='iqn.a:one')
        self.assertFalse(self.found(marks, 'target iqn.a:one-more;'))

    def test_link_to_another_disk_of_the_same_target(self):
        marks = self.marks(target_iqn='iqn.a:one')
        self.assertFalse(
            self.found(marks, 'ip-10.0.0.1:3260-iscsi-iqn.a:one-lun-4')
        )


class AllTracesTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def mine(self, kind):
        found = host_traces.all_traces([str(self.directory)])
        return [
            each.name
            for each in host_traces.belonging(found, {_VOLUME_ID})
            if each.kind == kind
        ]

    def test_link_that_leads_nowhere(self):
        link = self.directory / f'volume-{_VOLUME_ID}'
        link.symlink_to('/dev/none')
        self.assertEqual([str(link)], self.mine('link'))

    def test_link_of_another_name_to_the_volume(self):
        link = self.directory / 'a-link'
        link.symlink_to(self.directory / f'volume-{_VOLUME_ID}')
        self.assertEqual([str(link)], self.mine('link'))

    def test_file_is_no_link(self):
        (self.directory / f'volume-{_VOLUME_ID}').touch()
        self.assertEqual([], self.mine('link'))

    def test_temporary_file(self):
        descriptor, path = tempfile.mkstemp(prefix=_VOLUME_ID)
        self.addCleanup(os.unlink, path)
        os.close(descriptor)
        self.assertEqual([path], self.mine('temporary file'))

    def test_directory_that_is_not_there(self):
        gone = self.directory / 'gone'
        self.assertEqual(
            [],
            [
                each
                for each in host_traces.all_traces([str(gone)])
                if each.kind == 'link'
            ],
        )
