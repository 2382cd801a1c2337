"""Fetches one page, or says why it failed: redirects within the site, obstacles and the CMS's own notices."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container, Mapping
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Any, Protocol

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
from scrapy.http import HtmlResponse, Request, Response, TextResponse
from scrapy.http.request import NO_CALLBACK
from twisted.internet.error import ConnectError, ConnectionDone, ConnectionLost

from crawler.crawl.reading_time import reading_time
from crawler.http.blocked import obstacle
from crawler.http.breaker import HostDown
from crawler.http.decode import as_text
from crawler.http.ending import AskedToWait
from crawler.http.gate import NotFetched
from crawler.http.hosts import Hosts
from crawler.http.middlewares import RobotsForbidden, RobotsUnreadable, Undecodable, came_twice, is_cut_short
from crawler.http.netloc import Server
from crawler.http.redirects import MOST_REDIRECTS, cookies_of, redirect_of
from crawler.pages import Ask, Family
from crawler.pages.families.questions import leads_to, notice_of
from crawler.pages.forwarding import forward
from crawler.pages.page import Answers, Page, PageError, PageSizeError
from crawler.pages.shown import shown
from pipelines.reasons import Reason
from pipelines.record import RawSpeech
from pipelines.values import frozen


class NotCaptured(IgnoreRequest):
    """The archive holds no (further) answer to this request; a replay does not fetch it from the site."""


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
"""Exceptions of a download without a response."""


@frozen
class Fetched:
    """An answer. `page` is set when it can be read; else `reason` and `detail` say why not.

    `is_unended`: the page has no end tag, like others of its site. `is_short`: fewer bytes came than its
    Content-Length, the same bytes twice.
    """

    response: Response | None
    page: Page | None
    reason: Reason | None
    detail: str
    is_unended: bool = False
    is_short: bool = False

    @property
    def stable_detail(self) -> str:
        """The detail for a line: without the text of an exception, which may differ at the next run."""
        return self.detail if self.response is not None or self.reason is None else self.reason.value


_FILE_SECONDS = 600  # for 16 MiB over a line of 30 kB a second
_LARGEST_COUNTER = 64 << 10  # bytes, of a statement with a number in it
_CUT_SHORT = "the answer ends before the length that its head names"
_WHOLE_PAGES = frozenset({"page", "article"})


Known = Callable[[TextResponse], Awaitable[Answers]]
"""Tells what is known of a page before it is read here."""


class Ahead(Protocol):
    """Reads pages ahead; what it does not know is read here."""

    async def of_list(self, page: TextResponse) -> Answers: ...

    async def of_article(
        self, part: int, listed_title: str | None, observed_at: str | None, page: TextResponse
    ) -> Answers: ...

    async def read_text(self, raw: RawSpeech) -> None: ...


class Source(Protocol):
    """The source of answers: Scrapy's engine, or the archive."""

    async def download_async(self, request: Request) -> Response: ...


class Fetcher:
    """Fetches pages of one site, in callbacks and between them.

    `tried_once` are addresses that are not retried; `ahead` reads pages of lists and articles ahead.
    """

    def __init__(
        self,
        engine: Source,
        hosts: Hosts,
        family: Family,
        tried_once: Container[str] = (),
        ahead: Ahead | None = None,
    ) -> None:
        self.engine, self.hosts, self.family = engine, hosts, family
        self._tried_once, self.ahead = tried_once, ahead
        self._ends_pages: bool | None = None

    def request(self, url: str, expected: str, **more: Any) -> Request:
        """A request whose answers of any status come to our callback; `expected` is the kind of answer.

        `more` is given to the request, whose `replace` would cost as much as making it.
        """
        meta = {"expected": expected, "dont_redirect": True, "handle_httpstatus_all": True}
        meta |= {"dont_retry": True} if url in self._tried_once else {}
        return Request(url, meta=meta, dont_filter=True, **{"callback": NO_CALLBACK, **more})

    def article(self, url: str, *, is_own_page: bool, **more: Any) -> Request:
        """A request for an article: for its own page, or for another source that its family prefers."""
        source = url if is_own_page else self.family.article_source(url)
        request = self.request(source, "article", **more)
        request.meta["own_page"] = url if source != url else None
        return request

    def own_page(self, request: Request | None) -> Request | None:
        """A request for the article's own page, when another source of it failed."""
        own = request.meta.get("own_page") if request else None
        if request is None or own is None:
            return None
        again = {"callback": request.callback, "errback": request.errback, "cb_kwargs": request.cb_kwargs}
        return self.request(own, "article", **again)

    def known(self, part: int, listed_title: str | None, observed_at: str | None = None) -> Known | None:
        """Who knows a page of an article; its text is read ahead, too, if it is told when the article arrived."""
        return partial(self.ahead.of_article, part, listed_title, observed_at) if self.ahead else None

    async def get(self, page: str | Ask, expected: str = "page", known: Known | None = None) -> Fetched:
        """Fetch an address of the site, or send the request of a list's form, and settle the answer."""
        ask = Ask(page) if isinstance(page, str) else page
        expected = "fragment" if ask.is_fragment else expected
        form = {} if ask.form is None else {"method": "POST", "body": ask.form}
        request = self.request(ask.url, expected, headers=dict(ask.headers), **form)
        if expected == "counter":
            request.meta["download_maxsize"] = _LARGEST_COUNTER
        if ask.form is not None:
            request.headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            response = await self.engine.download_async(request)
        except FAILURES as error:
            return failed(error)
        except AskedToWait as error:
            return _beside(expected, error)
        if expected == "page" and self.ahead is not None:
            known = self.ahead.of_list
        return await self.settle(response, expected, known)

    def file_request(self, url: str, largest: int, **more: Any) -> Request:
        """A request for a file of at most `largest` bytes, whose answer is to be settled as `file`."""
        request = self.request(url, "other", **more)
        request.meta.update({"download_maxsize": largest, "download_timeout": _FILE_SECONDS})
        return request

    async def file(self, url: str, largest: int, headers: Mapping[str, str] | None = None) -> Fetched:
        """Fetch a file of the site, of at most `largest` bytes; a page instead of it is a failure."""
        request = self.file_request(url, largest, headers=dict(headers or {}))
        try:
            response = await self.engine.download_async(request)
        except FAILURES as error:
            return failed(error)
        except AskedToWait as error:
            return _beside("file", error)
        return await self.settle(response, "file")

    async def settle(self, response: Response, expected: str = "page", known: Known | None = None) -> Fetched:
        """Follow redirects and forwarding pages within the site, then classify the answer."""
        cookies: dict[str, str] = {}
        visited: set[str] = set()
        for _ in range(MOST_REDIRECTS):
            try:
                target = redirect_of(response)
            except ValueError as error:
                return _missing(response, Reason.BAD_URL, f"redirects to no address: {error}")
            if target is None:
                text = as_text(response) if known and response.status == HTTPStatus.OK else None
                fetched = self._recognise(response, expected, await known(text) if known and text else {})
                target = self._forwarded(fetched, expected)
                if target is None:
                    return fetched
            local = self.hosts.redirected(target)
            if local is None:
                return _missing(response, _why_not_followed(target), f"redirects to {target}")
            try:
                request = self.request(local, expected)
                visited.add(response.url)
                cookies.update(cookies_of(response))
                if cookies and request.url in visited:
                    # Only for a redirect to the same address: classic ASP reads cookies as parameters.
                    request.headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
                bounds = ("download_maxsize", "download_timeout")
                request.meta.update({name: response.meta[name] for name in bounds if name in response.meta})
                response = await self.engine.download_async(request)
            except FAILURES as error:
                return failed(error)
        return _missing(response, Reason.HTTP_ERROR, f"more than {MOST_REDIRECTS} redirects")

    @staticmethod
    def _forwarded(fetched: Fetched, expected: str) -> str | None:
        """The target of a forwarding page; a notice that forwards to the front page after seconds is a notice."""
        if fetched.page is None or expected not in {"page", "article"}:
            return None
        target = forward(fetched.page)
        return None if target is None or shown(fetched.page).notice() else target

    def _is_how_the_site_ends(self, expected: str, response: TextResponse) -> bool:
        """True for a page without end tag on a site whose first page has none either.

        The same bytes came twice (AnotherTryMiddleware); the body of an article must nevertheless be closed.
        """
        if expected not in _WHOLE_PAGES or self._ends_pages or is_cut_short(response):
            return False
        return expected == "page" or self.family.closes_body(response.text)

    def _recognise(self, response: Response, expected: str, answers: Answers) -> Fetched:
        if expected == "file":
            return recognised_file(response)
        try:
            with reading_time(response.url):
                return self._recognised_text(response, expected, answers)
        except PageError as error:
            return unread(response, error)

    def _recognised_text(self, response: Response, expected: str, answers: Answers) -> Fetched:
        readable = as_text(response)
        if readable is None:
            return _missing(response, Reason.UNREADABLE, f"is no text: {response.headers.get('Content-Type')!r}")
        is_short = is_cut_short(response)
        reason = obstacle(readable.status, readable.text, expected)
        if is_short and reason is None and not (expected in _WHOLE_PAGES and came_twice(response.request, response)):
            return _missing(readable, Reason.TRUNCATED, _CUT_SHORT)
        is_unended = reason is Reason.TRUNCATED and self._is_how_the_site_ends(expected, readable)
        if reason is not None and not is_unended:
            return _missing(readable, reason, f"HTTP {response.status}: {reason.value}")
        if expected in _WHOLE_PAGES and self._ends_pages is None:
            self._ends_pages = not is_unended
        if expected == "counter":
            return Fetched(readable, None, None, "")
        return replace(self._as_page(readable, expected, answers), is_unended=is_unended, is_short=is_short)

    def _as_page(self, response: TextResponse, expected: str, answers: Answers) -> Fetched:
        page, is_article = Page(response.url, response.text, response.encoding, answers), expected == "article"
        if notice := notice_of(self.family, page, is_article=is_article):
            return _missing(response, notice[0], notice[1])
        target = leads_to(self.family, page) if is_article else None
        if target is not None and (why := self._why_not_led(response, target)):
            return _missing(response, why, f"its script leads to {target}")
        return Fetched(response, page, None, "")

    def _why_not_led(self, response: Response, target: str) -> Reason | None:
        try:
            url = response.urljoin(target)
        except ValueError:
            return Reason.BAD_URL
        return None if self.hosts.local(url) else _why_not_followed(url)


def _why_not_followed(target: str) -> Reason:
    """The reason for a redirect off the site: another site, or an address that is not public, which is a failure."""
    server = Server.of(target)
    return Reason.BAD_URL if server is None or server.is_private else Reason.FOREIGN_HOST


def recognised_file(response: Response) -> Fetched:
    """An answer as a file: anything but 200, a cut answer, and a page in its place are failures."""
    if response.status != HTTPStatus.OK:
        return _missing(
            response, obstacle(response.status, "", "other") or Reason.HTTP_ERROR, f"HTTP {response.status}"
        )
    if is_cut_short(response):
        return _missing(response, Reason.TRUNCATED, _CUT_SHORT)
    if isinstance(response, HtmlResponse):
        return _missing(response, Reason.UNREADABLE, "a page came in its place")
    return Fetched(response, None, None, "")


def failed(error: BaseException) -> Fetched:
    """The failed answer for a download's exception."""
    detail = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, RobotsUnreadable):
        return Fetched(None, None, error.reason, str(error))
    if isinstance(error, RobotsForbidden):
        return Fetched(None, None, Reason.ROBOTS, str(error))
    if isinstance(error, NotCaptured):
        return Fetched(None, None, Reason.NO_CAPTURE, str(error))
    if isinstance(error, HostDown):
        return Fetched(None, None, Reason.NETWORK, str(error))
    if isinstance(error, NotFetched):
        return Fetched(None, None, Reason.BAD_URL, str(error))
    if isinstance(error, Undecodable):
        return Fetched(None, None, Reason.UNREADABLE, str(error))
    # Scrapy's decompression raises IgnoreRequest for a body above DOWNLOAD_MAXSIZE.
    if isinstance(error, (DownloadCancelledError, IgnoreRequest)):
        return Fetched(None, None, Reason.TOO_LARGE, detail)
    return Fetched(None, None, Reason.NETWORK, detail)


def _beside(expected: str, error: AskedToWait) -> Fetched:
    """The failed answer for what stands beside a text, which is kept without it; else the crawl ends."""
    if expected not in {"counter", "file"}:
        raise error
    return Fetched(None, None, Reason.RATE_LIMITED, error.words)


def unread(response: Response | None, error: PageError) -> Fetched:
    """The failed answer for a page whose reader raised an error."""
    reason = Reason.TOO_LARGE if isinstance(error, PageSizeError) else Reason.UNREADABLE
    return Fetched(response, None, reason, str(error))


def _missing(response: Response, reason: Reason, detail: str) -> Fetched:
    return Fetched(response, None, reason, detail)
