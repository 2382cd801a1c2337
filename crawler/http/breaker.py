"""Circuit breaker: a host that is down or hangs is detected after a few failures and not requested again."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Self, cast
from urllib.parse import urlsplit

from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
)
from scrapy.http import Request, Response
from scrapy.http.request import NO_CALLBACK

from crawler.http.ending import drop_queued, ending_of
from crawler.http.gate import EARLIER, PATIENCE, WAITED, OfSite

_LOST = (CannotResolveHostError, DownloadConnectionRefusedError, DownloadFailedError, DownloadTimeoutError, OSError)
_TIMEOUT_WEIGHT = 4
"""Fewer time-outs than refused connections: a time-out costs half a minute, a refused connection nothing."""
_LIMIT = 8
# Share of a run's time that time-outs may cost before they are no longer retried.
_WAITED_AT_MOST = 30.0
_SHARE_WAITED = 0.2
_SHARE_IN_ALL = 0.5
"""Share that they may cost beyond HANG_MAX before the host counts as down: a run takes at most twice its time."""
_PATIENT_WITH, _LEAST_PATIENCE, _TIMES_THE_SLOWEST = 2, 10.0, 4.0
"""Time-outs of a host until it is waited for only as long as its slowest answer makes likely, in seconds."""
_OF_FILES = frozenset({"other", "file"})
_PROBE = "is_probe"


class HostDown(IgnoreRequest):
    """The host repeatedly gave no answer, also for its first page; it is not requested again in this run."""


@dataclass(slots=True)
class _Origin:
    """State of one origin (scheme, host and port): its failures, and why it is no longer requested."""

    first_page: str
    weight: int = 0
    down: str | None = None
    no_files: str | None = None
    timeouts: int = 0
    slowest: float = 0.0
    waited: dict[bool, float] = field(default_factory=lambda: {False: 0.0, True: 0.0})
    checking: asyncio.Lock = field(default_factory=asyncio.Lock)


class BreakerMiddleware:
    """Counts failures in a row; after too many, the first page is requested, the last time after a minute.

    If that fails too, every further request fails with `HostDown`. A server that answers, with any status, is alive:
    failures of single addresses, even many, do not affect the others; but time-outs of one that answers only
    sometimes may cost no more than HANG_MAX and half of the run's time. Files, which may be slow, count separately.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        wait = crawler.settings.getfloat("OUTAGE_WAIT")
        self._waits = (0.0, wait, 2 * wait)
        self._most = crawler.settings.getfloat("HANG_MAX")
        self._origins: dict[str, _Origin] = {}
        self._began: float | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_request(self, request: Request) -> Coroutine[Any, Any, None] | None:
        self._began = self._began or asyncio.get_running_loop().time()
        if request.meta.get(_PROBE):
            return None
        origin = self._origin(request)
        if origin.checking.locked():
            return self._admit_later(origin, request)
        self._admit(origin, request)
        return None

    async def _admit_later(self, origin: _Origin, request: Request) -> None:
        async with origin.checking:
            self._admit(origin, request)

    def _admit(self, origin: _Origin, request: Request) -> None:
        """Let a request pass, or raise `HostDown`."""
        if why := origin.down or (origin.no_files if _is_file(request) else None):
            raise HostDown(why)
        if origin.timeouts >= _PATIENT_WITH:
            request.meta[PATIENCE] = max(_LEAST_PATIENCE, _TIMES_THE_SLOWEST * origin.slowest)

    def process_response(self, request: Request, response: Response) -> Response:
        if EARLIER in response.flags:
            return response
        origin = self._origin(request)
        origin.weight = 0
        origin.slowest = max(origin.slowest, request.meta.get("download_latency", 0.0))
        return response

    async def process_exception(self, request: Request, exception: Exception) -> None:
        if not isinstance(exception, _LOST) or request.meta.get(_PROBE):
            return
        origin, is_timeout = self._origin(request), isinstance(exception, DownloadTimeoutError)
        origin.weight += _TIMEOUT_WEIGHT if is_timeout else 1
        if is_timeout:
            self._note_waited(origin, request)
        if origin.weight >= _LIMIT:
            await self._check(origin)
        if origin.down:
            request.meta["dont_retry"] = True

    def _origin(self, request: Request) -> _Origin:
        name = _origin_of(request.url)
        if name not in self._origins:
            first = cast("OfSite", self.crawler.spider).first_page
            self._origins[name] = _Origin(first if _origin_of(first) == name else f"{name}/")
        return self._origins[name]

    def _note_waited(self, origin: _Origin, request: Request) -> None:
        """Stop retrying time-outs when they cost too much of the run's time, and finally give the host up."""
        now, is_file = asyncio.get_running_loop().time(), _is_file(request)
        origin.timeouts += 1
        origin.waited[is_file] += request.meta.get(WAITED, 0.0)
        waited, elapsed = origin.waited[is_file], now - (self._began or now)
        if waited > _WAITED_AT_MOST + _SHARE_WAITED * elapsed:
            request.meta["dont_retry"] = True
        if waited > self._most + _SHARE_IN_ALL * elapsed:
            why = f"{waited:.0f} seconds were spent on answers that never came, more than HANG_MAX"
            if is_file:
                origin.no_files = f"{why}; no further files were requested"
            else:
                self._give_up(origin, f"{why}; the host was not requested again")

    async def _check(self, origin: _Origin) -> None:
        """Check whether the host is up; other requests wait meanwhile."""
        async with origin.checking:
            if origin.down or origin.weight < _LIMIT:
                return
            why: Exception | None = None
            for wait in self._waits:
                why = await self._failure(origin.first_page, wait)
                if why is None:
                    origin.weight = 0
                    return
                if isinstance(why, DownloadTimeoutError):
                    break
            message = f"the host repeatedly gave no answer ({type(why).__name__}); it was not requested again"
            self._give_up(origin, message)

    def _give_up(self, origin: _Origin, why: str) -> None:
        origin.down = why
        drop_queued(self.crawler, HostDown(why), lambda one: self._origin(one) is origin)

    async def _failure(self, url: str, wait: float) -> Exception | None:
        """The failure of a page requested after a pause; None when there is an answer."""
        if ending := ending_of(self.crawler):
            await ending.sleep(wait)
        meta = {_PROBE: True, "dont_retry": True, "dont_obey_robotstxt": True, "download_slot": _PROBE}
        engine = self.crawler.engine
        assert engine is not None  # noqa: S101 - requests come only while it runs
        try:
            await engine.download_async(Request(url, NO_CALLBACK, meta=meta, dont_filter=True))
        except (*_LOST, IgnoreRequest) as error:
            return error
        return None


def _is_file(request: Request) -> bool:
    return request.meta.get("expected") in _OF_FILES


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.lower()}"
