# SPDX-License-Identifier: Apache-2.0

"""A real sandbox: used, killed, started again, and gone without a trace."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import typing as ty

import os_brick
import testtools
from cinderclient import client as cinder_client
from keystoneauth1 import session as keystone_session
from keystoneauth1.identity import v3
from os_brick import privileged as brick_privileged
from os_brick.initiator import connector as brick_connector
from oslo_config import cfg

from extend_conformance.sandbox import lifecycle
from extend_conformance.sandbox import loopdevices
from extend_conformance.sandbox import processes
from extend_conformance.sandbox import state

_GIB = 1024**3


class SandboxTestCase(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        parent = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, parent)
        self.root = parent / 'sandbox'
        self.addCleanup(lifecycle.down, self.root)

    def up(self, *names: str) -> state.Record:
        return lifecycle.up(self.root, names or ('good',))

    def cinder(self, record: state.Record) -> ty.Any:
        auth = v3.Password(
            auth_url=record.auth_url,
            username='sandbox',
            password=record.passwords['sandbox'],
            project_name='sandbox',
            user_domain_name='Default',
            project_domain_name='Default',
        )
        return cinder_client.Client(
            '3.54', session=keystone_session.Session(auth)
        )

    def wait(self, cinder: ty.Any, volume_id: str, *states: str) -> ty.Any:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            volume = cinder.volumes.get(volume_id)
            if volume.status in states:
                return volume
            time.sleep(0.05)
        self.fail(f'volume is {volume.status}, not {states}')

    def attached(self, cinder: ty.Any, volume_type: str) -> tuple[str, ty.Any]:
        """Return the id of a volume of 1 GiB and its attachment."""
        volume = cinder.volumes.create(1, volume_type=volume_type)
        self.wait(cinder, volume.id, 'available')
        made = cinder.attachments.create(volume.id, None, None, mode='rw')
        attachment_id = made['id'] if isinstance(made, dict) else made.id
        attachment = cinder.attachments.update(
            attachment_id,
            {'host': 'here', 'ip': '127.0.0.1', 'initiator': 'iqn.here'},
        )
        cinder.attachments.complete(attachment_id)
        self.wait(cinder, volume.id, 'in-use')
        return volume.id, attachment

    def local_connector(self) -> ty.Any:
        cfg.CONF([], default_config_files=[])
        os_brick.setup(cfg.CONF)
        brick_privileged.default.set_client_mode(False)
        self.addCleanup(brick_privileged.default.set_client_mode, True)
        return brick_connector.InitiatorConnector.factory('local', 'env')

    def must_be_gone(self) -> None:
        """Assert that no trace is left but the logs."""
        self.assertEqual([], processes.belonging(self.root))
        self.assertEqual([], loopdevices.devices_under(self.root))
        self.assertEqual(['logs'], os.listdir(self.root))

    def kill(self, record: state.Record, *services: str) -> None:
        for service in services:
            os.kill(record.processes[service].pid, signal.SIGKILL)
        deadline = time.monotonic() + 5
        while any(processes.alive(record.processes[s]) for s in services):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)

    def test_online_extend_reaches_the_host(self) -> None:
        cinder = self.cinder(self.up())
        volume_id, attachment = self.attached(cinder, 'good')
        properties = attachment.connection_info
        local = self.local_connector()
        device = local.connect_volume(properties)
        with pathlib.Path(device['path']).open('r+b') as opened:
            opened.write(b'before')
            cinder.volumes.extend(volume_id, 2)
            self.assertEqual(2, self.wait(cinder, volume_id, 'in-use').size)
            self.assertEqual(2 * _GIB, local.extend_volume(properties))
            self.assertEqual(2 * _GIB, opened.seek(0, os.SEEK_END))
            opened.seek(0)
            self.assertEqual(b'before', opened.read(6))
        cinder.attachments.delete(attachment.id)
        self.wait(cinder, volume_id, 'available')
        self.assertEqual([], loopdevices.devices_under(self.root))

    def test_down_leaves_nothing_even_while_attached(self) -> None:
        cinder = self.cinder(self.up())
        self.attached(cinder, 'good')
        self.assertTrue(lifecycle.down(self.root))
        self.must_be_gone()
        self.assertFalse(lifecycle.down(self.root))

    def test_down_after_a_kill_leaves_nothing(self) -> None:
        record = self.up()
        self.attached(self.cinder(record), 'good')
        self.kill(record, 'cinder')
        self.assertTrue(lifecycle.down(self.root))
        self.must_be_gone()

    def test_killed_sandbox_comes_back_with_its_data(self) -> None:
        record = self.up()
        volume_id, attachment = self.attached(self.cinder(record), 'good')
        link = pathlib.Path(attachment.connection_info['device_path'])
        with link.open('r+b') as device:
            device.write(b'kept')
            device.flush()
            os.fsync(device.fileno())
        self.kill(record, *state.SERVICES)
        for device_node in loopdevices.devices_under(self.root):
            loopdevices.detach(device_node, link.resolve())
        again = self.up()
        self.assertEqual(record.passwords, again.passwords)
        self.assertEqual(
            'in-use', self.cinder(again).volumes.get(volume_id).status
        )
        with link.open('rb') as device:
            self.assertEqual(b'kept', device.read(4))

    def test_files_of_others_are_left_alone(self) -> None:
        self.root.mkdir(mode=0o755)
        (self.root / 'mine').write_text('mine')
        self.up()
        lifecycle.down(self.root)
        self.assertEqual({'logs', 'mine'}, set(os.listdir(self.root)))
        self.assertEqual(0o755, self.root.stat().st_mode & 0o777)

    def test_interrupted_start_leaves_nothing(self) -> None:
        child = subprocess.Popen(
            [
                sys.executable,
                '-c',
                'import pathlib, signal\n'
                'from extend_conformance.sandbox import lifecycle\n'
                'signal.signal(signal.SIGINT, signal.default_int_handler)\n'
                f'lifecycle.up(pathlib.Path({str(self.root)!r}), ["good"])\n',
            ],
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 30
        while not processes.belonging(self.root):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        child.send_signal(signal.SIGINT)
        self.assertNotEqual(0, child.wait(30))
        self.assertEqual([], processes.belonging(self.root))
        self.assertFalse(self.root.exists())

    def test_failed_last_step_keeps_the_data_of_a_killed_one(self) -> None:
        record = self.up()
        volume = self.cinder(record).volumes.create(1)
        self.wait(self.cinder(record), volume.id, 'available')
        self.kill(record, *state.SERVICES)

        def finish(record: state.Record) -> None:
            raise ValueError('the last step')

        self.assertRaises(
            ValueError, lifecycle.up, self.root, ['good'], finish=finish
        )
        self.assertEqual([], processes.belonging(self.root))
        again = self.cinder(self.up())
        self.assertEqual('available', again.volumes.get(volume.id).status)

    def test_down_after_the_directory_was_removed_leaves_nothing(self) -> None:
        self.attached(self.cinder(self.up()), 'good')
        shutil.rmtree(self.root)
        self.assertTrue(lifecycle.down(self.root))
        self.assertEqual([], processes.belonging(self.root))
        self.assertEqual([], loopdevices.devices_under(self.root))
