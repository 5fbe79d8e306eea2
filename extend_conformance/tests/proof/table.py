# SPDX-License-Identifier: Apache-2.0

"""Which defect which check has to catch: the proof that the judge is right.

Each row is one defect of the sandbox, on which the checks that it names are
run. What a defect means is said where it is declared
(``sandbox.declared``, or ``rules`` of the fault plane over a good backend).
Running them is left to ``proving``.
"""

import dataclasses

from extend_conformance.sandbox import fault_rules


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """What has to come of some checks on one backend.

    :param name: of the defect; where it is a backend's, that of the backend.
    :param backend: name of a backend of the sandbox.
    :param rules: of the fault plane, in force anew for each check.
    :param must_fail: ids of checks that have to find the defect.
    :param may_fail: ids of checks that may notice it, or not.
    :param must_pass: ids of checks that have nothing to do with it, and
        prove that it is this defect alone that is found.
    """

    name: str
    backend: str
    must_fail: frozenset[str]
    may_fail: frozenset[str] = frozenset()
    must_pass: frozenset[str] = frozenset()
    rules: tuple[fault_rules.Rule, ...] = ()

    @property
    def checks(self) -> frozenset[str]:
        """The ids of all checks that the row names."""
        return self.must_fail | self.may_fail | self.must_pass


def _row(
    backend: str, must_pass: str, must_fail: str = '', may_fail: str = ''
) -> Row:
    """Make a row of words: the defect of a backend."""
    return Row(
        name=backend,
        backend=backend,
        must_fail=frozenset(must_fail.split()),
        may_fail=frozenset(may_fail.split()),
        must_pass=frozenset(must_pass.split()),
    )


def _api_row(
    name: str,
    *rules: fault_rules.Rule,
    must_fail: str,
    must_pass: str,
) -> Row:
    """Make a row of words: a defect of the API, over a good backend."""
    return Row(
        name=name,
        backend='good',
        rules=rules,
        must_fail=frozenset(must_fail.split()),
        must_pass=frozenset(must_pass.split()),
    )


def _on_extend(
    action: fault_rules.Action,
    *,
    new_size: str | None = None,
    microversion: str | None = None,
    nth: int = 1,
    count: int | None = None,
) -> fault_rules.Rule:
    """Make a rule for the action that extends a volume."""
    return fault_rules.Rule(
        service='cinder',
        method='POST',
        path='/volumes/[^/]+/action$',
        body_key='os-extend' if new_size is None else 'os-extend.new_size',
        body_value=new_size,
        microversion=microversion,
        nth=nth,
        count=count,
        action=action,
    )


#: Backends on which nothing may fail but what their row says: the whole
#: profile ``standard`` runs on them. A backend that says that it cannot, and
#: cannot, is as good as one that can.
GOOD = ('good', 'slow-extend', 'slow-attach', 'refuses-capability')

#: Good backends which are unusual, and the checks that might mind.
UNUSUAL = (
    _row(
        'good-multiattach',
        must_pass='host-multiattach host-grows-in-place host-nothing-left '
        'host-connection-stable host-survives-reattach '
        'extend-usage-accounting data-old-intact data-new-area-clean '
        'neighbour-undisturbed',
    ),
    _row(
        'rounds-up',
        must_pass='host-size-granularity host-grows-in-place '
        'host-open-descriptor-grows host-repeated-steps '
        'host-survives-reattach extend-completes data-boundary '
        'data-new-area-writable data-new-area-clean',
    ),
    _row(
        'small-pool',
        must_pass='extend-completes extend-again-after-failure '
        'extend-error-recovery extend-usage-accounting host-grows-in-place '
        'data-old-intact image-attached-unknown',
    ),
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
EXTEND: tuple[Row, ...] = (
    _row(
        'hangs',
        must_fail='extend-completes host-grows-in-place',
        must_pass='image-detached-unknown image-known-size claim-host',
    ),
    _row(
        'uninitialised',
        must_fail='extend-failure-message extend-usage-accounting '
        'claim-matrix',
        # Detached volumes are not extended either.
        may_fail='extend-refused-changes-nothing image-detached-unknown',
        must_pass='extend-completes data-durable-after-detach claim-host',
    ),
    _row(
        'uninitialised-in-mid-life',
        must_fail='extend-usage-accounting',
        must_pass='extend-completes data-old-intact claim-capability',
    ),
    _row(
        'refuses-and-goes-readonly',
        must_fail='extend-refused-changes-nothing',
        must_pass='extend-completes extend-failure-message claim-matrix '
        'extend-usage-accounting',
    ),
    _row(
        'refuses-after-shrinking',
        must_fail='extend-refused-changes-nothing',
        must_pass='extend-completes extend-failure-message '
        'extend-usage-accounting',
    ),
    _row(
        'refuses-after-growing',
        must_fail='extend-refused-changes-nothing',
        must_pass='extend-completes extend-failure-message '
        'extend-usage-accounting',
    ),
    _row(
        'damages-when-refusing',
        must_fail='extend-refused-changes-nothing',
        must_pass='extend-completes extend-failure-message '
        'extend-usage-accounting',
    ),
    _row(
        'refusal-touches-neighbour',
        must_fail='extend-refused-changes-nothing',
        must_pass='extend-completes extend-failure-message '
        'extend-usage-accounting',
    ),
    _row(
        'refuses-with-snapshots',
        must_fail='extend-with-snapshot',
        must_pass='extend-completes data-old-intact claim-capability',
    ),
    _row(
        'snapshot-sees-new-data',
        must_fail='extend-with-snapshot',
        must_pass='extend-completes data-old-intact claim-capability',
    ),
    _row(
        'snapshot-loses-data',
        must_fail='extend-with-snapshot',
        must_pass='extend-completes data-old-intact claim-capability',
    ),
    _row(
        'snapshot-loses-data-later',
        must_fail='extend-with-snapshot',
        must_pass='extend-completes data-old-intact claim-capability',
    ),
    _row(
        'snapshot-damages-volume',
        must_fail='extend-with-snapshot',
        must_pass='extend-completes data-old-intact claim-capability',
    ),
    _row(
        'snapshot-lacks-extended',
        must_fail='extend-with-snapshot',
        must_pass='extend-completes data-old-intact claim-capability',
    ),
    _row(
        'snapshot-fails-after-extend',
        must_fail='extend-with-snapshot',
        must_pass='extend-completes data-old-intact claim-capability',
    ),
    _row(
        'damages-extended-copy',
        must_fail='extend-with-snapshot',
        must_pass='extend-completes data-old-intact claim-capability',
    ),
    _row(
        'snapshot-delete-damages',
        must_fail='extend-with-snapshot',
        must_pass='extend-completes data-old-intact claim-capability',
    ),
    _row(
        'drops-metadata',
        must_fail='extend-completes',
        must_pass='data-old-intact claim-capability claim-host',
    ),
    _row(
        'clears-bootable',
        must_fail='extend-completes',
        must_pass='data-old-intact claim-capability claim-host',
    ),
    _row(
        'clears-bootable-later',
        must_fail='extend-completes',
        must_pass='data-old-intact claim-capability claim-host',
    ),
    _row(
        'failure-poisons',
        must_fail='extend-again-after-failure',
        must_pass='extend-completes data-old-intact extend-error-recovery',
    ),
    _row(
        'failure-poisons-neighbour',
        must_fail='extend-again-after-failure',
        must_pass='extend-completes data-old-intact claim-capability',
    ),
    _row(
        'failure-damages',
        must_fail='extend-again-after-failure extend-error-recovery',
        must_pass='extend-completes data-old-intact extend-usage-accounting',
    ),
    _row(
        'failure-touches-neighbour',
        must_fail='extend-again-after-failure',
        must_pass='extend-completes data-old-intact claim-capability',
    ),
    _row(
        'failure-grows',
        must_fail='extend-again-after-failure',
        must_pass='extend-completes data-old-intact extend-usage-accounting',
    ),
    _row(
        'failure-goes-readonly',
        must_fail='extend-again-after-failure',
        must_pass='extend-completes data-old-intact claim-capability',
    ),
    _row(
        'failure-sticks',
        must_fail='extend-again-after-failure extend-error-recovery',
        must_pass='extend-completes data-old-intact claim-capability',
    ),
)

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
        must_pass='host-grows-in-place host-survives-reattach '
        'host-connection-stable data-old-intact',
    ),
    _row(
        'replaces-device-later',
        must_fail='host-repeated-steps',
        must_pass='host-grows-in-place host-open-descriptor-grows '
        'host-survives-reattach',
    ),
    _row(
        'works-once',
        must_fail='host-repeated-steps image-attached-unknown',
        must_pass='host-grows-in-place host-open-descriptor-grows '
        'host-survives-reattach image-detached-unknown',
    ),
    _row(
        'damages-third-step',
        must_fail='host-repeated-steps',
        must_pass='host-grows-in-place host-survives-reattach data-old-intact',
    ),
    _row(
        'damages-third-step-block',
        must_fail='host-repeated-steps',
        must_pass='host-grows-in-place host-survives-reattach data-old-intact',
    ),
    _row(
        'damages-above-four-gib',
        must_fail='host-repeated-steps',
        must_pass='host-grows-in-place host-survives-reattach data-old-intact',
    ),
    _row(
        'damages-fifth-step',
        must_fail='host-repeated-steps',
        must_pass='host-grows-in-place host-survives-reattach data-old-intact',
    ),
    _row(
        'stays-at-fourth-step',
        must_fail='host-repeated-steps',
        must_pass='host-grows-in-place host-survives-reattach data-old-intact',
    ),
    _row(
        'refuses-after-reattach',
        must_fail='host-repeated-steps',
        must_pass='host-grows-in-place host-survives-reattach data-old-intact',
    ),
    _row(
        'grows-sevenfold',
        must_fail='host-large-step host-repeated-steps',
        must_pass='host-grows-in-place host-survives-reattach data-old-intact',
    ),
    _row(
        'grows-by-one',
        must_fail='host-large-step host-open-descriptor-grows',
        must_pass='host-grows-in-place host-survives-reattach '
        'data-new-area-writable',
    ),
    _row(
        'forgets-growth',
        must_fail='host-survives-reattach',
        must_pass='host-grows-in-place host-nothing-left claim-host',
    ),
    _row(
        'forgets-growth-later',
        must_fail='host-survives-reattach',
        must_pass='host-grows-in-place host-open-descriptor-grows '
        'host-nothing-left data-old-intact',
    ),
    _row(
        'attaches-no-more',
        must_fail='host-survives-reattach host-open-descriptor-grows '
        'image-attached-unknown',
        must_pass='extend-completes host-nothing-left claim-host',
    ),
    _row(
        'keeps-extended',
        must_fail='host-open-descriptor-grows data-boundary',
        must_pass='host-grows-in-place data-old-intact '
        'data-durable-after-detach image-source-fails',
    ),
    _row(
        'renames-target',
        must_fail='host-connection-stable',
        must_pass='host-survives-reattach host-nothing-left '
        'host-open-descriptor-grows',
    ),
    _row(
        'renames-target-later',
        must_fail='host-connection-stable',
        must_pass='host-survives-reattach host-nothing-left '
        'host-open-descriptor-grows',
    ),
    _row(
        'leaks-device',
        must_fail='host-nothing-left',
        must_pass='host-survives-reattach host-open-descriptor-grows '
        'host-connection-stable',
    ),
    _row(
        'leaks-device-later',
        must_fail='host-nothing-left',
        must_pass='host-grows-in-place host-survives-reattach '
        'host-connection-stable',
    ),
    _row(
        'leaves-link',
        must_fail='host-nothing-left',
        must_pass='host-grows-in-place host-survives-reattach '
        'host-connection-stable',
    ),
    _row(
        'second-attachment-stale',
        must_fail='host-multiattach',
        must_pass='host-grows-in-place host-survives-reattach '
        'host-nothing-left',
    ),
)

#: The defects that the subject ``data`` has to catch.
DATA = (
    _row(
        'loses-last-block',
        must_fail='data-old-intact',
        must_pass='host-grows-in-place extend-completes '
        'data-durable-after-detach',
        may_fail='data-boundary data-new-area-writable',
    ),
    _row(
        'loses-middle-block',
        must_fail='data-old-intact',
        must_pass='host-grows-in-place data-boundary '
        'data-durable-after-detach',
    ),
    _row(
        'swaps-blocks',
        must_fail='data-old-intact',
        must_pass='host-grows-in-place data-new-area-clean '
        'data-durable-after-detach',
    ),
    _row(
        'tears-block',
        must_fail='data-old-intact',
        must_pass='host-grows-in-place data-boundary '
        'data-durable-after-detach',
    ),
    _row(
        'boundary-off-by-one',
        must_fail='data-boundary',
        must_pass='data-old-intact data-new-area-clean '
        'data-durable-after-detach',
        may_fail='data-new-area-writable',
    ),
    _row(
        'new-area-reads-zeros',
        must_fail='data-new-area-writable',
        must_pass='data-old-intact data-boundary data-durable-after-detach',
    ),
    _row(
        'new-area-aliases-old',
        must_fail='data-new-area-writable',
        must_pass='data-old-intact data-boundary data-durable-after-detach',
    ),
    _row(
        'loses-new-area',
        must_fail='data-boundary data-new-area-writable io-during-extend',
        must_pass='data-old-intact host-grows-in-place '
        'data-durable-after-detach',
    ),
    _row(
        'read-only-after-extend',
        must_fail='data-boundary data-new-area-writable io-during-extend',
        must_pass='data-old-intact host-grows-in-place '
        'data-durable-after-detach',
    ),
    _row(
        'shows-deleted-data',
        must_fail='data-new-area-clean',
        must_pass='data-old-intact io-during-extend host-grows-in-place',
    ),
    _row(
        'shows-deleted-later',
        must_fail='data-new-area-clean',
        must_pass='data-old-intact data-new-area-writable host-grows-in-place',
    ),
    _row(
        'damages-second-gib',
        must_fail='io-during-extend',
        must_pass='data-old-intact data-new-area-writable '
        'data-durable-after-detach',
    ),
    _row(
        'drops-write-cache',
        must_fail='data-durable-after-detach data-old-intact',
        must_pass='host-grows-in-place extend-completes claim-host',
    ),
    _row(
        'damages-at-second-detach',
        must_fail='data-boundary',
        must_pass='data-old-intact data-new-area-writable '
        'data-durable-after-detach',
    ),
    _row(
        'read-only-while-extending',
        must_fail='io-during-extend',
        must_pass='data-old-intact data-boundary data-durable-after-detach',
    ),
    _row(
        'gone-while-extending',
        must_fail='io-during-extend',
        must_pass='data-old-intact host-grows-in-place '
        'data-durable-after-detach',
    ),
    _row(
        'write-error-while-extending',
        must_fail='io-during-extend',
        must_pass='data-old-intact host-grows-in-place '
        'data-durable-after-detach',
    ),
    _row(
        'stalls-while-extending',
        must_fail='io-during-extend',
        must_pass='data-old-intact host-grows-in-place '
        'data-durable-after-detach',
    ),
    _row(
        'loses-writes-while-extending',
        must_fail='io-during-extend',
        must_pass='data-old-intact host-grows-in-place '
        'data-durable-after-detach',
    ),
    _row(
        'touches-neighbour',
        must_fail='neighbour-undisturbed',
        must_pass='data-old-intact io-during-extend data-boundary',
    ),
    _row(
        'touches-neighbour-at-detach',
        must_fail='neighbour-undisturbed',
        must_pass='data-old-intact host-grows-in-place claim-capability',
    ),
    _row(
        'loses-rewritten',
        must_fail='data-boundary',
        must_pass='data-old-intact host-grows-in-place '
        'data-durable-after-detach',
    ),
    _row(
        'touches-detached-neighbour',
        must_fail='neighbour-undisturbed',
        must_pass='data-old-intact host-grows-in-place claim-capability',
    ),
    _row(
        'touches-neighbour-later',
        must_fail='neighbour-undisturbed',
        must_pass='data-old-intact host-grows-in-place claim-capability',
    ),
    _row(
        'shares-new-area',
        must_fail='neighbour-undisturbed',
        must_pass='data-old-intact io-during-extend data-boundary',
    ),
    _row(
        'damages-when-two-extend',
        must_fail='neighbour-undisturbed',
        must_pass='data-old-intact host-grows-in-place claim-capability',
    ),
    _row(
        'shows-neighbour',
        must_fail='neighbour-undisturbed',
        must_pass='data-old-intact data-boundary io-during-extend',
    ),
)

#: The defects that the subjects ``writer`` and ``claims`` have to catch.
WRITER: tuple[Row, ...] = (
    _row(
        'loses-at-detach',
        must_fail='image-known-size image-detached-unknown '
        'image-modes-agree image-through-glance data-old-intact',
        may_fail='image-attached-unknown',
        must_pass='api-microversion-gate host-grows-in-place '
        'image-source-fails claim-host',
    ),
    _row(
        'truncates-at-reopen',
        must_fail='image-detached-unknown image-modes-agree',
        must_pass='image-attached-unknown data-old-intact claim-matrix',
    ),
    _row(
        'offline-extend-damages',
        must_fail='image-detached-unknown image-modes-agree',
        must_pass='image-attached-unknown host-grows-in-place data-old-intact',
    ),
    _row(
        'clone-loses-extended',
        must_fail='image-clone',
        must_pass='image-attached-unknown host-grows-in-place data-old-intact',
    ),
    _row(
        'clone-damages-source',
        must_fail='image-clone',
        must_pass='image-known-size host-grows-in-place data-old-intact',
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
        must_pass='claim-matrix image-refused-extend '
        'image-source-fails extend-refused-changes-nothing',
    ),
    _row(
        'keeps-refused',
        must_fail='image-refused-extend',
        may_fail='claim-matrix',
        must_pass='image-detached-unknown image-source-fails '
        'data-durable-after-detach',
    ),
    _row(
        'capability-is-text',
        must_fail='claim-capability',
        must_pass='claim-matrix host-grows-in-place data-old-intact '
        'claim-host',
    ),
    _row(
        'host-cannot-extend',
        must_fail='claim-host host-grows-in-place image-attached-unknown',
        must_pass='image-detached-unknown image-source-fails extend-completes',
    ),
    _row(
        # A good backend, whose row of the matrix is wrong.
        'slow-attach',
        must_fail='claim-matrix',
        must_pass='claim-capability host-grows-in-place data-old-intact '
        'image-source-fails',
    ),
)

_ACCEPTED = fault_rules.Answer(202)

#: Defects of the API itself, which no driver can have.
API = (
    _api_row(
        'accepts-at-3.41',
        _on_extend(_ACCEPTED, microversion='3.41'),
        must_fail='api-microversion-gate',
        must_pass='api-bad-size host-grows-in-place extend-completes '
        'claim-host',
    ),
    _api_row(
        'accepts-without-microversion',
        _on_extend(_ACCEPTED, microversion=fault_rules.NO_MICROVERSION),
        must_fail='api-microversion-gate',
        must_pass='api-bad-size api-size-not-larger api-policy-reader',
    ),
    _api_row(
        'accepts-smaller-size',
        _on_extend(_ACCEPTED, new_size='1'),
        must_fail='api-size-not-larger',
        must_pass='api-microversion-gate api-concurrent-extend '
        'api-policy-reader',
    ),
    _api_row(
        'accepts-equal-size',
        _on_extend(_ACCEPTED, new_size='2'),
        must_fail='api-size-not-larger',
        must_pass='claim-host extend-completes image-source-fails',
    ),
    _api_row(
        'accepts-size-zero',
        _on_extend(_ACCEPTED, new_size='0'),
        must_fail='api-bad-size',
        must_pass='api-microversion-gate api-size-not-larger '
        'api-concurrent-extend',
    ),
    _api_row(
        'fails-on-negative-size',
        _on_extend(fault_rules.Answer(500), new_size='-2'),
        must_fail='api-bad-size',
        must_pass='api-microversion-gate api-size-not-larger '
        'api-concurrent-extend',
    ),
    _api_row(
        'accepts-in-one-wrong-state',
        _on_extend(_ACCEPTED, nth=8, count=1),
        must_fail='api-wrong-state',
        must_pass='api-microversion-gate api-size-not-larger '
        'api-policy-reader',
    ),
    _api_row(
        'accepts-both',
        _on_extend(
            _ACCEPTED, new_size='2', microversion='3.42', nth=2, count=1
        ),
        must_fail='api-concurrent-extend',
        must_pass='api-microversion-gate api-size-not-larger api-bad-size',
    ),
    _api_row(
        'accepts-from-reader',
        _on_extend(_ACCEPTED, new_size='2', count=1),
        must_fail='api-policy-reader',
        must_pass='claim-host extend-completes image-source-fails',
    ),
    _api_row(
        'fails-over-quota',
        _on_extend(fault_rules.Answer(500), new_size='2', count=1),
        must_fail='api-quota',
        must_pass='claim-host claim-capability image-source-fails',
    ),
    _api_row(
        'makes-volumes-smaller',
        fault_rules.Rule(
            service='cinder',
            method='POST',
            path='/volumes$',
            body_key='volume.size',
            action=fault_rules.Change('volume.size', '1'),
        ),
        must_fail='image-known-size',
        must_pass='api-microversion-gate api-bad-size image-source-fails '
        'claim-host',
    ),
    _api_row(
        'keeps-no-metadata',
        *(
            fault_rules.Rule(
                service='cinder',
                method=method,
                path='/volumes/[^/]+/metadata$',
                action=fault_rules.Answer(200),
            )
            for method in ('POST', 'PUT')
        ),
        must_fail='image-modes-agree image-known-size',
        must_pass='api-microversion-gate api-bad-size image-source-fails '
        'claim-host',
    ),
    _api_row(
        'deletes-nothing',
        fault_rules.Rule(
            service='cinder',
            method='DELETE',
            path='/volumes/[^/]+$',
            action=_ACCEPTED,
        ),
        must_fail='image-source-fails',
        must_pass='claim-matrix claim-capability claim-host',
    ),
)

#: All rows: one a defect, but for those of unusual backends.
ROWS = (*UNUSUAL, *STANDARD, *EXTEND, *HOST, *DATA, *WRITER, *API)

#: What every change runs: a few defects of each kind, in two minutes.
PART = frozenset(
    {
        'device-stays',
        'loses-old-data',
        'refuses-driver',
        'accepts-at-3.41',
        'deletes-nothing',
        'makes-volumes-smaller',
    }
)
