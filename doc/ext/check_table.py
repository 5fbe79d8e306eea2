# SPDX-License-Identifier: Apache-2.0

"""The directive ``check-table``: the catalogue, from the registry."""

import typing as ty

from docutils import nodes
from sphinx import application
from sphinx.util import docutils

from extend_conformance import vocabulary
from extend_conformance.checks import registry

_APPLIES: ty.Final = {
    vocabulary.Applies.ALWAYS: 'always',
    vocabulary.Applies.WHERE_SUPPORTED: 'where supported',
    vocabulary.Applies.WHERE_REFUSED: 'where refused',
}


class CheckTable(docutils.SphinxDirective):
    """A row a check, in the order in which they run."""

    def run(self) -> list[nodes.Node]:
        """Make the table."""
        lines = ['.. list-table::', '   :header-rows: 1', '']
        rows = [('Check', 'Level', 'Scope', 'Applies', 'Needs', 'Profile')]
        for check in registry.catalogue():
            rows.append(
                (
                    f':doc:`{check.id}`',
                    check.level,
                    check.scope,
                    _APPLIES[check.applies],
                    ', '.join(sorted(check.needs)) or '\\-',
                    check.profile,
                )
            )
        for row in rows:
            lines.append(f'   * - {row[0]}')
            lines.extend(f'     - {cell}' for cell in row[1:])
        table: list[nodes.Node] = self.parse_text_to_nodes('\n'.join(lines))
        return table


def setup(app: application.Sphinx) -> dict[str, bool]:
    """Tell Sphinx of the directive."""
    app.add_directive('check-table', CheckTable)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
