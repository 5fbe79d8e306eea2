# SPDX-License-Identifier: Apache-2.0

"""Facts of the host."""

import importlib.metadata
import platform

import fixtures
import testtools

from extend_conformance.results import environment


class HostFactsTest(testtools.TestCase):
    def test_facts_of_this_machine(self):
        facts = environment.host_facts()
        self.assertEqual(platform.node(), facts['hostname'])
        self.assertEqual(platform.release(), facts['kernel'])
        self.assertEqual(platform.python_version(), facts['python'])
        self.assertEqual(
            importlib.metadata.version('os-brick'), facts['os-brick']
        )

    def test_all_are_text(self):
        for name, value in environment.host_facts().items():
            self.assertIsInstance(value, str, name)
            self.assertNotEqual('', value, name)

    def test_absent_program_is_left_out(self):
        self.useFixture(
            fixtures.MonkeyPatch(
                f'{environment.__name__}.PROGRAMS',
                ('os-brick', 'not-there-at-all'),
            )
        )
        facts = environment.host_facts()
        self.assertIn('os-brick', facts)
        self.assertNotIn('not-there-at-all', facts)
