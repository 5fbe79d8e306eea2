# SPDX-License-Identifier: Apache-2.0

"""No secret gets through, and nothing else is lost."""

import json
import logging
import uuid

import ddt
import testtools

from extend_conformance import exceptions
from extend_conformance import masking


def connection_info(password):
    """What Cinder gives for iSCSI with CHAP."""
    return {
        'driver_volume_type': 'iscsi',
        'data': {
            'target_discovered': False,
            'target_iqn': 'iqn.2010-10.org.openstack:volume-1',
            'target_portal': '192.0.2.5:3260',
            'target_lun': 1,
            'auth_method': 'CHAP',
            'auth_username': 'chap-user-77',
            'auth_password': password,
            'discovery_auth_method': 'CHAP',
            'discovery_auth_username': 'chap-user-78',
            'discovery_auth_password': f'{password}-discovery',
        },
    }


@ddt.ddt
class MaskingTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        # Never seen before, by no other test either.
        self.secret = f'geheim-{uuid.uuid4().hex}'

    def test_chap_credentials_go_and_the_rest_stays(self):
        info = connection_info(self.secret)
        clean = masking.masked(info)
        self.assertEqual(
            {
                'auth_username': '***',
                'auth_password': '***',
                'discovery_auth_username': '***',
                'discovery_auth_password': '***',
            },
            {k: v for k, v in clean['data'].items() if v == '***'},
        )
        for key, value in info['data'].items():
            if clean['data'][key] != '***':
                self.assertEqual(value, clean['data'][key])
        self.assertEqual(self.secret, info['data']['auth_password'])

    def test_a_secret_that_was_seen_is_known_without_its_key(self):
        masking.masked(connection_info(self.secret))
        self.assertEqual(
            'os-brick said: *** is wrong',
            masking.text(f'os-brick said: {self.secret} is wrong'),
        )

    @ddt.data(
        json.dumps,
        repr,
        lambda info: str(info['data']),
        lambda info: (
            f'iscsiadm -n node.session.auth.password '
            f'-v {info["data"]["auth_password"]} failed'
        ),
        lambda info: str(
            [
                'iscsiadm',
                *('-n', 'node.session.auth.password'),
                *('-v', info['data']['auth_password']),
            ]
        ),
        lambda info: f'auth_password={info["data"]["auth_password"]}',
    )
    def test_a_secret_that_was_never_seen_is_known_by_its_name(self, write):
        said = write(connection_info(self.secret))
        self.assertIn(self.secret, said)
        self.assertNotIn(self.secret, masking.text(said))

    @ddt.data(
        'X-Auth-Token: {}',
        "'X-Subject-Token': '{}'",
        'Authorization: Bearer {}',
        'nvme connect --dhchap_key={}',
        '"keyring": "{}"',
        'OS_PASSWORD={}',
    )
    def test_other_secrets_by_name(self, form):
        said = masking.text(form.format(self.secret))
        self.assertNotIn(self.secret, said)
        self.assertIn('***', said)

    @ddt.data(
        'gAAAAABm0123456789abcdefghijklmnop-_',
        'DHHC-1:00:ia6zGodOr4SEG0Zzaw398rpY0wqipUWj4jWjUh4HWUz6aQ2n:',
    )
    def test_tokens_and_keys_by_what_they_look_like(self, secret):
        self.assertEqual('found ***', masking.text(f'found {secret}'))

    @ddt.data(
        'The token expired; authorization failed for the user',
        'keyring of this host, password of the cloud, secret of the backend',
        'GET /volumes/5f2c: 401',
        'wanted in-use (request req-2b6f, last seen error_extending)',
    )
    def test_sentences_stay(self, sentence):
        self.assertEqual(sentence, masking.text(sentence))

    def test_short_values_are_not_looked_for_elsewhere(self):
        masking.masked({'auth_password': 'in-use'})
        self.assertEqual('it is in-use', masking.text('it is in-use'))

    def test_an_error_has_no_secret(self):
        error = exceptions.WorkFailed(
            f'iscsiadm: auth_password={self.secret}', resource='volume 1'
        )
        self.assertEqual('iscsiadm: auth_password=*** (volume 1).', str(error))

    def test_logs_of_libraries_have_no_secret(self):
        masking.guard_logs()
        logger = logging.getLogger('keystoneauth.session')
        seen = []
        handler = logging.Handler()
        handler.emit = lambda record: seen.append(record.getMessage())
        logger.addHandler(handler)
        self.addCleanup(logger.removeHandler, handler)
        self.addCleanup(logger.setLevel, logger.level)
        logger.setLevel(logging.DEBUG)

        logger.debug('RESP BODY: %s', json.dumps(connection_info(self.secret)))

        self.assertIn('volume-1', seen[0])
        self.assertNotIn(self.secret, seen[0])
