# SPDX-License-Identifier: Apache-2.0

"""Cinder's own API as a member sees it, before any driver is asked.

What the driver then does with an extend that was accepted is not judged: the
checks run on the first volume type of a run, and hold whatever that is.
"""

import collections.abc
import concurrent.futures
import functools
import threading

from extend_conformance import vocabulary
from extend_conformance.checks import registry
from extend_conformance.cloud import block_storage
from extend_conformance.probes import api_answers
from extend_conformance.probes import context as contexts
from extend_conformance.probes import findings
from extend_conformance.probes import online_extend

#: Microversions at which an attached volume must not be extended; ``None``
#: is a request without the header.
_TOO_OLD = ('3.41', None)

#: What is no size, by what a person would call it. Source: the schema of
#: ``os-extend`` in cinder/api/schemas/volume_actions.py.
_BAD_BODIES: tuple[tuple[str, object], ...] = (
    ('0', {'new_size': 0}),
    ('a negative size', {'new_size': -2}),
    ('2^31, one more than there is', {'new_size': 2**31}),
    ('a text', {'new_size': 'two'}),
    ('an empty text', {'new_size': ''}),
    ('a fraction', {'new_size': 2.5}),
    ('null', {'new_size': None}),
    ('a list', {'new_size': [3]}),
    ('no size', {}),
    ('an extra key', {'new_size': 3, 'force': True}),
    ('no object', 2),
)


@registry.check(
    'api-microversion-gate',
    'b807a371-e619-4d7a-8ea2-c8485383baf5',
    scope=vocabulary.Scope.CLOUD,
    level=vocabulary.Level.MUST,
    applies=vocabulary.Applies.ALWAYS,
    profile=vocabulary.Profile.QUICK,
)
def api_microversion_gate(context: contexts.Context) -> None:
    """An attached volume is extended from microversion 3.42 on, not before.

    At 3.41 and without a microversion the answer is 400 and nothing
    changes; at 3.42 it is 202. What the driver then does is not judged.
    """
    volume_id = api_answers.in_use(context)
    before = api_answers.state(context, volume_id)
    for microversion in _TOO_OLD:
        api_answers.must_be_refused(
            context,
            before,
            f'An extend at {microversion or "no microversion"}',
            functools.partial(
                api_answers.extend, context.storage, volume_id, 2, microversion
            ),
        )
    context.step('extend at 3.42: must be accepted')
    answer = api_answers.extend(context.storage, volume_id, 2, '3.42')
    if answer.status != 202:
        raise findings.Failed(
            f'An extend of attached volume {volume_id} at 3.42 was answered '
            f'with HTTP {answer.status}, not 202',
            request_id=answer.request_id,
        )
    api_answers.let_it_end(context, volume_id, 2)


@registry.check(
    'api-size-not-larger',
    '4c53587f-6697-406f-9cf4-8730838ed8fa',
    scope=vocabulary.Scope.CLOUD,
    level=vocabulary.Level.MUST,
    applies=vocabulary.Applies.ALWAYS,
    negative=True,
)
def api_size_not_larger(context: contexts.Context) -> None:
    """An attached volume is not extended to its own size or a smaller one.

    The answer is 400; state and size are untouched and the attachment is
    alive.
    """
    volume_id = api_answers.in_use(context, size_gib=2)
    before = api_answers.state(context, volume_id)
    for name, size_gib in (('its own', 2), ('a smaller', 1)):
        api_answers.must_be_refused(
            context,
            before,
            f'An extend from 2 to {name} size, {size_gib} GiB',
            functools.partial(
                api_answers.extend, context.storage, volume_id, size_gib
            ),
        )


@registry.check(
    'api-bad-size',
    '9f939cbe-9840-44d5-8ed1-ab111d582933',
    scope=vocabulary.Scope.CLOUD,
    level=vocabulary.Level.MUST,
    applies=vocabulary.Applies.ALWAYS,
    negative=True,
)
def api_bad_size(context: contexts.Context) -> None:
    """What is no size is refused with 400, and changes nothing.

    Zero, negative numbers, text, 2^31, extra keys and the like.
    """
    volume_id = api_answers.in_use(context)
    before = api_answers.state(context, volume_id)
    for name, body in _BAD_BODIES:
        api_answers.must_be_refused(
            context,
            before,
            f'An extend to {name}',
            functools.partial(
                api_answers.act,
                context.storage,
                volume_id,
                {'os-extend': body},
                block_storage.EXTEND_IN_USE_MICROVERSION,
            ),
        )


@registry.check(
    'api-concurrent-extend',
    'bf189b58-575f-4530-b9b7-7d147cc42cb2',
    scope=vocabulary.Scope.CLOUD,
    level=vocabulary.Level.MUST,
    applies=vocabulary.Applies.ALWAYS,
    volumes=2,
    room_gib=5,
)
def api_concurrent_extend(context: contexts.Context) -> None:
    """Of two extends at once one wins, and the other is refused with 400.

    The final size is one of the two asked for, or the old one if the
    backend refused; the volume is not left in ``extending``. Two for the
    same size exclude each other however quick the backend is; two for
    different sizes may both be right if the smaller one was first.
    """
    for sizes in ((2, 2), (2, 3)):
        volume_id = api_answers.in_use(context)
        context.step(f'two extends at once, to {sizes[0]} and {sizes[1]} GiB')
        answers = _at_once(context.storage, volume_id, sizes)
        seen = api_answers.let_it_end(context, volume_id, max(sizes))
        _must_not_be_stuck(context, volume_id, seen)
        won = {
            size
            for size, answer in zip(sizes, answers, strict=True)
            if answer.status == 202
        }
        statuses = sorted(answer.status for answer in answers)
        if (
            statuses != [202, 400]
            and not (statuses == [202, 202] and len(won) == 2)
            and not _refused_in_turn(context, volume_id, answers)
        ):
            raise _unlike_one_winner(volume_id, sizes, answers, seen)
        if seen is not None and seen.size_gib not in (1, *won):
            raise _unlike_one_winner(volume_id, sizes, answers, seen)


def _refused_in_turn(
    context: contexts.Context,
    volume_id: str,
    answers: collections.abc.Sequence[api_answers.Answer],
) -> bool:
    """Whether both were accepted, and each was refused before the other.

    A backend that refuses is so quick that the volume may be in use again
    when the second request comes; each refusal leaves a message then.
    """
    return all(
        answer.status == 202
        and online_extend.find_message(context, volume_id, answer.request_id)
        for answer in answers
    )


def _unlike_one_winner(
    volume_id: str,
    sizes: collections.abc.Sequence[int],
    answers: collections.abc.Sequence[api_answers.Answer],
    seen: block_storage.ExtendSeen | None,
) -> findings.Failed:
    said = ' and '.join(f'HTTP {answer.status}' for answer in answers)
    ended = f'{seen.status}, {seen.size_gib} GiB' if seen else 'extending'
    return findings.Failed(
        f'Two extends of attached volume {volume_id} at once, to {sizes[0]} '
        f'and {sizes[1]} GiB, were answered with {said}, and it is {ended}: '
        'one has to win, and the other to be refused with 400',
        request_id=answers[-1].request_id,
    )


def _at_once(
    storage: block_storage.BlockStorage,
    volume_id: str,
    sizes: collections.abc.Sequence[int],
) -> tuple[api_answers.Answer, ...]:
    """Send extends to these sizes as close together as threads can."""
    # What is asked only once shall not be asked by both.
    storage.api_versions()
    start = threading.Barrier(len(sizes))

    def send(size_gib: int) -> api_answers.Answer:
        start.wait()
        return api_answers.extend(storage, volume_id, size_gib)

    with concurrent.futures.ThreadPoolExecutor(len(sizes)) as pool:
        return tuple(pool.map(send, sizes))


def _must_not_be_stuck(
    context: contexts.Context,
    volume_id: str,
    seen: block_storage.ExtendSeen | None,
) -> None:
    """Fail on a volume that stays ``extending``, unless its driver hangs."""
    if seen is not None:
        return
    if context.outcome is vocabulary.Outcome.HANG:
        context.step('a single extend hangs on this backend too')
        return
    raise findings.Failed(
        f'Attached volume {volume_id} stays extending after two extends at '
        f'once; a single extend came out as {context.outcome}'
    )
