# SPDX-License-Identifier: Apache-2.0

"""The declaration of the backends, and backends of others."""

import configparser
import importlib
import pathlib

import fixtures
import testtools
from testtools import matchers

from extend_conformance import exceptions
from extend_conformance.sandbox import backends as sandbox_backends
from extend_conformance.sandbox import declared


class DeclarationTestCase(testtools.TestCase):
    def test_good_is_first(self) -> None:
        self.assertEqual('good', declared.STANDARD[0].name)

    def test_standard_set_has_the_eight(self) -> None:
        self.assertEqual(
            {
                'good',
                'slow-extend',
                'slow-attach',
                'refuses-driver',
                'refuses-capability',
                'device-stays',
                'loses-old-data',
                'damages-at-detach',
            },
            {one.name for one in declared.STANDARD},
        )

    def test_every_driver_exists(self) -> None:
        for one in declared.BACKENDS:
            module, _, name = one.volume_driver.rpartition('.')
            with self.subTest(one.name):
                self.assertTrue(hasattr(importlib.import_module(module), name))

    def test_simulated_are_those_with_declared_latencies(self) -> None:
        for one in declared.BACKENDS:
            has_latencies = any(
                name.endswith('_seconds') for name, _ in one.options
            )
            self.assertEqual(has_latencies, one.simulated, one.name)


class ByNamesTestCase(testtools.TestCase):
    def test_none_is_the_standard_set(self) -> None:
        self.assertEqual(declared.STANDARD, sandbox_backends.by_names([]))

    def test_order_is_that_asked_for(self) -> None:
        found = sandbox_backends.by_names(['device-stays', 'good'])
        self.assertEqual(['device-stays', 'good'], [one.name for one in found])

    def test_all_adds_the_rest_after_the_first(self) -> None:
        found = sandbox_backends.by_names(['device-stays', 'all'])
        self.assertEqual('device-stays', found[0].name)
        self.assertEqual(len(declared.BACKENDS), len(found))

    def test_unknown_names_the_nearest(self) -> None:
        error = self.assertRaises(
            exceptions.UsageError, sandbox_backends.by_names, ['device-stay']
        )
        self.assertIn("Did you mean 'device-stays'?", str(error))


class FromConfTestCase(testtools.TestCase):
    def write(self, text: str) -> pathlib.Path:
        root = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        path = root / 'mine.conf'
        path.write_text(text)
        return path

    def test_section_is_the_backend(self) -> None:
        found = sandbox_backends.from_conf(
            self.write('[mine]\nvolume_driver = a.B\nsan_ip = 100%\n')
        )
        self.assertEqual(
            declared.Backend(
                name='mine',
                volume_driver='a.B',
                options=(('san_ip', '100%'),),
            ),
            found,
        )

    def test_its_backend_name_reaches_the_type(self) -> None:
        found = sandbox_backends.from_conf(
            self.write(
                '[mine]\nvolume_driver = a.B\nvolume_backend_name = other\n'
            )
        )
        self.assertEqual('other', found.volume_backend_name)

    def test_it_has_no_promise(self) -> None:
        found = sandbox_backends.from_conf(
            self.write('[mine]\nvolume_driver=a.B\n')
        )
        self.assertEqual(
            (None, None, None), (found.matrix, found.expect, found.verdict)
        )

    def test_missing_file(self) -> None:
        error = self.assertRaises(
            exceptions.UsageError,
            sandbox_backends.from_conf,
            pathlib.Path('/nowhere.conf'),
        )
        self.assertIn('/nowhere.conf', str(error))

    def test_two_sections(self) -> None:
        path = self.write('[a]\nvolume_driver=x\n[b]\nvolume_driver=y\n')
        self.assertRaises(
            exceptions.UsageError, sandbox_backends.from_conf, path
        )

    def test_no_driver(self) -> None:
        path = self.write('[a]\nsan_ip=x\n')
        error = self.assertRaises(
            exceptions.UsageError, sandbox_backends.from_conf, path
        )
        self.assertIn('has no volume_driver', str(error))

    def test_added_to_the_standard_set(self) -> None:
        path = self.write('[mine]\nvolume_driver=a.B\n')
        found = sandbox_backends.select([], [path])
        self.assertEqual('mine', found[-1].name)
        self.assertEqual(declared.STANDARD, found[:-1])

    def test_name_of_ours_is_refused(self) -> None:
        path = self.write('[good]\nvolume_driver=a.B\n')
        self.assertRaises(
            exceptions.UsageError, sandbox_backends.select, [], [path]
        )

    def test_reserved_section_is_refused(self) -> None:
        path = self.write('[database]\nvolume_driver=a.B\n')
        error = self.assertRaises(
            exceptions.UsageError, sandbox_backends.from_conf, path
        )
        self.assertIn('database', str(error))


class MatrixTestCase(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.parser = configparser.ConfigParser()
        foreign = declared.Backend(name='mine', volume_driver='a.B')
        self.parser.read_string(
            sandbox_backends.support_matrix([*declared.STANDARD, foreign])
        )

    def test_row_of_each_of_ours_and_of_nobody_else(self) -> None:
        self.assertEqual(
            {f'driver.{one.matrix_key}' for one in declared.STANDARD},
            {name for name in self.parser.sections() if 'driver.' in name},
        )

    def test_values(self) -> None:
        row = self.parser['operation.online_extend_support']
        self.assertThat(
            dict(row),
            matchers.ContainsDict(
                {
                    'driver.sandbox_good': matchers.Equals('complete'),
                    'driver.sandbox_slow_attach': matchers.Equals('missing'),
                }
            ),
        )
