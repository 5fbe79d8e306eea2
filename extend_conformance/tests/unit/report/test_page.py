# SPDX-License-Identifier: Apache-2.0

"""The page: whole, escaped, without a network, every link with a target."""

import dataclasses
import html.parser
import re

import testtools

from extend_conformance.report import drawing
from extend_conformance.report import figures
from extend_conformance.report import judgement
from extend_conformance.report import page
from extend_conformance.results import model
from extend_conformance.tests.unit.report import example

EVIL = '"\'><script>alert(1)</script><img src=x onerror=alert(1)>&amp;{{ 7 }}'

_VOID = {'meta', 'link', 'img', 'br', 'hr', 'input', 'use'}


class _Reader(html.parser.HTMLParser):
    """Notes ids, links and tags, and that tags are closed in order."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.ids = []
        self.links = []
        self.tags = set()
        self.attributes = []
        self.open = []
        self.text = []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        attributes = dict(attrs)
        self.attributes += attrs
        if 'id' in attributes:
            self.ids.append(attributes['id'])
        for name in ('href', 'xlink:href', 'src'):
            if name in attributes:
                self.links.append(attributes[name])
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        last = self.open.pop()
        if last != tag:
            raise AssertionError(f'</{tag}> closes <{last}>')

    def handle_data(self, data):
        self.text.append(data)


def _page(results):
    judged = judgement.judge(results)
    drawn = {one: drawing.svg(one) for one in figures.draw(judged)}
    text = page.page(judged, drawn)
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return text, reader


def _words(reader):
    return ' '.join(' '.join(reader.text).split())


class PageTest(testtools.TestCase):
    text: str
    reader: _Reader

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.text, cls.reader = _page(example.results())

    def test_tags_are_closed(self):
        self.assertEqual([], self.reader.open)

    def test_ids_are_unique(self):
        ids = self.reader.ids
        self.assertEqual(len(ids), len(set(ids)))

    def test_every_link_has_its_target_in_the_page(self):
        inside = {link[1:] for link in self.reader.links if link[:1] == '#'}
        self.assertEqual(set(), inside - set(self.reader.ids))
        self.assertIn('r1', inside)

    def test_no_network_and_no_script(self):
        outside = [link for link in self.reader.links if link[:1] != '#']
        self.assertEqual(['data:,'], outside)
        self.assertNotIn('script', self.reader.tags)
        self.assertEqual([], re.findall(r'@import|url\((?!#)', self.text))

    def test_every_reference_inside_figures_has_its_target(self):
        used = set(re.findall(r'url\(#([^)]*)\)', self.text))
        self.assertEqual(set(), used - set(self.reader.ids))

    def test_verdicts_and_reasons(self):
        words = _words(self.reader)
        for backend in judgement.judge(example.results()).backends:
            self.assertIn(backend.verdict_reason, words)

    def test_failures_are_told_as_sentences(self):
        words = _words(self.reader)
        for check in example.results().checks:
            if check.verdict == 'fail':
                self.assertIn(check.reason, words)

    def test_patch_host_warnings_and_what_was_left_out(self):
        words = _words(self.reader)
        for wanted in (
            'driver.sandbox_slow_attach=complete',
            'storage-test-01',
            'lock_path /var/lock/brick is not writable',
            'image-through-glance: no-image',
            "Nova's compute hosts were not looked at",
            'simulated: extend takes 2 s',
            'n = 1, not a benchmark',
        ):
            self.assertIn(wanted, words)

    def test_nothing_is_told_as_none(self):
        self.assertNotRegex(_words(self.reader), r'\bNone\b')

    def test_first_extend(self):
        words = _words(self.reader)
        self.assertIn('before 1 GiB, wanted 2 GiB, after 1 GiB', words)
        self.assertIn('os-brick returned nothing', words)

    def test_evidence_and_damage(self):
        words = _words(self.reader)
        self.assertIn('POST os-extend to 2 GiB: 202', words)
        self.assertIn('req-5c9e2d1e-77a1-4a05-9bb7-3c1c1e0a6f10', words)
        self.assertIn('24576 blocks written after the extend', words)
        self.assertIn('1 GiB, the old end', words)

    def test_figures_are_described(self):
        labels = [
            value
            for name, value in self.reader.attributes
            if name == 'aria-label' and value.startswith('Creation time')
        ]
        self.assertTrue(
            any('good attached, 3.25 GiB' in label for label in labels)
        )


class EvilTest(testtools.TestCase):
    def test_names_are_text_wherever_they_stand(self):
        results = example.results()
        event = model.Event(
            at_s=0, kind='step', summary=EVIL, details={EVIL: [EVIL]}
        )
        backend = dataclasses.replace(
            results.backends[6],
            volume_type=EVIL,
            simulated=EVIL,
            vendor=EVIL,
            matrix_patch=EVIL,
            truths=model.Truths(
                matrix_key=EVIL, matrix_value='complete', capability=EVIL
            ),
        )
        noise = model.Damage(
            offset_bytes=0, length_bytes=1, kind='noise', detail=EVIL
        )
        checks = tuple(
            model.CheckResult(
                check=f'{EVIL}{verdict}',
                uuid=EVIL,
                scope='backend',
                level='must',
                verdict=verdict,
                backend=EVIL,
                reason=EVIL,
                cause='no-host',
                damage=damage,
                data_failure=bool(damage),
                evidence=(event,),
            )
            for verdict, damage in (
                ('pass', ()),
                ('fail', (noise,)),
                ('skip', ()),
                ('known', (noise,)),
                ('abort', ()),
            )
        )
        run = example.run(
            id=EVIL,
            cloud=EVIL,
            host={EVIL: EVIL},
            warnings=(EVIL,),
            not_planned=(model.NotPlanned(check=EVIL, cause='no-host'),),
        )
        text, reader = _page(
            model.Results(
                run=run,
                backends=(backend,),
                checks=checks,
                samples=(example.sample(EVIL),),
            )
        )
        self.assertEqual([], reader.open)
        self.assertNotIn('script', reader.tags)
        self.assertNotIn('img', reader.tags)
        self.assertNotIn('onerror', dict(reader.attributes))
        self.assertIn('{{ 7 }}', _words(reader))
        self.assertNotIn('<script', text)


class BareTest(testtools.TestCase):
    def test_nothing_but_a_run(self):
        _, reader = _page(model.Results(run=example.run()))
        self.assertIn('No backend.', _words(reader))
        self.assertEqual([], reader.open)

    def test_measurement_without_facts(self):
        measurement = model.Measurement(
            outcome='inconclusive', explanation='Quota was exceeded.'
        )
        _, reader = _page(
            model.Results(
                run=example.run(release=None, finished_at=None),
                backends=(
                    model.Backend(volume_type='b', measurement=measurement),
                ),
            )
        )
        words = _words(reader)
        self.assertIn('never made', words)
        self.assertIn('did not finish', words)
        self.assertNotRegex(words, r'\bNone\b')

    def test_backend_of_which_nothing_is_known(self):
        _, reader = _page(
            model.Results(
                run=example.run(), backends=(model.Backend(volume_type='b'),)
            )
        )
        self.assertIn('not judged', _words(reader))
