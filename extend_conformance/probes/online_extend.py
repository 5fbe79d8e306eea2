# SPDX-License-Identifier: Apache-2.0

"""One extend of a volume in use, and how it ended, as Cinder's API tells it.

How it came out is decided here from the state, the size and the message that
Cinder leaves; the device is looked at by others, and what all of it means
for the backend is for the checks.
"""

import collections.abc
import dataclasses
import functools
import typing as ty

import tenacity

from extend_conformance import vocabulary
from extend_conformance.cloud import block_storage
from extend_conformance.cloud import calls
from extend_conformance.cloud import connection as connections
from extend_conformance.cloud import views
from extend_conformance.cloud import waiting
from extend_conformance.probes import context as contexts
from extend_conformance.probes import findings

#: Seconds in which most extends end; only after them is it worth knowing
#: whether extends hang here.
_SOON_S = 5

#: Waits for the end of an extend of a volume, from one size to another.
Wait: ty.TypeAlias = collections.abc.Callable[
    [contexts.Context, str, int, int], block_storage.ExtendSeen
]


class ExtendRefused(findings.Refused):
    """The attached volume was not extended, and says so.

    :param outcome: ``refused-scheduler`` or ``refused-driver``.
    :param status: the volume's state afterwards.
    :param message: the user message of this request, if there is one.
    """

    def __init__(
        self,
        reason: str,
        *,
        outcome: vocabulary.Outcome,
        status: str,
        message: views.Message | None,
        request_id: str | None,
    ) -> None:
        super().__init__(reason, request_id=request_id)
        self.outcome = outcome
        self.status = status
        self.message = message


@dataclasses.dataclass(frozen=True)
class Extended:
    """An extend that Cinder calls done.

    :param http_status: ``None`` if the answer was lost.
    :param extend_s: seconds from the request until Cinder showed it.
    """

    http_status: int | None
    request_id: str | None
    size_gib: int
    status: str
    extend_s: float


def put_in_use(
    context: contexts.Context, volume_id: str
) -> collections.abc.Callable[[], object]:
    """Attach a volume whose device nobody will look at.

    To this host if there is one, since backends know it; otherwise to one
    that does not exist.

    :returns: detaches it again, and waits until Cinder says so.
    """
    timeout_s = context.settings.state_timeout_s
    if context.host is not None:
        attached = context.resources.attach(volume_id)
        return functools.partial(context.resources.detach, attached, timeout_s)
    attachment_id = context.resources.put_in_use(volume_id)

    def detach() -> None:
        context.resources.delete_attachment(attachment_id)
        context.storage.wait_for_status(volume_id, 'available', timeout_s)

    return detach


def to_the_end(
    context: contexts.Context, volume_id: str, old_gib: int, new_gib: int
) -> block_storage.ExtendSeen:
    """Wait for an extend that was accepted, however it may end.

    :raises waiting.WaitTimeout: it hangs.
    """
    return context.storage.wait_for_extend(
        volume_id, old_gib, new_gib, context.settings.extend_timeout_s
    )


def unless_first_hung(
    context: contexts.Context, volume_id: str, old_gib: int, new_gib: int
) -> block_storage.ExtendSeen:
    """As :func:`to_the_end`, but not as long again where extends hang.

    Whether they do is asked only if this one takes long, and measured if it
    was not yet.

    :raises waiting.WaitTimeout: it hangs, or does not end soon where the
        first extend hung.
    """
    soon_s = min(_SOON_S, context.settings.extend_timeout_s)
    try:
        return context.storage.wait_for_extend(
            volume_id, old_gib, new_gib, soon_s
        )
    except waiting.WaitTimeout:
        if context.outcome is vocabulary.Outcome.HANG:
            context.step('the first extend hung: no more of this one')
            raise
    except (connections.CloudUnreachable, calls.ApiError):
        # Cinder may be starting again: that takes longer.
        context.step('no answer for a while: go on asking')
    return to_the_end(context, volume_id, old_gib, new_gib)


def extend(
    context: contexts.Context,
    volume_id: str,
    old_gib: int,
    new_gib: int,
    wait: Wait = to_the_end,
) -> Extended:
    """Ask Cinder to extend a volume in use, and see how it ends.

    Only what the API says is judged; the device has not been looked at.
    The state alone cannot tell success from a refusal by the scheduler,
    which also ends ``in-use``, so the size decides. While Cinder is away,
    nobody can tell a hang; it is asked until the time is over. If the answer
    to the request itself was lost, the state of the volume tells whether it
    has arrived.

    :raises ExtendRefused: the size is the old one, in a settled state.
    :raises findings.Failed: it hangs, or state and size contradict each
        other.
    :raises findings.CouldNotTest: the API's answer is not about the backend.
    :raises exceptions.ExtendConformanceError: the API went away, and did
        not come back in time.
    """
    context.step(
        f'extend volume {volume_id} from {old_gib} to {new_gib} GiB while it '
        'is attached'
    )
    started_s = context.journal.elapsed_s()
    answer: calls.ApiResponse | None = None
    lost: connections.CloudUnreachable | None = None
    try:
        answer = context.storage.extend(volume_id, new_gib)
    except connections.CloudUnreachable as error:
        lost = error
    except calls.ApiError as error:
        raise findings.CouldNotTest(
            f'The extend of volume {volume_id} was answered with HTTP '
            f'{error.status}: {error.what}',
            cause=vocabulary.http_cause(error.status),
            request_id=error.request_id,
        ) from error
    request_id = answer.request_id if answer else None
    try:
        seen = wait(context, volume_id, old_gib, new_gib)
    except waiting.WaitTimeout as timeout:
        raise findings.Failed(
            f'Volume {volume_id} is still {timeout.last} after '
            f'{timeout.elapsed_s:.0f} s',
            outcome=vocabulary.Outcome.HANG,
            request_id=request_id,
        ) from timeout
    if lost is not None and (seen.status, seen.size_gib) == (
        'in-use',
        old_gib,
    ):
        # It has not arrived, or was refused so quickly that nobody saw it.
        raise lost
    if seen.size_gib == old_gib:
        raise _refusal(context, volume_id, seen.status, request_id)
    if (seen.status, seen.size_gib) != ('in-use', new_gib):
        raise findings.Failed(
            f'Volume {volume_id} was to grow from {old_gib} to {new_gib} '
            f'GiB; it is {seen.status} with {seen.size_gib} GiB',
            outcome=vocabulary.Outcome.INCONSISTENT,
            request_id=request_id,
        )
    return Extended(
        http_status=answer.status if answer else None,
        request_id=request_id,
        size_gib=seen.size_gib,
        status=seen.status,
        extend_s=context.journal.elapsed_s() - started_s,
    )


def _refusal(
    context: contexts.Context,
    volume_id: str,
    status: str,
    request_id: str | None,
) -> findings.Failed | ExtendRefused:
    message = find_message(context, volume_id, request_id)
    said = f'message {message.event_id}' if message else 'no message'
    if status == 'error_extending':
        return ExtendRefused(
            f'The driver refused to extend volume {volume_id}: it is '
            f'error_extending with its old size ({said})',
            outcome=vocabulary.Outcome.REFUSED_DRIVER,
            status=status,
            message=message,
            request_id=request_id,
        )
    if status == 'in-use':
        return ExtendRefused(
            f'The scheduler refused to extend volume {volume_id}: it is '
            f'in-use again with its old size ({said})',
            outcome=vocabulary.Outcome.REFUSED_SCHEDULER,
            status=status,
            message=message,
            request_id=request_id,
        )
    return findings.Failed(
        f'Volume {volume_id} kept its old size and is {status}',
        outcome=vocabulary.Outcome.INCONSISTENT,
        request_id=request_id,
    )


def find_message(
    context: contexts.Context, volume_id: str, request_id: str | None
) -> views.Message | None:
    """The user message of a request; it may come a moment late.

    Where messages cannot be read there is none: what was seen of the volume
    is not worth less for that.
    """
    look = tenacity.Retrying(
        stop=tenacity.stop_after_delay(context.settings.message_patience_s),
        wait=tenacity.wait_fixed(0.2),
        retry=tenacity.retry_if_result(lambda messages: not messages),
        retry_error_callback=lambda state: (),
    )
    try:
        messages: ty.Sequence[views.Message] = look(
            context.storage.messages, volume_id, request_id
        )
    except calls.ApiError as error:
        context.journal.add('error', f'Messages cannot be read: {error}')
        return None
    return messages[0] if messages else None
