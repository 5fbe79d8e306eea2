# SPDX-License-Identifier: Apache-2.0

"""Makes tempest classes of the registry and the configuration.

This runs while modules are imported, so it never raises and never talks to a
cloud: one plugin that cannot be imported breaks the listing of every tempest
run on the machine. What is wrong becomes a test that fails and says why.
"""

import collections.abc
import traceback
import typing as ty

import ddt
import testtools
from tempest.lib import decorators

from extend_conformance import exceptions
from extend_conformance import vocabulary
from extend_conformance.bench import cells
from extend_conformance.checks import registry
from extend_conformance.runs import names
from extend_conformance.tests.tempest import base
from extend_conformance.tests.tempest import configuration

Classes: ty.TypeAlias = dict[str, type[testtools.TestCase]]


def conformance_classes(module: str) -> Classes:
    """The classes of the conformance tests.

    :param module: name of the module that will hold them.
    """
    return _guarded(module, _conformance_classes)


def benchmark_classes(module: str) -> Classes:
    """The classes of the benchmark; they run alone.

    :param module: name of the module that will hold them.
    """
    return _guarded(module, _benchmark_classes)


def _guarded(
    module: str,
    make: collections.abc.Callable[
        [str, configuration.Configuration], Classes
    ],
) -> Classes:
    try:
        settings = configuration.read()
        if not settings.volume_types:
            return {
                'NothingConfigured': _skipping_class(
                    module,
                    'NothingConfigured',
                    'no-backend: tempest.conf names neither '
                    '[extend_conformance] claims_file nor volume_types',
                )
            }
        return make(module, settings)
    except exceptions.ExtendConformanceError as error:
        return {'Configuration': _failing_class(module, str(error))}
    except Exception:
        return {
            'Configuration': _failing_class(module, traceback.format_exc())
        }


def _conformance_classes(
    module: str, settings: configuration.Configuration
) -> Classes:
    classes: Classes = {}
    groups = [
        (
            names.CONTROL_PLANE,
            settings.volume_types[0],
            settings.plan.of_scope(vocabulary.Scope.CLOUD),
        )
    ]
    for name, volume_type in names.class_names(settings.volume_types).items():
        groups.append(
            (
                name,
                volume_type,
                settings.plan.of_scope(vocabulary.Scope.BACKEND),
            )
        )
    for name, volume_type, checks in groups:
        for suffix in names.SUFFIXES:
            part = [one for one in checks if _suffix(one) == suffix]
            if part:
                classes[name + suffix] = _class(
                    module,
                    name + suffix,
                    volume_type,
                    settings,
                    part,
                    has_reader=suffix == names.READER,
                )
    return classes


def _suffix(check: registry.Check) -> str:
    """Which set of credentials a check needs."""
    if check.needs & {vocabulary.Need.READER, vocabulary.Need.OTHER_PROJECT}:
        return names.READER
    return names.ADMIN if vocabulary.Need.ADMIN in check.needs else ''


def _benchmark_classes(
    module: str, settings: configuration.Configuration
) -> Classes:
    if not settings.benchmark:
        return {
            'NotAskedFor': _skipping_class(
                module,
                'NotAskedFor',
                'not-asked-for: [extend_conformance] run_benchmark is false',
            )
        }
    if vocabulary.Need.HOST not in settings.needs:
        return {
            'NoHost': _skipping_class(
                module,
                'NoHost',
                'no-host: [extend_conformance] host_attach is none',
            )
        }
    volume_types = dict.fromkeys(cell.backend for cell in settings.benchmark)
    return {
        name: _benchmark_class(module, name, volume_type, settings)
        for name, volume_type in names.class_names(volume_types).items()
    }


def _benchmark_class(
    module: str,
    name: str,
    volume_type: str,
    settings: configuration.Configuration,
) -> type[testtools.TestCase]:
    def test_create_image(self: base.BenchmarkTest, cell: cells.Cell) -> None:
        self.measure(cell)

    mine = [one for one in settings.benchmark if one.backend == volume_type]
    identified = decorators.idempotent_id(_CREATE_IMAGE)(test_create_image)
    members = {
        '__module__': module,
        '__doc__': f'Image creation on volume type {volume_type}.',
        'volume_type': volume_type,
        'configuration': settings,
        'test_create_image': ddt.data(*mine)(
            decorators.attr(type=['slow'])(identified)
        ),
    }
    made: type[base.BenchmarkTest] = type(name, (base.BenchmarkTest,), members)
    made.allow(_BENCHMARK_BUDGET_S + settings.settings.extend_timeout_s)
    return ty.cast(
        'type[testtools.TestCase]', decorators.serial(ddt.ddt(made))
    )


def _class(
    module: str,
    name: str,
    volume_type: str,
    settings: configuration.Configuration,
    checks: collections.abc.Sequence[registry.Check],
    *,
    has_reader: bool,
) -> type[testtools.TestCase]:
    members: dict[str, ty.Any] = {
        '__module__': module,
        '__doc__': f'Checks of volume type {volume_type}.',
        'volume_type': volume_type,
        'configuration': settings,
        # The pool tells what was promised, so it is looked at wherever
        # somebody may look.
        'credentials': [
            *(base.PERSONAS if has_reader else ['primary']),
            *(['admin'] if vocabulary.Need.ADMIN in settings.needs else []),
        ],
    }
    for check in checks:
        method = _method(check)
        members[method.__name__] = method
    made: type[base.ConformanceTest] = type(
        name, (base.ConformanceTest,), members
    )
    made.allow(
        max(check.budget_s for check in checks)
        + 2 * settings.settings.extend_timeout_s
    )
    return made


def _method(check: registry.Check) -> collections.abc.Callable[..., None]:
    def run(self: base.ConformanceTest) -> None:
        self.run_check(check)

    run.__name__ = names.method_name(check)
    run.__qualname__ = run.__name__
    run.__doc__ = check.proves
    attributes = names.attributes(check)
    decorated = decorators.idempotent_id(check.uuid)(run)
    if attributes:
        decorated = decorators.attr(type=list(attributes))(decorated)
    return ty.cast('collections.abc.Callable[..., None]', decorated)


_CREATE_IMAGE = 'd6d1a104-6895-46e3-98ac-569d48dcb925'
_BENCHMARK_BUDGET_S = 1200


def _skipping_class(
    module: str, name: str, reason: str
) -> type[testtools.TestCase]:
    def test_is_configured(self: testtools.TestCase) -> None:
        self.skipTest(reason)

    return _plain_class(module, name, test_is_configured)


def _failing_class(module: str, reason: str) -> type[testtools.TestCase]:
    def test_configuration(self: testtools.TestCase) -> None:
        self.fail(reason)

    return _plain_class(module, 'Configuration', test_configuration)


def _plain_class(
    module: str, name: str, method: collections.abc.Callable[..., None]
) -> type[testtools.TestCase]:
    return type(
        name,
        (testtools.TestCase,),
        {'__module__': module, method.__name__: method},
    )
