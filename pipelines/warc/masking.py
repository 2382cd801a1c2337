"""Rewrites a WARC record without words, in exactly the bytes that its gzip member took: nothing behind it moves."""

from __future__ import annotations

import hashlib
import re
import zlib
from typing import TYPE_CHECKING

from pipelines.warc.http import HttpResponse, headers_end
from pipelines.warc.records import END, WarcRecord, digest, header

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelines.warc.words import Span

REDACTED = "Redacted"
"""Field of a rewritten record, not of the standard; tools skip unknown names. Its value is `commit 12`."""
REMOVED = b"[redacted]"
"""What stands in place of a block that was removed whole."""
_MASK = b"x"
_FEWEST = 4  # bytes of a masked word of two characters in GB 18030
_FRAMING = re.compile(rb"(?:transfer-encoding|content-encoding|content-length)[ \t]*:", re.IGNORECASE)
_EMPTY_BLOCK = b"\x00\x00\x00\xff\xff"
_LONGEST_COMMENT = 500
"""Characters of a comment in a gzip header; readers written in Go take 511."""
_COMMENTED, _WITH_COMMENT, _PLAIN = b"redacted", b"\x10", b"\x00"


def searched(record: WarcRecord) -> bytes:
    """The bytes of a record in which words are found and masked: a response's entity, else the block.

    Raises:
        NotDecodable: the response's content coding cannot be decoded.
    """
    return HttpResponse.parse(record.block).entity() if record.type == "response" else record.block


def heading(record: WarcRecord) -> bytes:
    """The headers of a response or revisit; they are never masked, only removed."""
    return record.block[: headers_end(record.block)] if record.type in {"response", "revisit"} else b""


def rewritten(record: WarcRecord, spans: Sequence[Span] | None, n: int) -> WarcRecord:
    """The record as commit `n` leaves it: `spans` of what is `searched` masked; for null, the whole block removed.

    A response is then stored without chunked framing and content coding, and its headers say so.
    """
    if spans is None:
        block = _emptied(record)
    elif record.type == "response":
        entity = masked(searched(record), spans)
        block = _unframed(heading(record), len(entity)) + entity
    else:
        block = masked(record.block, spans)
    return WarcRecord(tuple(_fields(record, block, n)), block)


def member(record: WarcRecord, length: int) -> bytes | None:
    """The record as one gzip member of exactly `length` bytes; without its digests if it fits only so.

    Null when it does not fit.
    """
    bare = tuple(field for field in record.fields if not _is_digest(field[0]) or record.type == "revisit")
    candidates = (_member(fields, record.block, length) for fields in (record.fields, bare))
    return next(filter(None, candidates), None)


def masked(data: bytes, spans: Sequence[Span], mask: bytes = _MASK) -> bytes:
    """The data with every byte of the spans replaced; it keeps its length."""
    found = bytearray(data)
    for first, last in spans:
        found[first:last] = mask * (last - first)
    return bytes(found)


def has_mask(text: str) -> bool:
    """True for words that an earlier redaction masked: they are not to be looked for."""
    return _MASK.decode() * _FEWEST in text


def _emptied(record: WarcRecord) -> bytes:
    if record.type not in {"response", "revisit"}:
        return REMOVED
    response = HttpResponse.parse(record.block)
    start = f"{response.version or 'HTTP/1.0'} {response.status}\r\n".encode("latin-1")
    if record.type == "revisit" or not response.has_body:
        return start + b"\r\n"
    return start + b"Content-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(REMOVED) + REMOVED


def _unframed(head: bytes, length: int) -> bytes:
    """The headers without those of framing and coding, which no longer are."""
    start, *lines = head.rstrip(b"\r\n").split(b"\n")
    kept, is_kept = [start.rstrip(b"\r")], True
    for line in lines:
        if line[:1] not in {b" ", b"\t"}:
            is_kept = _FRAMING.match(line) is None
        if is_kept:
            kept.append(line.rstrip(b"\r"))
    return b"\r\n".join((*kept, b"Content-Length: %d" % length)) + END


def _fields(record: WarcRecord, block: bytes, n: int) -> Iterator[tuple[str, str]]:
    payload = HttpResponse.parse(block).payload() if record.type == "response" else b""
    new = {"warc-block-digest": digest(hashlib.sha256(block).hexdigest())}
    if record.type == "response":
        new["warc-payload-digest"] = digest(hashlib.sha256(payload).hexdigest())
    yield from ((name, new.get(name.lower(), value)) for name, value in record.fields if name != REDACTED)
    yield REDACTED, f"commit {n}"


def _is_digest(name: str) -> bool:
    return name.lower() in {"warc-block-digest", "warc-payload-digest"}


def _member(fields: Sequence[tuple[str, str]], block: bytes, length: int) -> bytes | None:
    """Free room is filled with a comment in the gzip header, and empty deflate blocks, which unpack to nothing."""
    data = header(fields, len(block)) + block + END
    end = zlib.crc32(data).to_bytes(4, "little") + (len(data) & 0xFFFFFFFF).to_bytes(4, "little")
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9)
    packed = packer.compress(data)
    finish = packer.copy()
    body = packed + finish.flush()
    room = length - len(_head(0)) - len(body) - len(end)
    if room > _LONGEST_COMMENT:
        packed += packer.flush(zlib.Z_FULL_FLUSH)
        last = packer.flush()
        room = length - len(_head(0)) - len(packed) - len(last) - len(end)
        blocks = max(room - _LONGEST_COMMENT + len(_EMPTY_BLOCK) - 1, 0) // len(_EMPTY_BLOCK)
        body = packed + _EMPTY_BLOCK * blocks + last
        room -= len(_EMPTY_BLOCK) * blocks
    return _head(room) + body + end if room >= 0 else None


def _head(room: int) -> bytes:
    """A gzip header without name and time, `room` bytes longer than the shortest one."""
    comment = _COMMENTED.ljust(room - 1)[: room - 1] + b"\0" if room else b""
    return b"\x1f\x8b\x08" + (_WITH_COMMENT if room else _PLAIN) + bytes(4) + b"\x02\xff" + comment
