"""HTTP/1.x messages as the wire had them: nothing renamed, joined or decoded unless asked for."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from http import HTTPStatus
from typing import Self

_HEAD_END = b"\r\n\r\n"
_BARE_END = b"\n\n"
_GZIP = zlib.MAX_WBITS | 16
_NO_BODY = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
DECODABLE = frozenset({"gzip", "x-gzip", "deflate", "identity", ""})
"""Content codings that the standard library can take off."""


class NotDecodable(ValueError):  # noqa: N818 - reads as a sentence: "not decodable"
    """A body whose coding is unknown here, or broken."""


@dataclass(frozen=True, slots=True)
class _Message:
    start_line: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @classmethod
    def parse(cls, block: bytes) -> Self:
        """Take a message apart; text is Latin-1, one character a byte. A head without its end has no body."""
        end = head_end(block)
        start, *lines = block[:end].decode("latin-1").rstrip("\r\n").split("\n")
        headers: list[tuple[str, str]] = []
        for line in (line.removesuffix("\r") for line in lines):
            name, colon, value = line.partition(":")
            if line[:1] in {" ", "\t"} and headers:
                headers[-1] = (headers[-1][0], f"{headers[-1][1]} {line.strip()}".strip())
            elif colon:
                headers.append((name, value.strip()))
        return cls(start.removesuffix("\r"), tuple(headers), block[end:])

    def get(self, name: str) -> str | None:
        """First value of a header, whatever its case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    @property
    def is_chunked(self) -> bool:
        """True when the body is framed in chunks."""
        return (self.get("Transfer-Encoding") or "").lower().rpartition(",")[2].strip() == "chunked"

    def payload(self) -> bytes:
        """The body without its chunk framing: what WARC-Payload-Digest is taken over (warc-specifications #22)."""
        return dechunked(self.body)[0] if self.is_chunked else self.body

    def entity(self) -> bytes:
        """The payload with its content coding (gzip, deflate) taken off; a cut one as far as it goes.

        Raises:
            NotDecodable: a coding the standard library does not know, or a broken one.
        """
        data = self.payload()
        codings = [coding.strip().lower() for coding in (self.get("Content-Encoding") or "").split(",")]
        for coding in reversed(codings):
            data = _decoded(data, coding) if data else data
        return data


class HttpRequest(_Message):
    """A request: `start_line` is `GET /Item/Show.asp?d=4864&m=1 HTTP/1.1`."""

    @property
    def method(self) -> str:
        """GET, POST …"""
        return self.start_line.partition(" ")[0]

    @property
    def target(self) -> str:
        """What was asked for, as sent."""
        return self.start_line.split(" ")[1] if " " in self.start_line else ""


class HttpResponse(_Message):
    """A response: `start_line` is `HTTP/1.1 200 OK`."""

    @property
    def version(self) -> str:
        """HTTP/1.0 or HTTP/1.1."""
        return self.start_line.partition(" ")[0]

    @property
    def status(self) -> int:
        """The status code; 0 when the line has none."""
        code = self.start_line.partition(" ")[2][:3]
        return int(code) if code.isascii() and code.isdigit() else 0

    @property
    def reason(self) -> str:
        """The words after the code, often none."""
        return self.start_line.partition(" ")[2][4:]


def head_end(block: bytes) -> int:
    """Where the body begins: after the first empty line; the length of the block when the head is cut."""
    ends = [(at, len(mark)) for mark in (_HEAD_END, _BARE_END) if (at := block.find(mark)) >= 0]
    at, size = min(ends, default=(len(block), 0))
    return at + size


def interim_end(block: bytes) -> int:
    """How many bytes of 1xx answers stand before the response itself."""
    at = 0
    while (response := HttpResponse.parse(block[at : head_end(block[at:]) + at])).status // 100 == 1:
        at += head_end(block[at:])
    return at if response.status else 0


def message_end(block: bytes) -> int:
    """Where a response ends by its own framing; its whole length when the end of the connection ends it."""
    response, start = HttpResponse.parse(block), head_end(block)
    if response.status in _NO_BODY:
        return start
    if response.is_chunked:
        return start + dechunked(response.body)[1]
    length = response.get("Content-Length") or ""
    return min(len(block), start + int(length)) if length.isascii() and length.isdigit() else len(block)


def dechunked(body: bytes) -> tuple[bytes, int]:
    """A chunked body without its framing, as far as it goes, and how many bytes the framed body took."""
    found: list[bytes] = []
    at = 0
    while (end := body.find(b"\r\n", at)) >= 0:
        size = body[at:end].partition(b";")[0].strip()
        try:
            length = int(size, 16)
        except ValueError:
            break
        at = end + 2
        if length == 0:
            return b"".join(found), _trailer_end(body, at)
        found.append(body[at : at + length])
        at += length + 2
    return b"".join(found), len(body)


def _trailer_end(body: bytes, at: int) -> int:
    if body.startswith(b"\r\n", at):
        return at + 2
    end = body.find(_HEAD_END, at)
    return end + len(_HEAD_END) if end >= 0 else len(body)


def _decoded(data: bytes, coding: str) -> bytes:
    if coding in {"", "identity"}:
        return data
    if coding not in DECODABLE:
        raise NotDecodable(f"content coding {coding!r} is not known to the standard library")
    # Some servers send raw deflate data under the name of zlib's (RFC 9110, 8.4.1.2, note).
    tries = (zlib.MAX_WBITS, -zlib.MAX_WBITS) if coding == "deflate" else (_GZIP,)
    for wbits in tries:
        try:
            return _inflated(data, wbits)
        except zlib.error as error:
            said = error
    raise NotDecodable(f"content coding {coding}: {said}")


def _inflated(data: bytes, wbits: int) -> bytes:
    found = []
    while data:
        inflater = zlib.decompressobj(wbits)
        found.append(inflater.decompress(data))
        following = inflater.unused_data
        data = following if following.startswith(b"\x1f\x8b") else b""
    return b"".join(found)
