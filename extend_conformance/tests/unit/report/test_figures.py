# SPDX-License-Identifier: Apache-2.0

"""Which figures there are, and their files."""

import importlib
import inspect
import pathlib
import pkgutil
from xml.etree import ElementTree

import fixtures
import matplotlib as mpl
import testtools

from extend_conformance import report
from extend_conformance.report import drawing
from extend_conformance.report import figures
from extend_conformance.report import judgement
from extend_conformance.results import model
from extend_conformance.tests.unit.report import example


def functions_that_draw():
    modules = [
        importlib.import_module(f'{report.__name__}.{found.name}')
        for found in pkgutil.iter_modules(report.__path__)
    ]
    return {
        function
        for module in modules
        for _, function in inspect.getmembers(module, inspect.isfunction)
        if inspect.signature(function).return_annotation
        == drawing.Drawing | None
    }


class DrawTest(testtools.TestCase):
    def test_every_function_that_draws_is_a_figure(self):
        self.assertEqual(functions_that_draw(), set(figures.FIGURES))

    def test_each_figure_of_the_example_has_its_own_name(self):
        drawn = figures.draw(judgement.judge(example.results()))
        names = {one.name for one in drawn}
        self.assertEqual(len(figures.FIGURES), len(names))

    def test_nothing_to_show_is_not_drawn(self):
        self.assertEqual((), figures.draw(model.Results(run=example.run())))

    def test_settings_of_matplotlib_stay_as_they_were(self):
        before = dict(mpl.rcParams)
        figures.draw(judgement.judge(example.results()))
        self.assertEqual(before, dict(mpl.rcParams))


class FileTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.path = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        results = model.Results(
            run=example.run(),
            samples=(example.sample('$x_1$ --><script>alert(1)</script>'),),
        )
        self.drawn = figures.draw(results)[0]

    def test_svg_and_png(self):
        document = drawing.svg(self.drawn)
        vector, picture = drawing.save(
            self.drawn, document, self.path / 'figures'
        )
        ElementTree.fromstring(vector.read_text())  # noqa: S314 - our own
        self.assertEqual(b'\x89PNG', picture.read_bytes()[:4])

    def test_names_are_not_markup(self):
        document = drawing.svg(self.drawn)
        self.assertNotIn('<script', document)
        self.assertNotIn('<text', document)

    def test_same_results_same_file(self):
        again = figures.draw(
            model.Results(
                run=example.run(),
                samples=(
                    example.sample('$x_1$ --><script>alert(1)</script>'),
                ),
            )
        )[0]
        self.assertEqual(drawing.svg(self.drawn), drawing.svg(again))
