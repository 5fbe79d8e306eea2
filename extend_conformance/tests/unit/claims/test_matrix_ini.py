# SPDX-License-Identifier: Apache-2.0

"""The reader of upstream's INI form, on good files and on bad ones."""

import pathlib
import tempfile

import ddt
import testtools

from extend_conformance import exceptions
from extend_conformance.claims import matrix_ini

GOOD = """\
[driver.sandbox_good]
title=Good backend (loop)

[driver.sandbox_refuses]
title="Refuses"

[driver.silent]
title=Without a claim

[operation.online_extend_support]
title=Extend an Attached Volume
status=optional
notes=Some notes
driver.sandbox_good=complete
driver.sandbox_refuses = missing
driver-notes.sandbox_refuses=Only on Sundays

[operation.qos]
title=QoS
driver.sandbox_good=whatever
"""


class _WithFile(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = pathlib.Path(directory.name) / 'support-matrix.ini'

    def _error(self, text: str) -> str:
        self.path.write_text(text)
        error = self.assertRaises(
            exceptions.UsageError, matrix_ini.load_ini, self.path
        )
        return str(error)


class TestLoad(_WithFile):
    """What is read of a good file."""

    def setUp(self) -> None:
        super().setUp()
        self.path.write_text(GOOD)
        self.matrix = matrix_ini.load_ini(self.path)

    def test_values(self) -> None:
        self.assertEqual(
            {'sandbox_good': 'complete', 'sandbox_refuses': 'missing'},
            {key: str(row.value) for key, row in self.matrix.rows.items()},
        )

    def test_title_and_note(self) -> None:
        row = self.matrix.rows['sandbox_refuses']
        self.assertEqual(('Refuses', 'Only on Sundays'), (row.title, row.note))

    def test_name_is_the_path(self) -> None:
        self.assertEqual(str(self.path), self.matrix.name)

    def test_a_patch_names_the_file_alone(self) -> None:
        self.assertEqual('support-matrix.ini', self.matrix.path)

    def test_line_is_that_of_this_operation(self) -> None:
        row = self.matrix.rows['sandbox_good']
        self.assertEqual(14, row.line)
        self.assertEqual('driver.sandbox_good=complete', self.matrix.lines[14])

    def test_line_after_another_operation(self) -> None:
        text = '[operation.a]\ndriver.sandbox_good=partial\n' + GOOD
        parsed = matrix_ini.parse(text, 'x')
        self.assertEqual(16, parsed.rows['sandbox_good'].line)

    def test_claim_by_default_has_no_line(self) -> None:
        text = '[DEFAULT]\ndriver.silent=unknown\n' + GOOD
        row = matrix_ini.parse(text, 'x').rows['silent']
        self.assertEqual(('unknown', None), (str(row.value), row.line))

    def test_lines_around_the_claims(self) -> None:
        self.assertEqual(list(range(11, 19)), sorted(self.matrix.lines))

    def test_note_with_a_percent_sign_is_interpolated(self) -> None:
        self.path.write_text(GOOD.replace('Only on', '100%% on'))
        row = matrix_ini.load_ini(self.path).rows['sandbox_refuses']
        self.assertEqual('100% on Sundays', row.note)


@ddt.ddt
class TestBadFile(_WithFile):
    """What is said of a bad file."""

    def test_absent(self) -> None:
        error = self.assertRaises(
            exceptions.UsageError, matrix_ini.load_ini, self.path
        )
        self.assertIn(str(self.path), str(error))

    def test_not_text(self) -> None:
        self.path.write_bytes(b'\xff\xfe\x00')
        error = self.assertRaises(
            exceptions.UsageError, matrix_ini.load_ini, self.path
        )
        self.assertIn('cannot be read', str(error))

    def test_exit_code(self) -> None:
        self.assertEqual(
            exceptions.ExitCode.USAGE, exceptions.UsageError.exit_code
        )

    @ddt.data(
        ('', 'has no section [operation.online_extend_support]'),
        ('key=value\n', 'line 1: is not well formed'),
        ('[a]\nb=1\nnonsense\n', 'line 3: is not well formed'),
        ('[a]\nb=1\nb=2\n', 'line 3: is not well formed'),
        ('[a]\n[a]\n', 'line 2: is not well formed'),
        (
            GOOD.replace('good=complete', 'good=Complete'),
            'line 14: option driver.sandbox_good of '
            '[operation.online_extend_support] is "Complete", which must be '
            'one of complete, missing, partial, unknown; the nearest is '
            '"complete"',
        ),
        (
            GOOD.replace('[driver.sandbox_good]', '[driver.sandbox_god]'),
            'line 14: option driver.sandbox_good of '
            '[operation.online_extend_support] has no section '
            '[driver.sandbox_good]; the nearest is [driver.sandbox_god]',
        ),
        (GOOD.replace('title="Refuses"\n', ''), "No option 'title'"),
        (GOOD.replace('Only on', '100% on'), 'is not well formed'),
    )
    @ddt.unpack
    def test_content(self, text: str, expected: str) -> None:
        self.assertIn(expected, self._error(text))
