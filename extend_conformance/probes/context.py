# SPDX-License-Identifier: Apache-2.0

"""What a check sees: clouds, host, promise, measurement and a place to record.

A context belongs to one check on one backend (or on the cloud) and is thrown
away with it. What it creates goes with it too.
"""

import collections.abc
import dataclasses

from extend_conformance import vocabulary
from extend_conformance.cloud import block_storage
from extend_conformance.cloud import host as hosts
from extend_conformance.cloud import image_service
from extend_conformance.cloud import journal as journals
from extend_conformance.cloud import resources as resource_owner
from extend_conformance.impl import options as writer_options
from extend_conformance.impl import writer
from extend_conformance.results import model

GIB = 1024**3


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """What can be tuned, with the defaults that every door uses.

    :param extend_timeout_s: an extend that is still ``extending`` after
        this many seconds hangs.
    :param state_timeout_s: seconds for any other state.
    :param message_patience_s: seconds to go on looking for a user message;
        a refused volume is ``in-use`` again a moment before it appears.
    :param release_patience_s: seconds to go on looking until the host has
        let go of a volume that was detached.
    :param max_stall_s: seconds that one read or write may take while a
        volume is extended.
    """

    extend_timeout_s: float = 300
    state_timeout_s: float = 300
    message_patience_s: float = 5
    release_patience_s: float = 5
    max_stall_s: float = 10


@dataclasses.dataclass(frozen=True, kw_only=True)
class Context:
    """Everything that one execution of one check may use.

    :param volume_type: names the backend; for checks of scope ``cloud``
        the first volume type of the run.
    :param storage: Cinder as a member of the project.
    :param admin: Cinder as its administrator, if there is one.
    :param reader: Cinder as a reader of the same project, if there is one.
    :param other: Cinder as a member of another project, if there is one.
    :param images: Glance as a member of the project, if there is one.
    :param admin_images: Glance as its administrator.
    :param given: the needs that are met.
    :param absent_features: what the claims entry says it does not have.
    :param host: the machine that attaches, if it may.
    :param resources: owns every create and delete.
    :param backend: what is said of the backend, before it is measured.
    :param measure: gives the same with the outcome of the first extend;
        measured once per backend and run.
    :param figures: numbers that the check has found, by name with unit.
    """

    run_id: str
    volume_type: str
    settings: Settings
    journal: journals.Journal
    storage: block_storage.BlockStorage
    resources: resource_owner.Resources
    backend: model.Backend
    measure: collections.abc.Callable[[], model.Backend]
    admin: block_storage.BlockStorage | None = None
    reader: block_storage.BlockStorage | None = None
    other: block_storage.BlockStorage | None = None
    images: image_service.ImageService | None = None
    admin_images: image_service.ImageService | None = None
    given: frozenset[vocabulary.Need] = frozenset()
    absent_features: frozenset[vocabulary.Feature] = frozenset()
    host: hosts.Host | None = None
    figures: dict[str, float] = dataclasses.field(default_factory=dict)

    @property
    def promise(self) -> model.Promise:
        """What was promised of the backend."""
        assert self.backend.promise is not None
        return self.backend.promise

    @property
    def expects_refusal(self) -> bool:
        """Whether a refusal was promised."""
        return self.promise.expected == vocabulary.Expectation.REFUSED

    @property
    def first_extend(self) -> model.Measurement:
        """How the first extend of a fresh attached volume came out."""
        measurement = self.measure().measurement
        assert measurement is not None
        return measurement

    @property
    def outcome(self) -> vocabulary.Outcome:
        """The outcome of the first extend."""
        return self.first_extend.outcome

    def step(self, summary: str, **details: object) -> None:
        """Record what the check is about to do, or has learnt."""
        self.journal.add('step', summary, **details)

    def image_writer(
        self, options: writer_options.WriterOptions
    ) -> writer.ImageVolumeWriter:
        """A writer whose image volumes go when the check is over."""
        return writer.ImageVolumeWriter(
            self.resources, options, admin=self.admin
        )

    def evidence(self) -> tuple[model.Event, ...]:
        """Everything recorded so far, as results keep it."""
        return tuple(
            model.Event(
                at_s=event.at_s,
                kind=event.kind,
                summary=event.summary,
                details=event.details,
            )
            for event in self.journal.events
        )
