# SPDX-License-Identifier: Apache-2.0

"""The first extend of a fresh attached volume, from which the outcome follows.

It is measured once per backend and run. Several checks judge a side of it
each; which verdict follows from the outcome is the business of
``claims.verdict``.
"""

import dataclasses
import platform
import traceback
import typing as ty

from extend_conformance import exceptions
from extend_conformance import vocabulary
from extend_conformance.cloud import calls
from extend_conformance.cloud import connection as connections
from extend_conformance.cloud import resources as resource_owner
from extend_conformance.cloud import waiting
from extend_conformance.probes import context as contexts
from extend_conformance.probes import findings
from extend_conformance.probes import online_extend
from extend_conformance.probes import stamped
from extend_conformance.results import model

_FROM_GIB = 1
_TO_GIB = 2


#: Outcomes with which a check does not begin, by what it asks.
_IN_THE_WAY = {
    vocabulary.FirstExtend.NOT_HUNG: {vocabulary.Outcome.HANG},
    vocabulary.FirstExtend.ALLOWS_ANOTHER: {
        vocabulary.Outcome.HANG,
        vocabulary.Outcome.INCONCLUSIVE,
    },
}


def must_be(asked: vocabulary.FirstExtend, context: contexts.Context) -> None:
    """Leave a check for which the first extend was no good.

    It is measured only if the check asks something of it.

    :raises CouldNotTest: it hung, so that another would only wait as long;
        or something beside the backend was in its way.
    """
    in_the_way = _IN_THE_WAY.get(asked)
    if in_the_way and (first := context.first_extend).outcome in in_the_way:
        raise findings.CouldNotTest(
            f'Another extend says nothing here: {first.explanation}',
            cause=vocabulary.Cause.of_outcome(first.outcome),
        )


def must_allow_another(context: contexts.Context) -> None:
    """Leave what needs an extend, in the middle of a check that also judges.

    :raises CouldNotTest: as :func:`must_be`.
    """
    must_be(vocabulary.FirstExtend.ALLOWS_ANOTHER, context)


def measure(context: contexts.Context) -> model.Backend:
    """Extend a fresh, attached and fully written volume from 1 to 2 GiB.

    Every byte is read back right after the extend and again after detach
    and attach, whether the extend worked or was refused. A refusal that
    looks like the scheduler's is checked against an extend of the detached
    volume by the same amount, because lack of room looks the same.

    :returns: the backend with the outcome and its evidence, and with what
        the first connection told of its protocol; whatever is in the way of
        measuring makes the outcome ``inconclusive``.
    """
    seen: dict[str, ty.Any] = {
        'size_before_gib': _FROM_GIB,
        'size_wanted_gib': _TO_GIB,
    }
    backend = context.backend
    outcome = vocabulary.Outcome.INCONCLUSIVE
    explanation = 'The measurement was not begun'
    try:
        with context.resources:
            # What was found is kept here, before anything else can go wrong.
            try:
                volume = _stamped_volume(context)
                backend = _with_connector(context, volume)
                outcome, explanation = _extend(context, volume, seen)
            except findings.Failed as failure:
                outcome = failure.outcome or vocabulary.Outcome.INCONSISTENT
                explanation = str(failure)
                seen['damage'] = failure.damage
                seen.setdefault('request_id', failure.request_id)
            except exceptions.ExtendConformanceError as error:
                explanation = str(error)
                seen['cause'] = getattr(error, 'cause', None)
                context.journal.add('error', explanation)
    except resource_owner.CleanupFailed as failure:
        context.journal.add('error', str(failure))
    except Exception as error:
        # Not foreseen: an answer that is no answer, a full disk. A check
        # that asks again would only meet it again.
        explanation = f'{type(error).__name__}: {error}'
        context.journal.add('error', traceback.format_exc())
    return dataclasses.replace(
        backend,
        measurement=model.Measurement(
            outcome=outcome,
            explanation=explanation,
            evidence=context.evidence(),
            **seen,
        ),
    )


def _stamped_volume(
    context: contexts.Context,
) -> stamped.StampedVolume:
    """Make the first attachment of all, which tells whether one is possible.

    :raises CouldNotTest: it is not.
    """
    if context.host is None:
        raise findings.CouldNotTest(
            'No host attaches volumes in this run, so that nobody can look '
            'at the device',
            cause=vocabulary.Cause.NO_HOST,
        )
    volume = stamped.StampedVolume(context, _FROM_GIB)
    try:
        volume.attach()
        volume.device_bytes()
    except connections.CloudUnreachable:
        raise
    except (exceptions.ExtendConformanceError, OSError) as error:
        raise findings.CouldNotTest(
            f'The machine {platform.node()} cannot attach volumes of type '
            f'{context.volume_type}: {error}',
            cause=vocabulary.Cause.HOST_CANNOT_ATTACH,
        ) from error
    return volume


def _with_connector(
    context: contexts.Context, volume: stamped.StampedVolume
) -> model.Backend:
    """Note what os-brick can do for the protocol of this connection."""
    assert context.host is not None
    protocol = volume.attached.protocol
    connector = {
        True: vocabulary.Connector.EXTENDS,
        False: vocabulary.Connector.CANNOT_EXTEND,
        None: vocabulary.Connector.NO_CONNECTOR,
    }[context.host.can_extend(protocol)]
    truths = dataclasses.replace(
        context.backend.truths, protocol=protocol, connector=connector
    )
    return dataclasses.replace(context.backend, truths=truths)


def _extend(
    context: contexts.Context,
    volume: stamped.StampedVolume,
    seen: dict[str, ty.Any],
) -> tuple[vocabulary.Outcome, str]:
    before = volume.device_bytes()
    seen['device_before_bytes'] = before
    context.step('write the whole volume with stamped blocks')
    volume.stamp()
    try:
        extended = volume.extend(_TO_GIB)
    except online_extend.ExtendRefused as refusal:
        seen.update(
            http_status=202,
            request_id=refusal.request_id,
            size_after_gib=_FROM_GIB,
            status_after=refusal.status,
            device_after_bytes=volume.device_bytes(),
        )
        return _refused(context, volume, before, refusal)
    seen.update(
        http_status=extended.http_status,
        request_id=extended.request_id,
        size_after_gib=extended.size_gib,
        status_after=extended.status,
        extend_s=extended.extend_s,
    )
    seen['connector_bytes'] = volume.grow_on_host()
    seen['device_after_bytes'] = volume.device_bytes()
    after = volume.must_have_grown(before)
    volume.must_be_intact(
        'right after the extend', length_bytes=_FROM_GIB * stamped.GIB
    )
    volume.reattach()
    if volume.device_bytes() < after:
        raise findings.Failed(
            f'The device of volume {volume.id} had {after} bytes after the '
            f'extend and has {volume.device_bytes()} after detach and attach',
            outcome=vocabulary.Outcome.INCONSISTENT,
        )
    volume.must_be_intact(
        'after the extend, detach and attach',
        length_bytes=_FROM_GIB * stamped.GIB,
    )
    return (
        vocabulary.Outcome.SUPPORTED,
        f'API, size, device and data agree: {_TO_GIB} GiB after '
        f'{extended.extend_s:.1f} s, every byte as written',
    )


def _refused(
    context: contexts.Context,
    volume: stamped.StampedVolume,
    before: int,
    refusal: online_extend.ExtendRefused,
) -> tuple[vocabulary.Outcome, str]:
    if volume.device_bytes() != before:
        raise findings.Failed(
            f'The extend of volume {volume.id} was refused, but its device '
            f'went from {before} to {volume.device_bytes()} bytes',
            outcome=vocabulary.Outcome.INCONSISTENT,
            request_id=refusal.request_id,
        )
    volume.must_be_intact('after the refused extend')
    volume.reattach()
    volume.must_be_intact('after the refused extend, detach and attach')
    if refusal.outcome is vocabulary.Outcome.REFUSED_SCHEDULER:
        volume.detach()
        _offline_extend_must_work(context, volume.id)
    return refusal.outcome, str(refusal)


def _offline_extend_must_work(
    context: contexts.Context, volume_id: str
) -> None:
    """Tell a refusal to extend attached volumes from a lack of room."""
    context.step('control: extend the detached volume by the same amount')
    try:
        context.storage.extend(volume_id, _TO_GIB)
        control = context.storage.wait_for_extend(
            volume_id,
            _FROM_GIB,
            _TO_GIB,
            context.settings.extend_timeout_s,
        )
    except calls.ApiError as error:
        raise findings.CouldNotTest(
            f'The control, an extend of detached volume {volume_id}, was '
            f'answered with HTTP {error.status}: {error.what}',
            cause=vocabulary.http_cause(error.status),
            request_id=error.request_id,
        ) from error
    except waiting.WaitTimeout as timeout:
        raise findings.Failed(
            f'The control, an extend of detached volume {volume_id}, hangs: '
            f'it is still {timeout.last}',
            outcome=vocabulary.Outcome.HANG,
        ) from timeout
    if control.size_gib != _TO_GIB:
        raise findings.CouldNotTest(
            f'Volume {volume_id} was not extended when it was detached '
            f'either (it is {control.status} with {control.size_gib} GiB): '
            'this is lack of room or a broken backend, not a refusal to '
            'extend attached volumes',
            cause=vocabulary.Cause.NO_ROOM,
        )
