# SPDX-License-Identifier: Apache-2.0

"""JUnit XML: what counts is a failure, and the numbers add up."""

from xml.etree import ElementTree

import ddt
import testtools

from extend_conformance.report import judgement
from extend_conformance.report import junit
from extend_conformance.results import model
from extend_conformance.tests.unit.report import example


def _read(results):
    document = junit.junit(judgement.judge(results))
    return ElementTree.fromstring(document)  # noqa: S314 - our own


def _case(verdict, level='must', **changes):
    root = _read(
        model.Results(
            run=example.run(),
            checks=(
                model.CheckResult(
                    check=changes.pop('check', 'a'),
                    uuid='u',
                    scope='backend',
                    level=level,
                    verdict=verdict,
                    backend=changes.pop('backend', 'b'),
                    reason=changes.pop('reason', 'Because.'),
                    **changes,
                ),
            ),
        )
    )
    return root.find('testsuite/testcase')


@ddt.ddt
class CaseTest(testtools.TestCase):
    @ddt.data(
        ('pass', 'must', None),
        ('fail', 'must', 'failure'),
        ('fail', 'should', None),
        ('fail', 'info', None),
        ('abort', 'should', 'error'),
        ('missing', 'must', 'error'),
        ('skip', 'must', 'skipped'),
        ('not-applicable', 'must', 'skipped'),
        ('known', 'must', 'skipped'),
    )
    @ddt.unpack
    def test_kind(self, verdict, level, kind):
        case = _case(verdict, level)
        found = [child.tag for child in case if child.tag != 'system-out']
        self.assertEqual([] if kind is None else [kind], found)

    def test_data_failure_of_a_should(self):
        case = _case('fail', 'should', data_failure=True)
        self.assertIsNotNone(case.find('failure'))

    def test_cause(self):
        skipped = _case('skip', cause='no-host')[0]
        self.assertEqual('skip: no-host: Because.', skipped.get('message'))

    def test_damage_and_evidence(self):
        case = _case(
            'fail',
            damage=example.LOST,
            data_failure=True,
            evidence=(
                model.Event(
                    at_s=1.5, kind='status', summary='s', details={'a': 1}
                ),
            ),
        )
        self.assertIn('zeros at byte 314572800', case.find('failure').text)
        self.assertIn(
            '1.500 s status: s {"a": 1}', case.find('system-out').text
        )

    @ddt.data('\x00\x1b[31m', '\ud800', '<&">]]>', '\ufffe')
    def test_any_text(self, text):
        case = _case('fail', reason=text, check=text, backend=text)
        self.assertEqual(len(text), len(case.get('name')))


class DocumentTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.root = _read(example.results())

    def test_numbers_add_up(self):
        for parent in (self.root, *self.root):
            cases = parent.findall('.//testcase')
            wanted = {
                'tests': len(cases),
                'failures': len(parent.findall('.//failure')),
                'errors': len(parent.findall('.//error')),
                'skipped': len(parent.findall('.//skipped')),
            }
            found = {name: int(parent.get(name)) for name in wanted}
            self.assertEqual(wanted, found)
        self.assertEqual('73', self.root.get('tests'))

    def test_suites(self):
        self.assertEqual(
            ['extend_conformance.cloud']
            + [
                f'extend_conformance.backend.{facts[0]}'
                for facts in example.BACKENDS
            ],
            [suite.get('name') for suite in self.root],
        )

    def test_order_of_children(self):
        for suite in self.root:
            tags = [child.tag for child in suite]
            self.assertEqual('properties', tags[0])
            self.assertEqual({'testcase'}, set(tags[1:]))

    def test_verdict_is_a_property(self):
        suite = self.root[1]
        properties = {
            one.get('name'): one.get('value')
            for one in suite.iterfind('properties/property')
        }
        self.assertEqual('conforms', properties['verdict'])
        self.assertEqual(example.run().id, properties['run'])

    def test_nothing(self):
        root = _read(model.Results(run=example.run()))
        self.assertEqual(('0', 0), (root.get('tests'), len(root)))
