# SPDX-License-Identifier: Apache-2.0

"""The client side as an ordinary user, with one line in sudoers.

Root starts the sandbox; a user made for this test does everything else. How
that user reaches the code is left to ``as_user``.
"""

import collections.abc
import configparser
import contextlib
import json
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import typing as ty
import unittest

import fixtures
import psutil
import testtools
from testtools import matchers

from extend_conformance.cloud import block_storage
from extend_conformance.cloud import connection as connections
from extend_conformance.cloud import ledger as ledgers
from extend_conformance.results import storage
from extend_conformance.sandbox import loopdevices
from extend_conformance.tests.functional import as_user
from extend_conformance.tests.functional import base

_PROGRAMS = pathlib.Path(sys.executable).parent
_HELPER = _PROGRAMS / 'privsep-helper'
_PATH = '/usr/sbin:/usr/bin:/sbin:/bin'


def _install_sudo() -> None:
    if shutil.which('sudo') is not None:
        return
    if shutil.which('apt-get') is None:
        raise unittest.SkipTest('no sudo, and no apt-get to install it with')
    quiet = {**os.environ, 'DEBIAN_FRONTEND': 'noninteractive'}
    install = ('apt-get', 'install', '--yes', '--no-install-recommends')
    if subprocess.run((*install, 'sudo'), env=quiet).returncode != 0:
        # A fresh image has no lists of packages.
        subprocess.run(('apt-get', 'update'), check=True, env=quiet)
        subprocess.run((*install, 'sudo'), check=True, env=quiet)


def _user_exists(user: str) -> bool:
    return user in {entry.pw_name for entry in pwd.getpwall()}


class OrdinaryUserTest(testtools.TestCase):
    """Everything that an ordinary user does, on two backends.

    :cvar user: made for this class, with ``uid`` and ``home``.
    :cvar sandbox: state directory of the sandbox.
    :cvar variables: the sandbox's environment for clients.
    :cvar sudoers: where the line of the documentation goes.
    """

    user: ty.ClassVar[str]
    uid: ty.ClassVar[int]
    home: ty.ClassVar[pathlib.Path]
    sandbox: ty.ClassVar[pathlib.Path]
    sudoers: ty.ClassVar[pathlib.Path]
    variables: ty.ClassVar[dict[str, str]]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        _install_sudo()
        cls.user = f'ec-test-{os.getpid()}'
        cls.sudoers = pathlib.Path('/etc/sudoers.d') / cls.user
        # TMPDIR may be below a directory that the user cannot enter.
        work = pathlib.Path(tempfile.mkdtemp(dir='/var/tmp'))
        cls.addClassCleanup(cls._must_be_gone)
        cls.addClassCleanup(shutil.rmtree, work)
        work.chmod(0o755)
        cls.home = work / 'home'
        subprocess.run(
            (
                *('useradd', '--system', '--no-create-home'),
                *('--home-dir', str(cls.home)),
                *('--shell', '/usr/sbin/nologin', cls.user),
            ),
            check=True,
        )
        cls.addClassCleanup(subprocess.run, ('userdel', cls.user), check=True)
        cls.uid = pwd.getpwnam(cls.user).pw_uid
        cls.home.mkdir()
        shutil.chown(cls.home, cls.user, cls.user)
        cls.sandbox = work / 'sandbox'
        place = ('--state-dir', str(cls.sandbox))
        cls.addClassCleanup(
            subprocess.run,
            (*base.COMMAND, 'sandbox', 'down', *place),
            check=True,
        )
        subprocess.run(
            (
                *(*base.COMMAND, 'sandbox', 'up', *place),
                *('--client-user', cls.user),
                *('--backend', 'good', '--backend', 'refuses-driver'),
            ),
            check=True,
        )
        shown = subprocess.run(
            (*base.COMMAND, 'sandbox', 'env', '-f', 'json', *place),
            check=True,
            capture_output=True,
            text=True,
        )
        cls.variables = dict(json.loads(shown.stdout))

    @classmethod
    def _must_be_gone(cls) -> None:
        left = [
            what
            for what, is_left in (
                ('the user', _user_exists(cls.user)),
                ('the line in sudoers', cls.sudoers.exists()),
                ('the sandbox', cls.sandbox.exists()),
            )
            if is_left
        ]
        if left:
            raise AssertionError(f'left behind: {", ".join(left)}')

    def setUp(self) -> None:
        super().setUp()
        self.lent: set[str] = set()
        self.line = f'{self.user} ALL=(root) NOPASSWD: {_HELPER}'
        self.addCleanup(self.must_leave_nothing)

    def allow(self) -> None:
        """Put the line of the documentation into sudoers."""
        self.addCleanup(self.sudoers.unlink)
        self.sudoers.write_text(f'{self.line}\n')
        self.sudoers.chmod(0o440)

    def start(
        self, *words: str, output: ty.Any = None, **variables: str
    ) -> subprocess.Popen[str]:
        """Start a command as the user, in the user's home."""
        return subprocess.Popen(
            as_user.command(self.user, words),
            cwd=self.home,
            env={
                **self.variables,
                'HOME': str(self.home),
                'LANG': 'C.UTF-8',
                'PATH': _PATH,
                **variables,
            },
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            text=True,
            start_new_session=True,
        )

    def run_it(self, *words: str, **variables: str) -> tuple[int, str]:
        """Run a command as the user; return its exit code and output.

        Meanwhile it is noted which device nodes are the user's.
        """
        with tempfile.TemporaryFile('w+') as output:
            process = self.start(*words, output=output, **variables)
            deadline = time.monotonic() + 900
            while process.poll() is None:
                self.lent |= self.owned_nodes()
                if time.monotonic() > deadline:
                    process.kill()
                time.sleep(0.02)
            output.seek(0)
            return process.returncode, output.read()

    def owned_nodes(self) -> set[str]:
        """The nodes of loop devices that are the user's now."""
        return {
            str(node)
            for node in pathlib.Path('/dev').glob('loop[0-9]*')
            if node.stat().st_uid == self.uid
        }

    def processes(self) -> list[psutil.Process]:
        """Processes of the user, and helpers that run as root."""
        found = []
        for process in psutil.process_iter(('uids', 'cmdline')):
            uids, words = process.info['uids'], process.info['cmdline']
            if (uids and self.uid in uids) or str(_HELPER) in (words or ()):
                found.append(process)
        return found

    def must_leave_nothing(self) -> None:
        """Assert that the user's commands have left no trace."""
        # A helper ends when it notices that its client has ended.
        psutil.wait_procs(self.processes(), timeout=10)
        self.assertEqual([], self.processes())
        self.assertEqual(set(), self.owned_nodes())
        self.assertEqual([], loopdevices.devices_under(self.sandbox))
        volumes = self.sandbox / 'volumes'
        self.assertEqual([], list(volumes.glob('*/volume-*')))
        runs = self.home / '.local/state/extend-conformance/runs'
        for run in ledgers.Ledger.runs(runs):
            self.assertEqual((), run.open_entries)

    def must_have_attached(self) -> None:
        """Assert that a device node was the user's for a while."""
        self.assertNotEqual(set(), self.lent)

    def test_certify(self) -> None:
        self.allow()

        code, said = self.run_it(
            *(*base.COMMAND, 'certify', '--profile', 'quick'),
            # The good one is run by tempest, below.
            *('--volume-type', 'refuses-driver', '--output', 'certified'),
        )

        self.assertEqual(1, code, said)
        results = storage.load_results(
            self.home / 'certified' / 'results.json'
        )
        self.assertEqual(
            {'refuses-driver': 'contradicts-claim'},
            {each.volume_type: each.verdict for each in results.backends},
        )
        # None was skipped or could not be done.
        self.assertEqual(len(results.run.planned), len(results.checks))
        self.assertLessEqual(
            {each.verdict for each in results.checks},
            {'pass', 'fail', 'not-applicable'},
        )
        self.assertEqual((), results.run.warnings)
        self.must_have_attached()

    def test_tempest_run_with_locks_of_others(self) -> None:
        self.allow()
        locks = self.sandbox.parent / 'locks-of-others'
        locks.mkdir()
        config = self._tempest_conf(
            lock_path=str(locks), profile='quick', results_dir='by-tempest'
        )

        code, said = self._tempest_run(config)
        self.assertEqual(0, code, said)
        code, said = self.run_it(
            *base.COMMAND, 'report', 'build', 'by-tempest'
        )

        results = storage.load_results(self.home / 'by-tempest')
        self.must_have_attached()
        self.assertEqual(
            {'good'}, {each.backend for each in results.checks} - {None}
        )
        self.assertLessEqual(
            {each.verdict for each in results.checks},
            {'pass', 'not-applicable'},
        )
        (warning,) = results.run.warnings
        self.assertIn(f'the lock path {locks} is not writable', warning)
        page = (self.home / 'by-tempest' / 'report.html').read_text()
        self.assertIn(f'{locks} is not writable', page)

    def _tempest_conf(self, **options: str) -> pathlib.Path:
        """A copy of the sandbox's tempest.conf with other options."""
        parser = configparser.RawConfigParser(default_section='')
        parser.read(self.sandbox / 'client' / 'tempest.conf')
        for name, value in options.items():
            parser.set('extend_conformance', name, value)
        config = self.home / 'tempest.conf'
        with config.open('w') as stream:
            parser.write(stream)
        shutil.chown(config, self.user)
        return config

    def _tempest_run(self, config: pathlib.Path) -> tuple[int, str]:
        return self.run_it(
            *(str(_PROGRAMS / 'tempest'), 'run', '--concurrency', '1'),
            *('--config-file', str(config)),
            *('--regex', '^extend_conformance.*[.]Backend_good'),
        )

    def test_tempest_run_without_the_line_fails_nobody(self) -> None:
        config = self._tempest_conf(profile='quick', results_dir='aborted')

        code, said = self._tempest_run(config)

        self.assertEqual(1, code, said)
        self.assertIn(f': {self.line}', said)
        results = storage.load_results(self.home / 'aborted')
        verdicts = {each.check: each.verdict for each in results.checks}
        self.assertEqual('abort', verdicts['host-grows-in-place'])
        self.assertEqual('abort', verdicts['image-attached-unknown'])
        self.assertNotIn('fail', verdicts.values())

    def test_image_with_a_lock_of_others(self) -> None:
        self.allow()
        locks = self.home / 'locks'
        locks.mkdir()
        (locks / 'os-brick-connect_volume').touch(mode=0o600)
        shutil.chown(locks, self.user)
        image = self.home / 'image.raw'
        image.write_bytes(base.Content(5_000_001).read(5_000_001))
        image.chmod(0o444)

        code, said = self.run_it(
            *(*base.COMMAND, '--quiet', 'image', 'create', str(image)),
            *('--volume-type', 'good', '--mode', 'attached', '-f', 'json'),
            *('--lock-path', str(locks)),
        )
        self.assertEqual(0, code, said)
        self.assertIn(f'the lock path {locks} is not writable', said)
        volume_id = json.loads(said[said.index('{') :])['volume_id']
        self.addCleanup(self._delete, volume_id)
        code, said = self.run_it(
            *base.COMMAND, 'image', 'verify', volume_id, str(image)
        )

        self.assertEqual(0, code, said)
        self.must_have_attached()

    def _delete(self, volume_id: str) -> None:
        for name, value in self.variables.items():
            self.useFixture(fixtures.EnvironmentVariable(name, value))
        client = block_storage.BlockStorage(connections.from_cloud('sandbox'))
        client.delete_volume(volume_id)
        client.wait_until_gone(volume_id)

    def _start_endless(self) -> subprocess.Popen[str]:
        """Start writing an image without end, until a node is lent."""
        process = self.start(
            *('sh', '-c', 'exec "$@" < /dev/zero', 'sh'),
            *(*base.COMMAND, 'image', 'create', '-'),
            *('--volume-type', 'good', '--mode', 'attached'),
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        deadline = time.monotonic() + 120
        while not self.owned_nodes():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        return process

    def test_interrupt_gives_nodes_back(self) -> None:
        self.allow()
        process = self._start_endless()

        # As a terminal does: to the whole group.
        os.killpg(process.pid, signal.SIGINT)

        self.assertEqual(130, process.wait(60))
        self.assertEqual(set(), self.owned_nodes())

    def test_cleanup_gives_nodes_back(self) -> None:
        self.allow()
        process = self._start_endless()
        process.kill()
        process.wait()
        self.assertNotEqual(set(), self.owned_nodes())

        code, said = self.run_it(*base.COMMAND, 'cleanup')

        self.assertEqual(0, code, said)
        self.assertEqual(set(), self.owned_nodes())

    def test_sandbox_out_of_reach_is_refused(self) -> None:
        closed = self.sandbox.parent / 'closed'
        closed.mkdir(mode=0o700)

        ended = subprocess.run(
            (
                *(*base.COMMAND, 'sandbox', 'up', '--client-user', self.user),
                *('--state-dir', str(closed / 'sandbox')),
            ),
            capture_output=True,
            text=True,
        )

        self.assertEqual(2, ended.returncode, ended.stderr)
        self.assertIn(f'{self.user!r} cannot reach', ended.stderr)
        self.assertEqual([], list(closed.iterdir()))

    def _commands(self) -> collections.abc.Iterator[tuple[str, ...]]:
        yield (*base.COMMAND, 'certify', '--volume-type', 'good')
        yield (*base.COMMAND, 'image', 'create', '/etc/passwd')

    def test_without_the_line_it_is_named(self) -> None:
        for words in self._commands():
            code, said = self.run_it(*words)

            self.assertEqual(3, code, said)
            self.assertNotIn('Traceback', said)
            self.assertThat(said.rstrip(), matchers.EndsWith(f': {self.line}'))
            self.assertIn('sudo: a password is required', said)

    def test_without_sudo_it_is_named(self) -> None:
        bare = self.home / 'bin'
        bare.mkdir()
        for directory in _PATH.split(':'):
            for program in pathlib.Path(directory).iterdir():
                if program.name != 'sudo':
                    with contextlib.suppress(FileExistsError):
                        (bare / program.name).symlink_to(program)
        for words in self._commands():
            code, said = self.run_it(*words, PATH=str(bare))

            self.assertEqual(3, code, said)
            self.assertNotIn('Traceback', said)
            self.assertThat(said.rstrip(), matchers.EndsWith(f': {self.line}'))
            self.assertIn('sudo is not installed', said)
