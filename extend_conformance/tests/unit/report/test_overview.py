# SPDX-License-Identifier: Apache-2.0

"""The overview's words."""

import dataclasses

import testtools

from extend_conformance.report import judgement
from extend_conformance.report import overview
from extend_conformance.results import model
from extend_conformance.tests.unit.report import example


class OverviewTest(testtools.TestCase):
    def test_headline(self):
        self.assertEqual(
            '8 backends: 2 conform, 1 refuses honestly, 1 is better than '
            "claimed, 1 contradicts its claim, 3 fail. The cloud's own API "
            'conforms.',
            overview.headline(judgement.judge(example.results())),
        )

    def test_headline_of_nothing(self):
        results = judgement.judge(model.Results(run=example.run()))
        self.assertEqual('No backend.', overview.headline(results))

    def test_lines(self):
        lines = overview.lines(judgement.judge(example.results()))
        found = [
            (line.promised, line.promised_by, line.measured, line.verdict)
            for line in lines
        ]
        self.assertEqual(
            ('supported', 'matrix', 'supported', 'conforms'), found[0]
        )
        self.assertEqual(
            ('supported', 'matrix', 'data-damaged', 'fails'), found[-1]
        )
        self.assertEqual(
            ['13.7 s', '18.8 s', '18.7 s', '', '', '', '', ''],
            [overview.time(line.attached) for line in lines],
        )

    def test_declared(self):
        judged = judgement.judge(example.results())
        self.assertEqual(
            'Every backend got the verdict that it must get.',
            overview.declared(judged),
        )
        first = dataclasses.replace(judged.backends[0], must_get='fails')
        self.assertEqual(
            'Not the verdict that it must get: good (conforms, must get '
            'fails).',
            overview.declared(
                dataclasses.replace(
                    judged, backends=(first, *judged.backends[1:])
                )
            ),
        )

    def test_nothing_declared(self):
        backends = (model.Backend(volume_type='b'),)
        results = model.Results(run=example.run(), backends=backends)
        self.assertEqual('', overview.declared(results))

    def test_note_of_times(self):
        self.assertEqual(
            'Times: creation of an image volume of 3.25 GiB, size unknown in '
            'advance; n = 1, not a benchmark.',
            overview.times_note(judgement.judge(example.results())),
        )

    def test_failed_time(self):
        sample = dataclasses.replace(example.sample(), error='no room')
        results = model.Results(
            run=example.run(),
            backends=(model.Backend(volume_type='good'),),
            samples=(sample,),
        )
        (line,) = overview.lines(results)
        self.assertEqual('failed', overview.time(line.attached))

    def test_corrections_are_the_right_lines(self):
        self.assertEqual(
            (
                'The support matrix is wrong about slow-attach. The right '
                'line is: driver.sandbox_slow_attach=complete',
            ),
            overview.corrections(example.results()),
        )

    def test_a_patch_is_known_by_its_added_line(self):
        backend = model.Backend(
            volume_type='b',
            matrix_patch='--- a/m\n+++ b/m\n@@ -1,3 +1,3 @@\n driver.a=no\n'
            '-driver.b=missing\n+driver.b=complete\n driver.c=no\n',
        )
        results = model.Results(run=example.run(), backends=(backend,))
        (sentence,) = overview.corrections(results)
        self.assertTrue(sentence.endswith(' is: driver.b=complete'))

    def test_the_host_is_named(self):
        self.assertIn('storage-test-01', overview.host(example.results()))
        nameless = model.Results(run=example.run(host={}))
        self.assertEqual('', overview.host(nameless))


class UntestedTest(testtools.TestCase):
    def untested(self, not_planned=(), checks=()):
        return overview.untested(
            model.Results(
                run=example.run(
                    not_planned=tuple(
                        model.NotPlanned(check=check, cause=cause)
                        for check, cause in not_planned
                    )
                ),
                checks=tuple(
                    model.CheckResult(
                        check=check,
                        uuid='u',
                        scope='backend',
                        level='must',
                        verdict=verdict,
                        backend=backend,
                        cause=cause,
                    )
                    for check, backend, verdict, cause in checks
                ),
            )
        )

    def test_what_was_not_planned_for_want_of_an_administrator(self):
        self.assertEqual(
            ('Not tested without an administrator: a, b.',),
            self.untested([('a', 'no-admin'), ('b', 'no-admin')]),
        )

    def test_what_was_skipped_for_want_of_a_host_counts_once(self):
        self.assertEqual(
            ('Not tested without a host that attaches: a.',),
            self.untested(
                checks=[
                    ('a', 'x', 'skip', 'no-host'),
                    ('a', 'y', 'skip', 'no-host'),
                    ('b', 'y', 'pass', None),
                ]
            ),
        )

    def test_a_long_list_is_cut(self):
        (sentence,) = self.untested([(c, 'no-admin') for c in 'abcdefghij'])
        self.assertEqual(
            'Not tested without an administrator: a, b, c, d, e and 5 more.',
            sentence,
        )

    def test_other_causes_are_not_a_lack_of_anything(self):
        self.assertEqual(
            (), self.untested(checks=[('a', 'x', 'abort', 'http-500')])
        )
