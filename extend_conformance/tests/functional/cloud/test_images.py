# SPDX-License-Identifier: Apache-2.0

"""Images in a real Glance: stores, content, and what a killed run leaves."""

import dataclasses
import pathlib

import fixtures

from extend_conformance.cloud import calls
from extend_conformance.cloud import image_service
from extend_conformance.cloud import resources as resource_owner
from extend_conformance.cloud import waiting
from extend_conformance.sandbox import fault_rules
from extend_conformance.sandbox import state
from extend_conformance.tests.functional import base


class ImageServiceTest(base.SandboxTestCase):
    def setUp(self):
        super().setUp()
        self.images = image_service.ImageService(self.storage.connection)
        self.resources = resource_owner.Resources(
            self.storage, self.ledger, images=self.images
        )
        self.addCleanup(self.resources.cleanup)

    def test_the_cloud_offers_images(self):
        self.assertTrue(self.storage.connection.offers_images)

    def test_an_administrator_sees_which_type_a_store_makes(self):
        admin = image_service.ImageService(self.admin.connection)
        stores = {one.id: one for one in admin.stores()}
        self.assertEqual(
            (True, 'good'),
            (stores['attached'].is_cinder, stores['attached'].volume_type),
        )
        self.assertFalse(stores['file'].is_cinder)

    def test_nobody_else_does(self):
        error = self.assertRaises(calls.ApiError, self.images.stores)
        self.assertEqual(403, error.status)

    def test_what_was_uploaded_is_downloaded_and_goes(self):
        image_id = self.resources.create_image()
        self.images.upload(image_id, [b'abc', b'def'], 'attached')
        self.assertEqual(b'abcdef', b''.join(self.images.download(image_id)))
        self.resources.delete_image(image_id)
        self.assertFalse(self.images.has_image(image_id))
        self.assertEqual((), self.ledger.open_entries)

    def test_a_delete_that_does_nothing_is_noticed(self):
        self.useFixture(
            fixtures.MonkeyPatch(
                f'{image_service.__name__}._DELETE_PATIENCE_S', 1.0
            )
        )
        store = fault_rules.RuleStore(
            state.Paths(pathlib.Path(base.sandbox_directory()))
        )
        self.addCleanup(store.clear)
        image_id = self.resources.create_image()
        store.add(
            fault_rules.Rule(
                service='glance',
                method='DELETE',
                action=fault_rules.Answer(204),
            )
        )
        self.assertRaises(
            waiting.WaitTimeout, self.resources.delete_image, image_id
        )
        self.assertEqual(1, len(self.ledger.open_entries))

    def test_cleanup_finds_the_image_of_a_killed_run(self):
        image_id = self.resources.create_image()
        self.images.upload(image_id, [b'abc'], 'file')
        done = self.run_command('cleanup', '--run', self.ledger.run_id)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn(image_id, done.stdout)
        self.assertFalse(self.images.has_image(image_id))
        again = self.run_command('cleanup', '--run', self.ledger.run_id)
        self.assertNotIn(image_id, again.stdout)

    def test_cleanup_finds_an_image_whose_answer_was_lost(self):
        image_id = self.resources.create_image()
        (entry,) = self.ledger.open_entries
        self.ledger._put(dataclasses.replace(entry, id=None))
        done = self.run_command('cleanup', '--run', self.ledger.run_id)
        self.assertIn(image_id, done.stdout)
        self.assertFalse(self.images.has_image(image_id))
