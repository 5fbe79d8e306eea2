# SPDX-License-Identifier: Apache-2.0

"""Images written by the reference writer, read back byte for byte."""

import hashlib
import typing as ty
import uuid

import ddt

from extend_conformance import exceptions
from extend_conformance.cloud import ledger as ledgers
from extend_conformance.impl import errors
from extend_conformance.impl import options as writer_options
from extend_conformance.impl import verification
from extend_conformance.impl import writer
from extend_conformance.tests.functional import base

GIB = base.GIB

#: Sizes that break things, with GiB of the volume and number of extends of
#: an image of unknown size.
SIZES = (
    (0, 1, 0),
    (1, 1, 0),
    (GIB - 1, 1, 0),
    (GIB, 1, 0),
    (GIB + 1, 2, 1),
    (GIB + 4096 + 511, 2, 1),
)


class WriterTestCase(base.SandboxTestCase):
    def create(
        self,
        source: ty.Any,
        mode: str,
        volume_type: str = 'good',
        admin: bool = False,
        **request: ty.Any,
    ) -> writer.CreatedImage:
        """Write an image in a mode."""
        image_writer = writer.ImageVolumeWriter(
            self.resources,
            writer_options.WriterOptions(
                cinder_do_extend_attached=mode == 'attached',
                cinder_state_transition_timeout=60,
            ),
            admin=self.admin if admin else None,
        )
        request.setdefault('image_id', str(uuid.uuid4()))
        # One hash, not two: most tests look at the bytes.
        request.setdefault('os_hash_algo', 'md5')
        return image_writer.create(
            source, writer.ImageRequest(volume_type=volume_type, **request)
        )


@ddt.ddt
class SizesTest(WriterTestCase):
    @ddt.data(*SIZES)
    @ddt.unpack
    def test_attached(self, size: int, gib: int, extends: int) -> None:
        self._test('attached', size, None, gib, extends)

    @ddt.data(*SIZES)
    @ddt.unpack
    def test_detached(self, size: int, gib: int, extends: int) -> None:
        self._test('detached', size, None, gib, extends)

    @ddt.data('attached', 'detached')
    def test_known_size_never_extends(self, mode: str) -> None:
        self._test(mode, GIB + 17, GIB + 17, 2, 0)

    def _test(
        self, mode: str, size: int, told: int | None, gib: int, extends: int
    ) -> None:
        created = self.create(base.Content(size), mode, size_bytes=told)

        self.assertEqual(
            (mode, size, gib, extends),
            (
                created.mode,
                created.size_bytes,
                created.volume_size_gib,
                len(created.extends),
            ),
        )
        volume = self.storage.get_volume(created.volume_id)
        self.assertEqual(('available', gib), (volume.status, volume.size_gib))
        verified = verification.verify(
            self.resources, created.volume_id, base.Content(size)
        )
        self.assertEqual(created.checksum, verified.checksum)
        self.assertAlmostEqual(
            created.elapsed_s, sum(each.elapsed_s for each in created.spans)
        )
        self.assertEqual(size, created.written[-1][1])


class MetadataTest(WriterTestCase):
    def test_volume_looks_as_glance_leaves_it(self) -> None:
        image_id = str(uuid.uuid4())
        content = base.Content(5000).read(5000)

        created = self.create(
            base.Content(5000),
            'attached',
            image_id=image_id,
            owner='somebody',
            os_hash_algo='sha256',
        )

        volume = self.storage.get_volume(created.volume_id)
        self.assertEqual(f'image-{image_id}', volume.name)
        self.assertTrue(volume.readonly)
        self.assertEqual(
            {
                'glance_image_id': image_id,
                'image_size': '5000',
                'image_owner': 'somebody',
                'checksum': hashlib.md5(
                    content, usedforsecurity=False
                ).hexdigest(),
                'os_hash_algo': 'sha256',
                'os_hash_value': hashlib.sha256(content).hexdigest(),
                ledgers.METADATA_KEY: self.ledger.run_id,
            },
            dict(volume.metadata),
        )

    def test_one_attachment_in_attached_and_one_per_extend_in_detached(
        self,
    ) -> None:
        for mode, attachments in (('attached', 1), ('detached', 3)):
            before = len(self.storage.journal.events)
            self.create(base.Content(2 * GIB + 1), mode)

            events = self.storage.journal.events[before:]
            posts = [
                each.details['path']
                for each in events
                if each.details.get('method') == 'POST'
            ]
            self.assertEqual(attachments, posts.count('/attachments'))
            returned = [
                each.details['returned']
                for each in events
                if 'returned' in each.details
            ]
            self.assertEqual(
                [2 * GIB, 3 * GIB] if mode == 'attached' else [], returned
            )


class VerifyTest(WriterTestCase):
    def test_a_changed_byte_is_found_by_file_and_by_checksum(self) -> None:
        created = self.create(base.Content(9 * base.MIB), 'attached')
        attached = self.resources.attach(created.volume_id)
        block = bytearray(attached.device.read_direct(8 * base.MIB, 4096))
        block[7] ^= 1
        attached.device.write_direct(8 * base.MIB, block)
        self.resources.detach(attached)

        error = self.assertRaises(
            verification.NotTheImage,
            verification.verify,
            self.resources,
            created.volume_id,
            base.Content(9 * base.MIB),
        )
        self.assertEqual(8 * base.MIB + 7, error.offset)
        self.assertRaises(
            verification.NotTheImage,
            verification.verify,
            self.resources,
            created.volume_id,
        )
        self.assertEqual((), self.storage.attachments(created.volume_id))

    def test_a_volume_without_an_image_is_wrong_usage(self) -> None:
        volume = self.resources.create_volume(1, 'good')

        self.assertRaises(
            exceptions.UsageError,
            verification.verify,
            self.resources,
            volume.id,
        )


class FailureTest(WriterTestCase):
    """Every failure says why, and leaves neither volume nor attachment."""

    def setUp(self) -> None:
        super().setUp()
        self.before = self.volume_ids()

    def _fail(
        self,
        kind: type[BaseException],
        source: ty.Any,
        mode: str = 'attached',
        **request: ty.Any,
    ) -> ty.Any:
        error = self.assertRaises(kind, self.create, source, mode, **request)
        self.must_leave_nothing(self.before)
        return error

    def test_driver_refuses(self) -> None:
        error = self._fail(
            errors.RefusedByDriver,
            base.Content(GIB + 1),
            volume_type='refuses-driver',
        )

        self.assertEqual('extend', error.step)
        self.assertEqual('2 GiB', error.wanted)
        self.assertEqual('error_extending, 1 GiB', error.last)
        self.assertTrue(error.request_id.startswith('req-'))
        self.assertIn('Volume Driver failed to extend volume', error.what)

    def test_scheduler_refuses(self) -> None:
        error = self._fail(
            errors.RefusedByScheduler,
            base.Content(GIB + 1),
            volume_type='refuses-capability',
        )

        self.assertEqual('in-use, 1 GiB', error.last)
        self.assertIn('available weighted backend', error.what)

    def test_refusing_backend_works_in_detached_mode(self) -> None:
        created = self.create(
            base.Content(GIB + 1), 'detached', 'refuses-driver'
        )

        self.assertEqual(2, created.volume_size_gib)

    def test_device_stays(self) -> None:
        error = self._fail(
            errors.HostNotGrown,
            base.Content(GIB + 1),
            volume_type='device-stays',
        )

        self.assertEqual(f'{2 * GIB} bytes', error.wanted)
        self.assertIn(f'{GIB} bytes', error.last)

    def test_source_ends_early(self) -> None:
        error = self._fail(
            errors.SourceTooShort, base.Content(4999), size_bytes=5000
        )

        self.assertEqual('4999 bytes', error.last)

    def test_source_sends_too_much(self) -> None:
        self._fail(errors.SourceTooLong, base.Content(5001), size_bytes=5000)

    def test_source_raises(self) -> None:
        class Breaks:
            def __init__(self) -> None:
                self._content = base.Content(10 * base.MIB)

            def read(self, size: int, /) -> bytes:
                given = self._content.read(size)
                if not given:
                    raise ConnectionResetError('peer went away')
                return given

        error = self._fail(errors.SourceFailed, Breaks())

        self.assertIn('peer went away', str(error))

    def test_interrupt(self) -> None:
        image_writer = writer.ImageVolumeWriter(
            self.resources,
            writer_options.WriterOptions(cinder_do_extend_attached=True),
            progress=self._interrupt,
        )

        self.assertRaises(
            KeyboardInterrupt,
            image_writer.create,
            base.Content(100 * base.MIB),
            writer.ImageRequest(image_id='interrupted', volume_type='good'),
        )

        self.must_leave_nothing(self.before)

    @staticmethod
    def _interrupt(written: int) -> None:
        raise KeyboardInterrupt

    def test_image_that_does_not_end(self) -> None:
        begin = len(self.storage.journal.events)

        error = self._fail(
            errors.ImageTooLarge,
            base.Content(10 * GIB),
            max_size_bytes=2 * GIB,
        )

        extends = [
            each.details['body']
            for each in self.storage.journal.events[begin:]
            if 'os-extend' in str(each.details.get('body'))
        ]
        self.assertEqual([{'os-extend': {'new_size': 2}}], extends)
        self.assertEqual('write', error.step)

    def test_known_size_over_the_limit_is_refused_at_once(self) -> None:
        self._fail(
            errors.ImageTooLarge,
            base.Content(5000),
            size_bytes=5000,
            max_size_bytes=4999,
        )

        asked = {
            each.details.get('method') for each in self.storage.journal.events
        }
        self.assertNotIn('POST', asked)

    def test_default_limit_is_what_the_pool_has_room_for(self) -> None:
        (pool,) = self.admin.pools('good')

        error = self._fail(
            errors.ImageTooLarge,
            base.Content(1),
            size_bytes=int((pool.free_gib or 0) + 100) * GIB,
            admin=True,
        )

        self.assertIn('free in the pool', error.what)

    def test_unknown_type_names_the_nearest(self) -> None:
        error = self._fail(
            exceptions.UsageError, base.Content(1), volume_type='goood'
        )

        self.assertEqual('Did you mean good?', error.next_step)
