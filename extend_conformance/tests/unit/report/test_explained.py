# SPDX-License-Identifier: Apache-2.0

"""Pages become markup that can do nothing but be read."""

import dataclasses

import testtools

from extend_conformance.report import explained
from extend_conformance.results import model
from extend_conformance.tests.unit.report import example


def explain(matters, mend=''):
    page = model.Page(check='a', proves='It is.', matters=matters, mend=mend)
    run = dataclasses.replace(example.run(), pages=(page,))
    (found,) = explained.explain(model.Results(run=run), {'a'})
    return found


class ExplainedTest(testtools.TestCase):
    def test_paragraphs_lists_and_literals(self):
        found = explain('This is ``in-use``.\n\n* one\n* two')
        self.assertIn('<li><p>two</p></li>', found.matters)
        self.assertIn('in-use', found.matters)
        self.assertNotIn('``', found.matters)

    def test_references_of_sphinx_become_their_names(self):
        found = explain('See :doc:`the writer <image-known-size>`.')
        self.assertIn('<em>the writer</em>', found.matters)

    def test_nothing_in_it_is_markup_or_an_action(self):
        found = explain(
            '<script>x</script> `click <javascript:x>`_\n\n'
            '.. raw:: html\n\n   <b onclick="x">b</b>\n',
            mend='.. include:: /etc/passwd\n',
        )
        self.assertNotIn('<script', found.matters)
        self.assertNotIn('<b', found.matters)
        self.assertNotIn('href="javascript', found.matters)
        self.assertNotIn('root:', found.mend)

    def test_an_empty_page_is_empty(self):
        self.assertEqual('', explain('').matters)

    def test_only_the_checks_that_are_asked_for(self):
        page = model.Page(check='a', proves='It is.')
        run = dataclasses.replace(example.run(), pages=(page,))
        self.assertEqual((), explained.explain(model.Results(run=run), {'b'}))
