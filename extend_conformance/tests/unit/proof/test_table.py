# SPDX-License-Identifier: Apache-2.0

"""The table of the proof covers every check and every defect there is."""

import ddt
import testtools

from extend_conformance import vocabulary
from extend_conformance.checks import registry
from extend_conformance.claims import verdict
from extend_conformance.sandbox import declared
from extend_conformance.tests.proof import proving
from extend_conformance.tests.proof import table

CHECKS = {check.id: check for check in registry.catalogue()}
BACKENDS = {backend.name: backend for backend in declared.BACKENDS}


@ddt.ddt
class RowTestCase(testtools.TestCase):
    @ddt.data(*((row.name, row) for row in table.ROWS))
    @ddt.unpack
    def test_row(self, name: str, row: table.Row) -> None:
        self.assertIn(row.backend, BACKENDS)
        self.assertEqual(set(), row.checks - set(CHECKS), 'unknown checks')
        self.assertEqual(row not in table.UNUSUAL, bool(row.must_fail))
        self.assertGreaterEqual(len(row.must_pass), 3)
        self.assertEqual(
            len(row.must_fail) + len(row.may_fail) + len(row.must_pass),
            len(row.checks),
            'a check is in two columns',
        )

    @ddt.data(*((row.name, row) for row in table.ROWS if row.rules))
    @ddt.unpack
    def test_rules_have_a_name_of_their_own(
        self, name: str, row: table.Row
    ) -> None:
        self.assertNotIn(name, BACKENDS)

    @ddt.data(*table.GOOD, *(row.name for row in table.UNUSUAL))
    def test_good_backend_keeps_its_promise(self, name: str) -> None:
        wanted = BACKENDS[name].verdict
        assert wanted is not None
        self.assertEqual(
            0, verdict.exit_code_of(vocabulary.BackendVerdict(wanted))
        )


class TableTestCase(testtools.TestCase):
    def test_names_are_unique(self) -> None:
        names = [row.name for row in table.ROWS]
        self.assertEqual(sorted(set(names)), sorted(names))

    def test_every_must_and_should_is_caught_somewhere(self) -> None:
        caught = {check for row in table.ROWS for check in row.must_fail}
        weighty = {
            check.id
            for check in CHECKS.values()
            if check.level is not vocabulary.Level.INFO
        }
        self.assertEqual(set(), weighty - caught)

    def test_every_defect_has_a_row_or_is_none(self) -> None:
        bad = {name for name, one in BACKENDS.items() if one.defect}
        tried = {row.name for row in table.ROWS} | set(table.GOOD)
        self.assertEqual(set(), bad - tried)

    def test_part_names_rows(self) -> None:
        self.assertEqual(set(), table.PART - {row.name for row in table.ROWS})

    def test_good_backend_is_tried_with_the_whole_profile(self) -> None:
        task = proving.of_good('good')
        self.assertEqual(
            {proving.Wanted.NO_FAILURE}, set(task.wanted.values())
        )
        self.assertIn('host-grows-in-place', task.wanted)

    def test_row_of_a_good_backend_goes_before(self) -> None:
        task = proving.of_good('slow-attach')
        self.assertIs(proving.Wanted.FAIL, task.wanted['claim-matrix'])


@ddt.ddt
class WantedTestCase(testtools.TestCase):
    @ddt.data(
        ('FAIL', 'fail'),
        ('PASS', 'pass'),
        ('ANY', 'pass fail not-applicable'),
        ('NO_FAILURE', 'pass not-applicable'),
    )
    @ddt.unpack
    def test_accepts(self, name: str, accepted: str) -> None:
        wanted = proving.Wanted[name]
        self.assertEqual(
            set(accepted.split()),
            {got for got in vocabulary.CheckVerdict if wanted.accepts(got)},
        )
