"""Answers that a killed run got and did not come to keep are read by the run that goes on, not asked for again.

An article is kept once its parts, counter and files have come, a delay after each other. A kill in between costs no
request: what had arrived lies in the captures. Articles, their further parts and files are read; lists, counters and
robots.txt must be of the present.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol, Self, cast

from scrapy.exceptions import NotConfigured

from crawler.http.gate import EARLIER
from crawler.http.notes import note
from crawler.replay.answers import arrival_of, payload_in, response_of
from pipelines.archive.disk.layout import Layout
from pipelines.archive.errors import ArchiveError
from pipelines.warc.exchanges import exchange_at
from pipelines.warc.http import HttpRequest, HttpResponse
from pipelines.warc.records import WarcDamaged

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Request, Response

    from crawler.run.job import CrawlJob
    from pipelines.archive.disk.answers import Answer
    from pipelines.warc.exchanges import Found

_ROLES = frozenset({"article", "other"})
"""What a fetcher expects of an article, and of a file."""
_CONDITIONS = ("If-None-Match", "If-Modified-Since")
READ = "answers that a killed run had got were read, not asked for again"


class OfJob(Protocol):
    """A spider with a prepared job."""

    @property
    def job(self) -> CrawlJob: ...


class AnswersLeftMiddleware:
    """Downloader middleware: such an answer takes no turn at its host and no delay, and is treated as any other.

    It keeps the moment of its arrival and the place of its record. It stands in for the first request of its address
    only: whoever doubts it, or gets it broken, asks the site.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler, job = crawler, cast("OfJob", crawler.spider).job
        if job.left is None:
            raise NotConfigured
        self._job, self._left = job, job.left

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_request(self, request: Request) -> Response | None:
        if request.meta.get("expected") not in _ROLES:
            return None
        answer = self._left.take(request.url, self._job.now())
        return self._read(answer, request) if answer is not None else None

    def _read(self, answer: Answer, request: Request) -> Response | None:
        """The answer as from a download; None when the site must be asked."""
        layout = Layout(self._job.folder)  # without what lies in a store only: the event loop must not wait for it
        try:
            found, asked = exchange_at(layout, answer.file, answer.offset)
            message = HttpResponse.parse(found.record.block)
            if found.record.record_id != answer.record_id or not _answers(message, asked, request):
                return None
            response = response_of(request.url, found.record, message, payload_in(layout, found.record, message))
            self._job.archive.captures.repeat((answer,))
        except (OSError, ArchiveError, WarcDamaged):
            return None  # a damaged record is told by `verify`, a full disk by the next answer
        request.meta["arrival"] = arrival_of(answer.captured_at, found)
        response.flags.append(EARLIER)
        note(self._crawler, READ)
        return response


def _answers(message: HttpResponse, asked: Found | None, request: Request) -> bool:
    """Whether what came answers a request: the page itself, or that it is as known, to one who knew the same."""
    if asked is None or request.method != "GET" or "Cookie" in request.headers:
        return False
    before = HttpRequest.parse(asked.record.block)
    if before.method != "GET" or before.get("Cookie") is not None:
        return False
    known = [before.get(name) for name in _CONDITIONS]
    is_alike = any(known) and known == _conditions(request)
    return message.status == HTTPStatus.OK or (message.status == HTTPStatus.NOT_MODIFIED and is_alike)


def _conditions(request: Request) -> list[str | None]:
    given = (request.headers.get(name) for name in _CONDITIONS)
    return [value.decode("latin-1") if value is not None else None for value in given]
