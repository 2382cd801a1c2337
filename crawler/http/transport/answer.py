"""Reads one HTTP/1.x answer as its bytes come, as leniently as Scrapy's client: no connection, no clock.

Lines may end with LF alone, a header line without a colon is skipped, 1xx answers are passed over.
"""

from __future__ import annotations

import re
from functools import lru_cache
from io import BytesIO

from scrapy.http import Headers
from twisted.web.http import _ChunkedTransferDecoder, _MalformedChunkedDataError

_LONGEST_LINE = 16_384
_LONGEST_HEAD = 2 << 20
"""Largest size of a head in bytes, with those of 1xx answers and what came with its last piece."""
_WITHOUT_BODY = frozenset({204, 304})
_BLANKS = b" \t"
_TOKEN = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_OF_CONNECTION = frozenset({
    b"Connection", b"Content-Length", b"Keep-Alive", b"Proxy-Connection", b"Te", b"Trailers", b"Transfer-Encoding",
    b"Upgrade",
})  # fmt: skip
_KEPT_OPEN_SINCE = (b"HTTP", 1, 1)


class BadAnswerError(ValueError):
    """The head of an answer that cannot be read."""


class LongHeadError(BadAnswerError):
    """A head, or a line of it, that is too long."""


class Answer:
    """What came of one answer. `status` and `headers` hold from `head_came` on, and `body` when `is_whole`.

    `length` is null when it is unknown. `is_cut` tells a body that ended before its length or in a broken chunk,
    `is_partial` one that ended with its connection, as it may.
    """

    def __init__(self, method: str) -> None:
        self._method = method
        self.has_begun = self.has_head = self.is_whole = self.is_cut = self.is_partial = False
        self.has_rest = False
        self.length: int | None = None
        self.body = BytesIO()
        self._left = 0
        self._chunks: _ChunkedTransferDecoder | None = None
        self._head_size = 0
        self._new_head()

    def _new_head(self) -> None:
        self._held = b""
        self._has_status = False
        self._header: list[bytes] = []
        self.headers = Headers()
        self._of_connection: dict[bytes, list[bytes]] = {}

    def head_came(self) -> None:
        """Called once, when the head is complete."""

    def body_came(self, data: bytes) -> None:
        """Called with each piece of the body; keeps it."""
        self.body.write(data)

    def feed(self, data: bytes) -> None:
        """Read the next bytes.

        Raises:
            BadAnswerError: the head cannot be read.
        """
        self.has_begun = True
        if self.has_head:
            self._feed_body(data)
            return
        self._head_size += len(data)
        if self._head_size > _LONGEST_HEAD:
            raise LongHeadError(f"its head is longer than {_LONGEST_HEAD} bytes")
        self._feed_head(self._held + data if self._held else data)

    def ended(self) -> None:
        """The connection has ended.

        Raises:
            BadAnswerError: it ended before the head was complete.
        """
        if not self.has_head:
            raise BadAnswerError("the connection ended before a whole head came")
        if not self.is_whole:
            self.is_partial = self.length is None and self._chunks is None
            self.is_cut = not self.is_partial
            self.is_whole = True

    @property
    def stays_open(self) -> bool:
        """Whether its connection is good for another request, by a whole answer (RFC 9112, section 9.3)."""
        if self.has_rest or self.is_cut or self.is_partial:
            return False
        values = self._of_connection.get(b"Connection", ())
        options = {option.strip().lower() for value in values for option in value.split(b",")}
        if b"close" in options or (self.version < _KEPT_OPEN_SINCE and b"keep-alive" not in options):
            return False
        if self.status not in _WITHOUT_BODY:
            return True
        # Some servers send a body all the same, moments later.
        lengths = self._of_connection.get(b"Content-Length", ())
        return b"Transfer-Encoding" not in self._of_connection and all(length == b"0" for length in lengths)

    @property
    def protocol(self) -> str:
        """`HTTP/1.1`."""
        name, major, minor = self.version
        return f"{name.decode('latin-1')}/{major}.{minor}"

    def _feed_head(self, held: bytes) -> None:
        at = 0 if self._has_status else self._usual_head(held)
        while not self.has_head:
            end = held.find(b"\n", at)
            if (end if end >= 0 else len(held)) - at > _LONGEST_LINE:
                raise LongHeadError(f"a line of its head is longer than {_LONGEST_LINE} bytes")
            if end < 0:
                self._held = held[at:]
                return
            line, at = held[at:end].removesuffix(b"\r"), end + 1
            if not self._has_status:
                self._read_status(line)
            elif line[:1] and line[:1] in _BLANKS:
                self._go_on(line)
            else:
                self._read_header(b"".join(self._header))
                self._header = [line]
                if not line:
                    self._end_head()
        if self.is_whole:
            self.has_rest = at < len(held)
        elif at < len(held):
            self._feed_body(held[at:])

    def _usual_head(self, held: bytes) -> int:
        """Read a head that came whole and has one header a line, as most; where it ends, 0 for any other."""
        head = held[: max(0, held.find(b"\r\n\r\n", 0, _LONGEST_LINE))]
        ends = head.count(b"\r\n")
        if not ends or head.count(b"\r") != ends or head.count(b"\n") != ends or b"\n " in head or b"\n\t" in head:
            return 0
        status, *lines = head.split(b"\r\n")
        self._read_status(status)
        for line in lines:
            self._read_header(line)
        self._end_head()
        return len(head) + len(b"\r\n\r\n")

    def _read_status(self, line: bytes) -> None:
        version, *rest = line.split(b" ", 2)
        try:
            self.version, self.status = _version(version), int(rest[0])
        except (ValueError, IndexError):
            raise BadAnswerError(f"its status line is {line[:200]!r}") from None
        self._has_status = True

    def _go_on(self, line: bytes) -> None:
        if not self._header:
            raise BadAnswerError(f"its head begins with the second line of a header: {line[:200]!r}")
        self._header.append(line)

    def _read_header(self, header: bytes) -> None:
        name, colon, value = header.partition(b":")
        if not colon:
            return
        name = _name(name)
        value = value.strip()
        if b"\r" in value:
            value = b" ".join(value.splitlines())
        if name in _OF_CONNECTION and not (name == b"Content-Length" and self._method == "HEAD"):
            self._of_connection.setdefault(name, []).append(value)
        else:
            # Past Scrapy's own method, which writes the name anew, 2 µs a header.
            dict.setdefault(self.headers, name, []).append(value)

    def _end_head(self) -> None:
        if 100 <= self.status < 200:
            self._new_head()
            return
        self.has_head = True
        if self.status in _WITHOUT_BODY or self._method == "HEAD":
            self.length = 0
        elif codings := self._of_connection.get(b"Transfer-Encoding"):
            if codings[0].lower() != b"chunked":
                raise BadAnswerError(f"its transfer coding is {codings[0][:200]!r}")
            self._chunks = _ChunkedTransferDecoder(self.body_came, self._chunks_ended)
        else:
            self.length = _length(self._of_connection.get(b"Content-Length", []))
        self._left = self.length or 0
        self.is_whole = self.length == 0
        if self.length is not None:
            dict.setdefault(self.headers, b"Content-Length", [b"%d" % self.length])
        self.head_came()

    def _feed_body(self, data: bytes) -> None:
        if self._chunks is not None:
            try:
                self._chunks.dataReceived(data)
            except _MalformedChunkedDataError:
                self.is_cut = self.is_whole = True
        elif self.length is None:
            self.body_came(data)
        else:
            taken = data[: self._left]
            self._left -= len(taken)
            self.is_whole, self.has_rest = not self._left, len(data) > len(taken)
            self.body_came(taken)

    def _chunks_ended(self, rest: bytes) -> None:
        self.is_whole, self.has_rest = True, bool(rest)


@lru_cache(1_024)
def _name(name: bytes) -> bytes:
    """The name of a header as Scrapy writes it."""
    if not _TOKEN.fullmatch(name):
        raise BadAnswerError(f"a header is named {name[:200]!r}")
    return name.title()


def _version(text: bytes) -> tuple[bytes, int, int]:
    if text == b"HTTP/1.1":
        return _KEPT_OPEN_SINCE
    name, number = text.split(b"/")
    major, minor = map(int, number.split(b"."))
    if major < 0 or minor < 0:
        raise ValueError(text)
    return name, major, minor


def _length(values: list[bytes]) -> int | None:
    """The Content-Length; the same number may be repeated."""
    if not values:
        return None
    if len(values) == 1 and values[0].isdigit() and len(values[0]) < 19:
        return int(values[0])
    numbers = [number.strip(_BLANKS) for number in b",".join(values).split(b",")]
    try:
        found = {int(number) for number in numbers if number.isdigit()}
    except ValueError:
        found = set()  # thousands of digits
    if len(found) != 1 or not all(number.isdigit() for number in numbers):
        raise BadAnswerError(f"its Content-Length is {values[0][:200]!r}")
    return found.pop()
