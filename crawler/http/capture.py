"""Captures every HTTP exchange of a crawl, byte for byte, in the archive's WARC files.

A download handler with a client of its own. The place of the capture and the time of the answer go with the request's
`meta` to the code that writes a line from it (`capture`). Large ones are compressed in another thread.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from importlib import import_module
from io import BytesIO
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Protocol, cast
from urllib.parse import urlsplit

from scrapy.exceptions import DownloadCancelledError, DownloadTimeoutError

from crawler.crawl.observed import sha256_of
from crawler.http.gate import PATIENCE, GuardedHandler
from pipelines.archive.errors import ArchiveError
from pipelines.archive.write.captures import Captured, CaptureFiles, WouldWait
from pipelines.record import Capture
from pipelines.verbs.processes import processors
from pipelines.warc.exchange import Exchange, content_codings

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from scrapy.crawler import Crawler
    from scrapy.http import Headers, Request, Response

    from crawler.http.transport.client import Client
    from pipelines.health import RunReport
    from pipelines.record import CaptureRole

_log = logging.getLogger(__name__)
_IN_MEMORY = 1 << 20
_AT_ONCE = 256 << 10  # bytes, of which compression takes some milliseconds
_AT_ONCE_BESIDE = 8 << 10  # with a second processor: of more, the way to a thread and back takes less
_CODED_AT_ONCE = 32 << 10  # bytes, which decode to a thousand times as many: a tenth of a second
_SLOWEST = 256
"""Bytes per second; at less, a page of 40 kB takes more than two minutes."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """When an answer arrived (RFC 3339, UTC), and where it is kept: a future, null when it is not kept."""

    at: str
    kept: asyncio.Future[Captured | None]


def arrived(response: Response) -> str:
    """When the first byte of a response came (RFC 3339, UTC)."""
    return _arrival(response).at


def _arrival(response: Response) -> Arrival:
    arrival: Arrival | None = response.meta.get("arrival")
    if arrival is None:
        raise RuntimeError(f"{response.url}: a component of these settings answered in place of the site")
    return arrival


async def capture(role: CaptureRole, part: int, response: Response) -> Capture:
    """The `Capture` of a response's exchange, after it was written to the WARC file."""
    arrival = _arrival(response)
    # Shielded: who asks may be cancelled, and what waits for the thread would never be written.
    kept = arrival.kept.result() if arrival.kept.done() else await asyncio.shield(arrival.kept)
    return Capture(
        role=role,
        part=part,
        url=response.url,
        captured_at=arrival.at,
        **(kept._asdict() if kept else {}),
        payload_sha256=sha256_of(response),
    )


class Recording:
    """Collects the bytes of one exchange; a large answer is held on disk, not in memory."""

    def __init__(self, now: Callable[[], str]) -> None:
        self._now = now
        self._response: BinaryIO = BytesIO()
        self._is_on_disk = False
        self.at: str | None = None
        self.ip: str | None = None
        self.request = b""
        self.size = 0
        self._has_ended = False

    def began(self, ip: str) -> None:
        """The exchange begins, or begins again over another connection."""
        if self.at is not None:
            self._response.close()
            self._response, self._is_on_disk = BytesIO(), False
        self.at, self.ip, self.request = None, ip, b""

    def sent(self, data: bytes) -> None:
        """Bytes of the request."""
        self.request += data

    def received(self, data: bytes) -> None:
        """Bytes of the response."""
        if self._has_ended:
            return
        if self.at is None:
            self.at = self._now()
        self.size += len(data)
        if not self._is_on_disk and self._response.tell() + len(data) > _IN_MEMORY:
            self._to_disk()
        self._response.write(data)

    def _to_disk(self) -> None:
        file = cast("BinaryIO", TemporaryFile())  # noqa: SIM115 - closed by who writes the exchange
        file.write(cast("BytesIO", self._response).getbuffer())
        self._response, self._is_on_disk = file, True

    def ended(self, url: str, cut: str) -> Exchange | None:
        """The exchange, or null when no byte was sent; `cut` is the reason for a truncated answer, or empty."""
        self._has_ended = True
        if not self.request:
            return None
        return Exchange(
            url=url,
            date=self.at or self._now(),
            ip=self.ip,
            request=self.request,
            response=self._response,
            truncated=(cut or None) if self.at else None,
            is_verbatim=True,
        )


class Keeper:
    """Compresses and writes exchanges, large ones in a thread; `stop` is called in the event loop on failure.

    What is small is written at once, the rest by the thread, mostly on the second processor: of a page of 30 KB that
    takes 0.3 ms from the event loop. They are written in their order: while one is with the thread, the next ones go
    there, too.
    """

    def __init__(self, files: CaptureFiles, stop: Callable[[ArchiveError], None]) -> None:
        self._files, self._stop = files, stop
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="captures")
        self._newest: asyncio.Future[Captured | None] | None = None
        self._at_once_most = _AT_ONCE_BESIDE if processors() > 1 else _AT_ONCE

    def keep(self, exchange: Exchange) -> asyncio.Future[Captured | None]:
        """Keep an exchange; resolves to its place, null when it has no response or could not be kept."""
        loop = asyncio.get_running_loop()
        if _is_quick(exchange.response, self._at_once_most) and (self._newest is None or self._newest.done()):
            try:
                return self._at_once(exchange, loop)
            except WouldWait:  # not `suppress`, which is called for every page
                pass
        self._newest = loop.run_in_executor(self._worker, self._add, self._files.add, exchange, loop)
        self._newest.add_done_callback(partial(self._stop_if_failed, exchange))
        return self._newest

    def _at_once(self, exchange: Exchange, loop: asyncio.AbstractEventLoop) -> asyncio.Future[Captured | None]:
        kept: asyncio.Future[Captured | None] = loop.create_future()
        try:
            kept.set_result(self._add(self._files.add_at_once, exchange, loop))
        except WouldWait:
            raise
        except Exception as error:  # noqa: BLE001 - raised where the place is asked for, as by the thread
            kept.set_exception(error)
            self._stop_if_failed(exchange, kept)
        return kept

    def _add(
        self, add: Callable[[Exchange], Captured | None], exchange: Exchange, loop: asyncio.AbstractEventLoop
    ) -> Captured | None:
        try:
            kept = add(exchange)
        except ArchiveError as error:
            loop.call_soon_threadsafe(self._stop, error)
            kept = None
        exchange.response.close()
        return kept

    def _stop_if_failed(self, exchange: Exchange, kept: asyncio.Future[Captured | None]) -> None:
        """End the crawl after an error of the program: nobody may ever ask for the place of this exchange."""
        if not kept.cancelled() and (error := kept.exception()) is not None:
            exchange.response.close()
            self._stop(ArchiveError(f"{exchange.url}: could not be kept, by an error of this program: {error!r}"))

    async def close(self) -> None:
        """Wait until all exchanges are written."""
        await asyncio.to_thread(self._worker.shutdown)


def _is_quick(response: BinaryIO, most: int) -> bool:
    """Whether a response has at most so many bytes, and is not one that decodes to many more."""
    size = response.getbuffer().nbytes if isinstance(response, BytesIO) else None
    if size is None or size > most:
        return False
    codings = content_codings(response)
    return not codings or ("," not in codings and size <= _CODED_AT_ONCE)


class _Watch:
    """Ends what the current task does in its block when hardly any bytes of an exchange came for `idle` seconds."""

    def __init__(self, recording: Recording, idle: float) -> None:
        self._recording, self._idle = recording, idle
        self._task, self._loop = asyncio.current_task(), asyncio.get_running_loop()
        self._is_over = False

    def __enter__(self) -> None:
        self._wait()

    def _wait(self) -> None:
        self._before = self._recording.size
        self._timer = self._loop.call_later(self._idle, self._look)

    def _look(self) -> None:
        is_slow = self._recording.size - self._before < self._idle * _SLOWEST
        if is_slow and self._task is not None and not self._task.cancelling():
            self._is_over = True
            self._task.cancel()
        else:
            self._wait()  # looked at again, too, when a cancellation by others did not end it

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._timer.cancel()
        if self._is_over and self._task is not None:
            self._task.uncancel()
            if kind is asyncio.CancelledError:
                raise DownloadTimeoutError(f"next to nothing came for {self._idle:g} seconds") from None


class Capturing(Protocol):
    """The attributes of the spider that the handler uses; `captures` is None when nothing is kept."""

    @property
    def captures(self) -> CaptureFiles | None: ...

    @property
    def report(self) -> RunReport: ...

    @property
    def stop(self) -> Callable[[ArchiveError], None]:
        """Ends the crawl."""

    def now(self) -> str:
        """The current time as written in archives."""


class CapturingHandler(GuardedHandler):
    """Downloads over HTTP/1.1 and keeps the bytes sent and received (http and https)."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        spider = cast("Capturing", crawler.spider)
        self._now, self._report = spider.now, spider.report
        self._idle = crawler.settings.getfloat("IDLE_TIMEOUT") or crawler.settings.getfloat("DOWNLOAD_TIMEOUT")
        self._keeper = Keeper(spider.captures, spider.stop) if spider.captures is not None else None
        self._client = self._own_client(crawler)

    def _own_client(self, crawler: Crawler) -> Client | None:
        try:
            client = import_module("crawler.http.transport.client").Client(crawler, self._contextFactory)
        except (ImportError, AttributeError) as error:
            self._fall_back(f"raw bytes cannot be recorded ({error}); headers in captures are rebuilt")
            return None
        return cast("Client", client)

    def _fall_back(self, why: str) -> None:
        _log.error(why)
        self._report.note_fallback(why)

    async def _download(self, request: Request) -> Response:
        """The answer; its exchange is kept even when it fails."""
        recording, cut, response = Recording(self._now), "disconnect", None
        try:
            response = await self._fetch(request, recording)
        except DownloadTimeoutError:
            cut = "time"
            raise
        except DownloadCancelledError:
            cut = "length"
            raise
        else:
            # "partial" does not mean truncated: it stands for every body that ends with its connection.
            cut = "disconnect" if "dataloss" in response.flags else ""
            return response
        finally:
            self._keep(request, recording.ended(request.url, cut) or rewritten(request, response, self._now()))

    async def _fetch(self, request: Request, recording: Recording) -> Response:
        """Download, by Scrapy's own client where ours cannot be used.

        Ours ends when hardly any bytes come for a while; the total time has its own limit.
        """
        if self._client is None or request.meta.get("proxy"):
            return await super()._download(request)
        with _Watch(recording, min(self._idle, request.meta.get(PATIENCE, self._idle))):
            return await self._client.fetch(request, recording)

    def _keep(self, request: Request, exchange: Exchange | None) -> None:
        if self._keeper is not None and exchange is not None:
            request.meta["arrival"] = Arrival(exchange.date, self._keeper.keep(exchange))
        else:
            nowhere: asyncio.Future[Captured | None] = asyncio.get_running_loop().create_future()
            nowhere.set_result(None)
            request.meta["arrival"] = Arrival(self._now(), nowhere)

    async def close(self) -> None:
        """Close the connections; every exchange is written by then."""
        if self._client is not None:
            self._client.close()
        await super().close()
        if self._keeper is not None:
            await self._keeper.close()


def rewritten(request: Request, response: Response | None, now: str) -> Exchange | None:
    """An exchange rebuilt from the HTTP client's objects: names, order and framing may differ from the raw bytes."""
    if response is None:
        return None
    parts = urlsplit(request.url)
    target = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
    phrase = HTTPStatus(response.status).phrase if response.status in set(HTTPStatus) else ""
    host = [f"Host: {parts.netloc}".encode()]
    sent = [f"{request.method} {target} HTTP/1.1".encode(), *host, *_lines(request.headers), b"", request.body]
    status = f"{response.protocol or 'HTTP/1.1'} {response.status} {phrase}"
    received = [status.encode(), *_lines(response.headers), b"", response.body]
    return Exchange(
        url=request.url,
        date=now,
        ip=str(response.ip_address) if response.ip_address else None,
        request=b"\r\n".join(sent),
        response=BytesIO(b"\r\n".join(received)),
        truncated="disconnect" if "dataloss" in response.flags else None,
        is_verbatim=False,
    )


def _lines(headers: Headers) -> list[bytes]:
    return [name + b": " + value for name in headers for value in headers.getlist(name)]
