# SPDX-License-Identifier: Apache-2.0

"""Requests to Cinder's API, what they are answered with, and what they change.

Which requests are sent, and why, is for the checks of the API.
"""

import collections.abc
import dataclasses

from extend_conformance import vocabulary
from extend_conformance.cloud import block_storage
from extend_conformance.cloud import calls
from extend_conformance.cloud import views
from extend_conformance.cloud import waiting
from extend_conformance.probes import context as contexts
from extend_conformance.probes import findings
from extend_conformance.probes import online_extend

_NOT_LOOKED_AT = frozenset({401, 429, 502, 503, 504})


@dataclasses.dataclass(frozen=True)
class Answer:
    """What the API answered to one request."""

    status: int
    request_id: str | None


@dataclasses.dataclass(frozen=True)
class State:
    """A volume and its attachments, as they were at one moment."""

    volume: views.Volume
    attachments: tuple[tuple[str, str | None], ...]

    def describe(self) -> str:
        """Put it into words."""
        attached = [f'{id} {status}' for id, status in self.attachments]
        return (
            f'{self.volume.status}, {self.volume.size_gib} GiB, '
            f'attachments: {", ".join(attached) or "none"}'
        )


def state(context: contexts.Context, volume_id: str) -> State:
    """Look at a volume and its attachments."""
    volume = context.storage.get_volume(volume_id)
    return State(
        volume,
        tuple(
            (each, context.storage.get_attachment(each).status)
            for each in sorted(volume.attachments)
        ),
    )


def act(
    storage: block_storage.BlockStorage,
    volume_id: str,
    body: collections.abc.Mapping[str, object],
    microversion: str | None,
) -> Answer:
    """Ask for an action of a volume; an error is an answer too.

    :raises findings.CouldNotTest: the request was not looked at: no valid
        token, too many requests, or no service behind the address.
    """
    try:
        answer = storage.action(volume_id, body, microversion)
    except calls.ApiError as error:
        if error.status in _NOT_LOOKED_AT:
            raise findings.CouldNotTest(
                f'The request was answered with HTTP {error.status}: '
                f'{error.message}',
                cause=vocabulary.http_cause(error.status),
                request_id=error.request_id,
            ) from error
        return Answer(error.status, error.request_id)
    return Answer(answer.status, answer.request_id)


def extend(
    storage: block_storage.BlockStorage,
    volume_id: str,
    size_gib: int,
    microversion: str | None = block_storage.EXTEND_IN_USE_MICROVERSION,
) -> Answer:
    """Ask for an extend; an error is an answer too."""
    body = {'os-extend': {'new_size': size_gib}}
    return act(storage, volume_id, body, microversion)


def in_use(context: contexts.Context, size_gib: int = 1) -> str:
    """A volume that is attached in Cinder, and connected nowhere.

    :returns: its id.
    """
    volume = context.resources.create_volume(
        size_gib=size_gib, volume_type=context.volume_type
    )
    context.resources.put_in_use(volume.id)
    return volume.id


def let_it_end(
    context: contexts.Context, volume_id: str, asked_gib: int
) -> block_storage.ExtendSeen | None:
    """Wait for an extend that was accepted, however it may end.

    :returns: ``None`` if it does not end.
    """
    try:
        return online_extend.unless_first_hung(
            context, volume_id, 1, asked_gib
        )
    except waiting.WaitTimeout as timeout:
        context.step(f'the extend of {volume_id} does not end: {timeout}')
        return None


def must_be_refused(
    context: contexts.Context,
    before: State,
    what: str,
    send: collections.abc.Callable[[], Answer],
    wanted: int = 400,
) -> None:
    """Send a request, and fail unless it is refused and changes nothing.

    :param before: the volume, as it is.
    :param what: the request, as the beginning of a sentence.
    :param wanted: the HTTP status that it has to get.
    """
    volume_id = before.volume.id
    context.step(f'{what}: must be refused with {wanted}')
    answer = send()
    if answer.status < 300 and before.volume.status == 'in-use':
        # Whatever was begun has to end before anything is taken away.
        let_it_end(context, volume_id, before.volume.size_gib + 1)
    after = state(context, volume_id)
    if answer.status != wanted:
        raise findings.Failed(
            f'{what}: answered with HTTP {answer.status}, not {wanted}; '
            f'attached volume {volume_id} is {after.describe()}',
            request_id=answer.request_id,
        )
    if after != before:
        raise findings.Failed(
            f'{what}: refused with {wanted}, but attached volume {volume_id} '
            f'went from {before.describe()} to {after.describe()}',
            request_id=answer.request_id,
        )
