"""HTTP/1.x messages as sent: nothing renamed, joined or decoded unless asked for."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

from pipelines.values import frozen

_HEADERS_END = re.compile(rb"\n\r?\n")
_LINE_END = b"\r\n"
_LONGEST_SIZE_LINE = 1_024
_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]+)(?:;[^\x00-\x08\x0a-\x1f\x7f]*)?")
_GZIP = zlib.MAX_WBITS | 16
_GZIP_MAGIC = b"\x1f\x8b"
_ZLIB_HEADER = 2
_PIECE = 1 << 16
_LONGEST_ENTITY = 1 << 30
_MOST_CODINGS = 16
_LONGEST_NUMBER = 18
_BEGINS_INTERIM = b"+01"
"""With which a status code between 100 and 199 may begin, as `HttpResponse.status` reads it."""
_BLANKS = " \t\r\n\v\f"
_WITHOUT_BODY = frozenset({204, 304})
_DECODABLE = frozenset({"gzip", "x-gzip", "deflate"})
_NOT_DECODABLE = frozenset({"br", "zstd"})


class NotDecodable(ValueError):  # noqa: N818 - reads as a sentence: "not decodable"
    """A body whose content coding is unknown or broken."""


@frozen
class _Message:
    start_line: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @classmethod
    def parse(cls, block: bytes) -> Self:
        """Parse a message; text is Latin-1, one character per byte. Headers without an end have no body."""
        end = headers_end(block)
        start, *lines = block[:end].decode("latin-1").rstrip("\r\n").split("\n")
        headers: list[tuple[str, str]] = []
        for whole in lines:
            line = whole.removesuffix("\r")
            name, colon, value = line.partition(":")
            if line[:1] in {" ", "\t"} and headers:
                headers[-1] = (headers[-1][0], f"{headers[-1][1]}{line}".strip(_BLANKS))
            elif colon:
                headers.append((name, value.strip(_BLANKS)))
        return cls(start.removesuffix("\r"), tuple(headers), block[end:])

    def get(self, name: str) -> str | None:
        """First value of a header; names are case-insensitive."""
        wanted = name.lower()
        for key, value in self.headers:
            if key.lower() == wanted:
                return value
        return None

    def get_all(self, name: str) -> str:
        """All values of a header, joined by commas; names are case-insensitive."""
        wanted = name.lower()
        return ",".join([value for key, value in self.headers if key.lower() == wanted])

    @property
    def length(self) -> int | None:
        """The Content-Length; null when it is absent or not a number."""
        value = (self.get("Content-Length") or "").partition(",")[0].strip(_BLANKS)
        return int(value) if value.isascii() and value.isdigit() and len(value) <= _LONGEST_NUMBER else None

    @property
    def has_body(self) -> bool:
        """False for a message without a body, whatever follows it."""
        return True

    @property
    def is_chunked(self) -> bool:
        """True when the body has chunked transfer coding."""
        return (self.get("Transfer-Encoding") or "").lower().rpartition(",")[2].strip() == "chunked"

    def payload(self) -> bytes:
        """The body without its chunk framing, over which WARC-Payload-Digest is taken (warc-specifications #22)."""
        return b"".join(payload_of(self, _pieces(self.body)))

    def entity(self) -> bytes:
        """The payload with its content coding (gzip, deflate) decoded; a truncated one as far as it goes.

        Raises:
            NotDecodable: a coding that the standard library cannot decode, or a broken one.
        """
        return b"".join(entity_of(self, payload_of(self, _pieces(self.body))))


class HttpRequest(_Message):
    """A request: `start_line` is `GET /Item/Show.asp?d=4864&m=1 HTTP/1.1`."""

    @property
    def method(self) -> str:
        """GET, POST …"""
        return self.start_line.partition(" ")[0]

    @property
    def target(self) -> str:
        """The request target, as sent."""
        return self.start_line.split(" ")[1] if " " in self.start_line else ""


class HttpResponse(_Message):
    """A response: `start_line` is `HTTP/1.1 200 OK`."""

    @property
    def version(self) -> str:
        """HTTP/1.0 or HTTP/1.1."""
        return self.start_line.partition(" ")[0]

    @property
    def status(self) -> int:
        """The status code; 0 when the line has none. A plus or minus before it is ignored, as HTTP clients do."""
        code = self.start_line.partition(" ")[2].partition(" ")[0].removeprefix("+")
        return int(code) if code.isascii() and code.isdigit() and len(code) <= _LONGEST_NUMBER else 0

    @property
    def has_body(self) -> bool:
        """False for 204 and 304."""
        return self.status not in _WITHOUT_BODY

    @property
    def reason(self) -> str:
        """The reason phrase after the code, often empty."""
        return self.start_line.partition(" ")[2].partition(" ")[2]


def headers_end(block: bytes, start: int = 0) -> int:
    """Offset of the body: after the first empty line; the length of the block when the headers are cut."""
    found = _HEADERS_END.search(block, start)
    return found.end() if found else len(block)


def interim_end(block: bytes) -> int:
    """Number of bytes of 1xx responses before the response itself; all bytes when it has not begun."""
    at = 0
    while at < len(block) and _may_be_interim(block, at):
        end = headers_end(block, at)
        if HttpResponse.parse(block[at:end]).status // 100 != 1:
            break
        at = end
    return at


def _may_be_interim(block: bytes, at: int) -> bool:
    """False for most responses, at a fraction of the cost of parsing their headers."""
    space = block.find(b" ", at)
    return block[space + 1 : space + 2] in _BEGINS_INTERIM


def payload_of(headers: _Message, body: Iterable[bytes]) -> Iterator[bytes]:
    """The payload of a body that comes in pieces: unframed, and no longer than its Content-Length."""
    if not headers.has_body:
        return
    if headers.is_chunked:
        yield from _dechunked(body)
        return
    left = headers.length
    for piece in body:
        yield piece if left is None else piece[:left]
        left = None if left is None else max(0, left - len(piece))


def entity_of(headers: _Message, payload: Iterable[bytes]) -> Iterator[bytes]:
    """The entity of a payload that comes in pieces, its content codings decoded as far as HTTP clients do.

    A word that is no coding (`none`, `utf-8`), which some servers write, ends the decoding: codings before it stay.

    Raises:
        NotDecodable: a coding that the standard library cannot decode, or a broken one.
    """
    codings = [coding.strip(_BLANKS).lower() for coding in headers.get_all("Content-Encoding").split(",")]
    if len(codings) > _MOST_CODINGS:
        raise NotDecodable(f"{len(codings)} content codings, one in another")
    for coding in reversed(codings):
        if coding in _NOT_DECODABLE:
            raise NotDecodable(f"content coding {coding!r} is not known to the standard library")
        if coding not in _DECODABLE:
            break
        payload = _bounded(_decoded(payload, coding))
    yield from payload


def _pieces(body: bytes) -> Iterator[bytes]:
    for at in range(0, len(body), _PIECE):
        yield body[at : at + _PIECE]


def _dechunked(body: Iterable[bytes]) -> Iterator[bytes]:
    """Chunked data without its framing, up to where the framing is broken, as HTTP clients do."""
    held, due = b"", 0
    for piece in body:
        held += piece
        while held:
            if due > len(_LINE_END):
                data = held[: due - len(_LINE_END)]
                yield data
            elif due:
                data = held[:due]
                if not _LINE_END[len(_LINE_END) - due :].startswith(data):
                    return
            else:
                line, end, rest = held.partition(_LINE_END)
                if not end and len(held) <= _LONGEST_SIZE_LINE:
                    break
                size = _chunk_size(line)
                if not size:
                    return
                held, due, data = rest, size + len(_LINE_END), b""
            held, due = held[len(data) :], due - len(data)


def _chunk_size(line: bytes) -> int:
    """Size of the chunk that a line announces; 0 for the last one, and for an invalid line."""
    found = _SIZE_LINE.fullmatch(line)
    return int(found[1], 16) if found and len(line) < _LONGEST_SIZE_LINE else 0


def _decoded(payload: Iterable[bytes], coding: str) -> Iterator[bytes]:
    inflater, rest, members = None, b"", 0
    try:
        for piece in payload:
            rest += piece
            while inflater or len(rest) >= _ZLIB_HEADER:
                if inflater is None and members and not rest.startswith(_GZIP_MAGIC):
                    return
                inflater = inflater or _inflater(coding, rest)
                # In pieces: a few bytes may decompress to more than fits into memory.
                data = inflater.decompress(rest, _PIECE)
                yield data
                rest = inflater.unconsumed_tail
                if inflater.eof:
                    rest, inflater, members = inflater.unused_data.lstrip(b"\0"), None, members + 1
                elif not rest and len(data) < _PIECE:
                    break
    except zlib.error as error:
        raise NotDecodable(f"content coding {coding}: {error}") from error


def _bounded(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces, up to a limit: nested codings can make a terabyte of a kilobyte."""
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > _LONGEST_ENTITY:
            raise NotDecodable(f"more than {_LONGEST_ENTITY} bytes without its content coding")
        yield piece


def _inflater(coding: str, first: bytes) -> zlib._Decompress:
    """A decompressor for the coding; `deflate` may lack the zlib header (RFC 9110, 8.4.1.2)."""
    if coding != "deflate":
        return zlib.decompressobj(_GZIP)
    # RFC 1950, 2.2: method 8, and both bytes together a multiple of 31.
    has_header = first[0] & 15 == zlib.DEFLATED and int.from_bytes(first[:_ZLIB_HEADER]) % 31 == 0
    return zlib.decompressobj(zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS)
