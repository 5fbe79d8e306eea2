# SPDX-License-Identifier: Apache-2.0

"""Every backend of the sandbox, with what it promises and what it must get.

The one place where backends are declared. What their drivers do is in
``sandbox.drivers``; what a verdict is, in ``claims``; how some are chosen, in
``sandbox.backends``.
"""

import dataclasses
import typing as ty

from extend_conformance import vocabulary

#: What a row of the support matrix says; ``Backend.matrix`` hides the module.
_Documented: ty.TypeAlias = vocabulary.MatrixValue

#: What every driver of the sandbox says its vendor is.
VENDOR: ty.Final = 'Sandbox'

_LOOP = 'extend_conformance.sandbox.drivers.loop.LoopDriver'
_FAULTS = 'extend_conformance.sandbox.drivers.faults'
_EXTEND_FAULTS = 'extend_conformance.sandbox.drivers.extend_faults'
_WRITER_FAULTS = 'extend_conformance.sandbox.drivers.writer_faults'
_HOST_FAULTS = 'extend_conformance.sandbox.drivers.host_faults'

#: What a volume type says of volumes that several hosts may have at once.
_MULTIATTACH = (('multiattach', '<is> True'),)
_DATA_FAULTS = 'extend_conformance.sandbox.drivers.data_faults'


@dataclasses.dataclass(frozen=True)
class Backend:
    """One backend, its volume type of the same name, and its promise.

    :param name: of the backend, of its volume type and of its section.
    :param volume_driver: dotted name of the Cinder driver.
    :param options: further options of its section of ``cinder.conf``.
    :param defect: what is wrong with it, for people; None if nothing is.
    :param extra_specs: further extra specs of its volume type.
    :param glance_store: whether Glance gets a store of its own in it, in
        attached mode; in the first backend it always has two.
    :param simulated: whether its latencies are declared, not real.
    :param matrix: its row in the sandbox's support matrix, some wrong on
        purpose; None for no row.
    :param expect: ``expect`` of its claims entry, or None to leave it out.
    :param outcomes: the outcomes of an online extend that are right for it;
        empty for a backend of which nothing is known.
    :param verdict: the verdict that it must get, or None.
    """

    name: str
    volume_driver: str
    options: tuple[tuple[str, str], ...] = ()
    extra_specs: tuple[tuple[str, str], ...] = ()
    defect: str | None = None
    glance_store: bool = False
    simulated: bool = False
    matrix: _Documented | None = None
    expect: vocabulary.Expectation | None = None
    outcomes: tuple[vocabulary.Outcome, ...] = ()
    verdict: vocabulary.BackendVerdict | None = None

    @property
    def matrix_key(self) -> str:
        """The key of its row in the support matrix."""
        return 'sandbox_' + self.name.replace('-', '_')

    @property
    def volume_backend_name(self) -> str:
        """What its volume type asks the scheduler for."""
        return dict(self.options).get('volume_backend_name', self.name)


#: Started without ``--backend``; the first is the default volume type.
STANDARD: ty.Final = (
    Backend(
        name='good',
        volume_driver=_LOOP,
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.CONFORMS,
    ),
    Backend(
        name='slow-extend',
        volume_driver=_LOOP,
        options=(('sandbox_extend_seconds', '1.0'),),
        simulated=True,
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.CONFORMS,
    ),
    Backend(
        # Its row is wrong on purpose: documented as missing, yet it works.
        name='slow-attach',
        volume_driver=_LOOP,
        options=(
            ('sandbox_attach_seconds', '1.0'),
            ('sandbox_detach_seconds', '0.5'),
        ),
        simulated=True,
        matrix=vocabulary.MatrixValue.MISSING,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.BETTER_THAN_CLAIMED,
    ),
    Backend(
        # Its row is wrong on purpose: documented as complete, yet it refuses.
        name='refuses-driver',
        volume_driver=f'{_FAULTS}.RefusesInDriver',
        defect='raises when the volume is attached',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.REFUSED_DRIVER,),
        verdict=vocabulary.BackendVerdict.CONTRADICTS_CLAIM,
    ),
    Backend(
        name='refuses-capability',
        volume_driver=f'{_FAULTS}.RefusesByCapability',
        defect='cannot, and says so in its pool',
        matrix=vocabulary.MatrixValue.MISSING,
        outcomes=(vocabulary.Outcome.REFUSED_SCHEDULER,),
        verdict=vocabulary.BackendVerdict.REFUSES_HONESTLY,
    ),
    Backend(
        name='device-stays',
        volume_driver=f'{_FAULTS}.DeviceStays',
        defect='the attached device keeps its old size',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.CONTROL_PLANE_ONLY,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='loses-old-data',
        volume_driver=f'{_FAULTS}.LosesOldData',
        defect='an online extend zeroes the first MiB',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.DATA_DAMAGED,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='damages-at-detach',
        volume_driver=f'{_FAULTS}.DamagesAtDetach',
        defect='the detach after an online extend zeroes the first MiB',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.DATA_DAMAGED,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
)

#: What the subjects ``api`` and ``extend`` have to catch.
_EXTEND: ty.Final[tuple[Backend, ...]] = (
    Backend(
        name='hangs',
        volume_driver=f'{_EXTEND_FAULTS}.Hangs',
        defect='an online extend never ends',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.HANG,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='uninitialised',
        volume_driver=f'{_EXTEND_FAULTS}.Uninitialised',
        defect='not initialised when an extend is asked for',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.REFUSED_DRIVER,),
        verdict=vocabulary.BackendVerdict.CONTRADICTS_CLAIM,
    ),
    Backend(
        name='uninitialised-in-mid-life',
        volume_driver=f'{_EXTEND_FAULTS}.UninitialisedInMidLife',
        defect='not initialised any more at the second extend',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='refuses-and-goes-readonly',
        volume_driver=f'{_EXTEND_FAULTS}.RefusesAndGoesReadOnly',
        defect='refuses, and leaves the device read-only',
        matrix=vocabulary.MatrixValue.MISSING,
        outcomes=(vocabulary.Outcome.REFUSED_DRIVER,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='refuses-after-shrinking',
        volume_driver=f'{_EXTEND_FAULTS}.RefusesAfterShrinking',
        defect='refuses after it has taken the last MiB away',
        matrix=vocabulary.MatrixValue.MISSING,
        outcomes=(vocabulary.Outcome.INCONSISTENT,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='refuses-after-growing',
        volume_driver=f'{_EXTEND_FAULTS}.RefusesAfterGrowing',
        defect='refuses after the device has grown',
        matrix=vocabulary.MatrixValue.MISSING,
        outcomes=(vocabulary.Outcome.INCONSISTENT,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='damages-when-refusing',
        volume_driver=f'{_EXTEND_FAULTS}.DamagesWhenRefusing',
        defect='refuses, and zeroes a MiB in the middle',
        matrix=vocabulary.MatrixValue.MISSING,
        outcomes=(vocabulary.Outcome.DATA_DAMAGED,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='refusal-touches-neighbour',
        volume_driver=f'{_EXTEND_FAULTS}.RefusalTouchesNeighbour',
        defect='refuses, and zeroes a block of other volumes',
        matrix=vocabulary.MatrixValue.MISSING,
        outcomes=(vocabulary.Outcome.REFUSED_DRIVER,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        # What it does wrong is a should.
        name='refuses-with-snapshots',
        volume_driver=f'{_EXTEND_FAULTS}.RefusesWithSnapshots',
        defect='does not extend volumes that have a snapshot',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.CONFORMS,
    ),
    Backend(
        name='snapshot-sees-new-data',
        volume_driver=f'{_EXTEND_FAULTS}.SnapshotSeesNewData',
        defect='after an extend snapshots show a new block',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='snapshot-loses-data',
        volume_driver=f'{_EXTEND_FAULTS}.SnapshotLosesData',
        defect='an extend zeroes a block of the snapshots',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='snapshot-loses-data-later',
        volume_driver=f'{_EXTEND_FAULTS}.SnapshotLosesDataLater',
        defect='an extend of a volume with two snapshots damages them',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='snapshot-damages-volume',
        volume_driver=f'{_EXTEND_FAULTS}.SnapshotDamagesVolume',
        defect='an extend zeroes the middle of volumes with a snapshot',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='snapshot-lacks-extended',
        volume_driver=f'{_EXTEND_FAULTS}.SnapshotLacksExtended',
        defect='a snapshot lacks what its volume got by an extend',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        # What it does wrong is a should.
        name='snapshot-fails-after-extend',
        volume_driver=f'{_EXTEND_FAULTS}.SnapshotFailsAfterExtend',
        defect='takes no snapshot of a volume that was extended',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.CONFORMS,
    ),
    Backend(
        name='damages-extended-copy',
        volume_driver=f'{_EXTEND_FAULTS}.DamagesExtendedCopy',
        defect='damages extended volumes made from a snapshot',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='snapshot-delete-damages',
        volume_driver=f'{_EXTEND_FAULTS}.SnapshotDeleteDamages',
        defect='the delete of an older snapshot damages the volume',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='drops-metadata',
        volume_driver=f'{_EXTEND_FAULTS}.DropsMetadata',
        defect='an extend takes the metadata away',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.INCONSISTENT,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='clears-bootable',
        volume_driver=f'{_EXTEND_FAULTS}.ClearsBootable',
        defect='an extend makes a volume unbootable',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.INCONSISTENT,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='clears-bootable-later',
        volume_driver=f'{_EXTEND_FAULTS}.ClearsBootableLater',
        defect='an extend beyond 2 GiB makes a volume unbootable',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        # Nothing is wrong with it: its driver, not the scheduler, is the one
        # that refuses what is too large.
        name='small-pool',
        volume_driver=f'{_EXTEND_FAULTS}.SmallPool',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.CONFORMS,
    ),
    Backend(
        # What it does wrong is a should.
        name='failure-poisons',
        volume_driver=f'{_EXTEND_FAULTS}.FailurePoisons',
        defect='an extend that failed is the last one of its volume',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.CONFORMS,
    ),
    Backend(
        # What it does wrong is a should.
        name='failure-poisons-neighbour',
        volume_driver=f'{_EXTEND_FAULTS}.FailurePoisonsNeighbour',
        defect='after an extend that failed no other volume is extended',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.CONFORMS,
    ),
    Backend(
        name='failure-damages',
        volume_driver=f'{_EXTEND_FAULTS}.FailureDamages',
        defect='an extend that fails zeroes the last MiB',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='failure-touches-neighbour',
        volume_driver=f'{_EXTEND_FAULTS}.FailureTouchesNeighbour',
        defect='an extend that fails zeroes a block of other volumes',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        # What it does wrong is a should.
        name='failure-grows',
        volume_driver=f'{_EXTEND_FAULTS}.FailureGrows',
        defect='an extend that fails lets the device grow',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.CONFORMS,
    ),
    Backend(
        # What it does wrong is a should.
        name='failure-goes-readonly',
        volume_driver=f'{_EXTEND_FAULTS}.FailureGoesReadOnly',
        defect='an extend that fails leaves the device read-only',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.CONFORMS,
    ),
    Backend(
        # What it does wrong is caught by profile certified.
        name='failure-sticks',
        volume_driver=f'{_EXTEND_FAULTS}.FailureSticks',
        defect='cannot be detached after an extend that failed',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.CONFORMS,
    ),
)

#: What the subject ``host`` has to catch.
_HOST: ty.Final[tuple[Backend, ...]] = (
    Backend(
        # Right: for the checks that need a type of multiattach volumes.
        name='good-multiattach',
        volume_driver=_LOOP,
        extra_specs=_MULTIATTACH,
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.CONFORMS,
    ),
    Backend(
        # Right: real arrays round up, and nobody may mind.
        name='rounds-up',
        volume_driver=f'{_HOST_FAULTS}.RoundsUp',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.CONFORMS,
    ),
    Backend(
        name='grows-late',
        volume_driver=f'{_HOST_FAULTS}.GrowsLate',
        defect='the device follows seconds after in-use',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.CONTROL_PLANE_ONLY,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='short-by-a-sector',
        volume_driver=f'{_HOST_FAULTS}.ShortByASector',
        defect='the device is 512 bytes short after an extend',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.INCONSISTENT,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='replaces-device',
        volume_driver=f'{_HOST_FAULTS}.ReplacesDevice',
        defect='an extend makes a new device under the old name',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.INCONSISTENT,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='replaces-device-later',
        volume_driver=f'{_HOST_FAULTS}.ReplacesDeviceLater',
        defect='the third extend makes a new device under the old name',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.INCONSISTENT,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='works-once',
        volume_driver=f'{_HOST_FAULTS}.WorksOnce',
        defect='refuses a second extend of an attached volume',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='damages-third-step',
        volume_driver=f'{_HOST_FAULTS}.DamagesThirdStep',
        defect='the third extend zeroes a MiB in the middle',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.DATA_DAMAGED,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='damages-third-step-block',
        volume_driver=f'{_HOST_FAULTS}.DamagesThirdStepBlock',
        defect='the third extend zeroes one old block',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.DATA_DAMAGED,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='damages-above-four-gib',
        volume_driver=f'{_HOST_FAULTS}.DamagesAboveFourGib',
        defect='extends to 4 GiB and more zero a MiB',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.DATA_DAMAGED,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='damages-fifth-step',
        volume_driver=f'{_HOST_FAULTS}.DamagesFifthStep',
        defect='the fifth extend zeroes the last old block',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.DATA_DAMAGED,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='stays-at-fourth-step',
        volume_driver=f'{_HOST_FAULTS}.StaysAtFourthStep',
        defect='the device does not follow the fourth extend',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.CONTROL_PLANE_ONLY,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='refuses-after-reattach',
        volume_driver=f'{_HOST_FAULTS}.RefusesAfterReattach',
        defect='refuses to extend what it extended in an earlier attachment',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='grows-sevenfold',
        volume_driver=f'{_HOST_FAULTS}.GrowsSevenfold',
        defect='refuses to extend to more than seven times the size',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='grows-by-one',
        volume_driver=f'{_HOST_FAULTS}.GrowsByOne',
        defect='grows by 1 GiB, however much is asked for',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.INCONSISTENT,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='forgets-growth',
        volume_driver=f'{_HOST_FAULTS}.ForgetsGrowth',
        defect='the detach takes the growth away',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.INCONSISTENT,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='forgets-growth-later',
        volume_driver=f'{_HOST_FAULTS}.ForgetsGrowthLater',
        defect='the second detach after an extend takes the growth away',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.INCONSISTENT,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='attaches-no-more',
        volume_driver=f'{_HOST_FAULTS}.AttachesNoMore',
        defect='cannot be attached any more after an extend and a detach',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.INCONSISTENT,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='keeps-extended',
        volume_driver=f'{_HOST_FAULTS}.KeepsExtended',
        defect='does not delete a volume that it extended',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='renames-target',
        volume_driver=f'{_HOST_FAULTS}.RenamesTarget',
        defect='an extended volume has another address when attached again',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.CONFORMS,
    ),
    Backend(
        name='renames-target-later',
        volume_driver=f'{_HOST_FAULTS}.RenamesTargetLater',
        defect='has another address after a second extend',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.CONFORMS,
    ),
    Backend(
        name='leaks-device',
        volume_driver=f'{_HOST_FAULTS}.LeaksDevice',
        defect='the detach after an online extend leaves the device',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='leaks-device-later',
        volume_driver=f'{_HOST_FAULTS}.LeaksDeviceLater',
        defect='the detach after two online extends leaves the device',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='leaves-link',
        volume_driver=f'{_HOST_FAULTS}.LeavesLink',
        defect='the detach after an online extend leaves a link',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='second-attachment-stale',
        volume_driver=f'{_HOST_FAULTS}.SecondAttachmentStale',
        extra_specs=_MULTIATTACH,
        defect='only one of two attachments of a volume grows',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.CONFORMS,
    ),
)

#: What the subject ``data`` has to catch.
_DATA: ty.Final = tuple(
    Backend(
        name=name,
        volume_driver=f'{_DATA_FAULTS}.{driver}',
        defect=defect,
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(outcome,),
        verdict=vocabulary.BackendVerdict.FAILS,
    )
    for name, driver, defect, outcome in (
        (
            'loses-last-block',
            'LosesLastBlock',
            'an online extend zeroes the last old block',
            vocabulary.Outcome.DATA_DAMAGED,
        ),
        (
            'loses-middle-block',
            'LosesMiddleBlock',
            'an online extend zeroes one old block',
            vocabulary.Outcome.DATA_DAMAGED,
        ),
        (
            'swaps-blocks',
            'SwapsBlocks',
            'an online extend swaps two old blocks',
            vocabulary.Outcome.DATA_DAMAGED,
        ),
        (
            'tears-block',
            'TearsBlock',
            'an online extend loses three sectors',
            vocabulary.Outcome.DATA_DAMAGED,
        ),
        (
            'boundary-off-by-one',
            'BoundaryOffByOne',
            'the first new block is the last old one too',
            vocabulary.Outcome.DATA_DAMAGED,
        ),
        (
            'new-area-reads-zeros',
            'NewAreaReadsZeros',
            'a part of the new area reads zeros after reattach',
            vocabulary.Outcome.DATA_DAMAGED,
        ),
        (
            'new-area-aliases-old',
            'NewAreaAliasesOld',
            'writes to the new area show in the old one',
            vocabulary.Outcome.DATA_DAMAGED,
        ),
        (
            'loses-new-area',
            'LosesNewArea',
            'writes past the old end are lost at detach',
            vocabulary.Outcome.DATA_DAMAGED,
        ),
        (
            'read-only-after-extend',
            'ReadOnlyAfterExtend',
            'an online extend ends all writing',
            vocabulary.Outcome.IO_INTERRUPTED,
        ),
        (
            'shows-deleted-data',
            'ShowsDeletedData',
            'the new area shows a deleted volume',
            vocabulary.Outcome.DATA_DAMAGED,
        ),
        (
            'shows-deleted-later',
            'ShowsDeletedLater',
            'the second extend shows a deleted volume',
            vocabulary.Outcome.DATA_DAMAGED,
        ),
        (
            'damages-second-gib',
            'DamagesBeyondOneGib',
            'the second online extend zeroes a MiB',
            vocabulary.Outcome.DATA_DAMAGED,
        ),
        (
            'drops-write-cache',
            'DropsWriteCache',
            'a detach loses what was written last',
            vocabulary.Outcome.DATA_DAMAGED,
        ),
        (
            'damages-at-second-detach',
            'DamagesAtSecondDetach',
            'the second detach after an extend zeroes a block',
            vocabulary.Outcome.DATA_DAMAGED,
        ),
        (
            'read-only-while-extending',
            'ReadOnlyWhileExtending',
            'no writes for 1.5 s of an online extend',
            vocabulary.Outcome.IO_INTERRUPTED,
        ),
        (
            'gone-while-extending',
            'GoneWhileExtending',
            'no device for 1.5 s of an online extend',
            vocabulary.Outcome.IO_INTERRUPTED,
        ),
        (
            'write-error-while-extending',
            'WriteErrorWhileExtending',
            'errors in the upper half during an online extend',
            vocabulary.Outcome.IO_INTERRUPTED,
        ),
        (
            'stalls-while-extending',
            'StallsWhileExtending',
            'no I/O for 11 s of an online extend',
            vocabulary.Outcome.IO_INTERRUPTED,
        ),
        (
            'loses-writes-while-extending',
            'LosesWritesWhileExtending',
            'writes during an online extend are lost',
            vocabulary.Outcome.DATA_DAMAGED,
        ),
        (
            'touches-neighbour',
            'TouchesNeighbour',
            'an online extend zeroes a block of other volumes',
            vocabulary.Outcome.DATA_DAMAGED,
        ),
        (
            'touches-neighbour-at-detach',
            'TouchesNeighbourAtDetach',
            'a detach after an extend damages other volumes',
            vocabulary.Outcome.DATA_DAMAGED,
        ),
        (
            'shows-neighbour',
            'ShowsNeighbour',
            'the new area shows another volume',
            vocabulary.Outcome.DATA_DAMAGED,
        ),
        (
            'loses-rewritten',
            'LosesRewritten',
            'what is written again after an extend is lost',
            vocabulary.Outcome.DATA_DAMAGED,
        ),
        (
            'touches-detached-neighbour',
            'TouchesDetachedNeighbour',
            'an online extend zeroes a block of detached volumes',
            vocabulary.Outcome.DATA_DAMAGED,
        ),
        (
            'touches-neighbour-later',
            'TouchesNeighbourLater',
            'the third extend of a volume damages the others',
            vocabulary.Outcome.DATA_DAMAGED,
        ),
        (
            'shares-new-area',
            'SharesNewArea',
            'the new areas of two volumes have storage in common',
            vocabulary.Outcome.DATA_DAMAGED,
        ),
        (
            'damages-when-two-extend',
            'DamagesWhenTwoExtend',
            'two extends at the same time damage both volumes',
            vocabulary.Outcome.DATA_DAMAGED,
        ),
    )
)

#: What the subjects ``writer`` and ``claims`` have to catch.
_WRITER: ty.Final[tuple[Backend, ...]] = (
    Backend(
        name='loses-at-detach',
        volume_driver=f'{_WRITER_FAULTS}.LosesAtDetach',
        defect='every detach zeroes the first MiB',
        glance_store=True,
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.DATA_DAMAGED,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='truncates-at-reopen',
        volume_driver=f'{_WRITER_FAULTS}.TruncatesAtReopen',
        defect='empties a volume at the attach after an offline extend',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='offline-extend-damages',
        volume_driver=f'{_WRITER_FAULTS}.OfflineExtendDamages',
        defect='an offline extend zeroes the last MiB',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='clone-loses-extended',
        volume_driver=f'{_WRITER_FAULTS}.CloneLosesExtended',
        defect='a clone lacks what its source got by an extend',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='clone-damages-source',
        volume_driver=f'{_WRITER_FAULTS}.CloneDamagesSource',
        defect='the source of a clone is damaged',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        # What is wrong is only a should: it conforms.
        name='clone-keeps-size',
        volume_driver=f'{_WRITER_FAULTS}.CloneKeepsSize',
        defect='a clone has the size of its source, not that asked for',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.CONFORMS,
    ),
    Backend(
        # As above: honest in the matrix, silent in its pool.
        name='refuses-silently',
        volume_driver=f'{_WRITER_FAULTS}.RefusesSilently',
        defect='raises when the volume is attached, and its pool is silent',
        matrix=vocabulary.MatrixValue.MISSING,
        outcomes=(vocabulary.Outcome.REFUSED_DRIVER,),
        verdict=vocabulary.BackendVerdict.REFUSES_HONESTLY,
    ),
    Backend(
        name='keeps-refused',
        volume_driver=f'{_WRITER_FAULTS}.KeepsRefused',
        defect='the delete after a refused extend fails',
        matrix=vocabulary.MatrixValue.MISSING,
        outcomes=(vocabulary.Outcome.REFUSED_DRIVER,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='capability-is-text',
        volume_driver=f'{_WRITER_FAULTS}.CapabilityIsText',
        defect="works, and its pool says 'False' as text",
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.SUPPORTED,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
    Backend(
        name='host-cannot-extend',
        volume_driver=f'{_WRITER_FAULTS}.HostCannotExtend',
        defect='its connector (gpfs) cannot extend on the host',
        matrix=vocabulary.MatrixValue.COMPLETE,
        outcomes=(vocabulary.Outcome.CONTROL_PLANE_ONLY,),
        verdict=vocabulary.BackendVerdict.FAILS,
    ),
)

#: All of them.
BACKENDS: ty.Final = (*STANDARD, *_EXTEND, *_HOST, *_DATA, *_WRITER)
