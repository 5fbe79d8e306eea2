# SPDX-License-Identifier: Apache-2.0

"""Which defect which check has to catch: the proof that the judge is right.

Each row is one defect of the sandbox, on which the checks that it names are
run. What a defect means is said where it is declared
(``sandbox.declared``, or ``rules`` of the fault plane over a good backend).
"""

import dataclasses


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """What has to come of some checks on one backend.

    :param backend: name of a backend of the sandbox.
    :param must_fail: ids of checks that have to find the defect.
    :param may_fail: ids of checks that may notice it, or not.
    :param must_pass: ids of checks that have nothing to do with it, and
        prove that it is this defect alone that is found.
    """

    backend: str
    must_fail: frozenset[str]
    may_fail: frozenset[str] = frozenset()
    must_pass: frozenset[str] = frozenset()


def _row(
    backend: str, must_fail: str, must_pass: str, may_fail: str = ''
) -> Row:
    """Make a row of words."""
    return Row(
        backend=backend,
        must_fail=frozenset(must_fail.split()),
        may_fail=frozenset(may_fail.split()),
        must_pass=frozenset(must_pass.split()),
    )


#: The standard set, whose backends are bad in one way each.
STANDARD = (
    _row(
        'device-stays',
        must_fail='host-grows-in-place image-attached-unknown claim-matrix',
        must_pass='api-microversion-gate image-detached-unknown claim-host',
    ),
    _row(
        'loses-old-data',
        must_fail='data-old-intact image-attached-unknown',
        must_pass='host-grows-in-place image-detached-unknown claim-host',
    ),
    _row(
        'damages-at-detach',
        must_fail='data-old-intact image-attached-unknown',
        must_pass='host-grows-in-place image-detached-unknown claim-host',
    ),
    _row(
        'refuses-driver',
        must_fail='claim-matrix claim-capability host-grows-in-place',
        must_pass='extend-refused-changes-nothing image-refused-extend '
        'image-detached-unknown claim-host',
    ),
)

#: The defects that the subjects ``api`` and ``extend`` have to catch.
EXTEND: tuple[Row, ...] = ()

#: The defects that the subject ``host`` has to catch.
HOST = (
    _row(
        'grows-late',
        must_fail='host-grows-in-place host-open-descriptor-grows',
        must_pass='host-survives-reattach host-nothing-left claim-host',
    ),
    _row(
        'short-by-a-sector',
        must_fail='host-grows-in-place host-open-descriptor-grows',
        must_pass='host-survives-reattach host-nothing-left claim-host',
    ),
    _row(
        'replaces-device',
        must_fail='host-open-descriptor-grows host-repeated-steps',
        must_pass='host-grows-in-place host-survives-reattach host- '
        'connection-stable data-old-intact',
        may_fail='image-attached-unknown',
    ),
    _row(
        'replaces-device-later',
        must_fail='host-repeated-steps',
        must_pass='host-grows-in-place host-open-descriptor-grows host- '
        'survives-reattach',
    ),
    _row(
        'works-once',
        must_fail='host-repeated-steps image-attached-unknown',
        must_pass='host-grows-in-place host-open-descriptor-grows host- '
        'survives-reattach image-detached-unknown',
    ),
    _row(
        'damages-third-step',
        must_fail='host-repeated-steps',
        must_pass='host-open-descriptor-grows host-survives-reattach data- '
        'old-intact',
    ),
    _row(
        'damages-fifth-step',
        must_fail='host-repeated-steps',
        must_pass='host-open-descriptor-grows host-survives-reattach data- '
        'old-intact',
    ),
    _row(
        'stays-at-fourth-step',
        must_fail='host-repeated-steps',
        must_pass='host-grows-in-place host-open-descriptor-grows host- '
        'survives-reattach',
    ),
    _row(
        'refuses-after-reattach',
        must_fail='host-repeated-steps',
        must_pass='host-open-descriptor-grows host-survives-reattach image- '
        'detached-unknown',
    ),
    _row(
        'grows-sevenfold',
        must_fail='host-large-step host-repeated-steps',
        must_pass='host-grows-in-place host-open-descriptor-grows host- '
        'survives-reattach',
    ),
    _row(
        'forgets-growth',
        must_fail='host-survives-reattach',
        must_pass='host-open-descriptor-grows host-nothing-left claim-host',
        may_fail='host-repeated-steps host-grows-in-place',
    ),
    _row(
        'forgets-growth-later',
        must_fail='host-survives-reattach',
        must_pass='host-grows-in-place host-open-descriptor-grows host- '
        'nothing-left data-old-intact',
    ),
    _row(
        'renames-target',
        must_fail='host-connection-stable',
        must_pass='host-survives-reattach host-nothing-left host-open- '
        'descriptor-grows',
    ),
    _row(
        'leaks-device',
        must_fail='host-nothing-left',
        must_pass='host-survives-reattach host-open-descriptor-grows host- '
        'connection-stable',
    ),
    _row(
        'leaves-link',
        must_fail='host-nothing-left',
        must_pass='host-survives-reattach host-open-descriptor-grows host- '
        'connection-stable',
    ),
    _row(
        'second-attachment-stale',
        must_fail='host-multiattach',
        must_pass='host-open-descriptor-grows host-survives-reattach host- '
        'nothing-left',
    ),
)

#: The defects that the subject ``data`` has to catch.
DATA = (
    _row(
        'loses-last-block',
        must_fail='data-old-intact',
        must_pass='host-grows-in-place data-new-area-clean data-durable- '
        'after-detach',
        may_fail='data-boundary data-new-area-writable',
    ),
    _row(
        'loses-middle-block',
        must_fail='data-old-intact',
        must_pass='host-grows-in-place data-boundary data-durable-after- '
        'detach',
    ),
    _row(
        'swaps-blocks',
        must_fail='data-old-intact',
        must_pass='host-grows-in-place data-new-area-clean data-durable- '
        'after-detach',
    ),
    _row(
        'tears-block',
        must_fail='data-old-intact',
        must_pass='host-grows-in-place data-boundary data-durable-after- '
        'detach',
    ),
    _row(
        'boundary-off-by-one',
        must_fail='data-boundary',
        must_pass='data-old-intact data-new-area-clean data-durable-after- '
        'detach',
        may_fail='data-new-area-writable image-attached-unknown',
    ),
    _row(
        'new-area-reads-zeros',
        must_fail='data-new-area-writable',
        must_pass='data-old-intact data-boundary data-durable-after-detach',
        may_fail='image-attached-unknown',
    ),
    _row(
        'new-area-aliases-old',
        must_fail='data-new-area-writable',
        must_pass='data-old-intact data-boundary data-durable-after-detach',
        may_fail='image-attached-unknown',
    ),
    _row(
        'loses-new-area',
        must_fail='data-boundary data-new-area-writable io-during-extend',
        must_pass='data-old-intact host-grows-in-place data-durable-after- '
        'detach',
    ),
    _row(
        'read-only-after-extend',
        must_fail='data-boundary data-new-area-writable io-during-extend',
        must_pass='data-old-intact host-grows-in-place data-durable-after- '
        'detach',
    ),
    _row(
        'shows-deleted-data',
        must_fail='data-new-area-clean',
        must_pass='data-old-intact data-boundary io-during-extend',
        may_fail='neighbour-undisturbed',
    ),
    _row(
        'damages-second-gib',
        must_fail='io-during-extend',
        must_pass='data-old-intact data-new-area-writable neighbour- '
        'undisturbed',
        may_fail='image-attached-unknown',
    ),
    _row(
        'drops-write-cache',
        must_fail='data-durable-after-detach data-old-intact',
        must_pass='host-grows-in-place claim-host claim-capability',
        may_fail='image-attached-unknown',
    ),
    _row(
        'damages-at-second-detach',
        must_fail='data-boundary',
        must_pass='data-old-intact data-new-area-writable data-durable- '
        'after-detach',
    ),
    _row(
        'read-only-while-extending',
        must_fail='io-during-extend',
        must_pass='data-old-intact data-boundary neighbour-undisturbed',
    ),
    _row(
        'gone-while-extending',
        must_fail='io-during-extend',
        must_pass='data-old-intact data-boundary data-durable-after-detach',
    ),
    _row(
        'write-error-while-extending',
        must_fail='io-during-extend',
        must_pass='data-old-intact data-boundary data-durable-after-detach',
    ),
    _row(
        'loses-writes-while-extending',
        must_fail='io-during-extend',
        must_pass='data-old-intact data-boundary neighbour-undisturbed',
    ),
    _row(
        'touches-neighbour',
        must_fail='neighbour-undisturbed',
        must_pass='data-old-intact io-during-extend data-boundary',
    ),
    _row(
        'touches-neighbour-at-detach',
        must_fail='neighbour-undisturbed',
        must_pass='data-old-intact io-during-extend data-boundary',
    ),
    _row(
        'shows-neighbour',
        must_fail='neighbour-undisturbed',
        must_pass='data-old-intact data-boundary io-during-extend',
        may_fail='data-new-area-clean',
    ),
)

#: The defects that the subjects ``writer`` and ``claims`` have to catch.
WRITER: tuple[Row, ...] = (
    _row(
        'loses-at-detach',
        must_fail='image-known-size image-detached-unknown '
        'image-modes-agree image-through-glance data-old-intact',
        may_fail='image-clone image-attached-unknown',
        must_pass='api-microversion-gate host-grows-in-place '
        'image-source-fails claim-host',
    ),
    _row(
        'truncates-at-reopen',
        must_fail='image-detached-unknown image-modes-agree',
        must_pass='image-attached-unknown image-known-size image-clone '
        'data-old-intact claim-matrix',
    ),
    _row(
        'offline-extend-damages',
        must_fail='image-detached-unknown image-modes-agree',
        must_pass='image-attached-unknown image-known-size '
        'host-grows-in-place data-old-intact',
    ),
    _row(
        'clone-loses-extended',
        must_fail='image-clone',
        must_pass='image-attached-unknown image-detached-unknown '
        'image-modes-agree data-old-intact',
    ),
    _row(
        'clone-keeps-size',
        must_fail='image-clone',
        must_pass='image-attached-unknown image-source-fails '
        'host-grows-in-place data-old-intact',
    ),
    _row(
        'refuses-silently',
        must_fail='claim-capability',
        must_pass='claim-matrix image-refused-extend image-known-size '
        'image-source-fails extend-refused-changes-nothing',
    ),
    _row(
        'keeps-refused',
        must_fail='image-refused-extend',
        may_fail='extend-refused-changes-nothing claim-matrix',
        must_pass='image-detached-unknown image-known-size image-source-fails',
    ),
    _row(
        'capability-is-text',
        must_fail='claim-capability',
        must_pass='claim-matrix host-grows-in-place data-old-intact '
        'image-modes-agree claim-host',
    ),
    _row(
        'host-cannot-extend',
        must_fail='claim-host host-grows-in-place image-attached-unknown',
        must_pass='image-detached-unknown image-known-size image-source-fails',
    ),
    _row(
        # A good backend, whose row of the matrix is wrong.
        'slow-attach',
        must_fail='claim-matrix',
        must_pass='claim-capability claim-host host-grows-in-place '
        'image-source-fails',
    ),
)

#: All rows, one a defect.
ROWS = (*STANDARD, *EXTEND, *HOST, *DATA, *WRITER)
