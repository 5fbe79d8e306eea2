# SPDX-License-Identifier: Apache-2.0

"""Rules of the fault plane: what may be said, and how it is kept."""

import pathlib
import stat

import ddt
import fixtures
import testtools

from extend_conformance import exceptions
from extend_conformance.sandbox import fault_rules
from extend_conformance.sandbox import state
from extend_conformance.tests.unit.sandbox import test_state

DROP = fault_rules.Drop()


def a_rule(**changes: object) -> fault_rules.Rule:
    values: dict[str, object] = {'service': 'cinder', 'action': DROP}
    return fault_rules.Rule(**{**values, **changes})  # type: ignore[arg-type]


@ddt.ddt
class RuleTestCase(testtools.TestCase):
    @ddt.data(
        ({'service': 'cindr'}, "Did you mean 'cinder'?"),
        ({'service': 'x'}, 'There are: keystone, cinder, glance.'),
        ({'method': 'PSOT'}, "Did you mean 'POST'?"),
        ({'method': 'post'}, "Did you mean 'POST'?"),
        ({'path': '('}, 'no regular expression'),
        ({'nth': 0}, 'counted from 1'),
        ({'count': 0}, 'counted from 1'),
        ({'microversion': '3'}, 'no microversion'),
        ({'body_key': 'volume..size'}, 'names no field'),
        ({'body_value': '1'}, 'needs the key'),
        ({'body_key': 'a', 'body_value': 'text'}, 'in double quotes'),
        ({'action': fault_rules.Answer(100)}, 'no final status 100'),
        ({'action': fault_rules.Answer(299)}, 'no final status 299'),
        ({'action': fault_rules.Answer(200, '{')}, 'no JSON value'),
        ({'action': fault_rules.Delay(0)}, 'is none'),
        ({'action': fault_rules.Change('', '1')}, 'names no field'),
        ({'action': fault_rules.Change('a', 'x')}, 'no JSON value'),
    )
    @ddt.unpack
    def test_wrong(self, changes: dict[str, object], sentence: str) -> None:
        error = self.assertRaises(
            exceptions.UsageError, lambda: a_rule(**changes)
        )
        self.assertIn(sentence, str(error))

    @ddt.data(
        (1, None, [True, True, True, True]),
        (1, 1, [True, False, False, False]),
        (2, 1, [False, True, False, False]),
        (2, 2, [False, True, True, False]),
        (3, None, [False, False, True, True]),
    )
    @ddt.unpack
    def test_due(self, nth: int, count: int, due: list[bool]) -> None:
        rule = a_rule(nth=nth, count=count)
        self.assertEqual(due, [rule.is_due(seen) for seen in range(1, 5)])

    @ddt.data((1, None, 4), (1, 1, 1), (2, 2, 2), (4, 2, 1), (5, None, 0))
    @ddt.unpack
    def test_acted(self, nth: int, count: int, acted: int) -> None:
        self.assertEqual(acted, a_rule(nth=nth, count=count).acted(4))


class RuleStoreTestCase(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        root = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.paths = state.Paths(root)
        self.paths.etc.mkdir()
        state.save(self.paths, test_state.a_record())
        self.rules = fault_rules.RuleStore(self.paths)

    def test_every_action_survives_the_disk(self) -> None:
        rules = [
            a_rule(action=action)
            for action in (
                fault_rules.Answer(202, '{}', True),
                fault_rules.Delay(0.5),
                fault_rules.Drop(after_effect=True),
                fault_rules.Garbage(),
                fault_rules.Truncate(),
                fault_rules.Change('volume.size', '1'),
            )
        ]
        for rule in rules:
            self.rules.add(rule)
        self.assertEqual(
            list(enumerate(rules, start=1)),
            [(each.number, each.rule) for each in self.rules.rules()],
        )

    def test_every_field_survives_the_disk(self) -> None:
        rule = a_rule(
            method='POST',
            path='/action$',
            body_key='os-extend.new_size',
            body_value='2',
            microversion='3.41',
            nth=2,
            count=1,
        )
        self.rules.add(rule)
        self.assertEqual(rule, self.rules.rules()[0].rule)

    def test_numbers_are_never_given_twice(self) -> None:
        self.rules.add(a_rule())
        self.rules.clear()
        self.assertEqual(2, self.rules.add(a_rule()))

    def test_clear_takes_the_named_ones(self) -> None:
        for _ in range(3):
            self.rules.add(a_rule())
        self.assertEqual((2,), self.rules.clear([2]))
        self.assertEqual([1, 3], [each.number for each in self.rules.rules()])

    def test_clear_of_an_unknown_one_takes_none(self) -> None:
        self.rules.add(a_rule())
        error = self.assertRaises(
            exceptions.UsageError, self.rules.clear, [1, 7]
        )
        self.assertIn('There is no rule 7. There are: 1.', str(error))
        self.assertEqual(1, len(self.rules.rules()))

    def test_file_is_secret(self) -> None:
        self.rules.add(a_rule(action=fault_rules.Answer(200, '"secret"')))
        mode = stat.S_IMODE(self.rules.path.stat().st_mode)
        self.assertEqual(0o600, mode)

    def test_damaged_file_is_one_sentence(self) -> None:
        self.rules.path.write_text('{"version": 1, "following": 1, "rul')
        error = self.assertRaises(exceptions.UsageError, self.rules.rules)
        self.assertIn(str(self.rules.path), str(error))

    def test_unknown_field_is_refused(self) -> None:
        self.rules.add(a_rule())
        text = self.rules.path.read_text()
        self.rules.path.write_text(text.replace('"nth"', '"nht"'))
        error = self.assertRaises(exceptions.UsageError, self.rules.rules)
        self.assertIn('rule.nht: ', str(error))
        self.assertNotIn('\n', str(error))

    def test_a_rule_that_may_not_be_is_a_damage_of_the_file(self) -> None:
        self.rules.add(a_rule())
        text = self.rules.path.read_text()
        self.rules.path.write_text(text.replace('"cinder"', '"cindr"'))
        error = self.assertRaises(exceptions.UsageError, self.rules.rules)
        self.assertIn(str(self.rules.path), str(error))
        self.assertIn("There is no service 'cindr'", str(error))

    def test_an_action_that_there_is_not_is_a_damage_of_the_file(self) -> None:
        self.rules.add(a_rule())
        text = self.rules.path.read_text()
        self.rules.path.write_text(text.replace('"drop"', '"explode"'))
        error = self.assertRaises(exceptions.UsageError, self.rules.rules)
        self.assertIn(str(self.rules.path), str(error))
        self.assertIn('explode', str(error))

    def test_no_sandbox(self) -> None:
        self.paths.record.unlink()
        for work in (self.rules.rules, self.rules.clear):
            error = self.assertRaises(exceptions.NotTestable, work)
            self.assertIn('There is no sandbox', str(error))

    def test_counts_survive_the_daemon(self) -> None:
        first = fault_rules.Counts(self.paths, 'cinder')
        first.add([1])
        first.add([1, 2])
        again = fault_rules.Counts(self.paths, 'cinder')
        self.assertEqual({1: 3, 2: 1}, again.add([1]))
        fault_rules.Counts(self.paths, 'glance').add([3])
        self.assertEqual({1: 3, 2: 1, 3: 1}, self.rules.seen())
