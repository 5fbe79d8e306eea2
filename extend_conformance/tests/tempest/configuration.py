# SPDX-License-Identifier: Apache-2.0

"""What tempest.conf says of this plugin, read without talking to a cloud."""

import dataclasses
import datetime
import functools
import os
import pathlib
import sys

import psutil
from oslo_config import cfg
from tempest import config as tempest_config
from tempest.common import credentials_factory

from extend_conformance import config
from extend_conformance import exceptions
from extend_conformance import vocabulary
from extend_conformance.bench import cells
from extend_conformance.claims import claims_file
from extend_conformance.probes import context as contexts
from extend_conformance.runs import configuration as configurations
from extend_conformance.runs import profiles

CONF = tempest_config.CONF

#: What tempest makes for itself where it may make accounts: an administrator,
#: and for each class a project of its own with a member and a reader, beside
#: another project. A class runs its tests one after the other, so that
#: nobody else creates in its project.
_OF_DYNAMIC_CREDENTIALS = frozenset(
    {
        vocabulary.Need.ADMIN,
        vocabulary.Need.READER,
        vocabulary.Need.OTHER_PROJECT,
        vocabulary.Need.OWN_PROJECT,
    }
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Configuration(configurations.Configuration):
    """The plugin's part of tempest.conf, checked.

    :param needs: the needs that tempest's own part of it meets: accounts
        that there are, or can be made, services, and a host.
    :param benchmark: what to measure; empty unless it was asked for.
    """

    needs: frozenset[vocabulary.Need]
    results_dir: pathlib.Path | None
    benchmark: tuple[cells.Cell, ...]


def read() -> Configuration:
    """Read and check the options.

    :raises UsageError: for a file that is missing or wrong, a volume type
        in one option that no other option knows, or an unknown release.
    """
    options = CONF.extend_conformance
    claims = _claims(options)
    needs = _needs(options)
    return Configuration(
        volume_types=tuple(one.volume_type for one in claims.backends),
        claims=claims,
        own_matrix=configurations.read_matrix(options.matrix_file or None),
        release=configurations.release_of(options.release, claims),
        plan=profiles.make_plan(options.profile, needs),
        settings=contexts.Settings(extend_timeout_s=options.extend_timeout_s),
        name_prefix=_name_prefix(),
        needs=needs,
        results_dir=(
            pathlib.Path(options.results_dir) if options.results_dir else None
        ),
        benchmark=_benchmark(options, claims),
    )


def _needs(options: cfg.ConfigOpts) -> frozenset[vocabulary.Need]:
    """The needs of checks that are met."""
    met: set[vocabulary.Need] = set()
    if CONF.auth.use_dynamic_credentials:
        met |= _OF_DYNAMIC_CREDENTIALS
    elif _has_personas():
        # Whether others create in a project that somebody else has made,
        # nobody can know.
        met |= {vocabulary.Need.READER, vocabulary.Need.OTHER_PROJECT}
    if credentials_factory.is_admin_available('v3'):
        met.add(vocabulary.Need.ADMIN)
    if CONF.service_available.glance:
        met.add(vocabulary.Need.IMAGE)
    if options.host_attach == 'os-brick':
        met.add(vocabulary.Need.HOST)
    return frozenset(met)


def _has_personas() -> bool:
    """Whether a file of accounts has those of persona tests.

    Users with the roles ``member`` and ``reader`` in one project, and one
    with ``alt_member`` in another.
    """
    if not CONF.auth.test_accounts_file:
        return False
    provider = credentials_factory.get_credentials_provider(
        'extend_conformance', identity_version='v3'
    )
    return all(
        provider.is_role_available(role)
        for role in ('member', 'reader', 'alt_member')
    )


def _name_prefix() -> str:
    # Tempest before 2024.1 has no such option.
    prefix = getattr(CONF, 'resource_name_prefix', '')
    return f'{prefix}-' if prefix else ''


def _benchmark(
    options: cfg.ConfigOpts, claims: claims_file.Claims
) -> tuple[cells.Cell, ...]:
    if not options.run_benchmark:
        return ()
    tested = [one.volume_type for one in claims.backends]
    return cells.grid(
        options.benchmark_volume_types or tested,
        vocabulary.Mode,
        [False],
        [cells.parse_size(text) for text in options.benchmark_image_sizes],
    )


def _claims(options: cfg.ConfigOpts) -> claims_file.Claims:
    chosen = tuple(options.volume_types)
    if options.claims_file:
        claims = configurations.read_claims(options.claims_file)
        return _only(claims, chosen) if chosen else claims
    named = {*options.expect_online_extend, *options.matrix_keys}
    unknown = named - set(chosen)
    if unknown:
        raise exceptions.UsageError(
            '[extend_conformance] expect_online_extend or matrix_keys names '
            f'volume types that volume_types does not: '
            f'{", ".join(sorted(unknown))}'
        )
    return claims_file.Claims(
        backends=tuple(
            claims_file.BackendClaim(
                volume_type=name,
                expect=_expectation(options, name),
                matrix_key=options.matrix_keys.get(name),
            )
            for name in chosen
        )
    )


def _only(
    claims: claims_file.Claims, chosen: tuple[str, ...]
) -> claims_file.Claims:
    """The chosen entries; a type without one gets an empty one."""
    return dataclasses.replace(
        claims,
        backends=tuple(
            claims.find(name) or claims_file.BackendClaim(volume_type=name)
            for name in chosen
        ),
    )


def _expectation(
    options: cfg.ConfigOpts, volume_type: str
) -> vocabulary.Expectation | None:
    text = options.expect_online_extend.get(volume_type)
    if text is None:
        return None
    try:
        return vocabulary.Expectation(text)
    except ValueError:
        raise exceptions.UsageError(
            f'[extend_conformance] expect_online_extend of {volume_type} is '
            f'{text!r}',
            next_step=f'Write one of {", ".join(vocabulary.Expectation)}.',
        ) from None


def selected_tests() -> tuple[str, ...] | None:
    """Ids of the tests that this worker was given to run.

    :returns: ``None`` if it was given no list, and runs everything.
    """
    if '--load-list' not in sys.argv[:-1]:
        return None
    path = sys.argv[sys.argv.index('--load-list') + 1]
    try:
        text = pathlib.Path(path).read_text(encoding='utf-8')
    except OSError:
        # stestr takes the list away when it ends.
        return None
    return tuple(text.split())


def run_identity() -> tuple[str, str]:
    """The run's id and start, the same in all workers of one run.

    The environment may name the run, which joins several ``tempest run``
    into one. Otherwise, since stestr gives its workers nothing in common but
    their ancestor, it is named after the outermost ``tempest`` or ``stestr``
    process.

    :returns: the id, and the start as ISO 8601 in UTC.
    """
    pid, started = _runner()
    run_id = os.environ.get(config.RUN_ID_VARIABLE) or (
        f'{started:%Y%m%dt%H%M%S}-tempest-{pid}'
    )
    return run_id, started.isoformat(timespec='seconds')


@functools.cache
def _runner() -> tuple[int, datetime.datetime]:
    """The process that names the run, and its start, found once.

    The kernel knows the start by ticks; the date that psutil makes of it
    moves with the clock of the host, and the run would get another name.
    """
    process = psutil.Process()
    for ancestor in process.parents():
        if _is_runner(ancestor):
            process = ancestor
    started = datetime.datetime.fromtimestamp(
        process.create_time(), datetime.UTC
    )
    return process.pid, started


def _is_runner(process: psutil.Process) -> bool:
    try:
        words = process.cmdline()[:3]
    except psutil.Error:
        return False
    return any(
        os.path.basename(word) in ('tempest', 'stestr') for word in words
    )
