# SPDX-License-Identifier: Apache-2.0

"""The overview in a terminal and as reStructuredText."""

import dataclasses
import io

import ddt
import rich.console
import testtools

from extend_conformance.report import judgement
from extend_conformance.report import summary
from extend_conformance.results import model
from extend_conformance.tests.unit.report import example


def _shown(width, terminal=True, results=None):
    out = io.StringIO()
    summary.show(
        results or judgement.judge(example.results()),
        rich.console.Console(
            file=out,
            width=width,
            force_terminal=terminal,
            color_system='standard' if terminal else None,
        ),
    )
    return out.getvalue()


@ddt.ddt
class ShowTest(testtools.TestCase):
    @ddt.data(80, 120, 200)
    def test_words_are_whole(self, width):
        text = _shown(width, terminal=False)
        for facts in example.BACKENDS:
            self.assertIn(facts[0], text)
            self.assertIn(facts[6], text)
        for word in ('control-plane-only', 'refused-scheduler', '30.6 s'):
            self.assertIn(word, text)
        for line in text.splitlines():
            self.assertLessEqual(len(line), width)

    @ddt.data(80, 120)
    def test_no_times_no_columns_for_them(self, width):
        measured = judgement.judge(example.results())
        untimed = dataclasses.replace(measured, samples=())
        self.assertIn('detached', _shown(width, results=measured))
        self.assertNotIn('detached', _shown(width, results=untimed))
        self.assertIn('Detached', summary.rst(measured))
        self.assertNotIn('Detached', summary.rst(untimed))

    def test_plain_without_a_terminal(self):
        text = _shown(80, terminal=False)
        self.assertNotIn('\x1b', text)
        self.assertTrue(text.isascii())

    def test_colours_on_a_terminal(self):
        self.assertIn('\x1b[1;31mfails', _shown(120))

    def test_markup_in_names_is_text(self):
        results = model.Results(
            run=example.run(),
            backends=(
                model.Backend(volume_type='[red]x[/red]', simulated='[b]'),
            ),
        )
        self.assertIn(
            '[red]x[/red]', _shown(120, False, judgement.judge(results))
        )

    def test_nothing_must_be_got_from_a_real_cloud(self):
        results = example.results()
        judged = judgement.judge(
            dataclasses.replace(
                results,
                backends=tuple(
                    dataclasses.replace(backend, must_get=None)
                    for backend in results.backends
                ),
            )
        )
        for width in (80, 120):
            self.assertNotIn('must get', _shown(width, False, judged))


class RstTest(testtools.TestCase):
    def test_table(self):
        text = summary.rst(judgement.judge(example.results()))
        lines = text.splitlines()
        borders = [line for line in lines if line.startswith('+')]
        self.assertEqual(2 + len(example.BACKENDS), len(borders))
        self.assertEqual(1, len({len(line) for line in borders}))
        self.assertEqual(
            [
                '',
                'good',
                'supported (matrix)',
                'supported',
                'conforms',
                'conforms',
                '13.7 s',
                '15.7 s',
                '',
            ],
            [
                cell.strip()
                for line in lines
                if line.startswith('| good ')
                for cell in line.split('|')
            ],
        )

    def test_title_is_underlined(self):
        title, line = summary.rst(
            judgement.judge(example.results())
        ).splitlines()[:2]
        self.assertEqual('=' * len(title), line)

    def test_markup_in_names_is_escaped(self):
        results = model.Results(
            run=example.run(),
            backends=(model.Backend(volume_type='a|b `c`_ *d*'),),
        )
        self.assertIn(
            r'a\|b \`c\`\_ \*d\*', summary.rst(judgement.judge(results))
        )
