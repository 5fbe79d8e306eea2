# SPDX-License-Identifier: Apache-2.0

"""What the pages of failed checks say, as markup for the HTML page.

The text comes with the results, in reStructuredText. Nothing in it can do
more than be read: no raw markup, no files, and no addresses but those of the
web.
"""

import collections.abc
import dataclasses
import re
import typing as ty

import markupsafe
from docutils import core
from docutils import nodes
from docutils.parsers.rst import roles

from extend_conformance.results import model

_SETTINGS = {
    '_disable_config': True,
    'doctitle_xform': False,
    'file_insertion_enabled': False,
    'halt_level': 5,
    'raw_enabled': False,
    'report_level': 5,
    'syntax_highlight': 'none',
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Explanation:
    """A check, explained for whoever it failed for.

    :param anchor: its id in the page.
    """

    anchor: str
    check: str
    proves: str
    matters: markupsafe.Markup
    mend: markupsafe.Markup


def explain(
    results: model.Results, checks: collections.abc.Container[str]
) -> tuple[Explanation, ...]:
    """The pages of some checks, in the order of the plan."""
    return tuple(
        Explanation(
            anchor=f'about-{page.check}',
            check=page.check,
            proves=page.proves,
            matters=_markup(page.matters),
            mend=_markup(page.mend),
        )
        for page in results.run.pages
        if page.check in checks
    )


def _markup(text: str) -> markupsafe.Markup:
    tree = core.publish_doctree(text, settings_overrides=_SETTINGS)
    for reference in list(tree.findall(nodes.reference)):
        address = reference.get('refuri', '')
        if not address.startswith(('http://', 'https://')):
            reference.replace_self(nodes.inline('', reference.astext()))
    body = core.publish_from_doctree(
        tree,
        writer_name='html5',
        settings_overrides={**_SETTINGS, 'output_encoding': 'unicode'},
    )
    found = re.search(r'<main>(.*)</main>', body, re.DOTALL)
    inner = found.group(1) if found else _within_body(body)
    # docutils escapes what it was given.
    return markupsafe.Markup(inner.strip())  # noqa: S704


def _within_body(page: str) -> str:
    """What is between the tags of the body, for an empty text too."""
    return page.partition('<body')[2].partition('>')[2].partition('</body>')[0]


def _name(
    role: str,
    rawtext: str,
    text: str,
    lineno: int,
    inliner: ty.Any,
    options: ty.Any = None,
    content: ty.Any = None,
) -> tuple[list[nodes.Node], list[nodes.Node]]:
    """Sphinx's references lead nowhere here; their names are enough."""
    title = re.sub(r'\s*<[^>]*>$', '', text).lstrip('/')
    return [nodes.emphasis(rawtext, title)], []


for _role in ('command', 'doc', 'envvar', 'file', 'option', 'ref', 'term'):
    roles.register_local_role(_role, _name)
