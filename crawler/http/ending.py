"""Early end of a crawl, within a second, whatever its servers do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider
from scrapy.http import Request, Response

from pipelines.archive.errors import ArchiveError
from pipelines.health import RunReport

_SECONDS = 0.2


class Stopping(CloseSpider):
    """The crawl is ending. Scrapy does not log a `CloseSpider` raised in a callback."""

    def __init__(self) -> None:
        super().__init__("shutdown")


class AskedToWait(Stopping):
    """The crawl is ending because this very answer asked to be left alone for long."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.words = words


class Ending:
    """Scrapy extension that cancels every download and wait once the crawl is stopping.

    Scrapy 2.19 waits for downloads in progress, and for each of their retries.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._began = asyncio.Event()
        self._running: set[asyncio.Task[Any]] = set()
        self._cancelled: set[asyncio.Task[Any]] = set()
        self._watch: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        ending = cls(crawler)
        crawler.signals.connect(ending.opened, signal=signals.spider_opened)
        crawler.signals.connect(ending.closed, signal=signals.spider_closed)
        return ending

    def opened(self) -> None:
        self._watch = asyncio.ensure_future(self._wait())

    def closed(self) -> None:
        if self._watch is not None:
            self._watch.cancel()

    def check(self) -> None:
        """Raise `Stopping` when the crawl is ending."""
        if self._began.is_set():
            raise Stopping

    async def sleep(self, seconds: float) -> None:
        """Wait; raises `Stopping` when the crawl ends meanwhile."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._began.wait(), seconds)
        self.check()

    async def run(self, download: Coroutine[None, None, Response]) -> Response:
        """Download, in the task that asks for it; raises `Stopping` when the crawl ends meanwhile."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine is awaited in one
        self._running.add(task)
        try:
            return await download
        except asyncio.CancelledError:
            self.check()
            raise
        finally:
            self._running.discard(task)
            if task in self._cancelled:  # whatever error the download made of it
                self._cancelled.discard(task)
                task.uncancel()

    async def _wait(self) -> None:
        while self.crawler.crawling:  # noqa: ASYNC110 - Scrapy has no signal before the last download has ended
            await asyncio.sleep(_SECONDS)
        self._began.set()
        drop_queued(self.crawler, Stopping())
        for task in self._running:
            if not task.cancelling():
                self._cancelled.add(task)
                task.cancel()


class Halt:
    """Ends a crawl at the first error of its archive."""

    def __init__(self, crawler: Crawler, report: RunReport) -> None:
        self.crawler, self.report = crawler, report
        self._closing: asyncio.Future[None] | None = None

    def __call__(self, error: ArchiveError) -> None:
        """End the crawl, in the event loop, with `error` as its verdict."""
        self.report.refuse(error.exit_status, str(error))
        self._close()

    def doubt_clock(self, message: str) -> None:
        """End it because the clock may be wrong; nothing of it is kept."""
        self.report.doubt_clock(message)
        self._close()

    def _close(self) -> None:
        self._closing = self._closing or end_soon(self.crawler)


def end_soon(crawler: Crawler) -> asyncio.Future[None]:
    """End a crawl from within, as a signal does.

    An engine closed while start() is still running may wait for ever (Scrapy 2.19).
    """
    return asyncio.ensure_future(crawler.stop_async())


def drop_queued(crawler: Crawler, error: Exception, meant: Callable[[Request], bool] = lambda _: True) -> None:
    """Make queued requests that are `meant` fail with `error`."""
    for slot in crawler.engine.downloader.slots.values() if crawler.engine else ():
        waiting = [one for one in slot.queue if meant(one[0])]
        for one in waiting:
            slot.queue.remove(one)
            one[1].errback(error)
        if not slot.queue:
            slot.close()


def ending_of(crawler: Crawler) -> Ending | None:
    """The crawl's extension, where it has one."""
    return crawler.get_extension(Ending)
