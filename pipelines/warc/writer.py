"""Writing WARC files: one gzip member a record, whole or not at all."""

from __future__ import annotations

import os
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING

from pipelines.warc.records import Place

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import BinaryIO

    from pipelines.warc.records import WarcRecord

LEVEL = 6
_GZIP = zlib.MAX_WBITS | 16


def member(record: WarcRecord, level: int = LEVEL) -> bytes:
    """A record as one gzip member, without name and time: the same record gives the same bytes."""
    packer = zlib.compressobj(level, zlib.DEFLATED, _GZIP)
    return packer.compress(record.to_bytes()) + packer.flush()


class WarcWriter:
    """Appends records to an unbuffered stream; what a failed write left is cut off again."""

    def __init__(self, stream: BinaryIO, level: int = LEVEL) -> None:
        """Begin at the present end of `stream`, which is open for writing without a buffer."""
        self._stream, self._level = stream, level
        self.end = stream.seek(0, os.SEEK_END)

    def write(self, record: WarcRecord) -> Place:
        """Append one record."""
        return self.write_all((record,))[0]

    def write_all(self, records: Iterable[WarcRecord]) -> tuple[Place, ...]:
        """Append records that belong together, all or none of them.

        Raises:
            OSError: nothing of them is in the file.
        """
        members = [member(record, self._level) for record in records]
        view = memoryview(b"".join(members))
        try:
            self._stream.seek(self.end)
            while view:
                view = view[self._stream.write(view) or 0 :]
        except OSError:
            with suppress(OSError):  # a reader stops before a torn member, the next write begins where it began
                self._stream.truncate(self.end)
            raise
        places = []
        for data in members:
            places.append(Place(self.end, len(data)))
            self.end += len(data)
        return tuple(places)
