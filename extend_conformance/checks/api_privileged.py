# SPDX-License-Identifier: Apache-2.0

"""Cinder's own API, where it takes more than one member to look at it.

An administrator, a reader, a member of another project, or a project where
nobody else creates anything. What any member can see is in ``api``.
"""

import functools

from extend_conformance import exceptions
from extend_conformance import vocabulary
from extend_conformance.checks import registry
from extend_conformance.cloud import calls
from extend_conformance.cloud import connection as connections
from extend_conformance.cloud import settings
from extend_conformance.probes import api_answers
from extend_conformance.probes import context as contexts
from extend_conformance.probes import findings
from extend_conformance.probes import quota_usage

#: States from which nothing can be extended. Source: VolumeStatus in
#: cinder/objects/fields.py; an administrator cannot set ``deleting``.
_NOT_EXTENDABLE = (
    'creating',
    'attaching',
    'detaching',
    'reserved',
    'extending',
    'error_extending',
    'error',
    'error_deleting',
    'maintenance',
    'managing',
    'error_managing',
    'uploading',
    'downloading',
    'retyping',
    'backing-up',
    'error_backing-up',
    'restoring-backup',
    'error_restoring',
    'awaiting-transfer',
)

#: Completion of an extend that waits for it.
_COMPLETION_MICROVERSION = '3.71'


@registry.check(
    'api-wrong-state',
    '4ba753f4-c9fa-4e80-9d8a-6b36e464ca37',
    scope=vocabulary.Scope.CLOUD,
    level=vocabulary.Level.MUST,
    applies=vocabulary.Applies.ALWAYS,
    needs=[vocabulary.Need.ADMIN],
    profile=vocabulary.Profile.CERTIFIED,
    negative=True,
)
def api_wrong_state(context: contexts.Context) -> None:
    """A volume in a state that cannot be extended is refused with 400.

    An administrator writes each such state into Cinder's records; nothing
    of the volume changes by the request.
    """
    assert context.admin is not None
    volume_id = api_answers.in_use(context)
    tried = 0
    with settings.volume_status(
        context.admin, context.resources.ledger, volume_id
    ) as reset:
        for status in _NOT_EXTENDABLE:
            try:
                reset(status)
            except calls.ApiError as error:
                if error.status != 400:
                    raise
                context.step(f'this Cinder does not set {status}')
                continue
            tried += 1
            api_answers.must_be_refused(
                context,
                # Some states are shown as another one.
                api_answers.state(context, volume_id),
                f'An extend of a volume that is {status}',
                functools.partial(
                    api_answers.extend, context.storage, volume_id, 2
                ),
            )
    if not tried:
        raise findings.CouldNotTest(
            'No state could be set', cause=vocabulary.Cause.NO_RESET_STATUS
        )


@registry.check(
    'api-policy-reader',
    'b2dadf79-b339-4a53-b3e5-0be6f4e840ac',
    scope=vocabulary.Scope.CLOUD,
    level=vocabulary.Level.SHOULD,
    applies=vocabulary.Applies.ALWAYS,
    needs=[vocabulary.Need.READER, vocabulary.Need.OTHER_PROJECT],
    negative=True,
)
def api_policy_reader(context: contexts.Context) -> None:
    """Nobody extends a volume but members of its project.

    A reader of the project is refused with 403; a member of another project
    is told with 404 that there is no such volume.
    """
    assert context.reader is not None
    assert context.other is not None
    volume_id = api_answers.in_use(context)
    before = api_answers.state(context, volume_id)
    for name, storage, wanted in (
        ('a reader of the project', context.reader, 403),
        ('a member of another project', context.other, 404),
    ):
        api_answers.must_be_refused(
            context,
            before,
            f'An extend by {name}',
            functools.partial(api_answers.extend, storage, volume_id, 2),
            wanted,
        )


@registry.check(
    'api-quota',
    'c59343fd-f36a-4b56-8f46-3b639f0e2dde',
    scope=vocabulary.Scope.CLOUD,
    level=vocabulary.Level.MUST,
    applies=vocabulary.Applies.ALWAYS,
    needs=[vocabulary.Need.ADMIN, vocabulary.Need.OWN_PROJECT],
    profile=vocabulary.Profile.CERTIFIED,
    negative=True,
)
def api_quota(context: contexts.Context) -> None:
    """An extend beyond the quota is refused with 413, and changes nothing.

    Neither ``in_use`` nor ``reserved`` of the quota change, the attachment
    is alive, and once there is room again the next extend is accepted. For
    a moment the limit of this volume type alone is what the project uses
    of it.
    """
    assert context.admin is not None
    volume_id = api_answers.in_use(context)
    before = api_answers.state(context, volume_id)
    usage = quota_usage.read(context)
    if usage.of_type is None:
        raise findings.CouldNotTest(
            f'Cinder tells no quota of volume type {context.volume_type}',
            cause=vocabulary.Cause.NO_TYPE_QUOTA,
        )
    used_gib = usage.of_type.in_use + usage.of_type.reserved
    context.step(
        f'let gigabytes_{context.volume_type} be {used_gib}, as much as is '
        'used'
    )
    with settings.quota_limit(
        context.admin,
        context.resources.ledger,
        context.storage.connection.project_id,
        f'gigabytes_{context.volume_type}',
        used_gib,
    ):
        api_answers.must_be_refused(
            context,
            before,
            'An extend beyond the quota',
            functools.partial(
                api_answers.extend, context.storage, volume_id, 2
            ),
            413,
        )
    after = quota_usage.settled(
        context, lambda after: after.balance == usage.balance
    )
    if after.balance != usage.balance:
        raise findings.Failed(
            'The extend that was refused for its quota changed the usage: '
            f'it was {usage.describe()}, and is {after.describe()}'
        )
    context.step('extend again, now that there is room: must be accepted')
    answer = api_answers.extend(context.storage, volume_id, 2)
    if answer.status != 202:
        raise findings.Failed(
            f'After an extend that was refused for its quota, the next one '
            f'of attached volume {volume_id}, for which there is room, was '
            f'answered with HTTP {answer.status}, not 202',
            request_id=answer.request_id,
        )
    api_answers.let_it_end(context, volume_id, 2)


@registry.check(
    'api-completion-action',
    '1aea3728-6d40-41b1-ace3-a0962b38cc82',
    scope=vocabulary.Scope.CLOUD,
    level=vocabulary.Level.INFO,
    applies=vocabulary.Applies.ALWAYS,
    needs=[vocabulary.Need.ADMIN],
    profile=vocabulary.Profile.CERTIFIED,
    negative=True,
)
def api_completion_action(context: contexts.Context) -> None:
    """An extend that nobody waits for cannot be completed by hand.

    ``os-extend_volume_completion`` (3.71) on a volume that is not waiting
    for it is refused with 400 and changes nothing.
    """
    assert context.admin is not None
    admin = context.admin
    try:
        admin.require(_COMPLETION_MICROVERSION, 'completion of an extend')
    except connections.CloudUnreachable:
        raise
    except exceptions.NotTestable as error:
        raise findings.NotApplicable(
            str(error), cause=vocabulary.Cause.OLDER_MICROVERSION
        ) from error
    volume_id = api_answers.in_use(context)
    before = api_answers.state(context, volume_id)
    for failed in (False, True):
        api_answers.must_be_refused(
            context,
            before,
            'A completion that says '
            + ('that it failed' if failed else 'that it worked'),
            functools.partial(
                api_answers.act,
                admin,
                volume_id,
                {'os-extend_volume_completion': {'error': failed}},
                _COMPLETION_MICROVERSION,
            ),
        )
