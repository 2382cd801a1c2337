"""The one place that leans on private names of Scrapy 2.19 and Twisted: a tap on the bytes of an HTTP/1.1 connection.

Under TLS the tap sits inside of it and sees the plain bytes. Importing this module, or calling `tapped`, fails when
the names are gone; `crawler.http.capture` then falls back, and says so.
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
    """Takes the bytes of one exchange; `began` again means that they go over another connection from the start."""

    def began(self, ip: str) -> None: ...

    def sent(self, data: bytes) -> None: ...

    def received(self, data: bytes) -> None: ...

    def overlong(self) -> None: ...


_LONGEST_HEAD = 2 << 20
"""Bytes of headers, interim answers (1xx) with theirs: the HTTP client itself would take them without end."""


class TapMissingError(AttributeError):
    """The HTTP client has no place to tap any more."""


def tapped(handler: Any) -> TapPool:
    """Make the connections of an `HTTP11DownloadHandler` tell their recorders every byte.

    Raises:
        TapMissingError: the handler is built otherwise than that of Scrapy 2.19.
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
        """The pool as one request sees it, whose exchange `recorder` takes."""
        return _RecordedPool(self.pool, recorder)


class _RecordedPool:
    """What Twisted's Agent asks of its pool."""

    def __init__(self, pool: HTTPConnectionPool, recorder: Recorder) -> None:
        self.pool, self.persistent, self.recorder = pool, pool.persistent, recorder

    def getConnection(self, key: Any, endpoint: Any) -> Deferred[Any]:  # noqa: N802 - Twisted's name
        return self.pool.getConnection(key, endpoint).addCallback(_RecordedConnection, self.recorder)


class _RecordedConnection:
    """A connection for one request, which takes its recorder along wherever Twisted sends it again."""

    def __init__(self, connection: Any, recorder: Recorder) -> None:
        self.connection, self.recorder = connection, recorder

    def request(self, request: Any) -> Deferred[IResponse]:
        request.recorder = self.recorder
        sent: Deferred[IResponse] = self.connection.request(request)
        return sent


class _TappedTransport:
    """A transport that tells what is written to it."""

    def __init__(self, transport: Any, protocol: _TappedProtocol) -> None:
        self._transport, self._protocol = transport, protocol

    def write(self, data: bytes) -> None:
        self._protocol.tell_sent(data)
        self._transport.write(data)

    def writeSequence(self, data: Iterable[bytes]) -> None:  # noqa: N802 - Twisted's name
        self.write(b"".join(data))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class _TappedProtocol(_LenientHTTP11ClientProtocol):
    """Scrapy's client protocol, telling its request's recorder every byte."""

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
            # Twisted's own would close the connection, and a line too long would look like a fault of the network.
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

    def _break_off(self) -> None:
        if self.recorder is not None:
            self.recorder.overlong()
        transport: Any = self.transport
        transport.abortConnection()

    def tell_sent(self, data: bytes) -> None:
        if self.recorder is not None:
            self.recorder.sent(data)


class _TappedFactory(_LenientHTTP11ClientFactory):
    """Builds tapped protocols."""

    noisy = False

    def buildProtocol(self, addr: IAddress | None) -> _TappedProtocol:  # noqa: N802, ARG002 - Twisted's signature
        return _TappedProtocol(self._quiescentCallback)  # type: ignore[no-untyped-call]
