"""Reads WARC files: all records in order, one in memory at a time, or one by its place."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from pipelines.inflate import Member
from pipelines.untrusted import opened
from pipelines.warc.records import Place, WarcDamaged, WarcRecord

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from pipelines.stored.packed import Stored

_BLOCK = 1 << 14
"""Bytes read at a time. What was read beyond a record is copied, and most records are smaller than this."""
LARGEST_RECORD = 80 << 20
"""Largest record, decompressed, that is read into memory: an attachment of 64 MiB. A record that compression hardly
shrinks (a film kept when attachments might be larger) may be longer: it is no decompression bomb."""


def records(file: Stored, offset: int = 0) -> Iterator[tuple[Place, WarcRecord]]:
    """Every record of a file with one gzip member per record, from the one at `offset` on.

    Raises:
        WarcDamaged: names the file and the offset of the first record that cannot be read.
    """
    ahead = b""
    with opened(file) as stream:
        stream.seek(offset)
        while ahead := ahead or stream.read(_BLOCK):
            data, length, ahead = _member(stream, ahead, file, offset)
            yield Place(offset, length), _record(data, file, offset)
            offset += length


def read_at(file: Stored, offset: int, length: int | None = None) -> WarcRecord:
    """The record at a place; `length`, if given, must be the length of its gzip member.

    Raises:
        WarcDamaged: there is no whole record at the place, or it has another length.
    """
    with opened(file) as stream:
        stream.seek(offset)
        data, found, _ = _member(stream, stream.read(_BLOCK if length is None else max(length, 1)), file, offset)
    if length not in {None, found}:
        raise WarcDamaged(f"{file}: the record at {offset} takes {found} bytes, not {length}")
    return _record(data, file, offset)


def at_place(file: Stored, offset: int) -> tuple[Place, WarcRecord]:
    """The record at an offset, and its place; `WarcDamaged` as `read_at`."""
    found = next(records(file, offset), None)
    if found is None:
        raise WarcDamaged(f"{file}: ends before {offset}")
    return found


def _member(stream: BinaryIO, ahead: bytes, file: Stored, offset: int) -> tuple[bytearray, int, bytes]:
    """The content of one gzip member, its compressed length, and the bytes read beyond it."""
    member, content = Member(iter(lambda: stream.read(_BLOCK), b""), ahead), bytearray()
    try:
        for piece in member:
            content += piece
            if len(content) > max(LARGEST_RECORD, 2 * member.length):
                raise WarcDamaged(f"{file}: the record at {offset} unpacks to more than {LARGEST_RECORD} bytes")
    except EOFError as error:
        raise WarcDamaged(f"{file}: the gzip member at {offset} breaks off; restore the file from a copy") from error
    except zlib.error as error:
        raise WarcDamaged(f"{file}: no gzip member at {offset} ({error}); restore the file from a copy") from error
    return content, member.length, member.ahead


def _record(data: bytearray, file: Stored, offset: int) -> WarcRecord:
    try:
        return WarcRecord.from_bytes(data)
    except ValueError as error:
        raise WarcDamaged(f"{file}: offset {offset}: {error}; restore the file from a copy") from error
