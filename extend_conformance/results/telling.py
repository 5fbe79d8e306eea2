# SPDX-License-Identifier: Apache-2.0

"""A result as lines of text: the sentence first, then the evidence.

For terminals, logs and test reports; the HTML page has a form of its own.
"""

import collections.abc
import json

from extend_conformance.results import model
from extend_conformance.results import storage


def tell(
    result: model.CheckResult,
    page: str | None = None,
    measurement: model.Measurement | None = None,
) -> str:
    """Everything that there is to say of a result.

    :param page: where the check is explained.
    :param measurement: of the first extend, if the check judges it.
    """
    facts: list[str] = [result.level]
    if result.data_failure:
        facts.append('data failure')
    if result.outcome is not None:
        facts.append(result.outcome)
    if result.cause is not None:
        facts.append(f'cause {result.cause}')
    lines = [
        result.reason or 'All is well.',
        f'{result.verdict} ({", ".join(facts)}): {result.check}, '
        f'{result.uuid}',
    ]
    if page is not None:
        lines.append(f'What it proves and what to do is in {page}')
    lines += [f'{name} = {value}' for name, value in result.figures.items()]
    lines += [*damage(result.damage), *timeline(result.evidence)]
    if measurement is not None:
        lines += ['The first extend:', *timeline(measurement.evidence)]
    return '\n'.join(lines)


def damage(
    extents: collections.abc.Iterable[model.Damage],
) -> list[str]:
    """A line for each extent of wrong data."""
    return [
        f'{extent.kind} at byte {extent.offset_bytes}, '
        f'{extent.length_bytes} bytes: {extent.detail}'
        for extent in extents
    ]


def timeline(events: collections.abc.Iterable[model.Event]) -> list[str]:
    """A line for each event, with the seconds since the beginning."""
    lines = []
    for event in events:
        line = f'{event.at_s:8.3f} s {event.kind}: {event.summary}'
        if event.details:
            line += ' ' + json.dumps(
                storage.as_json(event.details),
                ensure_ascii=False,
                sort_keys=True,
            )
        lines.append(line)
    return lines
