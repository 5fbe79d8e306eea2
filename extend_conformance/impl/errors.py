# SPDX-License-Identifier: Apache-2.0

"""Why an image volume was not made; one class for each cause.

Each says in which step and of which volume. That nothing is left is the
writer's business.
"""

import collections.abc

from extend_conformance import exceptions


class ImageError(exceptions.WorkFailed):
    """The image volume was not made.

    :param step: ``create``, ``attach``, ``write``, ``extend``, ``detach`` or
        ``finish``.
    :param volume_id: of the volume that it was to become; ``None`` if there
        was none yet.
    """

    def __init__(
        self,
        what: str,
        *,
        step: str,
        volume_id: str | None = None,
        wanted: str | None = None,
        last: str | None = None,
        elapsed_s: float | None = None,
        request_id: str | None = None,
        next_step: str | None = None,
    ) -> None:
        self.step = step
        self.volume_id = volume_id
        resource = f'step {step}'
        if volume_id is not None:
            resource += f', volume {volume_id}'
        super().__init__(
            what,
            resource=resource,
            wanted=wanted,
            last=last,
            elapsed_s=elapsed_s,
            request_id=request_id,
            next_step=next_step,
        )


class StepFailed(ImageError):
    """Cinder or os-brick failed in a step; their error is the cause."""


class NotExtended(ImageError):
    """The backend was asked to extend, and did not.

    The size of the volume is what it was before.
    """


class RefusedByScheduler(NotExtended):
    """The extend was accepted and then dropped by Cinder's scheduler.

    The volume went back to its old state with its old size. Only an
    administrator can see whether the backend cannot extend, or is full.
    """


class RefusedByDriver(NotExtended):
    """The extend was accepted and then failed in the backend's driver."""


class ExtendHangs(ImageError):
    """The extend was accepted and did not end in time."""


class ExtendInconsistent(ImageError):
    """After the extend, state and size contradict each other."""


class QuotaExceeded(ImageError):
    """The project's quota has no room for the bigger volume."""


class NoRoom(ImageError):
    """The backend has no room for the volume, or for what is in it."""


class HostNotGrown(ImageError):
    """Cinder has the new size, and the device on this host has not."""


class WriteFailed(ImageError):
    """The device refused the image's bytes."""


class SourceFailed(ImageError):
    """Reading the image failed."""


class SourceTooShort(ImageError):
    """The image ended before its promised size."""


class SourceTooLong(ImageError):
    """The image went on after its promised size."""


class ImageTooLarge(ImageError):
    """The image is larger than what it may have, or there is room for."""


class EncryptedType(ImageError):
    """Volumes of this type are encrypted, and nothing here encrypts."""


class LeftBehind(ImageError):
    """The image volume was not made, and not everything is taken away.

    :param failure: why it was not made.
    :param clean_up: why something is left.
    """

    def __init__(
        self, failure: BaseException, clean_up: Exception, volume_id: str
    ) -> None:
        self.failure = failure
        self.clean_up = clean_up
        super().__init__(
            f'{failure} And it could not be taken away: {clean_up}',
            step=getattr(failure, 'step', 'clean-up'),
            volume_id=volume_id,
            next_step='Run extend-conformance cleanup.',
        )


def quoted(texts: collections.abc.Iterable[str]) -> str:
    """Write user messages of Cinder into a sentence."""
    found = '; '.join(f'"{text}"' for text in texts)
    return found or 'no user message'
