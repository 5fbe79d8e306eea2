# SPDX-License-Identifier: Apache-2.0

"""What checks and backends are called where only identifiers will do.

Front doors that make classes and methods of them use the same names.
"""

import collections.abc
import re

from extend_conformance.checks import registry

#: The class of the checks of scope ``cloud``.
CONTROL_PLANE = 'ControlPlane'

#: Ends of the names of classes in tempest. Each is a set of credentials, so
#: that a cloud that lacks one loses only what needs it.
ADMIN = 'Admin'
READER = 'Reader'
SUFFIXES = ('', ADMIN, READER)

#: A check that may take longer, in seconds, is ``slow``.
_SLOW_S = 60


def class_names(
    volume_types: collections.abc.Iterable[str],
) -> dict[str, str]:
    """A Python identifier for each volume type.

    Dots in names break stestr's grouping of tests by class. No name is that
    of another one with an end of :data:`SUFFIXES`.

    :returns: volume type by name of the class.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for volume_type in volume_types:
        words = re.findall('[A-Za-z0-9]+', volume_type) or ['Unnamed']
        name = stem = 'Backend_' + '_'.join(words)
        number = 2
        while taken & (ended := {name + suffix for suffix in SUFFIXES}):
            name = f'{stem}_{number}'
            number += 1
        taken |= ended
        names[name] = volume_type
    return names


def method_name(check: registry.Check) -> str:
    """The name of the test that runs a check."""
    return f'test_{check.method_name}'


def attributes(check: registry.Check) -> tuple[str, ...]:
    """What tempest calls attributes and pytest marks of a check.

    ``slow`` if it may take long, ``negative`` if it asks for something that
    has to be refused.
    """
    found = []
    if check.budget_s > _SLOW_S:
        found.append('slow')
    if check.negative:
        found.append('negative')
    return tuple(found)
