# SPDX-License-Identifier: Apache-2.0

"""Reads an image, hashes it twice and hands it on, all at the same time.

Reading, each hash and whatever the consumer does overlap: hashlib releases
the interpreter's lock, and one thread alone would make every image as slow
as the sum of its hashes.
"""

import collections.abc
import contextlib
import dataclasses
import hashlib
import queue
import threading
import typing as ty

from extend_conformance import exceptions

#: What is read, hashed and written at once, in bytes.
CHUNK_BYTES = 4 * 1024 * 1024

#: How many chunks are under way.
BUFFERS = 6


class Source(ty.Protocol):
    """Anything that can be read; with ``readinto``, without a copy."""

    def read(self, size: int, /) -> bytes:
        """Read some bytes, none at the end."""


class ReadFailed(exceptions.WorkFailed):
    """The source raised; its error is the cause."""


@dataclasses.dataclass(frozen=True)
class Digests:
    """Both hashes, in hexadecimal."""

    md5: str
    os_hash_algo: str
    os_hash: str


class _Chunk:
    """A buffer on its way; free again when its last user is done."""

    def __init__(self) -> None:
        self.content = bytearray(CHUNK_BYTES)
        self.length = 0
        self.users = 0


def must_be_algorithm(name: str) -> None:
    """Make sure that a hash is one that images can have.

    :raises exceptions.UsageError: unknown, or of no fixed length.
    """
    try:
        fixed = hashlib.new(name, usedforsecurity=False).digest_size > 0
    except ValueError:
        fixed = False
    if not fixed:
        raise exceptions.UsageError(
            'No such hash algorithm for images',
            resource=f'os_hash_algo {name}',
            next_step='Glance uses sha512 by default.',
        )


class Pipeline:
    """Chunks of a source, hashed on their way; a context manager.

    Every chunk but the last is full, so that all begin at a multiple of
    :data:`CHUNK_BYTES`.

    :param os_hash_algo: name of the second hash; the first is md5, and is
        made once if it is both.
    """

    def __init__(self, source: Source, os_hash_algo: str = 'sha512') -> None:
        must_be_algorithm(os_hash_algo)
        self._source = source
        self._os_hash_algo = os_hash_algo
        self._hashes = {
            name: hashlib.new(name, usedforsecurity=False)
            for name in ('md5', os_hash_algo)
        }
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._free: queue.SimpleQueue[_Chunk | None] = queue.SimpleQueue()
        self._full: queue.SimpleQueue[_Chunk | BaseException | None] = (
            queue.SimpleQueue()
        )
        self._to_hash = [
            queue.SimpleQueue[_Chunk | None]() for _ in self._hashes
        ]
        for _ in range(BUFFERS):
            self._free.put(_Chunk())
        self._hashers = [
            threading.Thread(
                target=self._hash, args=pair, name='image-hash', daemon=True
            )
            for pair in zip(self._hashes.values(), self._to_hash, strict=True)
        ]
        # A daemon: a source that never answers cannot be interrupted.
        self._reader = threading.Thread(
            target=self._read, name='image-read', daemon=True
        )

    def __enter__(self) -> ty.Self:
        for thread in (*self._hashers, self._reader):
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stopped.set()
        self._free.put(None)
        for each in self._to_hash:
            each.put(None)
        for thread in self._hashers:
            thread.join()

    def chunks(self) -> collections.abc.Iterator[memoryview]:
        """All chunks, in order; each is valid until the next is asked for.

        :raises ReadFailed: the source raised.
        """
        while True:
            item = self._full.get()
            if item is None:
                return
            if isinstance(item, BaseException):
                raise ReadFailed(
                    f'Reading failed: {type(item).__name__}: {item}'
                ) from item
            try:
                yield memoryview(item.content)[: item.length]
            finally:
                self._done(item)

    def digests(self) -> Digests:
        """Both hashes of everything; after the last chunk."""
        for each in self._to_hash:
            each.put(None)
        for thread in self._hashers:
            thread.join()
        return Digests(
            self._hashes['md5'].hexdigest(),
            self._os_hash_algo,
            self._hashes[self._os_hash_algo].hexdigest(),
        )

    def _read(self) -> None:
        try:
            while not self._stopped.is_set():
                chunk = self._free.get()
                if chunk is None:
                    return
                chunk.length = self._fill(chunk.content)
                if chunk.length == 0:
                    break
                chunk.users = 1 + len(self._to_hash)
                for each in self._to_hash:
                    each.put(chunk)
                self._full.put(chunk)
                if chunk.length < CHUNK_BYTES:
                    break
        except Exception as error:
            self._full.put(error)
        else:
            self._full.put(None)

    def _fill(self, buffer: bytearray) -> int:
        """Fill a buffer: pipes give what they have, not what was asked."""
        length = 0
        with memoryview(buffer) as whole:
            while length < len(buffer) and not self._stopped.is_set():
                with whole[length:] as rest:
                    count = self._read_into(rest)
                if not count:
                    break
                length += count
        return length

    def _read_into(self, buffer: memoryview) -> int:
        readinto = getattr(self._source, 'readinto', None)
        if readinto is not None:
            return int(readinto(buffer) or 0)
        part = self._source.read(len(buffer))
        buffer[: len(part)] = part
        return len(part)

    def _hash(
        self,
        algorithm: ty.Any,
        chunks: 'queue.SimpleQueue[_Chunk | None]',
    ) -> None:
        while (chunk := chunks.get()) is not None:
            if not self._stopped.is_set():
                with memoryview(chunk.content) as whole:
                    algorithm.update(whole[: chunk.length])
            self._done(chunk)

    def _done(self, chunk: _Chunk) -> None:
        with self._lock:
            chunk.users -= 1
            if chunk.users:
                return
        with contextlib.suppress(RuntimeError):
            self._free.put(chunk)
