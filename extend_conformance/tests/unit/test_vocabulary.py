# SPDX-License-Identifier: Apache-2.0

"""The words of the vocabulary, and that nobody spells them once more."""

import ast
import collections.abc
import enum
import pathlib

import ddt
import jinja2
import testtools
from jinja2 import nodes

import extend_conformance
from extend_conformance import vocabulary

_PACKAGE = pathlib.Path(extend_conformance.__file__).parent

_WORDS = frozenset(
    str(word)
    for kind in vars(vocabulary).values()
    if isinstance(kind, type) and issubclass(kind, enum.StrEnum)
    for word in kind
)

#: Where the same letters are a word of somebody else.
_OTHER_WORDS = {
    # What is quoted of a pool, as the end of a sentence.
    ('claims/driver_identity.py', 'capability'),
    # What drivers and Cinder's API write for a truth, in any case.
    ('claims/driver_identity.py', 'true'),
    ('cloud/views.py', 'true'),
    # The name of an account.
    ('cli/sandbox_start.py', 'admin'),
    ('sandbox/keystone.py', 'admin'),
    ('sandbox/lifecycle.py', 'admin'),
    ('sandbox/tempest_conf.py', 'admin'),
    # Bodies of Cinder's API, and what it says of an attachment.
    ('cloud/answers.py', 'snapshot'),
    ('cloud/attachment.py', 'detached'),
    ('cloud/resources.py', 'host'),
    ('cloud/views.py', 'multiattach'),
    ('impl/target.py', 'detached'),
    # A property of os-brick's connector, and of a host of Cinder's drivers.
    ('cloud/host.py', 'host'),
    ('sandbox/drivers/loop.py', 'host'),
    # The name of a property.
    ('report/junit.py', 'cloud'),
    # Names of fields.
    ('results/merging.py', 'cloud'),
    ('results/merging.py', 'host'),
    ('sandbox/state.py', 'matrix'),
    # Cinder's names: of a capability, and of how a volume to manage is found.
    ('sandbox/drivers/loop.py', 'multiattach'),
    ('sandbox/drivers/loop.py', 'reference'),
    # Groups and options of tempest.
    ('sandbox/tempest_conf.py', 'clone'),
    ('sandbox/tempest_conf.py', 'image'),
    ('sandbox/tempest_conf.py', 'snapshot'),
    # Whose credentials they are.
    ('tests/tempest/base.py', 'admin'),
    # The name of a program.
    ('tests/tempest/configuration.py', 'tempest'),
    # A kind of evidence.
    ('vocabulary.py', 'capability'),
}

#: Methods of a dictionary that take a key.
_BY_KEY = ('get', 'pop', 'setdefault')

#: Filters of jinja2 that may hold something against words, and how many
#: arguments come before these.
_FILTERS = {'reject': 1, 'rejectattr': 2, 'select': 1, 'selectattr': 2}


def _looked_at(
    node: ast.AST,
) -> collections.abc.Sequence[ast.expr | None]:
    """What is compared, matched, or a key in a part of a program."""
    match node:
        case ast.Compare():
            return [node.left, *node.comparators]
        case ast.MatchValue():
            return [node.value]
        case ast.Dict():
            return node.keys
        case ast.Subscript():
            return [node.slice]
        case ast.Call(func=ast.Attribute(attr=name)) if name in _BY_KEY:
            return node.args[:1]
    return []


def _constants(
    found: collections.abc.Iterable[ast.expr | None],
) -> collections.abc.Iterator[object]:
    """Constants, also those in a tuple, a list or a set."""
    for node in found:
        match node:
            case ast.Constant():
                yield node.value
            case ast.Tuple() | ast.List() | ast.Set():
                yield from _constants(node.elts)


def _looked_at_in_template(
    node: nodes.Node,
) -> collections.abc.Sequence[nodes.Node]:
    """The same in a part of a template, and whatever is in a list."""
    match node:
        case nodes.Compare():
            return [node.expr, *(operand.expr for operand in node.ops)]
        case nodes.Test():
            return [node.node, *node.args]
        case nodes.Filter(name=name) if name in _FILTERS:
            return node.args[_FILTERS[name] :]
        case nodes.Pair():
            return [node.key]
        case nodes.Tuple() | nodes.List():
            return node.items
        case nodes.Getitem():
            return [node.arg]
        case nodes.Call(node=nodes.Getattr(attr=name)) if name in _BY_KEY:
            return node.args[:1]
    return []


def _spelled(text: str) -> set[str]:
    """The words that a program compares, matches or has as a key."""
    return {
        constant
        for node in ast.walk(ast.parse(text))
        for constant in _constants(_looked_at(node))
        if isinstance(constant, str) and constant in _WORDS
    }


def _spelled_in_template(text: str) -> set[str]:
    """The words that a template compares, or has as a key or in a list."""
    template = jinja2.Environment(autoescape=True).parse(text)
    return {
        part.value
        for node in template.find_all(nodes.Node)
        for part in _looked_at_in_template(node)
        if isinstance(part, nodes.Const) and part.value in _WORDS
    }


#: What looks at a file, by the end of its name.
_READERS = {'.j2': _spelled_in_template, '.py': _spelled}


def _product() -> collections.abc.Iterator[pathlib.Path]:
    """Modules and templates, but no tests of this project; relative paths."""
    for path in _PACKAGE.rglob('*'):
        relative = path.relative_to(_PACKAGE)
        if path.suffix in _READERS and relative.parts[:2] not in (
            ('tests', 'functional'),
            ('tests', 'unit'),
        ):
            yield relative


@ddt.ddt
class SpellingTest(testtools.TestCase):
    def test_only_the_vocabulary_spells_its_words(self):
        spelled = {
            (path.as_posix(), word)
            for path in _product()
            for word in _READERS[path.suffix](
                (_PACKAGE / path).read_text(encoding='utf-8')
            )
        }
        self.assertEqual(set(), spelled - _OTHER_WORDS, 'use the enum')
        self.assertEqual(set(), _OTHER_WORDS - spelled, 'not needed any more')

    @ddt.data(
        "x == 'fail'",
        "'fail' != x",
        "x in ('pass', 'fail')",
        "x in {'fail'}",
        "x not in ['fail']",
        "{'fail': 1}",
        "match x:\n    case 'fail' | 'other': pass",
        "match x:\n    case 'fail' if y: pass",
        "x['fail']",
        "x['fail', 1] = y",
        "x.get('fail')",
        "x.y.pop('fail', None)",
        "x().setdefault('fail', y)",
    )
    def test_a_word_is_found(self, text):
        self.assertIn('fail', _spelled(text))

    @ddt.data(
        "x = 'fail'",
        "print('fail')",
        "x == 'failed'",
        'x == Verdict.FAIL',
        '{**x, Verdict.FAIL: 1}',
        'x[Verdict.FAIL]',
        "x.get(y, 'fail')",
        "get('fail')",
    )
    def test_nothing_else_is_found(self, text):
        self.assertEqual(set(), _spelled(text))

    @ddt.data(
        "{% if x == 'fail' %}{% endif %}",
        "{{ 1 if 'fail' != x.y }}",
        "{% for x in y if x in ('pass', 'fail') %}{% endfor %}",
        "{% set x = ['fail'] %}",
        "{% macro m(x) %}{{ {'fail': 1}[x] }}{% endmacro %}",
        "{{ x is equalto 'fail' }}",
        "{{ x is in ('fail',) }}",
        "{{ x | select('equalto', 'fail') | list }}",
        "{{ x | rejectattr('y', 'equalto', 'fail') | list }}",
        "{{ x | selectattr('y', 'in', ('fail',)) | list }}",
        "{{ x['fail'] }}",
        "{{ x.get('fail') }}",
    )
    def test_a_word_is_found_in_a_template(self, text):
        self.assertIn('fail', _spelled_in_template(text))

    @ddt.data(
        'fail',
        "{{ x or 'fail' }}",
        "{{ x == 'failed' }}",
        "{{ x | selectattr('fail') | list }}",
        "{{ x | join('fail') }}",
        '{{ x == fail }}',
        '{{ x.fail }}',
    )
    def test_nothing_else_is_found_in_a_template(self, text):
        self.assertEqual(set(), _spelled_in_template(text))


@ddt.ddt
class CauseTest(testtools.TestCase):
    @ddt.data(*vocabulary.Need)
    def test_every_need_may_be_lacking(self, need):
        self.assertEqual(f'no-{need}', vocabulary.Cause.lacking(need))

    @ddt.data(
        *(
            outcome
            for outcome in vocabulary.Outcome
            if outcome is not vocabulary.Outcome.SUPPORTED
        )
    )
    def test_every_outcome_but_supported_may_be_in_the_way(self, outcome):
        self.assertEqual(
            f'outcome-{outcome}', vocabulary.Cause.of_outcome(outcome)
        )

    def test_an_answer_of_http(self):
        self.assertEqual('http-503', vocabulary.http_cause(503))


class OrderTest(testtools.TestCase):
    """Merging keeps what is declared first."""

    def test_the_worst_outcome_comes_first(self):
        classes = vocabulary.OutcomeClass
        self.assertEqual(
            [classes.BROKEN] * 5
            + [classes.REFUSED] * 2
            + [classes.SUPPORTED, classes.INCONCLUSIVE],
            [outcome.outcome_class for outcome in vocabulary.Outcome],
        )

    def test_what_was_tested_comes_before_what_was_not(self):
        verdicts = vocabulary.CheckVerdict
        self.assertEqual(
            [verdicts.FAIL, verdicts.KNOWN, verdicts.PASS],
            list(verdicts)[:3],
        )

    def test_each_profile_holds_more_than_the_one_before(self):
        self.assertEqual(
            ['quick', 'standard', 'certified'],
            [str(profile) for profile in vocabulary.Profile],
        )
