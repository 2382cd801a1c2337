"""Writes WARC files: one gzip member per record, whole or not at all."""

from __future__ import annotations

import os
import zlib
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING

from pipelines.warc.records import END, Place, header

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import BinaryIO

    from pipelines.warc.records import WarcRecord

LEVEL = 6
_GZIP = zlib.MAX_WBITS | 16


class WarcWriter:
    """Appends records to an unbuffered stream; the rest of a failed write is cut off again."""

    def __init__(self, stream: BinaryIO, level: int = LEVEL) -> None:
        """Begin at the present end of `stream`, which is open for writing without a buffer."""
        self._stream, self._level = stream, level
        self.end = stream.seek(0, os.SEEK_END)

    def write(self, record: WarcRecord) -> Place:
        """Append one record."""
        return self.append(record.fields, len(record.block), (record.block,))

    def append(self, fields: Iterable[tuple[str, str]], length: int, block: Iterable[bytes]) -> Place:
        """Append a record whose block of `length` bytes comes in pieces.

        The same record gives the same bytes: the gzip member has no name and no time.

        Raises:
            OSError: nothing was appended.
        """
        packer = zlib.compressobj(self._level, zlib.DEFLATED, _GZIP)
        begin = at = self.end
        try:
            for piece in chain((header(fields, length),), block, (END,)):
                at = self._put(at, packer.compress(piece))
            at = self._put(at, packer.flush())
        except OSError:
            with suppress(OSError):  # a reader stops before a torn member, the next write begins where it began
                self._stream.truncate(begin)
            raise
        self.end = at
        return Place(begin, at - begin)

    def _put(self, at: int, data: bytes) -> int:
        view = memoryview(data)
        self._stream.seek(at)
        while view:
            view = view[self._stream.write(view) or 0 :]
        return at + len(data)
