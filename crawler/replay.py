"""Replay: a run's requests answered from its own captures, by its own clock. No socket is opened."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING

from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.exceptions import (
    DownloadCancelledError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Headers, Request, Response
from scrapy.responsetypes import responsetypes

from pipelines.archive.errors import Damaged
from pipelines.warc.exchanges import Exchanges
from pipelines.warc.http import HttpResponse, head_end
from pipelines.warc.records import WarcDamaged

if TYPE_CHECKING:
    from crawler.recording import Recording
    from pipelines.warc.records import WarcRecord

_CUT = {"length": DownloadCancelledError, "time": DownloadTimeoutError}
"""WARC-Truncated and what Scrapy raises where its downloads end so; anything else is a lost connection."""


class NotCaptured(IgnoreRequest):
    """The run never asked this, or not so often: a replay does not fetch it either."""


class Replay:
    """Answers requests from the exchanges of one run: the n-th of an address with the n-th capture."""

    def __init__(self, recording: Recording) -> None:
        """Read where the captures lie.

        Raises:
            Damaged: a WARC file that cannot be read.
        """
        try:
            self.exchanges = Exchanges(recording.files)
        except (OSError, WarcDamaged) as error:
            raise Damaged(f"{error}") from error
        self.clock = recording.clock
        self.answered = 0

    def answer(self, request: Request) -> Response:
        """The answer as it was.

        Raises:
            NotCaptured: there is none (left).
            DownloadFailedError, DownloadTimeoutError, DownloadCancelledError, ResponseDataLossError: as it was then.
            WarcDamaged: a revisit refers to a record that is in none of the files.
        """
        exchange = self.exchanges.take(request.method, request.url, request.body)
        if exchange is None:
            raise NotCaptured(f"{request.method} {request.url}: the run has no (further) capture of it")
        asked, found = exchange
        if found is None:
            self.clock.advance(datetime.fromisoformat(asked.record.date))
            raise DownloadFailedError(f"{request.url}: no answer came")
        self.clock.advance(datetime.fromisoformat(found.record.date))
        self.answered += 1
        _raise_as_it_was(found.record, request)
        is_revisit = found.record.type == "revisit"
        body = self.exchanges.whole(found.record).block if is_revisit else found.record.block
        return response_of(request.url, HttpResponse.parse(found.record.block), HttpResponse.parse(body).payload())


def _raise_as_it_was(record: WarcRecord, request: Request) -> None:
    how = record.get("WARC-Truncated")
    if how is None:
        return
    has_head = head_end(record.block) < len(record.block)
    error = _CUT.get(how, ResponseDataLossError if has_head else DownloadFailedError)
    raise error(f"{request.url}: cut off ({how})")


def response_of(url: str, message: HttpResponse, payload: bytes) -> Response:
    """A response as Scrapy's downloads give it: the payload without chunks, its content coding still on."""
    grouped: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in message.headers:
        if name.lower() != "transfer-encoding":  # the payload has none any more
            grouped[name.title()].append(value)
    headers = Headers(
        {name: [value.encode("latin-1") for value in values] for name, values in grouped.items()}, encoding="latin-1"
    )
    kind = responsetypes.from_args(headers=headers, url=url, body=payload)
    return kind(url=url, status=message.status, headers=headers, body=payload, protocol=message.version)


class ReplayHandler(BaseDownloadHandler):
    """Download handler (`DOWNLOAD_HANDLERS`) that asks the `replay` of the spider's job."""

    lazy = False

    async def download_request(self, request: Request) -> Response:
        replay: Replay = self.crawler.spider.job.replay  # type: ignore[union-attr]
        return replay.answer(request)
