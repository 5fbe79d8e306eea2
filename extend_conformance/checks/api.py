# SPDX-License-Identifier: Apache-2.0

"""Cinder's own API, before any driver is asked."""

from extend_conformance.checks import context as context_module
from extend_conformance.checks import findings
from extend_conformance.checks import registry
from extend_conformance.cloud import calls

#: Microversions at which an attached volume must not be extended; ``None``
#: is a request without the header.
_TOO_OLD = ('3.41', None)


@registry.check(
    'api-microversion-gate',
    'b807a371-e619-4d7a-8ea2-c8485383baf5',
    scope=registry.Scope.CLOUD,
    level=registry.Level.MUST,
    applies=registry.Applies.ALWAYS,
)
def api_microversion_gate(context: context_module.Context) -> None:
    """An attached volume is extended from microversion 3.42 on, not before.

    At 3.41 and without a microversion the answer is 400 and nothing
    changes; at 3.42 it is 202. What the driver then does is not judged.
    """
    volume = context.resources.create_volume(
        size_gib=1, volume_type=context.volume_type
    )
    context.resources.put_in_use(volume.id)
    for microversion in _TOO_OLD:
        name = microversion or 'no microversion'
        context.step(f'extend at {name}: must be refused')
        before = context.storage.get_volume(volume.id)
        status, request_id = _answer(context, volume.id, microversion)
        after = context.storage.get_volume(volume.id)
        if status != 400:
            raise findings.Failed(
                f'An extend of attached volume {volume.id} at {name} was '
                f'answered with HTTP {status}, not 400',
                request_id=request_id,
            )
        if after != before:
            raise findings.Failed(
                f'An extend of attached volume {volume.id} at {name} was '
                f'refused, but the volume went from {before.status}, '
                f'{before.size_gib} GiB to {after.status}, '
                f'{after.size_gib} GiB',
                request_id=request_id,
            )
    context.step('extend at 3.42: must be accepted')
    status, request_id = _answer(context, volume.id, '3.42')
    if status != 202:
        raise findings.Failed(
            f'An extend of attached volume {volume.id} at 3.42 was answered '
            f'with HTTP {status}, not 202',
            request_id=request_id,
        )
    context.storage.wait_for_extend(
        volume.id, 1, 2, context.settings.extend_timeout_s
    )


def _answer(
    context: context_module.Context, volume_id: str, microversion: str | None
) -> tuple[int, str | None]:
    try:
        answer = context.storage.extend(volume_id, 2, microversion)
    except calls.ApiError as error:
        return error.status, error.request_id
    return answer.status, answer.request_id
