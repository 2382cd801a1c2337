"""Downloader middlewares: robots.txt as RFC 9309 says, content codings, another try for what is not the page."""

from __future__ import annotations

import asyncio
import hashlib
import zlib
from email.utils import parsedate_to_datetime
from typing import Self, cast

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Headers, Request, Response
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import RobotParser
from scrapy.utils import _compression
from scrapy.utils.httpobj import urlparse_cached

from crawler.blocked import TRANSIENT, obstacle
from crawler.decode import as_text
from crawler.gate import OfSite
from crawler.redirects import MOST_REDIRECTS, redirect_of
from pipelines.reasons import Reason


class RobotsForbidden(IgnoreRequest):
    """robots.txt forbids the address."""


class RobotsUnreadable(IgnoreRequest):
    """robots.txt gave no rules and no leave to go without: the whole host counts as forbidden (RFC 9309, 2.3.1.4)."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"robots.txt could not be read ({detail}): everything counts as forbidden (RFC 9309)")
        self.reason = reason


class Rfc9309RobotsMiddleware(RobotsTxtMiddleware):
    """Scrapy's middleware with RFC 9309's rules for failure, and Crawl-delay honoured.

    Scrapy 2.19 parses the body of any status as rules and takes an unreachable robots.txt for leave to crawl; the RFC
    (2.3.1.3, 2.3.1.4) says: 4xx means no rules, 5xx and no answer mean that everything is forbidden.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._unreadable: dict[str, RobotsUnreadable] = {}
        if crawler.settings.getbool("CRAWL_DELAY_OBEY"):
            crawler.signals.connect(self._honour_crawl_delay, signal=signals.robots_parsed)

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        if unreadable := self._unreadable.get(urlparse_cached(request).netloc):
            raise unreadable
        try:
            super().process_request_2(rp, request)
        except IgnoreRequest as error:
            raise RobotsForbidden(str(error)) from None

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        response = await self._redirected(response)
        reason = obstacle(response.status, "", "other")
        if reason is Reason.CHALLENGE or response.status >= 500 or response.status == 429:
            self._unreadable[netloc] = RobotsUnreadable(reason or Reason.HTTP_ERROR, f"HTTP {response.status}")
        if response.status >= 300:
            response = response.replace(body=b"")
        await super()._parse_robots(response, netloc, request)

    async def _redirected(self, response: Response) -> Response:
        """What the redirects of robots.txt lead to within the site; one that leads elsewhere gives no rules."""
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
        return response

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        self._unreadable[netloc] = RobotsUnreadable(Reason.NETWORK, f"{type(exc).__name__}: {exc}")
        super()._robots_error(exc, netloc)

    def _honour_crawl_delay(self, robotparser: RobotParser, request: Request) -> None:
        agent = self._robotstxt_useragent or self._default_useragent
        delay = robotparser.crawl_delay(agent)
        engine = self.crawler.engine
        if delay and engine is not None:
            host = urlparse_cached(request).hostname or ""
            if (slot := engine.downloader.slots.get(host)) is not None:
                slot.delay = max(slot.delay, float(delay))


class Undecodable(IgnoreRequest):
    """A body that is not what its Content-Encoding says."""


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


class StrictCompressionMiddleware(HttpCompressionMiddleware):
    """Scrapy's middleware, which in 2.19 lets through whatever its decoders raise: here that is `Undecodable`."""

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        try:
            return super().process_response(request, response)
        except _BROKEN_CODINGS as error:
            raise _undecodable(_codings(response.headers), error) from error

    @classmethod
    def entity(cls, payload: bytes, headers: Headers) -> bytes:
        """The payload as a crawl reads it, its content codings taken off.

        Raises:
            Undecodable: it is not in the coding the headers name.
        """
        codings, unknown = cls._split_encodings(headers.getlist("Content-Encoding"))
        try:
            b",".join(unknown).decode()  # Scrapy fails at a name it cannot print
            for coding in codings:
                payload = cls._decode(payload, coding, _LARGEST)
        except _BROKEN_CODINGS as error:
            raise _undecodable(_codings(headers), error) from error
        return payload


def _codings(headers: Headers) -> str:
    return b", ".join(headers.getlist("Content-Encoding")).decode("latin-1")


def _undecodable(codings: str, error: BaseException) -> Undecodable:
    return Undecodable(f"the body is not in the content coding {codings!r} it names: {error}")


class AnotherTryMiddleware:
    """Asks again when the answer is not the page: by what it says, not by its status alone; keeps to Retry-After.

    A page without its end tag is asked for again; the same bytes twice are taken for how the site writes its pages.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.longest_wait = crawler.settings.getfloat("RETRY_AFTER_MAX")
        self._open_at: dict[str, float] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        opens = self._open_at.get(urlparse_cached(request).netloc, 0.0)
        wait = opens - asyncio.get_running_loop().time()
        if wait > 0:
            await asyncio.sleep(wait)

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        readable = as_text(response)
        expected = request.meta.get("expected", "other") if readable else "other"
        reason = obstacle(response.status, readable.text if readable else "", expected)
        if reason not in TRANSIENT or (reason is Reason.HTTP_ERROR and response.status not in _CURABLE):
            return response
        digest = hashlib.sha256(response.body).hexdigest()
        if reason is Reason.TRUNCATED and request.meta.get("cut_sha256") == digest:
            return response
        self._keep_to_retry_after(request, response)
        spider = self.crawler.spider
        assert spider is not None  # noqa: S101 - responses come only while a spider is open
        again = get_retry_request(request, spider=spider, reason=reason.value, give_up_log_level="INFO")
        if again is None:
            return response
        again.meta["cut_sha256"] = digest
        return again

    def _keep_to_retry_after(self, request: Request, response: Response) -> None:
        seconds = retry_after(response)
        if seconds:
            loop = asyncio.get_running_loop()
            self._open_at[urlparse_cached(request).netloc] = loop.time() + min(seconds, self.longest_wait)


_CURABLE = frozenset({403, 408, 425, 429, *range(500, 600)})


def retry_after(response: Response) -> float:
    """Seconds a Retry-After header asks for: its number, or its date against the answer's own Date; 0 if none."""
    value = (response.headers.get("Retry-After") or b"").decode("latin-1").strip()
    if value.isdigit():
        return float(value)
    try:
        now = (response.headers.get("Date") or b"").decode("latin-1")
        return max(0.0, (parsedate_to_datetime(value) - parsedate_to_datetime(now)).total_seconds())
    except (ValueError, TypeError):
        return 0.0
