"""One fetched page, or why there is none: redirects within the site, obstacles and the CMS's own notices."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)
from scrapy.http import HtmlResponse, Request, Response
from scrapy.http.request import NO_CALLBACK
from twisted.internet.error import ConnectError, ConnectionDone, ConnectionLost

from crawler.blocked import obstacle
from crawler.decode import as_text
from crawler.gate import NotFetched
from crawler.hosts import Hosts
from crawler.middlewares import RobotsForbidden, RobotsUnreadable, Undecodable
from crawler.netloc import Server
from crawler.pages import Ask, Family
from crawler.pages.page import Page, PageError
from crawler.redirects import MOST_REDIRECTS, redirect_of
from pipelines.reasons import Reason


class NotCaptured(IgnoreRequest):
    """The archive holds no (further) answer to this request; a replay does not fetch it either."""


FAILURES = (
    IgnoreRequest,
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
    ConnectError,
    ConnectionDone,
    ConnectionLost,
    OSError,
)
"""What a download may end with when no response came."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer. `page` is there when it can be read; else `reason` and `detail` say why not.

    `is_unended`: the page has no end tag, and neither have others of its site.
    """

    response: Response | None
    page: Page | None
    reason: Reason | None
    detail: str
    is_unended: bool = False

    @property
    def told(self) -> str:
        """What a line says of it: without the words of an exception, which another time would not have."""
        return self.detail if self.response is not None or self.reason is None else self.reason.value


class Answers(Protocol):
    """Where answers come from: Scrapy's engine, or the archive."""

    async def download_async(self, request: Request) -> Response: ...


class Fetcher:
    """Fetches pages of one site, in callbacks and between them."""

    def __init__(self, engine: Answers, hosts: Hosts, family: Family) -> None:
        self.engine, self.hosts, self.family = engine, hosts, family
        self._ends_pages: bool | None = None

    @staticmethod
    def request(url: str, expected: str) -> Request:
        """A request whose every answer comes back to us; `expected` is what the answer must look like."""
        meta = {"expected": expected, "dont_redirect": True, "handle_httpstatus_all": True}
        return Request(url, callback=NO_CALLBACK, meta=meta, dont_filter=True)

    def article(self, url: str, *, is_own_page: bool) -> Request:
        """A request for an article: for its own page, or for the source its family would rather read."""
        source = url if is_own_page else self.family.article_source(url)
        request = self.request(source, "article")
        request.meta["own_page"] = url if source != url else None
        return request

    def own_page(self, request: Request | None) -> Request | None:
        """The article's own page, when what could not be read was another source of it."""
        own = request.meta.get("own_page") if request else None
        if request is None or own is None:
            return None
        again = self.request(own, "article")
        return again.replace(callback=request.callback, errback=request.errback, cb_kwargs=request.cb_kwargs)

    async def get(self, page: str | Ask, expected: str = "page") -> Fetched:
        """Fetch an address of the site, or ask as its list wants to be asked, and settle what came back."""
        ask = Ask(page) if isinstance(page, str) else page
        expected = "fragment" if ask.is_fragment else expected
        request = self.request(ask.url, expected).replace(headers=dict(ask.headers))
        if ask.form is not None:
            request.headers["Content-Type"] = "application/x-www-form-urlencoded"
            request = request.replace(method="POST", body=ask.form)
        try:
            response = await self.engine.download_async(request)
        except FAILURES as error:
            return failed(error)
        return await self.settle(response, expected)

    async def file(self, url: str, largest: int) -> Fetched:
        """Fetch a file of the site, of at most `largest` bytes; a page in its place is no file."""
        request = self.request(url, "other")
        request.meta["download_maxsize"] = largest
        try:
            response = await self.engine.download_async(request)
        except FAILURES as error:
            return failed(error)
        return await self.settle(response, "file")

    async def settle(self, response: Response, expected: str = "page") -> Fetched:
        """Follow redirects within the site, then say what the answer is."""
        for _ in range(MOST_REDIRECTS):
            try:
                target = redirect_of(response)
            except ValueError as error:
                return _missing(response, Reason.BAD_URL, f"redirects to no address: {error}")
            if target is None:
                return self._recognise(response, expected)
            local = self.hosts.redirected(target)
            if local is None:
                return _missing(response, _why_not_followed(target), f"redirects to {target}")
            try:
                request = self.request(local, expected)
                if largest := response.meta.get("download_maxsize"):
                    request.meta["download_maxsize"] = largest
                response = await self.engine.download_async(request)
            except FAILURES as error:
                return failed(error)
        return _missing(response, Reason.HTTP_ERROR, f"more than {MOST_REDIRECTS} redirects")

    def _is_how_the_site_ends(self, expected: str, text: str) -> bool:
        """True for a page without its end tag on a site whose first page had none either.

        The same bytes came twice (AnotherTryMiddleware); an article must close its body all the same.
        """
        if expected not in {"page", "article"} or self._ends_pages:
            return False
        return expected == "page" or self.family.closes_body(text)

    def _recognise(self, response: Response, expected: str) -> Fetched:
        if expected == "file":
            return _recognised_file(response)
        readable = as_text(response)
        if readable is None:
            return _missing(response, Reason.UNREADABLE, f"is no text: {response.headers.get('Content-Type')!r}")
        response, text = readable, readable.text
        reason = obstacle(response.status, text, expected)
        if reason is not None and not (reason is Reason.TRUNCATED and self._is_how_the_site_ends(expected, text)):
            return _missing(response, reason, f"HTTP {response.status}: {reason.value}")
        if expected in {"page", "article"} and self._ends_pages is None:
            self._ends_pages = reason is None
        if expected == "counter":
            return Fetched(response, None, None, "")
        try:
            page = Page(response.url, text, response.encoding)
        except PageError as error:
            return _missing(response, Reason.UNREADABLE, str(error))
        if said := self.family.notice(page, is_article=expected == "article"):
            return _missing(response, said[0], said[1])
        target = self.family.redirect(page) if expected == "article" else None
        if target is not None and (why := self._why_not_led(response, target)):
            return _missing(response, why, f"its script leads to {target}")
        return Fetched(response, page, None, "", is_unended=reason is Reason.TRUNCATED)

    def _why_not_led(self, response: Response, target: str) -> Reason | None:
        try:
            url = response.urljoin(target)
        except ValueError:
            return Reason.BAD_URL
        return None if self.hosts.local(url) else _why_not_followed(url)


def _why_not_followed(target: str) -> Reason:
    """Another site is where this one sends its readers; an address that nobody outside can open is a fault."""
    server = Server.of(target)
    return Reason.BAD_URL if server is None or server.is_private else Reason.FOREIGN_HOST


def _recognised_file(response: Response) -> Fetched:
    if response.status != HTTPStatus.OK:
        return _missing(
            response, obstacle(response.status, "", "other") or Reason.HTTP_ERROR, f"HTTP {response.status}"
        )
    if isinstance(response, HtmlResponse):
        return _missing(response, Reason.UNREADABLE, "a page came in its place")
    return Fetched(response, None, None, "")


def failed(error: BaseException) -> Fetched:
    """What a download's exception means."""
    detail = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, RobotsUnreadable):
        return Fetched(None, None, error.reason, str(error))
    if isinstance(error, RobotsForbidden):
        return Fetched(None, None, Reason.ROBOTS, detail)
    if isinstance(error, NotCaptured):
        return Fetched(None, None, Reason.NO_CAPTURE, str(error))
    if isinstance(error, NotFetched):
        return Fetched(None, None, Reason.BAD_URL, str(error))
    if isinstance(error, Undecodable):
        return Fetched(None, None, Reason.UNREADABLE, str(error))
    # The decompression gives up on a body above DOWNLOAD_MAXSIZE by ignoring it.
    if isinstance(error, (DownloadCancelledError, IgnoreRequest)):
        return Fetched(None, None, Reason.TOO_LARGE, detail)
    return Fetched(None, None, Reason.NETWORK, detail)


def _missing(response: Response, reason: Reason, detail: str) -> Fetched:
    return Fetched(response, None, reason, detail)
