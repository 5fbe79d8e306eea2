# SPDX-License-Identifier: Apache-2.0

"""What comes out is what went in, hashed, whatever the source does."""

import hashlib
import io
import os
import threading

import ddt
import testtools

from extend_conformance import exceptions
from extend_conformance.impl import pipeline

CHUNK = pipeline.CHUNK_BYTES


class Dribble:
    """Gives a few bytes at a time, as a pipe does."""

    def __init__(self, content: bytes, at_once: int) -> None:
        self._stream = io.BytesIO(content)
        self._at_once = at_once

    def read(self, size: int, /) -> bytes:
        return self._stream.read(min(size, self._at_once))


@ddt.ddt
class PipelineTest(testtools.TestCase):
    @ddt.data(0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 9 * CHUNK + 511)
    def test_content_and_hashes_are_those_of_the_source(
        self, size: int
    ) -> None:
        content = os.urandom(size)

        with pipeline.Pipeline(io.BytesIO(content), 'sha256') as line:
            read = b''.join(bytes(chunk) for chunk in line.chunks())
            digests = line.digests()

        self.assertEqual(content, read)
        self.assertEqual(hashlib.sha256(content).hexdigest(), digests.os_hash)
        self.assertEqual(
            hashlib.md5(content, usedforsecurity=False).hexdigest(),
            digests.md5,
        )

    def test_one_hash_may_be_both(self) -> None:
        content = os.urandom(CHUNK + 1)
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()

        with pipeline.Pipeline(io.BytesIO(content), 'md5') as line:
            self.assertEqual(2, len(list(line.chunks())))
            digests = line.digests()

        self.assertEqual(pipeline.Digests(md5, 'md5', md5), digests)

    def test_chunks_of_a_dribbling_source_are_full(self) -> None:
        source = Dribble(os.urandom(2 * CHUNK + 5), 1_000_003)

        with pipeline.Pipeline(source) as line:
            lengths = [len(chunk) for chunk in line.chunks()]

        self.assertEqual([CHUNK, CHUNK, 5], lengths)

    def test_an_error_of_the_source_comes_after_what_it_gave(self) -> None:
        class Breaks:
            reads = 0

            def read(self, size: int, /) -> bytes:
                self.reads += 1
                if self.reads > 1:
                    raise OSError('cable')
                return b'a' * size

        lengths: list[int] = []

        def consume() -> None:
            with pipeline.Pipeline(Breaks()) as line:
                lengths.extend(len(chunk) for chunk in line.chunks())

        error = self.assertRaises(pipeline.ReadFailed, consume)

        self.assertEqual([CHUNK], lengths)
        self.assertIn('cable', str(error))

    def test_leaving_early_stops_reading(self) -> None:
        class Endless:
            total = 0

            def read(self, size: int, /) -> bytes:
                self.total += size
                return b'a' * size

        source = Endless()
        with pipeline.Pipeline(source) as line:
            next(line.chunks())

        self.assertLessEqual(source.total, (pipeline.BUFFERS + 1) * CHUNK)

    def test_leaving_does_not_wait_for_a_silent_source(self) -> None:
        silence = threading.Event()
        self.addCleanup(silence.set)

        class Silent:
            def read(self, size: int, /) -> bytes:
                silence.wait()
                return b''

        with pipeline.Pipeline(Silent()):
            pass

        self.assertFalse(silence.is_set())

    @ddt.data('sha513', 'shake_128')
    def test_hashes_that_images_cannot_have_are_refused(
        self, name: str
    ) -> None:
        self.assertRaises(
            exceptions.UsageError, pipeline.Pipeline, io.BytesIO(), name
        )


class LeavingTest(testtools.TestCase):
    def test_an_error_of_the_consumer_is_not_hidden(self) -> None:
        def consume() -> None:
            with pipeline.Pipeline(io.BytesIO(b'a' * 5 * CHUNK)) as line:
                for chunk in line.chunks():
                    part = chunk[:10]
                    raise LookupError(len(part))

        self.assertRaises(LookupError, consume)
