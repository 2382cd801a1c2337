"""A progress line on a terminal: listed, captured, left, rate, time left. Silent when stderr is not a terminal."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from typing import Self, TextIO

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from pipelines.health import RunReport

_SECONDS = 0.5


class Progress:
    """Scrapy extension that rewrites one line of stderr."""

    def __init__(self, crawler: Crawler, stream: TextIO) -> None:
        self.crawler, self.stream = crawler, stream
        self._task: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not sys.stderr.isatty():
            raise NotConfigured
        progress = cls(crawler, sys.stderr)
        crawler.signals.connect(progress.opened, signal=signals.spider_opened)
        crawler.signals.connect(progress.closed, signal=signals.spider_closed)
        return progress

    def opened(self) -> None:
        self._task = asyncio.ensure_future(self._run())

    async def closed(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        self.stream.write("\r\x1b[K")
        self.stream.flush()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        report: RunReport = self.crawler.spider.report  # type: ignore[union-attr]
        while True:
            self.stream.write(f"\r\x1b[K{progress_line(report, loop.time() - began)}")
            self.stream.flush()
            await asyncio.sleep(_SECONDS)


def progress_line(report: RunReport, seconds: float) -> str:
    """One line: numbers listed, captured and left, the rate, and the time left if it can be estimated."""
    done = len(report.settled)
    expected = max(len(report.rows), report.printed_total or 0)
    left = max(expected - done, 0)
    rate = done / seconds if seconds > 0 else 0.0
    line = f"listed {report.listed} · captured {report.captured} · left {left} · {rate:.1f}/s"
    if rate > 0 and left:
        minutes, rest = divmod(round(left / rate), 60)
        line += f" · {minutes}:{rest:02d} left"
    return line
