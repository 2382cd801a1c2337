"""Replay: answers a run's requests from its own captures, with its own clock. No socket is opened."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.exceptions import (
    DownloadCancelledError,
    DownloadFailedError,
    DownloadTimeoutError,
)
from scrapy.http import Headers, Request, Response
from scrapy.responsetypes import responsetypes

from crawler.http.capture import Arrival
from crawler.http.fetch import NotCaptured
from crawler.http.middlewares import StrictCompressionMiddleware
from pipelines.archive.disk.layout import Layout, is_named_path
from pipelines.archive.errors import Damaged
from pipelines.archive.read.moments import stamp
from pipelines.archive.write.captures import Captured
from pipelines.warc.exchanges import Exchanges, Found, with_payload
from pipelines.warc.http import HttpRequest, HttpResponse, headers_end
from pipelines.warc.record_reader import read_at
from pipelines.warc.records import WarcDamaged, WarcRecord

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawler.replay.recorded import RecordedRun
    from crawler.run.job import AnswersAnew
    from pipelines.archive.errors import ArchiveError


class Replay:
    """Answers requests from the exchanges of one run: the n-th request of an address with the n-th capture."""

    def __init__(self, recorded: RecordedRun) -> None:
        """Index the captures.

        Raises:
            Damaged: a WARC file cannot be read.
        """
        try:
            self.exchanges = Exchanges(recorded.home, recorded.files, recorded.repeated)
        except (OSError, WarcDamaged) as error:
            raise Damaged(str(error)) from error
        for name in self.exchanges.referred:
            if not is_named_path(name):
                raise Damaged(f"{recorded.home}: its captures refer to {name!r}, which no archive holds")
        self.home, self.clock, self.commit = recorded.home, recorded.clock, recorded.commit
        self.unnamed = recorded.unnamed
        self.answered = 0

    def needed_files(self) -> list[str]:
        """The run's WARC files, those of answers that came again, and those that revisits refer to."""
        return sorted({*self.exchanges.names, *self.exchanges.referred})

    def document(self) -> dict[str, Any]:
        """The entry of the run report: the replayed commit, and how many captures were used, how many not."""
        return {"commit": self.commit, "answered": self.answered, "not_asked": self.exchanges.left}

    def answer(self, request: Request) -> Response:
        """The captured answer.

        Raises:
            NotCaptured: there is none (left).
            DownloadFailedError, DownloadTimeoutError, DownloadCancelledError: as in the run.
            WarcDamaged: a revisit refers to a record that does not exist.
        """
        exchange = self.exchanges.take(request.method, request.url, request.body)
        if exchange is None:
            request.meta["arrival"] = arrival_of(stamp(self.clock()), None)
            raise NotCaptured(f"the run has no (further) capture of {request.method} {request.url}")
        asked, found = exchange
        self.answered += 1
        at = found.at if found else asked().at
        self.clock.advance(datetime.fromisoformat(at))
        request.meta["arrival"] = arrival_of(at, found)
        if found is None:
            raise DownloadFailedError(f"{request.url}: no answer came")
        message = HttpResponse.parse(found.record.block)
        if message.status == HTTPStatus.NOT_MODIFIED and _knew(asked().record) and not _knows(request):
            raise NotCaptured(f"{request.url}: the run only got 304, not modified")
        return response_of(request.url, found.record, message, payload_in(Layout(self.home), found.record, message))


def _knows(request: Request) -> bool:
    return "If-None-Match" in request.headers or "If-Modified-Since" in request.headers


def _knew(asked: WarcRecord) -> bool:
    sent = HttpRequest.parse(asked.block)
    return (sent.get("If-None-Match") or sent.get("If-Modified-Since")) is not None


def arrival_of(at: str, found: Found | None) -> Arrival:
    """That an answer arrived at a moment and is kept where it was found; null when it is not kept."""
    kept: asyncio.Future[Captured | None] = asyncio.get_running_loop().create_future()
    kept.set_result(Captured(found.file, *found.place, found.record.record_id) if found else None)
    return Arrival(at, kept)


class StoredAnswer(NamedTuple):
    """A response as the archive has it: its record, headers without the content coding, and the decoded body."""

    record: WarcRecord
    message: HttpResponse
    headers: Headers
    payload: bytes
    body: bytes


def stored_answer(layout: Layout, file: str, offset: int, length: int | None = None) -> StoredAnswer:
    """Read a response from its record, or from the one to which that refers.

    Raises:
        OSError, Damaged, WarcDamaged: it cannot be read; `OutOfReach` where it lies elsewhere and may be there.
        Undecodable: its content coding cannot be decoded.
    """
    record = read_at(layout.stored(file), offset, length)
    headers = headers_of(message := HttpResponse.parse(record.block))
    payload = payload_in(layout, record, message)
    body = StrictCompressionMiddleware.entity(payload, headers)
    headers.pop("Content-Encoding", None)
    return StoredAnswer(record, message, headers, payload, body)


def payload_in(layout: Layout, record: WarcRecord, message: HttpResponse) -> bytes:
    """The payload of a record's `message`, or of the record to which it refers; `WarcDamaged` without that."""
    whole = with_payload(layout, record)
    return (message if whole is record else HttpResponse.parse(whole.block)).payload()


def response_of(url: str, record: WarcRecord, message: HttpResponse, payload: bytes) -> Response:
    """A response as from Scrapy's download, the payload still in its content coding; raises as the download did.

    Raises:
        DownloadFailedError, DownloadTimeoutError, DownloadCancelledError: it was cut off.
    """
    cut = None if record.type == "revisit" else record.get("WARC-Truncated")
    failure = _failure(record, cut) if cut is not None else None
    if failure is not None:
        raise failure(f"{url}: cut off ({cut})")
    flags = flags_of(record, message, payload)
    headers = headers_of(message)
    kind = responsetypes.from_args(headers=headers, url=url, body=payload)
    return kind(url=url, status=message.status, headers=headers, body=payload, flags=flags, protocol=message.version)


def flags_of(record: WarcRecord, message: HttpResponse, payload: bytes) -> list[str]:
    """Flags of Scrapy's download: `dataloss` for an answer shorter than announced."""
    length = message.length
    is_cut = record.type != "revisit" and record.get("WARC-Truncated") == "disconnect"
    return ["dataloss"] if is_cut or (length is not None and len(payload) < length) else []


def _failure(record: WarcRecord, cut: str) -> type[Exception] | None:
    """The exception of Scrapy's download for an answer cut off for this reason; None when it returns the rest."""
    if cut in {"length", "time"}:
        return DownloadCancelledError if cut == "length" else DownloadTimeoutError
    has_headers = record.block[: headers_end(record.block)].endswith((b"\n\r\n", b"\n\n"))
    message = HttpResponse.parse(record.block)
    is_refused = message.get("Content-Length") is not None and message.length is None
    return None if has_headers and not is_refused else DownloadFailedError


_OF_THE_CONNECTION = frozenset(
    {"connection", "keep-alive", "te", "trailers", "transfer-encoding", "upgrade", "proxy-connection"}
)
"""Headers that Scrapy's download omits (Twisted's CONNECTION_CONTROL_HEADERS)."""


def headers_of(message: HttpResponse) -> Headers:
    """A response's headers as Scrapy's `Headers`."""
    grouped: defaultdict[bytes, list[bytes]] = defaultdict(list)
    for name, value in message.headers:
        if name.lower() not in _OF_THE_CONNECTION:
            grouped[name.encode("latin-1").title()].append(value.encode("latin-1"))
    return Headers(grouped)


class Replaying(Protocol):
    """The attributes of the spider that the handler uses."""

    @property
    def replay(self) -> AnswersAnew | None: ...

    @property
    def stop(self) -> Callable[[ArchiveError], None]:
        """Ends the crawl."""


class ReplayHandler(BaseDownloadHandler):
    """Download handler (`DOWNLOAD_HANDLERS`) that answers from the run that its spider replays."""

    lazy = False

    async def download_request(self, request: Request) -> Response:
        spider = cast("Replaying", self.crawler.spider)
        replay = spider.replay
        assert isinstance(replay, Replay)  # noqa: S101 - this handler is set for replays only
        try:
            return replay.answer(request)
        except WarcDamaged as error:
            spider.stop(Damaged(str(error)))
            raise NotCaptured(str(error)) from error
        finally:
            has_tries = request.meta.get("retry_times", 0) < self.crawler.settings.getint("RETRY_TIMES")
            if has_tries and not replay.exchanges.has(request.method, request.url, request.body):
                # The run itself did not retry: it was short of time, or the host asked it to wait.
                request.meta["dont_retry"] = True
