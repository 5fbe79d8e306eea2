# SPDX-License-Identifier: Apache-2.0

"""Whether what is said of a backend agrees with what was measured."""

from extend_conformance import vocabulary
from extend_conformance.checks import registry
from extend_conformance.claims import agreement
from extend_conformance.probes import context as contexts
from extend_conformance.probes import findings

_SUPPORTED = vocabulary.OutcomeClass.SUPPORTED
_REFUSED = vocabulary.OutcomeClass.REFUSED


def _measured(context: contexts.Context) -> vocabulary.OutcomeClass:
    """The class of the outcome, if it says anything about claims."""
    outcome = context.outcome.outcome_class
    if outcome is vocabulary.OutcomeClass.INCONCLUSIVE:
        raise findings.CouldNotTest(
            context.first_extend.explanation,
            cause=vocabulary.Cause.OUTCOME_INCONCLUSIVE,
        )
    return outcome


@registry.check(
    'claim-matrix',
    'bc0fcaca-b4bc-4f27-b322-45feffd0c0a5',
    level=vocabulary.Level.MUST,
    applies=vocabulary.Applies.ALWAYS,
    profile=vocabulary.Profile.QUICK,
    first_extend=vocabulary.FirstExtend.JUDGED,
    typical_s=0,
    room_gib=2,
)
def claim_matrix(context: contexts.Context) -> None:
    """The support matrix of the cloud's release tells the truth.

    A row that says ``complete`` of a backend that does not extend is a
    failure; one that says ``missing`` of a backend that does is a mistake
    of the documentation, for which the report has a patch.
    """
    truths = context.backend.truths
    if truths.matrix_key is None or truths.matrix_value is None:
        raise findings.NotApplicable(
            'The support matrix has no one row for this backend. '
            f'{context.promise.explanation}',
            cause=vocabulary.Cause.NO_MATRIX_ROW,
        )
    value = truths.matrix_value
    row = f'Row driver.{truths.matrix_key} says {value}'
    match agreement.compare(value, _measured(context)):
        case agreement.Agreement.NO_PROMISE:
            raise findings.NotApplicable(
                f'{row}, which promises nothing',
                cause=vocabulary.Cause.NO_PROMISE,
            )
        case agreement.Agreement.TOO_MUCH:
            raise findings.Failed(
                f'{row}, but: {context.first_extend.explanation}'
            )
        case agreement.Agreement.TOO_LITTLE:
            raise findings.Failed(
                f'{row}, but: {context.first_extend.explanation}',
                level=vocabulary.Level.SHOULD,
            )


@registry.check(
    'claim-capability',
    '0e2653b6-f2ac-4454-a08b-9537ff505081',
    level=vocabulary.Level.MUST,
    applies=vocabulary.Applies.ALWAYS,
    needs=[vocabulary.Need.ADMIN],
    profile=vocabulary.Profile.QUICK,
    first_extend=vocabulary.FirstExtend.JUDGED,
    typical_s=0,
    room_gib=2,
)
def claim_capability(context: contexts.Context) -> None:
    """The pool's online_extend_support tells the scheduler the truth.

    The scheduler refuses only for the boolean ``False`` and reads
    everything else, text and silence, as support. A stated boolean has to
    agree with what was measured; a backend that refuses in silence lets its
    users run into ``error_extending``. Source: CapabilitiesFilter in
    cinder/scheduler/filters/capabilities_filter.py.
    """
    stated = context.backend.truths.capability
    if stated is None:
        raise findings.CouldNotTest(
            'The pool of this backend was not found',
            cause=vocabulary.Cause.NO_POOL,
        )
    measured = _measured(context)
    said = context.first_extend.explanation
    if stated == vocabulary.Capability.ABSENT:
        if measured is _REFUSED:
            raise findings.Failed(
                'The pool does not state online_extend_support, so that the '
                f'scheduler lets every extend through, but: {said}',
                level=vocabulary.Level.SHOULD,
            )
        return
    if stated not in (vocabulary.Capability.TRUE, vocabulary.Capability.FALSE):
        raise findings.Failed(
            f'The pool states online_extend_support as {stated}, which is '
            'not a boolean: the scheduler reads it as support'
        )
    if (stated == vocabulary.Capability.TRUE) != (measured is _SUPPORTED):
        raise findings.Failed(
            f'The pool states online_extend_support={stated}, but: {said}'
        )


@registry.check(
    'claim-host',
    '46434986-8872-4382-851b-f08685dcecca',
    level=vocabulary.Level.MUST,
    applies=vocabulary.Applies.ALWAYS,
    needs=[vocabulary.Need.HOST],
    profile=vocabulary.Profile.QUICK,
    first_extend=vocabulary.FirstExtend.JUDGED,
    typical_s=0,
    room_gib=2,
)
def claim_host(context: contexts.Context) -> None:
    """os-brick's connector can do on this host what the backend promises."""
    if context.expects_refusal:
        raise findings.NotApplicable(
            'Nothing was promised that the host would have to follow',
            cause=vocabulary.Cause.REFUSAL_PROMISED,
        )
    truths = context.measure().truths
    if truths.connector is None:
        raise findings.CouldNotTest(
            'No connection was made, so that its protocol is not known',
            cause=vocabulary.Cause.NO_CONNECTION,
        )
    if truths.connector != vocabulary.Connector.EXTENDS:
        raise findings.Failed(
            f"os-brick's connector for {truths.protocol}: {truths.connector}. "
            'A volume that is extended while attached does not grow on any '
            'host'
        )
