# SPDX-License-Identifier: Apache-2.0

"""An answer that cannot be read is told by what it lacks."""

import json

import ddt
import testtools

from extend_conformance.cloud import answers

_VOLUME = {
    'id': '5f2c',
    'status': 'in-use',
    'size': 2,
    'attachments': [{'attachment_id': 'a1'}],
    'metadata': {},
}
_USE = {'limit': 10, 'in_use': 1, 'reserved': 0}


def _volume(**changes):
    return {'volume': {**_VOLUME, **changes}}


def _without(name):
    return {'volume': {key: _VOLUME[key] for key in _VOLUME if key != name}}


@ddt.ddt
class FlawTest(testtools.TestCase):
    @ddt.unpack
    @ddt.data(
        ([], 'it is a list, not an object'),
        (None, 'it is nothing, not an object'),
        ('volume', 'it is text, not an object'),
        ({}, 'it has no volume'),
        ({'volume': None}, 'volume is nothing, not an object'),
        ({'volume': []}, 'volume is a list, not an object'),
        ({'volume': {}}, 'volume has no id, status, size, attachments'),
        (_without('size'), 'volume has no size'),
        (_without('attachments'), 'volume has no attachments'),
        (_volume(size='2'), 'volume.size is text, not a whole number'),
        (_volume(size=True), 'volume.size is a truth value, not a whole num'),
        (_volume(size=2.5), 'volume.size is a number, not a whole number'),
        (_volume(name=5), 'volume.name is a number, not text or nothing'),
        (
            _volume(attachments=['a1']),
            'volume.attachments[0] is text, not an object',
        ),
        (
            _volume(attachments=[{'id': '5f2c'}]),
            'volume.attachments[0] has no attachment_id',
        ),
        (_volume(metadata=[]), 'volume.metadata is a list, not an object or'),
    )
    def test_of_a_volume(self, body: object, what: str) -> None:
        flaw = answers.flaw('GET', '/volumes/5f2c', body)

        assert flaw is not None
        self.assertEqual('volume 5f2c', flaw.resource)
        self.assertEqual(what, flaw.what[: len(what)])

    @ddt.unpack
    @ddt.data(
        ('GET', '/volumes/5f2c', _volume()),
        ('GET', '/volumes/5f2c', _volume(metadata=None, name=None)),
        ('POST', '/volumes', _volume(attachments=[])),
        ('GET', '/volumes/detail?name=x', {'volumes': [_VOLUME]}),
        ('GET', 'http://c/v3/p/volumes/detail?marker=1', {'volumes': []}),
        ('PUT', '/volumes/5f2c/metadata', {'metadata': {'a': 'b'}}),
        ('PUT', '/os-quota-sets/p1', {'quota_set': {'volumes': 10}}),
        (
            'GET',
            '/os-quota-sets/p1?usage=False',
            {'quota_set': {'volumes': 10, 'gigabytes': 10}},
        ),
        (
            'GET',
            '/os-quota-sets/p1?usage=True',
            {'quota_set': {'volumes': _USE, 'gigabytes': _USE}},
        ),
        # What nobody reads may be anything.
        ('POST', '/volumes/5f2c/action', None),
        ('DELETE', '/volumes/5f2c', []),
    )
    def test_what_can_be_read_has_none(
        self, method: str, url: str, body: object
    ) -> None:
        self.assertIsNone(answers.flaw(method, url, body))

    @ddt.unpack
    @ddt.data(
        ('POST', '/volumes', 'volume'),
        ('GET', '/volumes/detail?name=x', 'volumes'),
        ('POST', '/volumes/5f2c/metadata', 'volume 5f2c'),
        ('POST', '/attachments', 'attachment'),
        ('PUT', '/attachments/a1', 'attachment a1'),
        ('GET', '/attachments/a1', 'attachment a1'),
        ('GET', '/attachments?volume_id=x', 'attachments'),
        ('GET', '/snapshots/s1', 'snapshot s1'),
        ('GET', '/messages?resource_uuid=x', 'messages'),
        ('GET', '/types?is_public=None', 'volume types'),
        ('GET', '/types/default', 'volume type default'),
        ('GET', '/os-quota-sets/p1?usage=True', 'quota of project p1'),
        ('GET', '/scheduler-stats/get_pools?detail=True', 'pools'),
        ('POST', '/images', 'image'),
        ('GET', '/images', 'images'),
    )
    def test_every_answer_that_is_read_has_a_form(
        self, method: str, url: str, resource: str
    ) -> None:
        flaw = answers.flaw(method, url, {})

        assert flaw is not None
        self.assertEqual(resource, flaw.resource)

    def test_quota_of_a_type_is_a_quota(self) -> None:
        body = {
            'quota_set': {
                'volumes': _USE,
                'gigabytes': _USE,
                'gigabytes_good': {**_USE, 'limit': '-1'},
            }
        }

        flaw = answers.flaw('GET', '/os-quota-sets/p1?usage=True', body)

        assert flaw is not None
        self.assertEqual(
            'quota_set.gigabytes_good.limit is text, not a whole number',
            flaw.what,
        )

    def test_an_export_says_how_to_connect(self) -> None:
        body = {
            'attachment': {
                'id': 'a1',
                'volume_id': '5f2c',
                'connection_info': {'auth_password': 'geheim'},
            }
        }

        flaw = answers.flaw('PUT', '/attachments/a1', body)

        assert flaw is not None
        self.assertEqual(
            'attachment.connection_info has no driver_volume_type', flaw.what
        )

    def test_it_does_not_quote_what_may_be_a_secret(self) -> None:
        secret = json.dumps({'auth_password': 'geheim'})

        for body in (
            {'attachment': secret},
            {'attachment': {'id': 'a1', 'connection_info': secret}},
        ):
            self.assertNotIn(
                'geheim', str(answers.flaw('PUT', '/attachments/a1', body))
            )
