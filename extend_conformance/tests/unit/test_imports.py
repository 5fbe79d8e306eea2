# SPDX-License-Identifier: Apache-2.0

"""A module has the same name wherever it is imported."""

import ast
import collections
import pathlib

import testtools

import extend_conformance

_PACKAGE = pathlib.Path(extend_conformance.__file__).parent


def _names_of_modules():
    """Every name under which each module is imported, ours and others'."""
    names = collections.defaultdict(set)
    for path in _PACKAGE.rglob('*.py'):
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            if isinstance(node, ast.ImportFrom):
                begin = f'{node.module}.'
            elif isinstance(node, ast.Import):
                begin = ''
            else:
                continue
            for alias in node.names:
                names[begin + alias.name].add(alias.asname or alias.name)
    return names


class ImportsTest(testtools.TestCase):
    def test_a_module_is_imported_under_one_name(self):
        names = _names_of_modules()
        self.assertIn('extend_conformance.exceptions', names)
        self.assertIn('keystoneauth1.session', names)
        self.assertIn('uuid', names)
        self.assertEqual(
            {},
            {
                module: sorted(several)
                for module, several in names.items()
                if len(several) > 1
            },
        )
