"""One HTTP exchange as WARC records: the response (or a revisit of an earlier one) and its request."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from pipelines.values import frozen
from pipelines.warc.http import HttpResponse, NotDecodable, entity_of, headers_end, interim_end, payload_of
from pipelines.warc.records import SAME_PAYLOAD, digest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

_PIECE = 1 << 16
_USUAL_HEADERS = 1 << 16
Fields = tuple[tuple[str, str], ...]


@frozen(kw_only=True)
class Exchange:
    """What went over the wire for one request.

    `date` is when the response began to arrive (RFC 3339, UTC); `response` a seekable file of the bytes received,
    empty when there was none; `truncated` the reason it was cut (time, length, disconnect), else null. Without
    `is_verbatim` both messages were rebuilt from the HTTP client's objects.
    """

    url: str
    date: str
    ip: str | None
    request: bytes
    response: BinaryIO
    truncated: str | None
    is_verbatim: bool


@frozen
class Measured:
    """A response's block: its headers, the offsets of block and body in the file, its length, and its digests
    (hexadecimal). `entity_sha256` is null when the content coding cannot be decoded.
    """

    headers: HttpResponse
    start: int
    body: int
    length: int
    block_sha256: str
    payload_sha256: str
    payload_length: int
    entity_sha256: str | None


@frozen
class Original:
    """The response record a revisit refers to."""

    record_id: str
    target_uri: str
    date: str
    file: str
    offset: int


def measured(response: BinaryIO) -> Measured:
    """Measure a response in one pass over its file."""
    start, header_bytes = _headers(response)
    body, headers = start + len(header_bytes), HttpResponse.parse(header_bytes)
    block, payload, length = hashlib.sha256(header_bytes), hashlib.sha256(), 0
    # Without a coding the entity is the payload: hashing takes a third of the time.
    entity = hashlib.sha256() if headers.get_all("Content-Encoding") else payload
    payload_length, is_decoded = 0, True

    def wire() -> Iterator[bytes]:
        nonlocal length
        for piece in pieces(response, body):
            block.update(piece)
            length += len(piece)
            yield piece

    def unframed() -> Iterator[bytes]:
        nonlocal payload_length
        for piece in payload_of(headers, wire()):
            payload.update(piece)
            payload_length += len(piece)
            yield piece

    rest = unframed()
    try:
        for piece in entity_of(headers, rest):
            if entity is not payload:
                entity.update(piece)
    except NotDecodable:
        is_decoded = False
    for _ in rest:
        pass
    for piece in pieces(response, body + length):
        block.update(piece)
        length += len(piece)
    return Measured(
        headers=headers,
        start=start,
        body=body,
        length=body - start + length,
        block_sha256=block.hexdigest(),
        payload_sha256=payload.hexdigest(),
        payload_length=payload_length,
        entity_sha256=entity.hexdigest() if is_decoded else None,
    )


def content_codings(response: BinaryIO) -> str:
    """The content codings that a response states, joined by commas; empty when it states none."""
    head = _headers(response)[1]
    if b"content-encoding" not in head.lower():  # parsing them takes ten times as long
        return ""
    return HttpResponse.parse(head).get_all("Content-Encoding")


def _headers(response: BinaryIO) -> tuple[int, bytes]:
    """Offset of the response after its 1xx responses, and its headers, of any length."""
    size = _USUAL_HEADERS
    while True:
        response.seek(0)
        opening = response.read(size)
        start = interim_end(opening)
        end = headers_end(opening, start)
        is_all = len(opening) < size
        if end < len(opening) or is_all:
            # Only 1xx responses came: they are the block.
            return (start, opening[start:end]) if start < end else (0, opening[: headers_end(opening)])
        size *= 4


def pieces(file: BinaryIO, start: int, end: int | None = None) -> Iterator[bytes]:
    """The bytes of a file from `start` to `end`, 64 KiB at a time."""
    at = start
    while end is None or at < end:
        file.seek(at)
        piece = file.read(_PIECE if end is None else min(_PIECE, end - at))
        if not piece:
            return
        at += len(piece)
        yield piece


def info_fields(record_id: str, date: str, filename: str, block_sha256: str) -> Fields:
    """Fields of the warcinfo record at the beginning of a file."""
    return (
        ("WARC-Type", "warcinfo"),
        ("WARC-Record-ID", record_id),
        ("WARC-Date", date),
        ("WARC-Filename", filename),
        ("Content-Type", "application/warc-fields"),
        ("WARC-Block-Digest", digest(block_sha256)),
    )


def response_fields(exchange: Exchange, found: Measured, record_id: str, info_id: str) -> Fields:
    """Fields of the response record; its block is `exchange.response` from `found.start`."""
    cut = (("WARC-Truncated", exchange.truncated),) if exchange.truncated else ()
    return (
        *_common("response", exchange, record_id, info_id),
        ("Content-Type", "application/http;msgtype=response"),
        ("WARC-Payload-Digest", digest(found.payload_sha256)),
        ("WARC-Block-Digest", digest(found.block_sha256)),
        *cut,
    )


def revisit_fields(
    exchange: Exchange, found: Measured, original: Original, block_sha256: str, record_id: str, info_id: str
) -> Fields:
    """Fields of a revisit record, whose block is only the headers of the response.

    The place of the original (WARC-Refers-To-Filename, -File-Offset) is Heritrix's extension.
    """
    return (
        *_common("revisit", exchange, record_id, info_id),
        ("WARC-Profile", SAME_PAYLOAD),
        ("WARC-Refers-To", original.record_id),
        ("WARC-Refers-To-Target-URI", original.target_uri),
        ("WARC-Refers-To-Date", original.date),
        ("WARC-Refers-To-Filename", original.file),
        ("WARC-Refers-To-File-Offset", str(original.offset)),
        ("Content-Type", "application/http;msgtype=response"),
        ("WARC-Payload-Digest", digest(found.payload_sha256)),
        ("WARC-Block-Digest", digest(block_sha256)),
        ("WARC-Truncated", "length"),
    )


def request_fields(exchange: Exchange, record_id: str, concurrent_to: str | None, info_id: str) -> Fields:
    """Fields of the request record; its block is `exchange.request`."""
    concurrent = (("WARC-Concurrent-To", concurrent_to),) if concurrent_to else ()
    return (
        *_common("request", exchange, record_id, info_id),
        *concurrent,
        ("Content-Type", "application/http;msgtype=request"),
        ("WARC-Block-Digest", digest(hashlib.sha256(exchange.request).hexdigest())),
    )


def _common(kind: str, exchange: Exchange, record_id: str, info_id: str) -> Fields:
    address = (("WARC-IP-Address", exchange.ip),) if exchange.ip else ()
    # Not a field of the standard; tools skip unknown names.
    rewritten = () if exchange.is_verbatim else (("Capture", "re-serialised"),)
    return (
        ("WARC-Type", kind),
        ("WARC-Record-ID", record_id),
        ("WARC-Date", exchange.date),
        ("WARC-Target-URI", exchange.url),
        ("WARC-Warcinfo-ID", info_id),
        *address,
        *rewritten,
    )
