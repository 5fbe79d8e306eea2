# SPDX-License-Identifier: Apache-2.0

"""Ids and uuids of checks are stable, unique and never reused."""

import uuid

import testtools

from extend_conformance import vocabulary
from extend_conformance.checks import registry

Applies = vocabulary.Applies
FirstExtend = vocabulary.FirstExtend
Profile = vocabulary.Profile

#: Every check that was ever published. A check that goes stays in this
#: list, so that nobody takes its uuid for another one. One that is new comes
#: into it with the release that publishes it.
PUBLISHED = {
    'api-bad-size': '9f939cbe-9840-44d5-8ed1-ab111d582933',
    'api-completion-action': '1aea3728-6d40-41b1-ace3-a0962b38cc82',
    'api-concurrent-extend': 'bf189b58-575f-4530-b9b7-7d147cc42cb2',
    'api-microversion-gate': 'b807a371-e619-4d7a-8ea2-c8485383baf5',
    'api-policy-reader': 'b2dadf79-b339-4a53-b3e5-0be6f4e840ac',
    'api-quota': 'c59343fd-f36a-4b56-8f46-3b639f0e2dde',
    'api-size-not-larger': '4c53587f-6697-406f-9cf4-8730838ed8fa',
    'api-wrong-state': '4ba753f4-c9fa-4e80-9d8a-6b36e464ca37',
    'claim-capability': '0e2653b6-f2ac-4454-a08b-9537ff505081',
    'claim-host': '46434986-8872-4382-851b-f08685dcecca',
    'claim-matrix': 'bc0fcaca-b4bc-4f27-b322-45feffd0c0a5',
    'data-boundary': '51f63caa-4998-4efc-a284-74f216be75c3',
    'data-durable-after-detach': 'ccd892fe-9da9-4a64-ad8a-dbed526e46d4',
    'data-new-area-clean': '3a8146f9-b728-4e24-b847-9e832fb2860e',
    'data-new-area-writable': 'b06a1801-eae7-47d0-a613-4d038a4b40f9',
    'data-old-intact': '9a44512f-0d2f-41b6-bf9f-91542f0bf461',
    'extend-again-after-failure': 'b19ece4a-7e92-49a8-8d73-2c8e947ac243',
    'extend-completes': '20adab37-01e0-4a24-9bf0-5a0e3de3dc15',
    'extend-error-recovery': 'd050d3f8-787c-41f9-9b78-88e7f9d2e76c',
    'extend-failure-message': '6c6c6669-8e07-445c-8683-465ad0b1538f',
    'extend-refused-changes-nothing': 'a9695844-296d-44e7-945d-10a32a63d78f',
    'extend-usage-accounting': 'efb01a8a-ed31-4597-801b-cfdb10fd9bba',
    'extend-with-snapshot': '78593e24-d97b-437f-b28e-125bbe78ed05',
    'host-connection-stable': 'c54bc1da-2116-4a4b-8bd1-5fe1cf38f36e',
    'host-grows-in-place': '7973953d-294d-4117-8700-0fc89406eafa',
    'host-large-step': '436f7d97-8571-4b15-9e06-da333c54ce0c',
    'host-multiattach': '65c525c7-2ee3-4b7a-82c8-0fafac2cd0e0',
    'host-nothing-left': '8e9f382a-44d3-4b74-aa05-c48768d4526c',
    'host-open-descriptor-grows': '30289797-e099-4043-bd9b-d73fef617a3d',
    'host-repeated-steps': '3ee65105-7cdd-43f8-b84a-c0d5ac52535f',
    'host-size-granularity': '2eb1bf6f-5581-492f-941b-56bc0aba76dc',
    'host-survives-reattach': '9f9b22a5-6705-4e15-b035-0c662c9d781b',
    'image-attached-unknown': '6fed2d92-6f2c-4223-8de0-f7675043951e',
    'image-clone': '7a4b12d1-7763-45b3-bdd4-a04d16a78ff1',
    'image-detached-unknown': 'fa9a3537-a060-4d5a-8ede-6b29437a21f8',
    'image-known-size': 'a86e30e3-718e-454d-994a-ce0eb38f6805',
    'image-modes-agree': '2ba6378b-df08-4e81-8169-c6c97528912a',
    'image-refused-extend': 'c7f0f716-2898-4d75-b876-23d5357abec1',
    'image-source-fails': '133b7586-a448-45aa-af48-f148d77e37d7',
    'image-through-glance': 'd29386db-f5cd-4354-8ff5-7999ab253c5d',
    'io-during-extend': '557cf377-94c2-40b7-9650-22567fd988d6',
    'neighbour-undisturbed': '7fc8e906-9fb4-435c-8989-0aecbcaa2e98',
}


class CatalogueTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.checks = registry.catalogue()

    def test_a_published_id_and_its_uuid_stay_together(self):
        published = set(PUBLISHED.items())
        uuids = set(PUBLISHED.values())
        self.assertEqual(
            [],
            [
                check.id
                for check in self.checks
                if (check.id in PUBLISHED or check.uuid in uuids)
                and (check.id, check.uuid) not in published
            ],
        )

    def test_no_uuid_was_published_twice(self):
        self.assertEqual(len(PUBLISHED), len(set(PUBLISHED.values())))

    def test_every_uuid_is_of_version_4(self):
        self.assertEqual(
            {4}, {uuid.UUID(check.uuid).version for check in self.checks}
        )

    def test_every_check_says_in_a_sentence_what_it_proves(self):
        for check in self.checks:
            self.assertTrue(check.proves.endswith('.'), check.id)


class RegisterTest(testtools.TestCase):
    def register(self, **changes):
        arguments = {
            'check_id': 'a-check',
            'uuid': str(uuid.uuid4()),
            'level': vocabulary.Level.MUST,
            'applies': vocabulary.Applies.ALWAYS,
            **changes,
        }

        def function(context):
            """It is true."""

        return registry.check(**arguments)(function)

    def setUp(self):
        super().setUp()
        registry.catalogue()
        before = dict(registry._CATALOGUE)
        self.addCleanup(registry._CATALOGUE.update, before)
        self.addCleanup(registry._CATALOGUE.clear)

    def test_a_taken_id_is_refused(self):
        self.register()
        self.assertRaisesRegex(
            ValueError, 'is taken by a-check', self.register
        )

    def test_a_taken_uuid_is_refused(self):
        taken = PUBLISHED['host-grows-in-place']
        self.assertRaisesRegex(
            ValueError,
            'is taken by host-grows-in-place',
            self.register,
            uuid=taken,
        )

    def test_a_uuid_of_another_version_is_refused(self):
        self.assertRaisesRegex(
            ValueError,
            'not a version 4',
            self.register,
            uuid=str(uuid.uuid5(uuid.NAMESPACE_DNS, 'x')),
        )

    def test_an_id_that_is_not_words_joined_by_dashes_is_refused(self):
        for malformed in (
            'check',
            'A-check',
            'a_check',
            'a-check-',
            'a check',
        ):
            self.assertRaisesRegex(
                ValueError,
                f'{malformed} is no id',
                self.register,
                check_id=malformed,
            )

    def test_a_word_that_does_not_exist_is_refused(self):
        for fact, word in (
            ('profile', 'fast'),
            ('first_extend', 'lucky'),
            ('level', 'might'),
            ('applies', 'seldom'),
            ('scope', 'world'),
            ('feature', 'speed'),
            ('needs', ['luck']),
        ):
            self.assertRaisesRegex(
                ValueError,
                '^a-check: .* is not a valid',
                self.register,
                **{fact: word},
            )

    def test_a_number_below_zero_is_refused(self):
        for fact in ('budget_s', 'typical_s', 'volumes', 'room_gib'):
            self.assertRaisesRegex(
                ValueError,
                f'^a-check: {fact} is negative',
                self.register,
                **{fact: -1},
            )

    def facts(self, **changes):
        self.register(**changes)
        check = registry._CATALOGUE.pop('a-check')
        return check.profile, check.negative, check.first_extend

    def test_facts_that_are_not_said_follow_from_where_it_applies(self):
        self.assertEqual(
            {
                Applies.ALWAYS: (Profile.STANDARD, False, FirstExtend.ANY),
                Applies.WHERE_SUPPORTED: (
                    Profile.STANDARD,
                    False,
                    FirstExtend.NOT_HUNG,
                ),
                Applies.WHERE_REFUSED: (
                    Profile.STANDARD,
                    True,
                    FirstExtend.NOT_HUNG,
                ),
            },
            {applies: self.facts(applies=applies) for applies in Applies},
        )

    def test_facts_that_are_said_stand(self):
        said = Profile.CERTIFIED, True, FirstExtend.ALLOWS_ANOTHER
        self.assertEqual(
            said,
            self.facts(
                profile=said[0], negative=said[1], first_extend=said[2]
            ),
        )
