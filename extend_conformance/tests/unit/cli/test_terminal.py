# SPDX-License-Identifier: Apache-2.0

"""Names are data: a terminal shows them as they are."""

import io

import ddt
import rich.console
import rich.status
import testtools

from extend_conformance.cli import terminal


@ddt.ddt
class TerminalTest(testtools.TestCase):
    @ddt.data('nvme[/data]', 'fast[bold]', ':fire:', 'a[/]b')
    def test_a_name_is_printed_as_it_is(self, name):
        stream = io.StringIO()
        terminal.out(stream).print(f'1/2 {name}: pass')
        self.assertEqual(f'1/2 {name}: pass\n', stream.getvalue())

    @ddt.data('nvme[/data]', 'fast[bold]', 'a[/]b')
    def test_a_bar_takes_any_name(self, name):
        console = rich.console.Console(file=io.StringIO(), force_terminal=True)
        with terminal.counted(console) as bar:
            bar.add_task(f'check of {name}', total=2)
        self.assertIn(f'check of {name}', console.file.getvalue())

    @ddt.data('nvme[/data]', 'fast[bold]', 'a[/]b')
    def test_a_spinner_takes_any_name(self, name):
        console = rich.console.Console(
            file=io.StringIO(), force_terminal=True, color_system=None
        )
        status = rich.status.Status(terminal.status(name), console=console)
        console.print(status.renderable)
        self.assertIn(name, console.file.getvalue())
