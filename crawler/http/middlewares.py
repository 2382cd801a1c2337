"""Downloader middlewares: robots.txt by RFC 9309, content codings, retries of answers that are not the page."""

from __future__ import annotations

import zlib
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self, cast

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    IgnoreRequest,
)
from scrapy.http import Headers, Request, Response
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import RobotParser
from scrapy.utils import _compression
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet.defer import Deferred

from crawler.crawl.observed import sha256_of
from crawler.crawl.unchanged import has_validators
from crawler.http.blocked import AMBIGUOUS_STATUS, TRANSIENT, obstacle
from crawler.http.decode import as_text, lying_charset
from crawler.http.ending import Stopping
from crawler.http.gate import EARLIER, OfSite
from crawler.http.notes import note, note_robots
from crawler.http.politeness.pacing import pacing_of
from crawler.http.redirects import MOST_REDIRECTS, is_redirect, redirect_of
from pipelines.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Coroutine

_LONGEST_ROBOTS = 500 << 10
_SILENT = (CannotResolveHostError, DownloadConnectionRefusedError, DownloadTimeoutError)


class RobotsForbidden(IgnoreRequest):
    """robots.txt forbids the address."""


class RobotsUnreadable(IgnoreRequest):
    """robots.txt could not be read: the whole host counts as forbidden (RFC 9309, 2.3.1.4).

    Args:
        reason: why, of the closed list.
        detail: the answer, or the error.
        is_silent: whether the host gave no answer at all, which is what a person must know first.
    """

    def __init__(self, reason: Reason, detail: str, *, is_silent: bool = False) -> None:
        unread = "the host gave no answer" if is_silent else "robots.txt could not be read"
        forbidden = "without robots.txt everything" if is_silent else "everything"
        super().__init__(f"{unread} ({detail}): {forbidden} counts as forbidden (RFC 9309)")
        self.reason = reason


class Rfc9309RobotsMiddleware(RobotsTxtMiddleware):
    """Scrapy's middleware with RFC 9309's rules for failure, and Crawl-delay honoured.

    Scrapy 2.19 parses the body of any status as rules and crawls when robots.txt is unreachable; by the RFC (2.3.1.3,
    2.3.1.4), 4xx means no rules, 5xx and no answer mean that everything is forbidden.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._unreadable: dict[str, RobotsUnreadable] = {}
        self._slow: dict[str, RobotsForbidden] = {}
        if crawler.settings.getbool("CRAWL_DELAY_OBEY"):
            crawler.signals.connect(self._honour_crawl_delay, signal=signals.robots_parsed)

    def process_request(self, request: Request) -> Coroutine[Any, Any, None] | None:  # type: ignore[override]
        known = self._parsers.get(urlparse_cached(request).netloc)
        if known is None or isinstance(known, Deferred) or request.meta.get("dont_obey_robotstxt"):
            return super().process_request(request)
        self.process_request_2(known, request)  # at once, without a coroutine for each request
        return None

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        netloc = urlparse_cached(request).netloc
        if why := self._unreadable.get(netloc) or self._slow.get(netloc):
            note_robots(self.crawler, netloc, "unreadable" if netloc in self._unreadable else "forbidden")
            raise why
        try:
            super().process_request_2(rp, request)
        except IgnoreRequest as error:
            note_robots(self.crawler, netloc, "forbidden")
            raise RobotsForbidden("robots.txt forbids it") from error

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        response = await self._redirected(response)
        reason = obstacle(response.status, _told(response), "other")
        if reason in {Reason.CHALLENGE, Reason.RATE_LIMITED} or response.status >= 500:
            self._unreadable[netloc] = RobotsUnreadable(reason or Reason.HTTP_ERROR, f"HTTP {response.status}")
        else:
            note_robots(self.crawler, netloc, "allowed" if response.status < 300 else "none")
        if response.status >= 300:
            response = response.replace(body=b"")
        elif len(response.body) > _LONGEST_ROBOTS:
            response = response.replace(body=response.body[:_LONGEST_ROBOTS].rpartition(b"\n")[0])
            note(
                self.crawler,
                f"robots.txt is longer than {_LONGEST_ROBOTS} bytes; the rest was not read (RFC 9309, 2.5)",
            )
        await super()._parse_robots(response, netloc, request)

    async def _redirected(self, response: Response) -> Response:
        """The answer after redirects of robots.txt within the site; a redirect elsewhere means no rules."""
        spider, engine = cast("OfSite", self.crawler.spider), self.crawler.engine
        for _ in range(MOST_REDIRECTS):
            location = redirect_of(response)
            if location is None or engine is None:
                return response
            if (target := spider.hosts.redirected(location)) is None:
                break
            meta = {"dont_obey_robotstxt": True}
            request = Request(target, priority=self.DOWNLOAD_PRIORITY, meta=meta, callback=NO_CALLBACK)
            response = await engine.download_async(request)
        self._stats.inc_value("robotstxt/redirect_not_followed")
        note(self.crawler, "robots.txt redirects elsewhere: it counts as none (RFC 9309, 2.3.1.3)")
        return response

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        if not isinstance(exc, Stopping):
            self._unreadable[netloc] = RobotsUnreadable(
                Reason.NETWORK, f"{type(exc).__name__}: {exc}", is_silent=isinstance(exc, _SILENT)
            )
        super()._robots_error(exc, netloc)

    def _honour_crawl_delay(self, robotparser: RobotParser, request: Request) -> None:
        agent = self._robotstxt_useragent or self._default_useragent
        delay, most = float(robotparser.crawl_delay(agent) or 0), self.crawler.settings.getfloat("CRAWL_DELAY_MAX")
        if delay > most:
            why = f"robots.txt asks for {delay:g} seconds between two requests, more than CRAWL_DELAY_MAX = {most:g}"
            self._slow[urlparse_cached(request).netloc] = RobotsForbidden(why)
            return
        if delay:
            note(self.crawler, f"robots.txt asks for {delay:g} seconds between two requests")
        if pacing := pacing_of(self.crawler):
            pacing.honour(request.url, delay)


class Undecodable(IgnoreRequest):
    """A body that is not in its Content-Encoding."""


# brotli and zstd are Scrapy's choice of packages, which differs by Python.
_BROKEN_CODINGS = (
    OSError,
    EOFError,
    ValueError,
    zlib.error,
    _compression.brotli.error,  # type: ignore[attr-defined]
    _compression.zstd.ZstdError,  # type: ignore[attr-defined]
)
_LARGEST = 1 << 30
_MOST_CODINGS = 4


class StrictCompressionMiddleware(HttpCompressionMiddleware):
    """Scrapy's middleware, which in 2.19 does not catch the exceptions of its decoders.

    Here such an answer is retried, and is `Undecodable` in the end.
    """

    def __init__(self, *, crawler: Crawler) -> None:
        super().__init__(crawler=crawler)
        self.crawler = crawler

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        if b"Content-Encoding" not in response.headers:
            return response
        try:
            _check_number(response.headers)
            return super().process_response(request, response)
        except _BROKEN_CODINGS as error:
            again = another_try(self.crawler, request, "undecodable")
            if again is not None:
                return again
            raise _undecodable(_codings(response.headers), error) from error

    @classmethod
    def entity(cls, payload: bytes, headers: Headers) -> bytes:
        """The payload with its content codings decoded, as in a crawl.

        Raises:
            Undecodable: it is not in the coding that the headers name.
        """
        try:
            _check_number(headers)
            codings, unknown = cls._split_encodings(headers.getlist("Content-Encoding"))
            b",".join(unknown).decode()  # Scrapy fails at a name that it cannot print
            for coding in codings:
                payload = cls._decode(payload, coding, _LARGEST)
        except _BROKEN_CODINGS as error:
            raise _undecodable(_codings(headers), error) from error
        return payload


def _check_number(headers: Headers) -> None:
    if b",".join(headers.getlist("Content-Encoding")).count(b",") >= _MOST_CODINGS:
        raise ValueError(f"more than {_MOST_CODINGS} codings")


def _codings(headers: Headers) -> str:
    return b", ".join(headers.getlist("Content-Encoding")).decode("latin-1")[:100]


def _undecodable(codings: str, error: BaseException) -> Undecodable:
    return Undecodable(f"the body is not in the content coding {codings!r} it names: {error}")


class AnotherTryMiddleware:
    """Retries when the answer is not the page, by its content, not only by its status; what it asks for is heeded.

    A page without its end tag is requested again; if the same bytes come twice, it is accepted as the site's style.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        if is_redirect(response) or (response.status == HTTPStatus.NOT_MODIFIED and has_validators(request)):
            return response
        reason = self._reason(request, response)
        if EARLIER not in response.flags and (pacing := pacing_of(self.crawler)):
            pacing.heed(request.url, response.status, reason)
        if reason not in TRANSIENT or (reason is Reason.HTTP_ERROR and response.status not in _CURABLE):
            return response
        if reason is Reason.TRUNCATED and came_twice(request, response):
            return response
        again = another_try(self.crawler, request, reason.value)
        if again is None:
            return response
        again.meta[SHA256_BEFORE] = sha256_of(response)
        if response.status == HTTPStatus.NOT_MODIFIED:
            again.headers["Cache-Control"] = "no-cache"
        return again

    def _reason(self, request: Request, response: Response) -> Reason | None:
        """Why the answer is not the page; None when it is."""
        expected = request.meta.get("expected", "other")
        readable = as_text(response) if expected != "other" else None
        told = readable.text if readable else _told(response)
        if readable is not None and (declared := lying_charset(readable)):
            note(
                self.crawler,
                f"a Content-Type header names {declared[:40]!r}, the text was read as {readable.encoding}",
            )
        reason = obstacle(response.status, told, expected if readable else "other")
        return Reason.TRUNCATED if reason is None and is_cut_short(response) else reason


def _told(response: Response) -> str:
    """The text of a status that is a challenge's or a limit's, which only its text tells; else empty."""
    readable = as_text(response) if response.status == AMBIGUOUS_STATUS else None
    return readable.text if readable is not None else ""


def another_try(crawler: Crawler, request: Request, reason: str) -> Request | None:
    """The request for a retry, unless RETRY_TIMES is reached or retries are off (`dont_retry`)."""
    if request.meta.get("dont_retry"):
        return None
    spider = crawler.spider
    assert spider is not None  # noqa: S101 - responses come only while a spider is open
    return get_retry_request(request, spider=spider, reason=reason, give_up_log_level="INFO")


SHA256_BEFORE = "sha256_before"
"""Key of a request's `meta`: the digest of the previous answer."""


def is_cut_short(response: Response) -> bool:
    """True when the connection ended before the answer was complete, by its Content-Length or chunks."""
    return "dataloss" in response.flags


def came_twice(request: Request | None, response: Response) -> bool:
    """True when the previous answer had the same bytes."""
    return request is not None and request.meta.get(SHA256_BEFORE) == sha256_of(response)


# A 304 to an unconditional request says nothing about the page.
_CURABLE = frozenset({304, 403, 408, 425, HTTPStatus.TOO_MANY_REQUESTS, *range(500, 600)})
