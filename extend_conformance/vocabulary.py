# SPDX-License-Identifier: Apache-2.0

"""The words that more than one package uses, each spelled once.

A word that is stored in results, shown to people or given by them is a member
of an enum here, but for the kinds of evidence, by which nothing is decided.
What follows from a word is left to those who use it.
"""

import enum
import typing as ty


class Expectation(enum.StrEnum):
    """What was promised of extending an attached volume."""

    SUPPORTED = 'supported'
    REFUSED = 'refused'


class ExpectationSource(enum.StrEnum):
    """Who promised it; the first of these that speaks is believed."""

    CLAIM = 'claims-entry'
    MATRIX = 'matrix'
    CAPABILITY = 'capability'


class MatrixValue(enum.StrEnum):
    """The four values that a row of Cinder's support matrix may have."""

    COMPLETE = 'complete'
    MISSING = 'missing'
    PARTIAL = 'partial'
    UNKNOWN = 'unknown'


class Capability(enum.StrEnum):
    """What a pool says in ``online_extend_support``, as results keep it.

    Beside these there is the JSON text of anything else that it states.
    """

    TRUE = 'true'
    FALSE = 'false'
    ABSENT = 'absent'


class OutcomeClass(enum.StrEnum):
    """The four kinds of outcome that the verdict table knows."""

    SUPPORTED = 'supported'
    REFUSED = 'refused'
    BROKEN = 'broken'
    INCONCLUSIVE = 'inconclusive'


class Outcome(enum.StrEnum):
    """What was measured when an attached volume was extended.

    The worst comes first, which is kept where runs are merged.
    """

    DATA_DAMAGED = 'data-damaged'
    IO_INTERRUPTED = 'io-interrupted'
    INCONSISTENT = 'inconsistent'
    CONTROL_PLANE_ONLY = 'control-plane-only'
    HANG = 'hang'
    REFUSED_DRIVER = 'refused-driver'
    REFUSED_SCHEDULER = 'refused-scheduler'
    SUPPORTED = 'supported'
    INCONCLUSIVE = 'inconclusive'

    @property
    def outcome_class(self) -> OutcomeClass:
        """The kind of outcome, which is all that the table looks at."""
        return _OUTCOME_CLASSES.get(self, OutcomeClass.BROKEN)


_OUTCOME_CLASSES = {
    Outcome.SUPPORTED: OutcomeClass.SUPPORTED,
    Outcome.REFUSED_SCHEDULER: OutcomeClass.REFUSED,
    Outcome.REFUSED_DRIVER: OutcomeClass.REFUSED,
    Outcome.INCONCLUSIVE: OutcomeClass.INCONCLUSIVE,
}


class CheckVerdict(enum.StrEnum):
    """What one check says of one backend, or of the cloud.

    What was tested comes before what was not, and the worst first, which is
    kept where runs are merged.
    """

    FAIL = 'fail'
    KNOWN = 'known'
    PASS = 'pass'  # noqa: S105 - a verdict
    ABORT = 'abort'
    NOT_APPLICABLE = 'not-applicable'
    SKIP = 'skip'
    MISSING = 'missing'


class BackendVerdict(enum.StrEnum):
    """What the verdict table says of a backend, or of the cloud."""

    CONFORMS = 'conforms'
    REFUSES_HONESTLY = 'refuses-honestly'
    BETTER_THAN_CLAIMED = 'better-than-claimed'
    CONTRADICTS_CLAIM = 'contradicts-claim'
    FAILS = 'fails'
    UNDECIDED = 'undecided'


class Level(enum.StrEnum):
    """How much a check weighs in the verdict."""

    MUST = 'must'
    SHOULD = 'should'
    INFO = 'info'


class Scope(enum.StrEnum):
    """What a check judges: Cinder's API, or one backend."""

    CLOUD = 'cloud'
    BACKEND = 'backend'


class Applies(enum.StrEnum):
    """On which backends a check says something.

    ``ALWAYS``; ``WHERE_SUPPORTED``: everywhere but where the claims entry
    says refused, and a refusal met there is not applicable if it was
    expected, else a failure; ``WHERE_REFUSED``: where a refusal was expected
    or met, and not applicable if the extend works.
    """

    ALWAYS = 'A'
    WHERE_SUPPORTED = 'S'
    WHERE_REFUSED = 'R'


class FirstExtend(enum.StrEnum):
    """What a check asks of the first extend before it begins.

    ``ANY``: nothing, it begins whatever came of it; ``JUDGED``: nothing
    either, since this is what it judges, and it needs no further one;
    ``NOT_HUNG``: that it ended, since another would only hang as long;
    ``ALLOWS_ANOTHER``: that it ended, and that nothing beside the backend was
    in its way, since another would only meet the same.
    """

    ANY = 'any'
    JUDGED = 'judged'
    NOT_HUNG = 'not-hung'
    ALLOWS_ANOTHER = 'allows-another'


class Need(enum.StrEnum):
    """What has to be given before a check can run."""

    HOST = 'host'
    ADMIN = 'admin'
    IMAGE = 'image'
    OWN_PROJECT = 'own-project'
    READER = 'reader'
    OTHER_PROJECT = 'other-project'


class Feature(enum.StrEnum):
    """What a backend need not have; a claims entry may declare it absent."""

    CLONE = 'clone'
    MULTIATTACH = 'multiattach'
    SNAPSHOT = 'snapshot'


class Profile(enum.StrEnum):
    """How much is checked, the quickest first; each holds the one before."""

    QUICK = 'quick'
    STANDARD = 'standard'
    CERTIFIED = 'certified'

    def holds(self, other: 'Profile') -> bool:
        """Whether all of another profile is part of this one."""
        by_size = list(Profile)
        return by_size.index(other) <= by_size.index(self)


class Mode(enum.StrEnum):
    """How a volume grows while an image is written to it."""

    ATTACHED = 'attached'
    DETACHED = 'detached'


class Writer(enum.StrEnum):
    """What made the image of a sample.

    Beside this there is whatever name results give to another writer.
    """

    REFERENCE = 'reference'


class Door(enum.StrEnum):
    """Through which front door a run came in.

    ``MERGED`` if runs of several doors were put together.
    """

    TEMPEST = 'tempest'
    PYTEST = 'pytest'
    CERTIFY = 'certify'
    BENCH = 'bench'
    MERGED = 'merged'


class DamageKind(enum.StrEnum):
    """What was found where something else was written."""

    ZEROS = 'zeros'
    OTHER_BLOCK = 'other-block'
    STALE = 'stale'
    OTHER_VOLUME = 'other-volume'
    NOISE = 'noise'
    UNREADABLE = 'unreadable'


#: What an entry of the evidence tells of. A label for people, which nothing
#: is decided by: the type checker holds those who enter one to it.
EventKind: ty.TypeAlias = ty.Literal[
    'api-call',
    'status',
    'message',
    'device',
    'connector',
    'data',
    'capability',
    'step',
    'error',
]


class Connector(enum.StrEnum):
    """What os-brick's connector for a protocol can do on this host."""

    EXTENDS = 'extends'
    CANNOT_EXTEND = 'cannot-extend'
    NO_CONNECTOR = 'no-connector'


class Phase(enum.StrEnum):
    """What a span of a sample was spent on."""

    CREATE = 'create'
    ATTACH = 'attach'
    WRITE = 'write'
    EXTEND = 'extend'
    DETACH = 'detach'
    WAIT = 'wait'


class Cause(enum.StrEnum):
    """Why something was skipped, not applicable, or could not be tested.

    Beside these there are the causes of :func:`http_cause`.
    """

    EXTEND_WORKS = 'extend-works'
    FEATURE_ABSENT = 'feature-absent'
    HOST_CANNOT_ATTACH = 'host-cannot-attach'
    NOTHING_TOO_LARGE = 'nothing-too-large'
    NO_ADMIN = 'no-admin'
    NO_ANSWER = 'no-answer'
    NO_CLEAN_UP = 'no-clean-up'
    NO_CONNECTION = 'no-connection'
    NO_HOST = 'no-host'
    NO_IDENTITY = 'no-identity'
    NO_IMAGE = 'no-image'
    NO_MATRIX_ROW = 'no-matrix-row'
    NO_MULTIATTACH = 'no-multiattach'
    NO_OTHER_PROJECT = 'no-other-project'
    NO_OWN_PROJECT = 'no-own-project'
    NO_POOL = 'no-pool'
    NO_PROMISE = 'no-promise'
    NO_READER = 'no-reader'
    NO_REFUSAL = 'no-refusal'
    NO_RESET_STATUS = 'no-reset-status'
    NO_RESULT = 'no-result'
    NO_ROOM = 'no-room'
    NO_STORE_OF_THIS_TYPE = 'no-store-of-this-type'
    NO_TYPE_QUOTA = 'no-type-quota'
    OLDER_MICROVERSION = 'older-microversion'
    OUTCOME_CONTROL_PLANE_ONLY = 'outcome-control-plane-only'
    OUTCOME_DATA_DAMAGED = 'outcome-data-damaged'
    OUTCOME_HANG = 'outcome-hang'
    OUTCOME_INCONCLUSIVE = 'outcome-inconclusive'
    OUTCOME_INCONSISTENT = 'outcome-inconsistent'
    OUTCOME_IO_INTERRUPTED = 'outcome-io-interrupted'
    OUTCOME_REFUSED_DRIVER = 'outcome-refused-driver'
    OUTCOME_REFUSED_SCHEDULER = 'outcome-refused-scheduler'
    REFUSAL_CLAIMED = 'refusal-claimed'
    REFUSAL_PROMISED = 'refusal-promised'
    REFUSED_AS_PROMISED = 'refused-as-promised'
    STORES_NOT_SHOWN = 'stores-not-shown'

    @classmethod
    def lacking(cls, need: Need) -> 'Cause':
        """Something that was not given."""
        return cls(f'no-{need}')

    @classmethod
    def of_outcome(cls, outcome: Outcome) -> 'Cause':
        """The first extend came out so that nothing more can be said.

        :param outcome: any but ``supported``.
        """
        return cls(f'outcome-{outcome}')


def http_cause(status: int) -> str:
    """The cause of what failed with an answer that nobody foresaw.

    :param status: of the answer, for example 503.
    :returns: for example ``http-503``.
    """
    return f'http-{status}'
