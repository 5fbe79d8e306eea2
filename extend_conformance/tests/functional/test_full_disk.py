# SPDX-License-Identifier: Apache-2.0

"""A disk of the client fills in mid-run: one sentence, and nothing is left."""

import contextlib
import pathlib
import subprocess
import typing as ty

import fixtures

from extend_conformance import exceptions
from extend_conformance.cloud import ledger
from extend_conformance.cloud import leftovers
from extend_conformance.cloud import resources
from extend_conformance.tests.functional import base


class FullDiskTest(base.SandboxTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.before = self.volume_ids()

    def small_disk(self, size_kib: int) -> pathlib.Path:
        """Mount a disk that is full soon."""
        path = self.useFixture(fixtures.TempDir()).path
        subprocess.run(
            ('mount', '-t', 'tmpfs', '-o', f'size={size_kib}k', 'none', path),
            check=True,
        )
        self.addCleanup(subprocess.run, ('umount', path), check=True)
        return pathlib.Path(path)

    def fill(self, disk: pathlib.Path) -> pathlib.Path:
        """Leave no room on a disk."""
        path = disk / 'full'
        with contextlib.suppress(OSError), path.open('wb', 0) as stream:
            while True:
                stream.write(bytes(4096))
        return path

    def test_no_room_for_results(self) -> None:
        disk = self.small_disk(80)

        ended = self.run_command(
            *('certify', '--volume-type', 'good', '--profile', 'quick'),
            *('--extend-timeout', '20', '--output', str(disk / 'results')),
        )

        self.assertEqual(3, ended.returncode, ended.stderr)
        self.assertIn('/', ended.stderr.splitlines()[0], 'nothing was checked')
        self.assertIn(
            'The results cannot be written: No space left on device',
            ended.stderr.splitlines()[-1],
        )
        self.assertNotIn('Traceback', ended.stderr)
        self.must_be_clean()

    def test_no_room_for_the_ledger(self) -> None:
        disk = self.small_disk(64)
        self.ledger = ledger.Ledger.start(directory=disk)
        made = resources.Resources(self.storage, self.ledger, self.host)
        create = self.storage.create_volume

        def create_and_fill(*arguments: ty.Any) -> ty.Any:
            volume = create(*arguments)
            self.fill(disk)
            return volume

        self.useFixture(
            fixtures.MockPatchObject(
                self.storage, 'create_volume', create_and_fill
            )
        )

        error = self.assertRaises(
            exceptions.NotTestable, made.create_volume, 1, 'good'
        )

        self.assertIn('The ledger cannot be written: No space', str(error))
        self.assertRaises(resources.CleanupFailed, made.cleanup)
        self.assertEqual(self.before, self.volume_ids())
        (disk / 'full').unlink()
        self.useFixture(
            fixtures.MonkeyPatch(
                'extend_conformance.cloud.ledger.runs_directory', lambda: disk
            )
        )
        self.must_be_clean()

    def must_be_clean(self) -> None:
        self.assertEqual(self.before, self.volume_ids())
        sweep = leftovers.Sweep(
            self.storage, self.host, only=self.ledger.run_id
        )
        self.assertEqual([], list(sweep.run()))
        self.must_leave_nothing(self.before)
