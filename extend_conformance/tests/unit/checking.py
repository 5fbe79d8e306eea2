# SPDX-License-Identifier: Apache-2.0

"""A check and a context that need no cloud, for tests of what lies between."""

import contextlib
import dataclasses

from extend_conformance import vocabulary
from extend_conformance.checks import registry
from extend_conformance.cloud import journal as journals
from extend_conformance.probes import context as contexts
from extend_conformance.results import model


def make_check(
    run,
    applies=vocabulary.Applies.ALWAYS,
    needs=(),
    *,
    profile=vocabulary.Profile.STANDARD,
    negative=False,
    first_extend=vocabulary.FirstExtend.ANY,
):
    return registry.Check(
        id='some-check',
        uuid='c0ffee00-0000-4000-8000-000000000000',
        scope=vocabulary.Scope.BACKEND,
        level=vocabulary.Level.MUST,
        applies=applies,
        needs=frozenset(needs),
        profile=profile,
        negative=negative,
        first_extend=first_extend,
        proves='It is so.',
        budget_s=1,
        typical_s=1,
        volumes=1,
        room_gib=1,
        run=run,
    )


def make_context(
    outcome='supported',
    expected='supported',
    source='matrix',
    host=None,
    cause=None,
):
    backend = model.Backend(
        volume_type='t',
        promise=model.Promise(
            expected=expected, source=source, explanation='It was said.'
        ),
    )
    measured = dataclasses.replace(
        backend,
        measurement=model.Measurement(
            outcome=outcome, explanation='It was measured.', cause=cause
        ),
    )
    return contexts.Context(
        run_id='run',
        volume_type='t',
        settings=contexts.Settings(),
        journal=journals.Journal(),
        storage=None,
        resources=contextlib.nullcontext(),
        backend=backend,
        measure=lambda: measured,
        host=host,
        given=frozenset(() if host is None else (vocabulary.Need.HOST,)),
    )


def passes(checked):
    return None
