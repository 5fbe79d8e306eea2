# SPDX-License-Identifier: Apache-2.0

"""Attachments to this host, with os-brick, against real Cinder."""

import os

import fixtures

from extend_conformance.cloud import attachment as attachments
from extend_conformance.cloud import calls
from extend_conformance.tests.functional import base

UNIT = 4096


class AttachTest(base.SandboxTestCase):
    def test_what_was_written_is_there_after_attaching_again(self) -> None:
        volume = self.resources.create_volume(1, 'good')
        content = os.urandom(UNIT)
        attached = self.resources.attach(volume.id)
        attached.device.write_direct(UNIT, content)
        self.resources.detach(attached)

        again = self.resources.attach(volume.id)

        self.assertEqual(
            bytes(UNIT) + content + bytes(UNIT),
            again.device.read_direct(0, 3 * UNIT),
        )

    def test_device_and_open_descriptor_grow_in_place(self) -> None:
        volume = self.resources.create_volume(1, 'good')
        attached = self.resources.attach(volume.id)
        identity = attached.device.identity()
        with attached.device.open_direct(write=True) as opened:
            answer = self.storage.extend(volume.id, 2)
            seen = self.storage.wait_for_extend(volume.id, 1, 2)

            returned = attached.extend()

            self.assertEqual(2 * base.GIB, returned)
            self.assertEqual(2 * base.GIB, opened.size_bytes())
            opened.write_at(2 * base.GIB - UNIT, os.urandom(UNIT))
        self.assertEqual(202, answer.status)
        self.assertEqual(('in-use', 2), (seen.status, seen.size_gib))
        self.assertEqual(2 * base.GIB, attached.device.size_bytes())
        self.assertEqual(identity, attached.device.identity())

    def test_a_shared_device_goes_with_its_last_attachment(self) -> None:
        volume = self.resources.create_volume(1, self.multiattach_type())
        disconnected: list[str] = []
        self.useFixture(
            fixtures.MonkeyPatch(
                'os_brick.initiator.connectors.local.LocalConnector'
                '.disconnect_volume',
                lambda connector, info, *_, **__: disconnected.append(
                    info['attachment_id']
                ),
            )
        )
        first = self.resources.attach(volume.id)
        second = self.resources.attach(volume.id)
        self.assertEqual(first.device.identity(), second.device.identity())

        self.resources.detach(second)
        self.assertEqual([], disconnected)
        first.device.write_direct(0, os.urandom(UNIT))

        self.resources.detach(first)
        self.assertEqual([first.attachment_id], disconnected)

    def multiattach_type(self) -> str:
        """A volume type on the good backend, for as long as the test."""
        types = self.admin._cinder.volume_types
        made = types.create(f'multiattach-{os.getpid()}')
        self.addCleanup(types.delete, made.id)
        # Volumes of a type have to be gone before it.
        self.addCleanup(self.resources.cleanup)
        made.set_keys(
            {'volume_backend_name': 'good', 'multiattach': '<is> True'}
        )
        return str(made.name)

    def test_another_attachment_is_another_device(self) -> None:
        volume = self.resources.create_volume(1, 'good')
        attached = self.resources.attach(volume.id)
        first = attached.device.identity()
        self.resources.detach(attached)

        again = self.resources.attach(volume.id)

        self.assertIsNotNone(first)
        self.assertNotEqual(first, again.device.identity())

    def test_detaching_returns_when_the_volume_is_available(self) -> None:
        volume = self.resources.create_volume(1, 'good')
        attached = self.resources.attach(volume.id)

        waited = self.resources.detach(attached)

        self.assertEqual('available', waited.value.status)
        self.assertEqual((), self.storage.attachments(volume.id))

    def test_an_attachment_that_cinder_refuses_leaves_nothing(self) -> None:
        volume = self.resources.create_volume(1, 'good')
        self.admin.reset_status(volume.id, 'maintenance')

        error = self.assertRaises(
            calls.ApiError, self.resources.attach, volume.id
        )

        self.assertIsNotNone(error.request_id)
        self.assertEqual((), self.storage.attachments(volume.id))
        self.admin.reset_status(volume.id, 'available')

    def test_a_connect_that_fails_leaves_nothing(self) -> None:
        def fail(connector: object, properties: object) -> None:
            raise OSError('no path')

        self.useFixture(
            fixtures.MonkeyPatch(
                'os_brick.initiator.connectors.local.LocalConnector'
                '.connect_volume',
                fail,
            )
        )
        before = self.volume_ids()
        volume = self.resources.create_volume(1, 'good')

        error = self.assertRaises(
            attachments.ConnectorError, self.resources.attach, volume.id
        )

        self.assertIn('no path', str(error))
        self.assertEqual((), self.storage.attachments(volume.id))
        self.assertEqual(
            'available', self.storage.get_volume(volume.id).status
        )
        self.resources.cleanup()
        self.must_leave_nothing(before)

    def test_a_readonly_volume_is_attached_for_reading(self) -> None:
        volume = self.resources.create_volume(1, 'good')
        self.storage.set_readonly(volume.id, True)

        attached = self.resources.attach(volume.id, 'ro')

        self.assertTrue(self.storage.get_volume(volume.id).readonly)
        self.assertEqual(bytes(UNIT), attached.device.read_direct(0, UNIT))

    def test_put_in_use_needs_no_host(self) -> None:
        volume = self.resources.create_volume(1, 'good')

        attachment_id = self.resources.put_in_use(volume.id)

        self.assertEqual('in-use', self.storage.get_volume(volume.id).status)
        self.assertEqual((attachment_id,), self.storage.attachments(volume.id))

    def test_cleanup_takes_everything_in_any_state(self) -> None:
        before = self.volume_ids()
        self.resources.create_volume(1, 'good')
        self.resources.put_in_use(self.resources.create_volume(1, 'good').id)
        failed = self.resources.create_volume(1, 'refuses-driver')
        self.resources.attach(failed.id)
        self.storage.extend(failed.id, 2)
        self.resources.request_volume(1, 'good')

        self.resources.cleanup()

        self.must_leave_nothing(before)

    def test_connection_information_is_not_shown(self) -> None:
        volume = self.resources.create_volume(1, 'good')
        attached = self.resources.attach(volume.id)

        self.assertIsInstance(attached, attachments.AttachedVolume)
        self.assertNotIn('driver_volume_type', repr(attached))
