# SPDX-License-Identifier: Apache-2.0

"""The sentence first, then the evidence."""

import testtools

from extend_conformance.results import model
from extend_conformance.results import telling


class TellingTest(testtools.TestCase):
    def test_sentence_facts_page_damage_and_timeline_in_this_order(self):
        result = model.CheckResult(
            check='data-old-intact',
            uuid='9a44512f',
            scope='backend',
            backend='good',
            level='must',
            verdict='fail',
            reason='Volume 1: 4 KiB are zeros.',
            outcome='data-damaged',
            data_failure=True,
            damage=(
                model.Damage(
                    offset_bytes=4096,
                    length_bytes=4096,
                    kind='zeros',
                    detail='zeros',
                ),
            ),
            evidence=(
                model.Event(
                    at_s=1.5,
                    kind='api-call',
                    summary='POST /volumes: 202',
                    details={'status': 202, 'asked': [{'new_size': 2}]},
                ),
            ),
        )
        self.assertEqual(
            [
                'Volume 1: 4 KiB are zeros.',
                'fail (must, data failure, data-damaged): data-old-intact, '
                '9a44512f',
                'What it proves and what to do is in page.rst',
                'zeros at byte 4096, 4096 bytes: zeros',
                '   1.500 s api-call: POST /volumes: 202 '
                '{"asked": [{"new_size": 2}], "status": 202}',
            ],
            telling.tell(result, 'page.rst').splitlines(),
        )
