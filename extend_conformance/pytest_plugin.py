# SPDX-License-Identifier: Apache-2.0

"""The entry point through which pytest finds the catalogue.

It is imported by every pytest of the machine, so it imports nothing and does
nothing unless the catalogue is named:
``pytest --pyargs extend_conformance.checks``. What happens then is left to
``pytest_door``.
"""

import typing as ty
import warnings

_CATALOGUE = 'extend_conformance.checks'


def pytest_load_initial_conftests(
    early_config: ty.Any, parser: ty.Any, args: list[str]
) -> None:
    """Open the door if an argument names the catalogue."""
    if _CATALOGUE not in args:
        return
    with warnings.catch_warnings():
        # Of libraries below; who runs checks can do nothing about them.
        warnings.simplefilter('ignore', DeprecationWarning)
        from extend_conformance import pytest_door

    # Takes its options from the parser as soon as it is registered.
    early_config.pluginmanager.register(
        pytest_door.Door(), 'extend_conformance_door'
    )
