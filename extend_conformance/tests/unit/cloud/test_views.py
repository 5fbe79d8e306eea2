# SPDX-License-Identifier: Apache-2.0

"""Cinder's JSON, with all its ways to write a truth and a number."""

import ddt
import testtools

from extend_conformance.cloud import views


def _volume(**changes: object) -> views.Volume:
    body: dict[str, object] = {
        'id': '5f2c',
        'name': 'image-1',
        'status': 'in-use',
        'size': 2,
        'volume_type': 'good',
        'metadata': {},
        'attachments': [],
        'encrypted': False,
        'multiattach': False,
        'bootable': 'false',
        'snapshot_id': None,
        'source_volid': None,
    }
    return views.Volume.from_json({**body, **changes})


class VolumeTest(testtools.TestCase):
    def test_what_cinder_mixes_into_metadata_is_not_the_users(self) -> None:
        volume = _volume(
            metadata={'readonly': 'True', 'attached_mode': 'rw', 'a': 'b'}
        )

        self.assertEqual({'a': 'b'}, dict(volume.metadata))
        self.assertTrue(volume.readonly)

    def test_truths_may_be_text(self) -> None:
        volume = _volume(bootable='true', encrypted=True)

        self.assertEqual(
            (True, True, False, False),
            (
                volume.bootable,
                volume.encrypted,
                volume.multiattach,
                volume.readonly,
            ),
        )

    def test_shared_targets_may_be_unknown(self) -> None:
        self.assertIsNone(_volume(shared_targets=None).shared_targets)
        self.assertIs(False, _volume().shared_targets)

    def test_attachments_are_named_by_their_own_id(self) -> None:
        volume = _volume(attachments=[{'id': '5f2c', 'attachment_id': 'a1'}])

        self.assertEqual(('a1',), volume.attachments)


class AttachmentTest(testtools.TestCase):
    def test_connection_information_is_not_represented(self) -> None:
        attachment = views.Attachment.from_json(
            {
                'id': 'a1',
                'volume_id': '5f2c',
                'connection_info': {'auth_password': 'geheim'},
            }
        )

        self.assertEqual('geheim', attachment.connection_info['auth_password'])
        self.assertNotIn('geheim', repr(attachment))


@ddt.ddt
class PoolTest(testtools.TestCase):
    @ddt.unpack
    @ddt.data(
        (10, 10.0),
        ('10.5', 10.5),
        ('infinite', float('inf')),
        ('unknown', None),
        (None, None),
    )
    def test_free_capacity(self, said: object, free: float | None) -> None:
        pool = views.Pool.from_json(
            {'name': 'h@b#p', 'capabilities': {'free_capacity_gb': said}}
        )

        self.assertEqual(free, pool.free_gib)

    @ddt.unpack
    @ddt.data(('local', 'local'), (['iSCSI', 'iscsi'], 'iSCSI'), ([], None))
    def test_protocol_may_be_a_list(
        self, said: object, protocol: str | None
    ) -> None:
        pool = views.Pool.from_json(
            {'name': 'h@b#p', 'capabilities': {'storage_protocol': said}}
        )

        self.assertEqual(protocol, pool.protocol)


class QuotaTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.quota = views.Quota.from_json(
            {
                'id': 'p1',
                'volumes': {'limit': 10, 'in_use': 1, 'reserved': 0},
                'gigabytes': {'limit': 10, 'in_use': 4, 'reserved': 1},
                'gigabytes_good': {'limit': -1, 'in_use': 4, 'reserved': 1},
                'gigabytes_full': {'limit': 3, 'in_use': 4, 'reserved': 0},
                'per_volume_gigabytes': {
                    'limit': -1,
                    'in_use': 0,
                    'reserved': 0,
                },
            }
        )

    def test_free_is_what_is_neither_used_nor_reserved(self) -> None:
        self.assertEqual(5, self.quota.gigabytes.free)

    def test_minus_one_is_no_limit(self) -> None:
        self.assertIsNone(self.quota.by_type['good'].free)
        self.assertIsNone(self.quota.volume_gib)

    def test_free_is_never_negative(self) -> None:
        self.assertEqual(0, self.quota.by_type['full'].free)

    def test_quota_of_all_types_together_is_no_type(self) -> None:
        self.assertEqual({'good', 'full'}, set(self.quota.by_type))
