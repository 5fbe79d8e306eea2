# SPDX-License-Identifier: Apache-2.0

"""``image create``, ``image verify`` and ``cleanup``, as a user runs them."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import time
import typing as ty

import fixtures

from extend_conformance.tests.functional import base


class CommandsTest(base.SandboxTestCase):
    def setUp(self) -> None:
        super().setUp()
        directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.file = directory / 'image.raw'
        with self.file.open('wb') as stream:
            shutil.copyfileobj(base.Content(5_000_001), stream)

    def _create(self, *arguments: str) -> dict[str, ty.Any]:
        ended = self.run_command(
            *('image', 'create', str(self.file), '-f', 'json'), *arguments
        )
        self.assertEqual(0, ended.returncode, ended.stderr)
        made: dict[str, ty.Any] = json.loads(ended.stdout)
        self.addCleanup(self._delete, made['volume_id'])
        return made

    def _delete(self, volume_id: str) -> None:
        self.storage.delete_volume(volume_id)
        self.storage.wait_until_gone(volume_id)

    def _start_endless(self) -> 'subprocess.Popen[str]':
        """Start writing an image that does not end, and wait until it is."""
        before = self.volume_ids()
        with open('/dev/zero', 'rb') as zeros:
            started = subprocess.Popen(
                (
                    *base.COMMAND,
                    *('image', 'create', '-', '--volume-type', 'good'),
                    *('--mode', 'attached'),
                ),
                env={**os.environ, **self.environment},
                stdin=zeros,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        self.addCleanup(started.communicate)
        self.addCleanup(started.kill)
        for _ in range(600):
            new = self.volume_ids() - before
            if any(
                self.storage.get_volume(each).status == 'in-use'
                for each in new
            ):
                return started
            time.sleep(0.1)
        raise AssertionError('the volume never came to be in use')

    def _cleanup(self, *arguments: str) -> tuple[int, list[ty.Any]]:
        ended = self.run_command('cleanup', '-f', 'json', *arguments)
        return ended.returncode, json.loads(ended.stdout)

    def test_created_image_verifies_by_file_and_by_metadata(self) -> None:
        made = self._create('--volume-type', 'good', '--mode', 'attached')

        for source in ([], [str(self.file)]):
            ended = self.run_command(
                'image', 'verify', made['volume_id'], *source
            )
            self.assertEqual(0, ended.returncode, ended.stderr)
        self.assertEqual(5_000_001, made['image_size_bytes'])

    def test_verify_of_another_file_fails(self) -> None:
        made = self._create()
        self.file.write_bytes(self.file.read_bytes()[:-1] + b'x')

        ended = self.run_command(
            'image', 'verify', made['volume_id'], str(self.file)
        )

        self.assertEqual(1, ended.returncode)
        self.assertIn('at byte 5000000', ended.stderr)

    def test_finished_image_is_not_cleaned_up(self) -> None:
        made = self._create()

        self.assertEqual((0, []), self._cleanup())
        self.assertIn(made['volume_id'], self.volume_ids())

    def test_wrong_usage_makes_nothing(self) -> None:
        before = self.volume_ids()
        for arguments in (
            ('no-such-file',),
            (str(self.file), '--volume-type', 'goood'),
            (str(self.file), '--os-cloud', 'sandbocks'),
            (str(self.file), '--max-image-size', 'big'),
            (str(self.file), '--os-hash-algo', 'sha513'),
        ):
            ended = self.run_command('image', 'create', *arguments)

            self.assertEqual(2, ended.returncode, ended.stderr)
            self.assertNotIn('Traceback', ended.stderr)
        self.assertEqual(before, self.volume_ids())

    def test_interrupt_leaves_nothing(self) -> None:
        before = self.volume_ids()
        started = self._start_endless()

        started.send_signal(signal.SIGINT)
        started.wait(60)

        self.assertEqual(130, started.returncode)
        self.must_leave_nothing(before)

    def test_kill_is_cleaned_up_once(self) -> None:
        before = self.volume_ids()
        started = self._start_endless()
        alive = self._cleanup()
        started.kill()
        started.wait()

        dry = self._cleanup('--dry-run')
        first = self._cleanup()
        second = self._cleanup()

        # A run that goes on is named, and left alone.
        self.assertEqual(
            (0, [('ledger', 'spared')]),
            (alive[0], [(each['Kind'], each['Status']) for each in alive[1]]),
        )
        self.assertEqual(
            (0, {'would be removed'}),
            (dry[0], {each['Status'] for each in dry[1]}),
        )
        self.assertEqual(
            (0, ['attachment', 'volume']),
            (first[0], [each['Kind'] for each in first[1]]),
        )
        self.assertEqual((0, []), second)
        self.must_leave_nothing(before)

    def test_administrator_cleans_up_by_metadata_alone(self) -> None:
        before = self.volume_ids()
        started = self._start_endless()
        started.kill()
        started.wait()
        # As on another host than the one of the run.
        self.environment['XDG_STATE_HOME'] = self.useFixture(
            fixtures.TempDir()
        ).path

        other = self._cleanup('--os-cloud', 'sandbox-other')
        everybody = ('--os-cloud', 'sandbox-other', '--all-projects')
        asked = self._cleanup(*everybody)
        (run_id,) = {each['Run'] for each in asked[1]}
        named = self._cleanup(*everybody, '--run', run_id)

        self.assertEqual((0, []), other)
        # The run may still go on elsewhere, so a person has to name it.
        self.assertEqual(
            (0, ['spared']), (asked[0], [each['Status'] for each in asked[1]])
        )
        self.assertEqual(
            (0, ['removed']), (named[0], [each['Status'] for each in named[1]])
        )
        self.assertEqual(before, self.volume_ids())
