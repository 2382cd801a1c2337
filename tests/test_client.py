"""The HTTP client reads and writes what Scrapy's does, which reads and writes it here in memory, too."""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import asyncio
import inspect
from errno import ENOSPC
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request
from scrapy.core.downloader.contextfactory import ScrapyClientContextFactory
from scrapy.core.downloader.handlers.http11 import _LenientHTTP11ClientProtocol, _RequestBodyProducer, _ScrapyAgent
from scrapy.exceptions import DownloadFailedError, DownloadTimeoutError
from scrapy.settings import Settings
from scrapy.signalmanager import SignalManager
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.protocol import Protocol
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.web._newclient import Request as TwistedRequest
from twisted.web._newclient import ResponseDone
from twisted.web.client import URI, Agent
from twisted.web.http import PotentialDataLoss
from twisted.web.http_headers import Headers

from crawler.http.transport import client as transport_client
from crawler.http.transport.answer import Answer, BadAnswerError, LongHeadError
from crawler.http.transport.client import Client, _Connection
from crawler.http.transport.scrapys_handler import HTTP11DownloadHandler
from crawler.http.transport.sent import Server, taken_apart, written
from tests.raw_server import ANSWERS, CLOSES

STATUSES = [
    b"HTTP/1.1 200 OK", b"HTTP/1.0 200 OK", b"HTTP/1.1 200", b"HTTP/1.1", b"HTTP/1.1 +200 OK", b"HTTP/1.1 204 No",
    b"HTTP/1.1 304 Not", b"HTTP/1.1 100 Continue", b"HTTP/1.1 103 E", b"ICY 200 OK", b"ICY/1.1 200 OK", b"",
    b"HTTP/1 200 OK", b"HTTP/1.1 2x0 OK", b"HTTP/1.1  200 OK", b"HTTP/-1.1 200 OK", b"HTTP/1.1 -100 x",
    b"HTTP/1.1 " + b"9" * 5_000, b"HTTP/2.0 200 OK", b" HTTP/1.1 200 OK", b"HTTP/1.1 200 \r OK",
]  # fmt: skip
HEADERS = [
    b"Content-Length: 5", b"content-length:5", b"Transfer-Encoding: chunked", b"Set-Cookie: a=1", b"SET-cookie: b=2",
    b"X-1a-b: c:d", b'ETag: "x"', b"no colon", b"Te: x", b"Upgrade: h2c", b"X: \xb5\xa5", b"X: a\rb", b"X: \r",
    b"Content-Length: 300", b"Content-Length: 0", b" folded", b"\tfolded: x", b"Content-Type: text/html",
    b"Content-Length: 5, 5", b"Content-Length: 5,6", b"Content-Length: -5", b"Content-Length: +5",
    b"Content-Length:", b"Content-Length: 05", b"Content-Length: 5\x0b", b"Content-Length\t: 5",
    b"Content-Length: " + b"9" * 5_000, b"Transfer-Encoding: Chunked", b"transfer-encoding: identity",
    b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding:", b": empty", b"bad name: x", b"\x00: x",
    b"X: " + b"y" * 16_381, b"X: " + b"y" * 16_382,
]  # fmt: skip
BODIES = [
    b"hello", b"hel", b"hello world", b"", b"5\r\nhello\r\n0\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\nmore",
    b"5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n", b"5\r\nhello", b"5\r\nhelloXX0\r\n\r\n", b"zz\r\nhello",
    b"5\nhello\n0\n\n", b"0\r\n\r\n", b"FFFFFFFFFFFFFFFFFF\r\nabc", b"-5\r\nhello\r\n", b"1" * 2_000,
]  # fmt: skip
GOOD_STATUSES, GOOD_HEADERS = 3, 18


def odd_answer(random: Random) -> list[bytes]:
    """The pieces of an answer, perhaps behind 1xx ones."""
    made = b""
    for _ in range(random.choice([1, 1, 2])):
        lines = [random.choice(STATUSES[: random.choice([1, GOOD_STATUSES, len(STATUSES)])])]
        known = HEADERS[: random.choice([GOOD_HEADERS, GOOD_HEADERS, len(HEADERS)])]
        lines += random.choices(known, k=random.randint(0, 4))
        made += b"".join(line + random.choice([b"\r\n", b"\r\n", b"\n"]) for line in [*lines, b""])
    made += random.choice(BODIES)
    size = random.choice([1, 3, 7, 100, 1 << 20])
    return pieces(made, size if len(made) < 3_000 else max(size, 500))


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


class Body(Protocol):
    """Notes a body and how it ended."""

    def __init__(self, found: dict[str, Any]) -> None:
        self.found = found
        found["body"] = b""

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        self.found["body"] += data

    def connectionLost(self, reason: Failure | None = None) -> None:  # noqa: N802
        assert reason is not None
        self.found["flag"] = (
            None if reason.check(ResponseDone) else "partial" if reason.check(PotentialDataLoss) else "dataloss"
        )


class Transport(StringTransport):
    """A transport as real ones are; it takes `at_once` of a request, bytes or an error, and the rest later."""

    at_once: object = 1 << 20
    has_aborted = False
    later = b""

    def write(self, data: bytes) -> None:
        self.later += data

    def value(self) -> bytes:
        return b"".join((super().value(), self.later))

    def writeSomeData(self, data: bytes) -> object:  # noqa: N802
        if isinstance(self.at_once, int):
            super().write(data[: self.at_once])
            return min(self.at_once, len(data))
        return self.at_once

    def abortConnection(self) -> None:  # noqa: N802
        self.has_aborted = True
        self.loseConnection()


def read_by_scrapy(method: str, data: list[bytes]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    protocol, transport = _LenientHTTP11ClientProtocol(), Transport()
    protocol.makeConnection(transport)
    headers = Headers({b"Host": [b"h"]})
    asked = protocol.request(TwistedRequest(method.encode(), b"/", headers, None, persistent=True))

    def came(response: Any) -> None:
        headers = dict(_ScrapyAgent._headers_from_twisted_response(response))
        found.update(status=response.code, headers=headers, version=response.version, body=b"", flag=None)
        if response.length != 0:
            response.deliverBody(Body(found))

    asked.addCallbacks(came, lambda _: found.update(fails=True))
    for piece in data:
        if not transport.disconnecting and protocol.state == "WAITING":
            protocol.dataReceived(piece)
    protocol.connectionLost(Failure(ConnectionDone()))
    return found


def fed(method: str, data: list[bytes]) -> Answer:
    answer = Answer(method)
    for piece in data:
        if not answer.is_whole:
            answer.feed(piece)
    return answer


def read_by_us(method: str, data: list[bytes]) -> dict[str, Any]:
    try:
        answer = fed(method, data)
        answer.ended()
    except BadAnswerError:
        return {"fails": True}
    flag = "dataloss" if answer.is_cut else "partial" if answer.is_partial else None
    told = {"status": answer.status, "headers": dict(answer.headers), "version": answer.version}
    return {**told, "body": answer.body.getvalue(), "flag": flag}


def test_odd_answers_are_read_as_scrapy_reads_them() -> None:
    random, ends = Random(1), set()  # noqa: S311 - made input, the same each time
    for path, known in ANSWERS.items():
        for size in (1 << 20, *((1, 5) if len(known) < 5_000 else ())):
            whole = pieces(known if path in CLOSES else known + b"HTTP/1.1 200 OK\r\n", size)
            assert read_by_us("GET", whole) == read_by_scrapy("GET", whole), path
    for _ in range(3_000):
        method, data = random.choice(["GET", "GET", "GET", "HEAD"]), odd_answer(random)
        found = read_by_us(method, data)
        assert found == read_by_scrapy(method, data), data
        ends.add(found.get("flag", "fails"))
    assert ends == {None, "partial", "dataloss", "fails"}


@pytest.mark.parametrize(
    "endless", [b"HTTP/1.1 200 OK\r\nX: " + b"x" * 16_382, b"HTTP/1.1 100 Go\r\nA: b\r\n\r\n" * 90_000]
)
def test_a_head_without_end_is_too_long(endless: bytes) -> None:
    with pytest.raises(LongHeadError):
        fed("GET", pieces(endless, 1 << 16))


REQUESTS = [
    Request("http://a.example"),
    Request("http://a.example:8080/a?b=c&d=%20#top", headers={"etag": "1", "X-oDd": ["a", "b\r\n c"], "dnt": "1"}),
    Request("https://a.example:443/a;b=c?d", headers={"Host": "other.example", "If-None-Match": "x"}),
    Request("https://a.example:80/a;?x;y"),
    Request("http://[::1]:8080/double//?q=a?b"),
    Request("http://a.example/?"),
    Request("http://a.example/讲话?标题=会", method="HEAD"),
    Request("http://a.example/form", method="POST", body=b"a=1", headers={"Content-Type": "text/plain"}),
    Request("http://a.example/form", method="POST"),
]


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: f"{request.method} {request.url}")
def test_requests_are_written_as_scrapy_writes_them(request_: Request) -> None:
    url = request_.url.partition("#")[0].encode()
    uri = URI.fromBytes(url)
    headers = Headers(request_.headers)
    if not headers.hasHeader(b"Host"):
        named = Agent._computeHostValue(SimpleNamespace(), uri.scheme, uri.host, uri.port)  # type: ignore[arg-type]
        headers.addRawHeader(b"Host", named)
    body = _RequestBodyProducer(request_.body) if request_.body else None
    transport = StringTransport()
    sent = TwistedRequest(request_.method.encode(), uri.originForm, headers, body, persistent=True)
    sent.writeTo(transport)
    server, target = taken_apart(url, None)
    assert (server.scheme, server.host, server.port) == (uri.scheme, uri.host, uri.port)
    assert written(request_, target, server) == transport.value()


@pytest.mark.parametrize("odd", [{"method": "a b"}, {"headers": {"a b": "c"}}])
def test_what_cannot_be_sent_is_refused(odd: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"(?i)a b"):
        written(Request("http://a.example/", **odd), b"/", Server(b"http", b"a.example", 80, None))
    with pytest.raises(ValueError, match="cannot be sent"):
        taken_apart(b"http://a.example/\r\nX: y", None)


@pytest.mark.parametrize("at_once", [0, 9, 1 << 20, ConnectionLost()])
def test_requests_are_written_whole_and_in_order_whatever_is_taken_at_once(at_once: object) -> None:
    connection = _Connection(InMemory(), Server(b"http", b"a.example", 80, None))
    transport = Transport()
    transport.at_once = at_once
    connection.makeConnection(transport)
    connection._send(b"GET / HTTP/1.1\r\n\r\n")
    transport.at_once = 1 << 20
    connection._send(b"GET /next HTTP/1.1\r\n\r\n")
    assert transport.value() == b"GET / HTTP/1.1\r\n\r\nGET /next HTTP/1.1\r\n\r\n"


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class InMemory(Client):
    """A client whose connections lead nowhere."""

    def __init__(self) -> None:
        crawler: Any = SimpleNamespace(settings=Settings(), signals=SignalManager(object()), spider=None)
        super().__init__(crawler, None)
        self.opened: list[_Connection] = []

    async def _connected(self, server: Server, _: object) -> _Connection:
        connection = _Connection(self, server)
        connection.makeConnection(Transport())
        self.opened.append(connection)
        return connection


class Told:
    """A recorder that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def began(self, _: str) -> None:
        self.told.append("began")

    def sent(self, data: bytes) -> None:
        self.told.append(data.partition(b" ")[0])

    def received(self, data: bytes) -> None:
        self.told.append(data)


def fetched(first: bytes, method: str, *then: bytes | None) -> tuple[list[object], int]:
    """What is told of a second request, and over how many connections, when its bytes, or an end (null), come."""

    async def fetch() -> tuple[list[object], int]:
        client, told = InMemory(), Told()
        asked = asyncio.ensure_future(client.fetch(Request("http://a.example/"), Told()))
        await asyncio.sleep(0)
        client.opened[-1].dataReceived(first)
        await asked
        asked = asyncio.ensure_future(client.fetch(Request("http://a.example/", method=method), told))
        for data in then:
            await asyncio.sleep(0)
            if data is None:
                client.opened[-1].connectionLost(Failure(ConnectionLost()))
            else:
                client.opened[-1].dataReceived(data)
        try:
            told.told.append((await asyncio.wait_for(asked, 9)).body)
        except DownloadFailedError:
            told.told.append("failed")
        return told.told, len(client.opened)

    return asyncio.run(fetch())


@pytest.mark.parametrize(
    ("first", "method", "then", "told", "connections"),
    [
        (OK, "GET", [OK], ["began", b"GET", OK, b"ok"], 1),
        (OK + b"more", "GET", [OK], ["began", b"GET", OK, b"ok"], 2),
        (OK, "GET", [None, OK], ["began", b"GET", "began", b"GET", OK, b"ok"], 2),
        (OK, "GET", [None, None], ["began", b"GET", "began", b"GET", "failed"], 2),
        (OK, "GET", [OK[:9], None], ["began", b"GET", OK[:9], "failed"], 1),
        (OK, "POST", [None], ["began", b"POST", "failed"], 1),
    ],
)
def test_a_kept_connection_that_ends_before_any_answer_is_asked_anew(
    first: bytes, method: str, then: list[bytes | None], told: list[object], connections: int
) -> None:
    assert fetched(first, method, *then) == (told, connections)


def test_what_comes_when_nobody_asked_ends_a_connection_and_others_end_in_their_time() -> None:
    async def fetch() -> None:
        client = InMemory()
        request = Request("http://a.example/", meta={"download_timeout": 0.01})
        asked = asyncio.ensure_future(client.fetch(request, Told()))
        await asyncio.sleep(0)
        with pytest.raises(DownloadTimeoutError, match=r"took longer than 0\.01 seconds"):
            await asyncio.wait_for(asked, 9)
        (late,) = client.opened
        assert late.transport.disconnecting  # type: ignore[union-attr]
        asked = asyncio.ensure_future(client.fetch(Request("http://a.example/"), Told()))
        await asyncio.sleep(0)
        _, kept = client.opened
        kept.dataReceived(OK)
        kept.dataReceived(OK)
        assert (await asked).body == b"ok"
        assert kept.transport.has_aborted  # type: ignore[union-attr]
        asked = asyncio.ensure_future(client.fetch(Request("http://a.example/"), Told()))
        await asyncio.sleep(0)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        *_, cancelled = client.opened
        assert cancelled is not kept
        assert cancelled.transport.disconnecting  # type: ignore[union-attr]

    asyncio.run(fetch())


class Full(Told):
    """A recorder whose disk is full."""

    def received(self, data: bytes) -> None:  # noqa: ARG002
        raise OSError(ENOSPC, "No space left on device")


def test_an_answer_that_cannot_be_kept_is_no_short_one() -> None:
    async def fetch() -> None:
        client = InMemory()
        asked = asyncio.ensure_future(client.fetch(Request("http://a.example/"), Full()))
        await asyncio.sleep(0)
        client.opened[0].dataReceived(b"HTTP/1.1 200 OK\r\n\r\nbegun")
        with pytest.raises(DownloadFailedError, match="No space left"):
            await asked

    asyncio.run(fetch())


class Opening:
    """An endpoint whose connection opens when the test says so."""

    def __init__(self) -> None:
        self.made: Deferred[Any] = Deferred()
        self.transport = Transport()

    def connect(self, factory: Any) -> Deferred[Any]:
        self.factory = factory
        return self.made

    def open(self) -> None:
        connection = self.factory.buildProtocol(None)
        connection.makeConnection(self.transport)
        self.made.callback(connection)


def test_no_connection_is_left_open(monkeypatch: pytest.MonkeyPatch) -> None:
    opening = Opening()
    monkeypatch.setattr(transport_client, "HostnameEndpoint", lambda *_: opening)
    monkeypatch.setattr(transport_client, "_CLOSING_SECONDS", 0)

    async def fetch() -> None:
        client, kept = InMemory(), []
        for scheme in (b"http", b"https"):
            connection = _Connection(client, Server(scheme, b"a.example", 80, None))
            connection.makeConnection(Transport())
            kept.append(connection)
        plain, secret = (connection.transport for connection in kept)
        kept[1].close()
        assert not secret.has_aborted  # type: ignore[union-attr]
        client.keep(kept[0])
        client.close()
        assert plain.has_aborted  # type: ignore[union-attr]
        asked = asyncio.ensure_future(Client(client.crawler, None).fetch(Request("http://a.example/"), Told()))
        await asyncio.sleep(0)
        opening.open()
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert opening.transport.has_aborted
        assert secret.has_aborted, "the server never answered the end of TLS"  # type: ignore[union-attr]

    asyncio.run(fetch())


def test_scrapys_handler_is_as_imported_by_others() -> None:
    assert HTTP11DownloadHandler.__module__ == "scrapy.core.downloader.handlers.http11"
    assert ScrapyClientContextFactory.__module__ == "scrapy.core.downloader.contextfactory"
    assert inspect.stack()[0].code_context
