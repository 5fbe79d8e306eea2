# SPDX-License-Identifier: Apache-2.0

"""A disk fills in mid-run, at the client or behind the storage: one sentence.

It does not blame the backend, and nothing is left.
"""

import contextlib
import os
import pathlib
import subprocess
import sys
import typing as ty
import uuid

import ddt
import fixtures

from extend_conformance import exceptions
from extend_conformance.cloud import journal as journals
from extend_conformance.cloud import ledger as ledgers
from extend_conformance.cloud import leftovers
from extend_conformance.cloud import resources as resource_owner
from extend_conformance.impl import errors
from extend_conformance.impl import options as writer_options
from extend_conformance.impl import writer
from extend_conformance.probes import context as contexts
from extend_conformance.probes import findings
from extend_conformance.probes import image_volumes
from extend_conformance.probes import stamped
from extend_conformance.results import model
from extend_conformance.tests.functional import base


class FullDiskTestCase(base.SandboxTestCase):
    """Has small disks, and looks for what is left."""

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

    def must_be_clean(self) -> None:
        self.assertEqual(self.before, self.volume_ids())
        sweep = leftovers.Sweep(
            self.storage, self.host, only=self.ledger.run_id
        )
        self.assertEqual([], list(sweep.run()))
        self.must_leave_nothing(self.before)


class ClientTest(FullDiskTestCase):
    def fill(self, disk: pathlib.Path) -> pathlib.Path:
        """Leave no room on a disk."""
        path = disk / 'full'
        with contextlib.suppress(OSError), path.open('wb', 0) as stream:
            while True:
                stream.write(bytes(4096))
        return path

    def test_no_room_for_results(self) -> None:
        disk = self.small_disk(64)

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

    def test_no_room_for_the_results_of_pytest(self) -> None:
        disk = self.small_disk(64)

        ended = subprocess.run(
            (
                *(sys.executable, '-m', 'pytest', '-p', 'no:cacheprovider'),
                *('--pyargs', 'extend_conformance.checks'),
                *('--os-cloud', 'sandbox', '--volume-type', 'good'),
                *('--profile', 'quick', '--output', str(disk / 'results')),
            ),
            cwd=disk,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=300,
        )

        said = ended.stdout + ended.stderr
        self.assertEqual(3, ended.returncode, said)
        self.assertIn('The results cannot be written: No space left', said)
        self.assertNotIn('Traceback', said)
        self.assertNotIn('INTERNALERROR', said)
        self.must_be_clean()

    def test_no_room_for_the_ledger(self) -> None:
        disk = self.small_disk(64)
        self.ledger = ledgers.Ledger.start(directory=disk)
        made = resource_owner.Resources(self.storage, self.ledger, self.host)
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
        self.assertRaises(resource_owner.CleanupFailed, made.cleanup)
        self.assertEqual(self.before, self.volume_ids())
        (disk / 'full').unlink()
        self.useFixture(
            fixtures.MonkeyPatch(
                'extend_conformance.cloud.ledger.runs_directory', lambda: disk
            )
        )
        self.must_be_clean()


@ddt.ddt
class StorageTest(FullDiskTestCase):
    """A thin volume, and behind it a disk that is full before the volume."""

    def setUp(self) -> None:
        super().setUp()
        disk = self.small_disk(64 * 1024)
        request = self.resources.request_volume
        volumes = pathlib.Path(base.sandbox_directory(), 'volumes', 'good')

        def request_on_small_disk(*arguments: ty.Any, **how: ty.Any) -> ty.Any:
            volume = request(*arguments, **how)
            self.storage.wait_for_status(volume.id, 'available', 60)
            name = f'volume-{volume.id}'
            (disk / name).touch()
            os.truncate(disk / name, base.GIB)
            (volumes / name).unlink()
            (volumes / name).symlink_to(disk / name)
            return volume

        self.useFixture(
            fixtures.MockPatchObject(
                self.resources, 'request_volume', request_on_small_disk
            )
        )

    def test_a_check_says_that_it_could_not_test(self) -> None:
        nothing_promised = model.Backend(volume_type='good')
        volume = stamped.StampedVolume(
            contexts.Context(
                run_id=self.ledger.run_id,
                volume_type='good',
                settings=contexts.Settings(),
                journal=journals.Journal(),
                storage=self.storage,
                resources=self.resources,
                backend=nothing_promised,
                measure=lambda: nothing_promised,
            )
        )
        volume.attach()

        error = self.assertRaises(findings.CouldNotTest, volume.stamp)

        self.assertEqual('no-room', error.cause)
        self.assertIn(volume.id, str(error))
        self.resources.cleanup()
        self.must_be_clean()

    @ddt.data('attached', 'detached')
    def test_the_writer_says_so_and_leaves_nothing(self, mode: str) -> None:
        image_writer = writer.ImageVolumeWriter(
            self.resources,
            writer_options.WriterOptions(
                cinder_do_extend_attached=mode == 'attached'
            ),
        )
        request = writer.ImageRequest(
            image_id=str(uuid.uuid4()), volume_type='good'
        )

        error = self.assertRaises(
            errors.NoRoom,
            image_writer.create,
            base.Content(base.GIB),
            request,
        )

        self.assertEqual('write', error.step)
        self.assertIn('has no room left', str(error))
        self.assertIsInstance(
            image_volumes.finding(error), findings.CouldNotTest
        )
        self.must_be_clean()
