# SPDX-License-Identifier: Apache-2.0

"""Patches of the matrix, applied by git to the lines that they are for."""

import pathlib
import subprocess
import tempfile

import ddt
import testtools

from extend_conformance import vocabulary
from extend_conformance.claims import matrix
from extend_conformance.claims import matrix_ini
from extend_conformance.claims import matrix_patch

TEXT = """\
[driver.a]
title=A
[driver.b]
title=B

[operation.online_extend_support]
title=Extend an Attached Volume
driver.a = missing
driver.b=complete
"""


@ddt.ddt
class TestMatrixPatch(testtools.TestCase):
    """What is offered, and whether it can be used."""

    def setUp(self) -> None:
        super().setUp()
        self.newest = matrix.load_release('2026.2').matrix

    def test_complete_that_was_missing(self) -> None:
        patch = matrix_patch.matrix_patch(
            self.newest,
            self.newest.rows['fungible'],
            vocabulary.Outcome.SUPPORTED,
        )
        self.assertEqual(
            """\
--- a/doc/source/reference/support-matrix.ini
+++ b/doc/source/reference/support-matrix.ini
@@ -345,7 +345,7 @@ [operation.online_extend_support]
 driver.dell_emc_powerflex=complete
 driver.dell_emc_xtremio=complete
 driver.fujitsu_eternus=complete
-driver.fungible=missing
+driver.fungible=complete
 driver.hitachi_vsp=complete
 driver.hpe_3par=complete
 driver.hpe_alletramp=complete
""",
            patch,
        )

    @ddt.data(
        vocabulary.Outcome.REFUSED_SCHEDULER, vocabulary.Outcome.REFUSED_DRIVER
    )
    def test_refused_makes_it_missing(
        self, outcome: vocabulary.Outcome
    ) -> None:
        patch = matrix_patch.matrix_patch(
            self.newest, self.newest.rows['lvm'], outcome
        )
        self.assertIn(
            '\n-driver.lvm=complete\n+driver.lvm=missing\n', str(patch)
        )

    @ddt.data(
        ('lvm', vocabulary.Outcome.SUPPORTED),
        ('nfs', vocabulary.Outcome.REFUSED_DRIVER),
        ('lvm', vocabulary.Outcome.HANG),
        ('lvm', vocabulary.Outcome.DATA_DAMAGED),
        ('nfs', vocabulary.Outcome.INCONCLUSIVE),
    )
    @ddt.unpack
    def test_nothing_to_mend(
        self, key: str, outcome: vocabulary.Outcome
    ) -> None:
        self.assertIsNone(
            matrix_patch.matrix_patch(
                self.newest, self.newest.rows[key], outcome
            )
        )

    def test_row_without_a_line(self) -> None:
        row = matrix.Row('a', 'A', vocabulary.MatrixValue.MISSING)
        self.assertEqual(
            '-driver.a=missing\n+driver.a=complete\n',
            matrix_patch.matrix_patch(
                matrix.Matrix('m', 'm', {'a': row}),
                row,
                vocabulary.Outcome.SUPPORTED,
            ),
        )

    @ddt.data('datacore', 'fungible', 'zadara')
    def test_git_applies_it_to_a_published_matrix(self, key: str) -> None:
        lines = [''] * (max(self.newest.lines) + 10)
        for number, line in self.newest.lines.items():
            lines[number - 1] = line
        row = self.newest.rows[key]
        outcome = (
            vocabulary.Outcome.SUPPORTED
            if row.value is vocabulary.MatrixValue.MISSING
            else vocabulary.Outcome.REFUSED_DRIVER
        )
        before = '\n'.join(lines) + '\n'
        patch = matrix_patch.matrix_patch(self.newest, row, outcome)
        after = self._apply(self.newest.path, before, patch)
        changed = [
            (old, new)
            for old, new in zip(
                before.splitlines(), after.splitlines(), strict=True
            )
            if old != new
        ]
        self.assertEqual(1, len(changed))
        self.assertStartsWith(changed[0][0], f'driver.{key}=')

    @ddt.data('a', 'b')
    def test_git_applies_it_to_a_file_of_ones_own(self, key: str) -> None:
        own = matrix_ini.parse(TEXT, 'own.ini')
        row = own.rows[key]
        outcome = (
            vocabulary.Outcome.SUPPORTED
            if key == 'a'
            else vocabulary.Outcome.REFUSED_DRIVER
        )
        patch = matrix_patch.matrix_patch(own, row, outcome)
        after = matrix_ini.parse(self._apply('own.ini', TEXT, patch), 'x')
        self.assertIsNot(row.value, after.rows[key].value)
        self.assertIn('driver.a = ', self._apply('own.ini', TEXT, patch))

    @ddt.data(('b', 'a'), ('a', 'b'))
    def test_git_applies_the_patches_of_neighbours(
        self, keys: tuple[str, str]
    ) -> None:
        own = matrix_ini.parse(TEXT, 'own.ini')
        (patch,) = matrix_patch.joined(
            str(
                matrix_patch.matrix_patch(
                    own,
                    own.rows[key],
                    vocabulary.Outcome.SUPPORTED
                    if own.rows[key].value is vocabulary.MatrixValue.MISSING
                    else vocabulary.Outcome.REFUSED_DRIVER,
                )
            )
            for key in keys
        )
        after = matrix_ini.parse(self._apply('own.ini', TEXT, patch), 'x')
        for key in keys:
            self.assertIsNot(own.rows[key].value, after.rows[key].value)
        self.assertEqual(1, patch.count('@@ -'))

    def test_rows_far_apart_are_hunks_of_one_patch(self) -> None:
        (patch,) = matrix_patch.joined(
            str(
                matrix_patch.matrix_patch(
                    self.newest,
                    self.newest.rows[key],
                    vocabulary.Outcome.REFUSED_DRIVER
                    if self.newest.rows[key].value
                    is vocabulary.MatrixValue.COMPLETE
                    else vocabulary.Outcome.SUPPORTED,
                )
            )
            for key in ('zadara', 'datacore')
        )
        self.assertEqual(2, patch.count('@@ -'))
        self.assertLess(patch.index('datacore'), patch.index('zadara'))

    def test_patches_of_two_matrices_stay_two(self) -> None:
        patches = [
            str(
                matrix_patch.matrix_patch(
                    matrix_ini.parse(TEXT, name),
                    matrix_ini.parse(TEXT, name).rows['b'],
                    vocabulary.Outcome.REFUSED_DRIVER,
                )
            )
            for name in ('one.ini', 'two.ini')
        ]
        self.assertEqual(patches, matrix_patch.joined(patches))

    def test_what_names_no_matrix_stays_as_it_is(self) -> None:
        loose = '-driver.a=missing\n+driver.a=complete\n'
        self.assertEqual([loose], matrix_patch.joined([loose]))

    def assertStartsWith(self, text: str, start: str) -> None:
        self.assertTrue(text.startswith(start), text)

    def _apply(self, name: str, text: str, patch: str | None) -> str:
        self.assertIsNotNone(patch)
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            subprocess.run(
                ['git', 'apply', '-'],
                input=patch,
                text=True,
                cwd=directory,
                check=True,
            )
            return path.read_text()
