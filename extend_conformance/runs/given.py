# SPDX-License-Identifier: Apache-2.0

"""What a run was given: credentials, an image service, a host that attaches.

It is found out once, where the run begins, and travels as one value. Which
checks it is enough for is left to ``profiles``.
"""

import dataclasses

from extend_conformance import vocabulary
from extend_conformance.cloud import block_storage
from extend_conformance.cloud import connection as connections
from extend_conformance.cloud import host as hosts
from extend_conformance.cloud import image_service
from extend_conformance.cloud import journal as journals


@dataclasses.dataclass(frozen=True, kw_only=True)
class Given:
    """The same cloud, seen with different credentials, and this machine.

    :param member: an ordinary member of a project; owns what is tested.
    :param reader: a reader of the same project.
    :param other: a member of another project.
    :param own_project: whether nobody else creates in the member's project,
        so that its quota usage can be compared.
    :param images: whether the cloud has an image service.
    :param host: attaches volumes; without it, what needs a host is skipped.
    """

    member: connections.CloudConnection
    admin: connections.CloudConnection | None = None
    reader: connections.CloudConnection | None = None
    other: connections.CloudConnection | None = None
    own_project: bool = False
    images: bool = False
    host: hosts.Host | None = None

    @property
    def needs(self) -> frozenset[vocabulary.Need]:
        """The needs of checks that this meets."""
        met = {
            vocabulary.Need.HOST: self.host is not None,
            vocabulary.Need.ADMIN: self.admin is not None,
            vocabulary.Need.READER: self.reader is not None,
            vocabulary.Need.OTHER_PROJECT: self.other is not None,
            vocabulary.Need.OWN_PROJECT: self.own_project,
            vocabulary.Need.IMAGE: self.images,
        }
        return frozenset(need for need, is_met in met.items() if is_met)

    def member_storage(
        self, journal: journals.Journal | None = None
    ) -> block_storage.BlockStorage:
        """Cinder as the member."""
        return block_storage.BlockStorage(self.member, journal)

    def admin_storage(
        self, journal: journals.Journal | None = None
    ) -> block_storage.BlockStorage | None:
        """Cinder as its administrator, if there is one."""
        return _storage(self.admin, journal)

    def reader_storage(
        self, journal: journals.Journal
    ) -> block_storage.BlockStorage | None:
        """Cinder as the reader, if there is one."""
        return _storage(self.reader, journal)

    def other_storage(
        self, journal: journals.Journal
    ) -> block_storage.BlockStorage | None:
        """Cinder as the member of another project, if there is one."""
        return _storage(self.other, journal)

    def member_images(
        self, journal: journals.Journal
    ) -> image_service.ImageService | None:
        """Glance as the member, if there is one."""
        return self._images(self.member, journal)

    def admin_images(
        self, journal: journals.Journal
    ) -> image_service.ImageService | None:
        """Glance as its administrator, if there are both."""
        return self._images(self.admin, journal)

    def _images(
        self,
        cloud: connections.CloudConnection | None,
        journal: journals.Journal,
    ) -> image_service.ImageService | None:
        if cloud is None or not self.images:
            return None
        return image_service.ImageService(cloud, journal)


def _storage(
    cloud: connections.CloudConnection | None,
    journal: journals.Journal | None,
) -> block_storage.BlockStorage | None:
    return (
        None if cloud is None else block_storage.BlockStorage(cloud, journal)
    )
