# SPDX-License-Identifier: Apache-2.0

"""The one base of every error that this project raises.

An error is a sentence for the person who has to act on it. It carries what
that person would ask for as fields, so that reports can show them apart.
Errors of one package are defined there; only the base and the four
kinds that decide an exit code live here.
"""

import enum
import typing as ty

from extend_conformance import masking


class ExitCode(enum.IntEnum):
    """What every command returns; the same meaning everywhere."""

    AS_EXPECTED = 0
    FAILED = 1
    USAGE = 2
    NOT_TESTABLE = 3
    TOO_SLOW = 4
    UNSTABLE = 5
    INTERRUPTED = 130


class ExtendConformanceError(Exception):
    """Base of all errors of this project.

    :param what: what went wrong, as the beginning of a sentence and without
        a full stop.
    :param resource: what it happened to, for example ``volume 5f2c...``.
    :param wanted: the state or value that was waited or asked for.
    :param last: the state or value that was seen last.
    :param elapsed_s: how long it was waited for, in seconds.
    :param request_id: the ``x-openstack-request-id`` of the call.
    :param next_step: what the reader can do about it, as a sentence.
    """

    exit_code: ty.ClassVar[ExitCode] = ExitCode.FAILED

    def __init__(
        self,
        what: str,
        *,
        resource: str | None = None,
        wanted: str | None = None,
        last: str | None = None,
        elapsed_s: float | None = None,
        request_id: str | None = None,
        next_step: str | None = None,
    ) -> None:
        self.what = what
        self.resource = resource
        self.wanted = wanted
        self.last = last
        self.elapsed_s = elapsed_s
        self.request_id = request_id
        self.next_step = next_step
        # It may quote another error, or an answer.
        super().__init__(masking.text(self._sentence()))

    def _sentence(self) -> str:
        facts = []
        if self.resource is not None:
            facts.append(self.resource)
        if self.wanted is not None:
            facts.append(f'wanted {self.wanted}')
        if self.last is not None:
            facts.append(f'last seen {self.last}')
        if self.elapsed_s is not None:
            facts.append(f'after {self.elapsed_s:.1f} s')
        if self.request_id is not None:
            facts.append(f'request {self.request_id}')
        # What comes from another error may be a whole sentence already.
        sentence = self.what.removesuffix('.')
        if facts:
            sentence += f' ({", ".join(facts)})'
        sentence += '.'
        if self.next_step is not None:
            sentence += f' {self.next_step}'
        return sentence


class WorkFailed(ExtendConformanceError):
    """The work was refused, failed, or left something behind."""

    exit_code = ExitCode.FAILED


class UsageError(ExtendConformanceError):
    """Wrong usage or configuration; nothing was done."""

    exit_code = ExitCode.USAGE


class NotTestable(ExtendConformanceError):
    """No cloud, no privilege, or no room: it could not be tried."""

    exit_code = ExitCode.NOT_TESTABLE
