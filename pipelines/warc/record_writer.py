"""Writes WARC files: one gzip member per record, whole or not at all."""

from __future__ import annotations

import os
import zlib
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING

from pipelines.archive.disk.files import GzipDigests
from pipelines.warc.records import END, Place, header

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

    from pipelines.archive.disk.files import Written
    from pipelines.warc.records import WarcRecord

Pieces = tuple["Iterable[tuple[str, str]]", int, "Iterable[bytes]"]
"""A record to be written: its fields, and the block with its length."""
LEVEL = 6
_GZIP = zlib.MAX_WBITS | 16
_AT_ONCE = 1 << 20


class WarcWriter:
    """Appends records to an unbuffered stream; the rest of a failed write is cut off again."""

    def __init__(self, stream: BinaryIO, level: int = LEVEL) -> None:
        """Begin at the present end of `stream`, which is open for writing without a buffer."""
        self._stream, self._level, self._digests = stream, level, GzipDigests()
        self.end = stream.seek(0, os.SEEK_END)

    @property
    def written(self) -> Written:
        """What was appended so far."""
        return self._digests.found()

    def write(self, record: WarcRecord) -> Place:
        """Append one record."""
        return self.append(record.fields, len(record.block), (record.block,))

    def append(self, fields: Iterable[tuple[str, str]], length: int, block: Iterable[bytes]) -> Place:
        """Append a record whose block of `length` bytes comes in pieces, as `append_each` does."""
        return self.append_each(((fields, length, block),))[0]

    def append_each(self, records: Iterable[Pieces]) -> list[Place]:
        """Append records, small ones in one write.

        The same record gives the same bytes: the gzip member has no name and no time.

        Raises:
            OSError: nothing was appended.
        """
        begin = at = self.end
        places, held, size = [], [], 0
        digests = self._digests.copy()
        try:
            for fields, length, block in records:
                first = at + size
                for plain, packed in self._packed(length, chain((header(fields, length),), block, (END,))):
                    digests.add(plain, packed)
                    held.append(packed)
                    size += len(packed)
                    if size >= _AT_ONCE:
                        at, held, size = self._put(at, held), [], 0
                places.append(Place(first, at + size - first))
            at = self._put(at, held)
        except OSError:
            with suppress(OSError):  # a reader stops before a torn member, the next write begins where it began
                self._stream.truncate(begin)
            raise
        self.end, self._digests = at, digests
        return places

    def _packed(self, length: int, pieces: Iterable[bytes]) -> Iterator[tuple[bytes, bytes]]:
        """Pieces of a member, and what is to be written of each; most members in one, which takes half the time."""
        if length <= _AT_ONCE:
            plain = b"".join(pieces)
            yield plain, zlib.compress(plain, self._level, _GZIP)
            return
        packer = zlib.compressobj(self._level, zlib.DEFLATED, _GZIP)
        for piece in pieces:
            yield piece, packer.compress(piece)
        yield b"", packer.flush()

    def _put(self, at: int, pieces: list[bytes]) -> int:
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        view = memoryview(data)
        self._stream.seek(at)
        while view:
            view = view[self._stream.write(view) or 0 :]
        return at + len(data)
