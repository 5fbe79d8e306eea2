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
