"""An HTTP/1.1 client over Twisted's connections, which tells every byte to a recorder, for half the CPU of Twisted's.

Names, certificates and connections are Scrapy's and Twisted's: the same resolver, TLS settings and errors. Only what
is said over a connection is ours (`crawler.http.transport.answer`). With TLS the bytes are those before encryption
and after decryption. Proxies are left to Scrapy's handler.
"""

from __future__ import annotations

import asyncio
import logging
from io import BytesIO
from ipaddress import ip_address
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol, cast
from urllib.parse import urldefrag

from scrapy import signals
from scrapy.exceptions import (
    DownloadCancelledError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
    StopDownload,
)
from scrapy.responsetypes import responsetypes
from scrapy.utils._download_handlers import (
    check_stop_download,
    get_dataloss_msg,
    get_maxsize_msg,
    get_warnsize_msg,
    normalize_bind_address,
    wrap_twisted_exceptions,
)
from scrapy.utils.defer import maybe_deferred_to_future
from scrapy.utils.ssl import _log_ssl_conn_debug_info
from twisted.internet import ssl
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.interfaces import ITCPTransport
from twisted.internet.protocol import Factory, connectionDone
from twisted.internet.protocol import Protocol as TwistedProtocol

from crawler.http.transport.answer import Answer, BadAnswerError, LongHeadError
from crawler.http.transport.downloader import is_heard
from crawler.http.transport.sent import Server, taken_apart, written

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

    from scrapy.crawler import Crawler
    from scrapy.http import Request, Response
    from twisted.internet.interfaces import IAddress
    from twisted.python.failure import Failure

_log = logging.getLogger(__name__)
_CONNECT_SECONDS = 10.0
"""For all of a request that states no time; Scrapy's own."""
_IDLE_SECONDS = 240.0
_CLOSING_SECONDS = 10.0
_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "DELETE", "TRACE"})


class Recorder(Protocol):
    """Receives the bytes of one exchange; a second `began` means that it starts again over another connection."""

    def began(self, ip: str) -> None: ...

    def sent(self, data: bytes) -> None: ...

    def received(self, data: bytes) -> None: ...


class Client:
    """Connections of one crawl, kept open between requests.

    Args:
        crawler: for its settings, its signals and its spider.
        certificates: Scrapy's context factory, by its TLS settings.
    """

    def __init__(self, crawler: Crawler, certificates: Any) -> None:
        self.crawler, self._certificates = crawler, certificates
        settings = crawler.settings
        self._bind = settings.get("DOWNLOAD_BIND_ADDRESS")
        self._most_idle = settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN")
        self.maxsize, self.warnsize = settings.getint("DOWNLOAD_MAXSIZE"), settings.getint("DOWNLOAD_WARNSIZE")
        self.fails_on_loss = settings.getbool("DOWNLOAD_FAIL_ON_DATALOSS")
        self.tells_tls = settings.getbool("DOWNLOADER_CLIENT_TLS_VERBOSE_LOGGING")
        self._told_loss = False
        self._idle: dict[Server, list[_Connection]] = {}

    async def fetch(self, request: Request, recorder: Recorder) -> Response:
        """The answer to a request, whatever its status.

        Raises:
            CannotResolveHostError, DownloadConnectionRefusedError, DownloadFailedError, DownloadTimeoutError,
            DownloadCancelledError (too large), ResponseDataLossError, StopDownload: as Scrapy's handler does.
            ValueError: the request has no method, address or headers that can be sent.
        """
        bind = normalize_bind_address(request.meta.get("bindaddress") or self._bind)
        url = urldefrag(request.url)[0] if "#" in request.url else request.url
        server, target = taken_apart(url.encode("ascii"), bind)
        exchange = _Exchange(self, request, url, written(request, target, server), recorder)
        await self._exchanged(exchange, server)
        return self._response(exchange)

    async def _exchanged(self, exchange: _Exchange, server: Server) -> None:
        connection = self._kept(server)
        if connection is not None:
            try:
                await _asked(connection, exchange)
            except DownloadFailedError:
                # The server may have ended it at the very moment when it was asked.
                if exchange.has_begun or exchange.request.body or exchange.request.method not in _REPEATABLE:
                    raise
            else:
                return
        connection = await self._connected(server, exchange)
        await _asked(connection, exchange)

    def _kept(self, server: Server) -> _Connection | None:
        idle, oldest = self._idle.get(server), monotonic() - _IDLE_SECONDS
        while idle:
            connection = idle.pop(0)
            if connection.idle_since >= oldest:
                return connection
            connection.close()
        return None

    async def _connected(self, server: Server, exchange: _Exchange) -> _Connection:
        from twisted.internet import reactor  # noqa: PLC0415 - importing it installs it

        endpoint: Any = HostnameEndpoint(
            reactor, server.host.decode("ascii"), server.port, exchange.seconds, server.bind
        )
        if server.scheme == b"https":
            endpoint = wrapClientTLS(self._certificates.creatorForNetloc(server.host, server.port), endpoint)
        connections, connection = _Connections(self, server), None
        try:
            async with asyncio.timeout_at(exchange.ends):
                with wrap_twisted_exceptions():
                    connection = await maybe_deferred_to_future(endpoint.connect(connections))
        except TimeoutError:
            raise exchange.late() from None
        finally:
            if connection is None:
                connections.break_off()  # it may have opened in the turn in which nobody waited for it any more
        return cast("_Connection", connection)

    def keep(self, connection: _Connection) -> None:
        """Have a connection for the next request."""
        idle = self._idle.setdefault(connection.server, [])
        if len(idle) >= self._most_idle:
            idle.pop(0).close()
        connection.idle_since = monotonic()
        idle.append(connection)

    def forget(self, connection: _Connection) -> None:
        """Do so no more: it has ended."""
        if connection in (idle := self._idle.get(connection.server, [])):
            idle.remove(connection)

    def close(self) -> None:
        """End the connections that are not in use, at once: a server need not answer the end of TLS."""
        for idle in self._idle.values():
            for connection in idle.copy():
                connection.break_off()
        self._idle.clear()

    def _response(self, exchange: _Exchange) -> Response:
        if exchange.is_cut and exchange.request.meta.get("download_fail_on_dataloss", self.fails_on_loss):
            if not self._told_loss:
                _log.warning(get_dataloss_msg(exchange.request.url))
                self._told_loss = True
            raise ResponseDataLossError("the connection ended before the whole body came")
        response = exchange.response()
        if exchange.stop is not None:
            response.flags.append("download_stopped")
            if exchange.stop.fail:
                exchange.stop.response = response
                raise exchange.stop
        return response


class _Exchange(Answer):
    """One request and its answer, over one connection after the other."""

    def __init__(self, client: Client, request: Request, url: str, message: bytes, recorder: Recorder) -> None:
        super().__init__(request.method)
        self.request, self.url, self.message, self.recorder = request, url, message, recorder
        self.seconds = request.meta.get("download_timeout") or _CONNECT_SECONDS
        self.loop = asyncio.get_running_loop()
        self.ends = self.loop.time() + self.seconds
        self.stop: StopDownload | None = None
        self.connection: _Connection | None = None
        self.answered: asyncio.Future[None] | None = None
        self._client, self._began, self._size = client, monotonic(), 0
        self._maxsize = request.meta.get("download_maxsize", client.maxsize)
        self._warnsize = request.meta.get("download_warnsize", client.warnsize)
        self._certificate: Any = None
        self._ip: IPv4Address | IPv6Address | None = None

    def head_came(self) -> None:
        request, crawler = self.request, self._client.crawler
        request.meta["download_latency"] = monotonic() - self._began
        assert self.connection is not None  # noqa: S101 - bytes come only over one
        self._ip, self._certificate = self.connection.ip, self.connection.certificate()
        self._hears_bytes = is_heard(crawler.signals, signals.bytes_received)
        length = self.length
        if is_heard(crawler.signals, signals.headers_received) and (
            stop := check_stop_download(
                signals.headers_received, crawler, request, headers=self.headers, body_length=length
            )
        ):
            self._stop(stop)
        elif self._maxsize and length and length > self._maxsize:
            self._too_large(get_maxsize_msg(length, self._maxsize, request, expected=True))
        elif self._warnsize and length and length > self._warnsize:
            self._warn(get_warnsize_msg(length, self._warnsize, request, expected=True))

    def body_came(self, data: bytes) -> None:
        if self.connection is None:
            return
        self.body.write(data)
        self._size += len(data)
        crawler, request = self._client.crawler, self.request
        if self._hears_bytes and (stop := check_stop_download(signals.bytes_received, crawler, request, data=data)):
            self._stop(stop)
        elif self._maxsize and self._size > self._maxsize:
            self._too_large(get_maxsize_msg(self._size, self._maxsize, request, expected=False))
        elif self._warnsize and self._size > self._warnsize:
            self._warn(get_warnsize_msg(self._size, self._warnsize, request, expected=False))

    def _warn(self, words: str) -> None:
        _log.warning(words)
        self._warnsize = 0

    def _stop(self, stop: StopDownload) -> None:
        self.stop = stop
        self._answer(None)

    def _too_large(self, words: str) -> None:
        _log.warning(words)
        self.body = BytesIO()
        self.fail(DownloadCancelledError(words))

    def late(self) -> DownloadTimeoutError:
        """The error of an answer that did not come in its time."""
        return DownloadTimeoutError(f"Getting {self.url} took longer than {self.seconds} seconds.")

    def time_out(self) -> None:
        """End it, since its time is over."""
        self.fail(self.late())

    def fail(self, error: Exception) -> None:
        """End it with an error, and its connection at once."""
        self._answer(error)

    def _answer(self, error: Exception | None) -> None:
        self.give_up()
        if self.answered is not None and not self.answered.done():
            if error is None:
                self.answered.set_result(None)
            else:
                self.answered.set_exception(error)

    def give_up(self) -> None:
        """Break its connection off, if it still has one."""
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.break_off()

    def end(self) -> None:
        """End it: the whole answer came."""
        self.connection = None
        if self.answered is not None and not self.answered.done():
            self.answered.set_result(None)

    def response(self) -> Response:
        """As Scrapy's handler makes it."""
        body = self.body.getvalue()
        kind = responsetypes.from_args(headers=self.headers, url=self.url, body=body)
        flag = "dataloss" if self.is_cut else "partial" if self.is_partial else None
        response = kind(
            self.url,
            self.status,
            body=body,
            flags=[flag] if flag else None,
            certificate=self._certificate,
            ip_address=self._ip,
            protocol=self.protocol,
        )
        response.headers = self.headers
        return response


class _Connection(TwistedProtocol):
    """One connection, for one request at a time."""

    idle_since = 0.0

    def __init__(self, client: Client, server: Server) -> None:
        self.server, self._client = server, client
        self._exchange: _Exchange | None = None
        self._certificate: Any = None
        self._has_ended = False
        self._sends_at_once = server.scheme == b"http"

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's name
        transport: Any = self.transport
        if ITCPTransport.providedBy(transport):
            transport.setTcpNoDelay(True)
        self.peer = transport.getPeer().host
        self.ip = ip_address(self.peer)

    def certificate(self) -> Any:
        """The server's, when a request over TLS is answered."""
        if self._certificate is None and self.server.scheme == b"https":
            transport: Any = self.transport
            self._certificate = ssl.Certificate(transport.getPeerCertificate())  # type: ignore[no-untyped-call]
            if self._client.tells_tls:
                _log_ssl_conn_debug_info(self.server.host.decode("ascii"), transport.getHandle())
        return self._certificate

    def ask(self, exchange: _Exchange) -> asyncio.Future[None]:
        """Send a request; resolves when its answer is whole, or with the error of the download."""
        exchange.answered = exchange.loop.create_future()
        exchange.recorder.began(self.peer)
        self._exchange, exchange.connection = exchange, self
        if self._has_ended:
            exchange.fail(DownloadFailedError("the connection had ended"))
        else:
            exchange.recorder.sent(exchange.message)
            self._send(exchange.message)
        return exchange.answered

    def _send(self, data: bytes) -> None:
        """Without TLS at once: Twisted would have the event loop watch the socket, and write at its next turn."""
        transport: Any = self.transport
        size = transport.writeSomeData(data) if self._sends_at_once else 0
        if not isinstance(size, int):
            size = 0  # an error, which Twisted meets again and tells
        if size < len(data):
            self._sends_at_once = False  # the next request would overtake the rest of this one
            transport.write(data[size:])

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        exchange = self._exchange
        if exchange is None:
            self._client.forget(self)
            self.break_off()  # nobody asked: it would be read as the next answer, and may have no end
            return
        try:
            exchange.recorder.received(data)
            exchange.feed(data)
        except OSError as error:
            # Raised, it would end the connection, as a server may end it after the whole body.
            exchange.fail(DownloadFailedError(f"the answer cannot be kept: {error}"))
        except LongHeadError as error:
            exchange.fail(DownloadCancelledError(f"{exchange.request.url[:200]}: {error}"))
        except BadAnswerError as error:
            exchange.fail(DownloadFailedError(f"the answer cannot be read: {error}"))
        else:
            if exchange.is_whole and exchange.connection is self:
                self._end(exchange)

    def _end(self, exchange: _Exchange) -> None:
        self._exchange = None
        if exchange.stays_open:
            self._client.keep(self)
        else:
            self.close()
        exchange.end()

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802 - Twisted's name
        self._has_ended = True
        self._client.forget(self)
        exchange, self._exchange = self._exchange, None
        if exchange is None or exchange.connection is not self:
            return
        try:
            exchange.ended()
        except BadAnswerError as error:
            exchange.fail(DownloadFailedError(f"{error}: {reason.value}"))
        else:
            exchange.end()

    def close(self) -> None:
        """End it, after what is still to be sent; Twisted waits without end until the server ends TLS, too."""
        transport: Any = self.transport
        transport.loseConnection()
        if self.server.scheme == b"https":
            asyncio.get_running_loop().call_later(_CLOSING_SECONDS, self.break_off)

    def break_off(self) -> None:
        """End it at once, unless it has ended."""
        self._exchange = None
        transport: Any = self.transport
        if not self._has_ended and transport is not None:
            transport.abortConnection()


class _Connections(Factory):
    """Makes connections to a server."""

    noisy = False

    def __init__(self, client: Client, server: Server) -> None:
        self._client, self._server = client, server
        self._made: list[_Connection] = []

    def buildProtocol(self, addr: IAddress | None) -> _Connection:  # noqa: N802, ARG002 - Twisted's signature
        connection = _Connection(self._client, self._server)
        self._made.append(connection)
        return connection

    def break_off(self) -> None:
        """End what was made."""
        for connection in self._made:
            connection.break_off()


async def _asked(connection: _Connection, exchange: _Exchange) -> None:
    """Have an exchange over a connection, within its time."""
    timer = exchange.loop.call_at(exchange.ends, exchange.time_out)
    try:
        await connection.ask(exchange)
    finally:
        timer.cancel()
        exchange.give_up()
