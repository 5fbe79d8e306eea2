# SPDX-License-Identifier: Apache-2.0

"""The page of each check, which explains it to whoever it fails for.

The pages of the documentation are part of the package, so that they can be
read where there is no network. Drawing them is left to others.
"""

import collections.abc
import pathlib
import re

from extend_conformance import checks
from extend_conformance.checks import registry
from extend_conformance.results import model

_DIRECTORY = pathlib.Path(checks.__file__).with_name('pages')

_HEADING = re.compile(r'^(\S.*)\n=+\n', re.MULTILINE)


def path(check_id: str) -> pathlib.Path:
    """Where the page of a check is on this machine."""
    return _DIRECTORY / f'{check_id}.rst'


def read(
    planned: collections.abc.Iterable[registry.Check],
) -> tuple[model.Page, ...]:
    """What the pages of some checks say, for the results of a run.

    A check without a page says what it proves, and no more.
    """
    return tuple(_page(check) for check in planned)


def _page(check: registry.Check) -> model.Page:
    sections = _sections(path(check.id))
    return model.Page(
        check=check.id,
        proves=check.proves,
        matters=sections.get('Why it matters', ''),
        mend=sections.get('If it fails', ''),
    )


def _sections(page: pathlib.Path) -> dict[str, str]:
    """The text of each section, in reStructuredText."""
    if not page.exists():
        return {}
    parts = _HEADING.split(page.read_text(encoding='utf-8'))
    return {
        heading: text.strip()
        for heading, text in zip(parts[1::2], parts[2::2], strict=True)
    }
