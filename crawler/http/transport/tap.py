"""Records the bytes of an HTTP/1.1 connection, by private names of Scrapy 2.19 and Twisted.

With TLS the bytes are recorded before encryption and after decryption. Importing this module, or calling `tapped`,
fails when the names are missing; `crawler.http.capture` then falls back to rebuilt headers and reports it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from scrapy.core.downloader.handlers.http11 import _LenientHTTP11ClientFactory, _LenientHTTP11ClientProtocol
from twisted.web._newclient import HEADER, STATUS
from twisted.web.client import HTTPConnectionPool

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twisted.internet.defer import Deferred
    from twisted.internet.interfaces import IAddress
    from twisted.web.iweb import IResponse


class Recorder(Protocol):
    """Receives the bytes of one exchange; a second `began` means that it starts again over another connection."""

    def began(self, ip: str) -> None: ...

    def sent(self, data: bytes) -> None: ...

    def received(self, data: bytes) -> None: ...

    def overlong(self) -> None: ...


_LONGEST_HEAD = 2 << 20
"""Largest size of headers in bytes, with those of 1xx responses: the HTTP client itself has no limit."""


class TapMissingError(AttributeError):
    """The HTTP client no longer has the private names that the tap needs."""


def tapped(handler: Any) -> TapPool:
    """Make the connections of an `HTTP11DownloadHandler` pass every byte to their recorders.

    Raises:
        TapMissingError: the handler differs from that of Scrapy 2.19.
    """
    pool = getattr(handler, "_pool", None)
    if not isinstance(pool, HTTPConnectionPool) or getattr(pool, "_factory", None) is not _LenientHTTP11ClientFactory:
        raise TapMissingError(
            "Scrapy's HTTP/1.1 handler no longer keeps its connections in a pool with a known factory"
        )
    pool._factory = _TappedFactory
    return TapPool(pool)


class TapPool:
    """A connection pool in which each request can be given a recorder."""

    def __init__(self, pool: HTTPConnectionPool) -> None:
        self.pool = pool

    def recording(self, recorder: Recorder) -> Any:
        """The pool for one request, whose exchange goes to `recorder`."""
        return _RecordedPool(self.pool, recorder)


class _RecordedPool:
    """The interface of a pool that Twisted's Agent uses."""

    def __init__(self, pool: HTTPConnectionPool, recorder: Recorder) -> None:
        self.pool, self.persistent, self.recorder = pool, pool.persistent, recorder

    def getConnection(self, key: Any, endpoint: Any) -> Deferred[Any]:  # noqa: N802 - Twisted's name
        return self.pool.getConnection(key, endpoint).addCallback(_RecordedConnection, self.recorder)


class _RecordedConnection:
    """A connection for one request, which keeps its recorder when Twisted sends the request again."""

    def __init__(self, connection: Any, recorder: Recorder) -> None:
        self.connection, self.recorder = connection, recorder

    def request(self, request: Any) -> Deferred[IResponse]:
        request.recorder = self.recorder
        sent: Deferred[IResponse] = self.connection.request(request)
        return sent


class _TappedTransport:
    """A transport that records what is written to it."""

    def __init__(self, transport: Any, protocol: _TappedProtocol) -> None:
        self._transport, self._protocol = transport, protocol

    def write(self, data: bytes) -> None:
        self._protocol.record_sent(data)
        self._transport.write(data)

    def writeSequence(self, data: Iterable[bytes]) -> None:  # noqa: N802 - Twisted's name
        self.write(b"".join(data))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class _TappedProtocol(_LenientHTTP11ClientProtocol):
    """Scrapy's client protocol, which passes every byte to its request's recorder."""

    recorder: Recorder | None = None
    _head_bytes = 0

    def makeConnection(self, transport: Any) -> None:  # noqa: N802 - Twisted's name
        super().makeConnection(_TappedTransport(transport, self))  # type: ignore[no-untyped-call]

    def request(self, request: Any) -> Deferred[IResponse]:
        self.recorder, self._head_bytes = request.recorder, 0
        transport: Any = self.transport
        self.recorder.began(transport.getPeer().host)
        sent = super().request(request)
        if (parser := getattr(self, "_parser", None)) is not None:
            # Twisted's own method closes the connection, so that a line too long would look like a network error.
            parser.lineLengthExceeded = lambda line: self._break_off()  # noqa: ARG005 - Twisted's signature
        return sent

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        if self.recorder is not None:
            self.recorder.received(data)
        if getattr(getattr(self, "_parser", None), "state", None) in {STATUS, HEADER}:
            self._head_bytes += len(data)
        if self._head_bytes > _LONGEST_HEAD:
            self._break_off()
        else:
            super().dataReceived(data)  # type: ignore[no-untyped-call]

    def _finishResponse(self, rest: bytes) -> None:  # noqa: N802 - Twisted's name
        """An answer has ended: over a connection that Twisted kept, more of it would be read as the next answer."""
        parser, request = self._parser, self._currentRequest
        if parser is not None and request is not None and (rest or not _stays_open(parser)):
            request.persistent = False
        super()._finishResponse(rest)

    def _break_off(self) -> None:
        if self.recorder is not None:
            self.recorder.overlong()
        transport: Any = self.transport
        transport.abortConnection()

    def record_sent(self, data: bytes) -> None:
        if self.recorder is not None:
            self.recorder.sent(data)


def _stays_open(parser: Any) -> bool:
    """Whether a connection is good for another request, from the head of its answer (RFC 9112, section 9.3)."""
    headers, response = parser.connHeaders, parser.response
    values = headers.getRawHeaders(b"connection", ())
    options = {option.strip().lower() for value in values for option in value.split(b",")}
    if b"close" in options or (response.version < (b"HTTP", 1, 1) and b"keep-alive" not in options):
        return False
    lengths = headers.getRawHeaders(b"content-length", ())
    tells_body = headers.hasHeader(b"transfer-encoding") or any(length != b"0" for length in lengths)
    # Some servers send a body all the same, moments later.
    return not (response.code in parser.NO_BODY_CODES and tells_body)


class _TappedFactory(_LenientHTTP11ClientFactory):
    """Builds tapped protocols."""

    noisy = False

    def buildProtocol(self, addr: IAddress | None) -> _TappedProtocol:  # noqa: N802, ARG002 - Twisted's signature
        return _TappedProtocol(self._quiescentCallback)  # type: ignore[no-untyped-call]
