# SPDX-License-Identifier: Apache-2.0

"""Reading and writing claims files, and what an update may not touch."""

import os
import pathlib
import stat
import tempfile
from unittest import mock

import ddt
import testtools

from extend_conformance import exceptions
from extend_conformance import vocabulary
from extend_conformance.claims import claims_file

WHOLE = claims_file.Claims(
    release='2026.1',
    backends=(
        claims_file.BackendClaim(
            volume_type='good',
            expect=vocabulary.Expectation.REFUSED,
            matrix_key='lvm',
            absent_features=(
                vocabulary.Feature.MULTIATTACH,
                vocabulary.Feature.SNAPSHOT,
            ),
            known_disagreement={
                'data-old-intact': 'https://bugs.example.org/1'
            },
        ),
        claims_file.BackendClaim(volume_type='no'),
    ),
)

BY_HAND = """\
# Ours
release: 2026.1   # since March

backends:
  # Do not trust the vendor
  - volume_type: "fast"
    expect: refused  # ticket 4711
    matrix_key: lvm

  - volume_type: old  # to be removed
"""


def _discovered(
    volume_type: str, key: str | None = None, comment: str = ''
) -> claims_file.Discovered:
    return claims_file.Discovered(
        claims_file.BackendClaim(volume_type=volume_type, matrix_key=key),
        comment,
    )


class _WithPath(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.path = self.directory / 'claims.yaml'


@ddt.ddt
class TestLoad(_WithPath):
    """What is read."""

    @ddt.data('', '# nothing\n', 'backends:\n', 'backends: []\n')
    def test_empty(self, text: str) -> None:
        self.path.write_text(text)
        self.assertEqual(claims_file.Claims(), claims_file.load(self.path))

    @ddt.data('2026.1', '"2026.1"', "'2026.1'")
    def test_release_with_and_without_quotes(self, written: str) -> None:
        self.path.write_text(f'release: {written}\n')
        self.assertEqual('2026.1', claims_file.load(self.path).release)

    def test_find(self) -> None:
        self.assertIs(WHOLE.backends[1], WHOLE.find('no'))
        self.assertIsNone(WHOLE.find('bad'))


class TestSave(_WithPath):
    """What is written."""

    def test_is_read_again(self) -> None:
        claims_file.save(self.path, WHOLE)
        self.assertEqual(WHOLE, claims_file.load(self.path))

    def test_text(self) -> None:
        claims_file.save(self.path, WHOLE)
        self.assertEqual(
            """\
# What the backends of this cloud promise about extending attached volumes.
# New entries are only ever added; change the others as you like.
release: "2026.1"
backends:
  - volume_type: good
    expect: refused
    matrix_key: lvm
    absent_features:
      - multiattach
      - snapshot
    known_disagreement:
      data-old-intact: https://bugs.example.org/1
  - volume_type: no
""",
            self.path.read_text(),
        )

    def test_takes_the_place_of_another(self) -> None:
        claims_file.save(self.path, WHOLE)
        claims_file.save(self.path, claims_file.Claims())
        self.assertEqual(claims_file.Claims(), claims_file.load(self.path))

    def test_makes_the_directory(self) -> None:
        path = self.directory / 'a' / 'b' / 'claims.yaml'
        claims_file.save(path, WHOLE)
        self.assertEqual(WHOLE, claims_file.load(path))

    def test_nothing_else_is_left(self) -> None:
        claims_file.save(self.path, WHOLE)
        self.assertEqual([self.path], list(self.directory.iterdir()))

    def test_a_failure_leaves_the_old_file_alone(self) -> None:
        claims_file.save(self.path, WHOLE)
        full = OSError(28, 'No space left on device')
        with mock.patch.object(os, 'fsync', side_effect=full):
            error = self.assertRaises(
                exceptions.UsageError,
                claims_file.save,
                self.path,
                claims_file.Claims(),
            )
        self.assertIn('No space left on device', str(error))
        self.assertEqual(WHOLE, claims_file.load(self.path))
        self.assertEqual([self.path], list(self.directory.iterdir()))

    def test_not_writable(self) -> None:
        path = self.directory / 'file' / 'claims.yaml'
        path.parent.write_text('not a directory')
        self.assertRaises(exceptions.UsageError, claims_file.save, path, WHOLE)

    def test_keeps_the_mode(self) -> None:
        self.path.write_text('')
        self.path.chmod(0o640)
        claims_file.save(self.path, WHOLE)
        self.assertEqual(0o640, stat.S_IMODE(self.path.stat().st_mode))

    def test_follows_a_link(self) -> None:
        link = self.directory / 'link.yaml'
        link.symlink_to(self.path)
        claims_file.save(link, WHOLE)
        self.assertTrue(link.is_symlink())
        self.assertEqual(WHOLE, claims_file.load(self.path))


@ddt.ddt
class TestUpdate(_WithPath):
    """What a discovery changes, and what it does not."""

    def test_new_file(self) -> None:
        done = claims_file.update(
            self.path, [_discovered('good', 'lvm', 'a reason')], '2026.1'
        )
        self.assertEqual(claims_file.Update(('good',), (), ()), done)
        self.assertEqual(
            """\
# What the backends of this cloud promise about extending attached volumes.
# New entries are only ever added; change the others as you like.
release: "2026.1"
backends:
  # a reason
  - volume_type: good
    matrix_key: lvm
""",
            self.path.read_text(),
        )

    def test_what_a_person_wrote_stays(self) -> None:
        self.path.write_text(BY_HAND)
        done = claims_file.update(
            self.path,
            [
                _discovered('fast', 'rbd', 'other'),
                _discovered('new', 'nfs', 'a reason'),
                _discovered('newer'),
            ],
            '2026.2',
        )
        self.assertEqual(
            claims_file.Update(('new', 'newer'), ('fast',), ('old',)), done
        )
        self.assertEqual(
            BY_HAND
            + """\
  # a reason
  - volume_type: new
    matrix_key: nfs
  - volume_type: newer
""",
            self.path.read_text(),
        )

    def test_nothing_new_writes_nothing(self) -> None:
        text = 'backends: [{volume_type:   fast}]\n'
        self.path.write_text(text)
        before = self.path.stat()
        done = claims_file.update(self.path, [_discovered('fast', 'rbd')])
        self.assertEqual(claims_file.Update((), ('fast',), ()), done)
        self.assertEqual(text, self.path.read_text())
        self.assertEqual(before.st_ino, self.path.stat().st_ino)

    def test_release_is_added_where_there_is_none(self) -> None:
        self.path.write_text('backends:\n  - volume_type: a\n')
        claims_file.update(self.path, [], '2026.1')
        self.assertEqual(
            'release: "2026.1"\nbackends:\n  - volume_type: a\n',
            self.path.read_text(),
        )

    @ddt.data('', '# mine\n', 'backends:\n', 'backends: []\n', 'release: zed')
    def test_file_without_entries(self, text: str) -> None:
        self.path.write_text(text)
        claims_file.update(self.path, [_discovered('a'), _discovered('b')])
        claims = claims_file.load(self.path)
        self.assertEqual(
            ['a', 'b'], [claim.volume_type for claim in claims.backends]
        )
        self.assertEqual('zed' in text, claims.release == 'zed')
        self.assertEqual('mine' in text, 'mine' in self.path.read_text())

    @ddt.data(
        '# only\nrelease: zed\n',
        'backends:\n  - volume_type: a\n# the end\n',
        'backends: [{volume_type: a, expect: refused}]\n',
        'backends:\n- volume_type: a\n',
    )
    def test_other_shapes_can_be_read_again(self, text: str) -> None:
        self.path.write_text(text)
        before = claims_file.load(self.path)
        claims_file.update(self.path, [_discovered('z', 'lvm', 'why')])
        after = claims_file.load(self.path)
        self.assertEqual(before.backends, after.backends[:-1])
        self.assertEqual('lvm', after.backends[-1].matrix_key)

    def test_empty_list_becomes_a_block(self) -> None:
        self.path.write_text('backends: []\n')
        claims_file.update(self.path, [_discovered('a'), _discovered('b')])
        self.assertEqual(
            'backends:\n  - volume_type: a\n  - volume_type: b\n',
            self.path.read_text(),
        )

    def test_twice_is_once(self) -> None:
        for _ in range(2):
            claims_file.update(self.path, [_discovered('a', 'lvm', 'why')])
        self.assertEqual(1, self.path.read_text().count('volume_type'))

    def test_a_wrong_file_is_left_alone(self) -> None:
        self.path.write_text('backend: []\n')
        self.assertRaises(
            exceptions.UsageError,
            claims_file.update,
            self.path,
            [_discovered('a')],
        )
        self.assertEqual('backend: []\n', self.path.read_text())
