"""The progress of a crawl on a terminal: listed, captured, left, rate, time left. Nothing where stderr is none."""

from __future__ import annotations

import asyncio
import logging
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from pipelines.display.terminal import terminal
from pipelines.health import RunReport
from pipelines.shown import one_line

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

_SECONDS = 0.5


class ProgressBar:
    """Scrapy extension that shows a bar below what is logged, and removes it at the end."""

    def __init__(self, crawler: Crawler, screen: Console) -> None:
        self.crawler, self.screen = crawler, screen
        self._task: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        screen = terminal(sys.stderr)
        if screen is None:
            raise NotConfigured
        progress = cls(crawler, screen)
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

    async def _run(self) -> None:
        report: RunReport = self.crawler.spider.report  # type: ignore[union-attr]
        stderr = sys.stderr
        with _bar(self.screen) as bar:
            # The log goes above the bar: its handlers have the stream that the bar has put another before.
            handlers = [one for one in logging.getLogger().handlers if getattr(one, "stream", None) is stderr]
            _write_to(handlers, sys.stderr)
            try:
                await _show(bar, report)
            finally:
                _write_to(handlers, stderr)


def _write_to(handlers: list[logging.Handler], stream: object) -> None:
    for handler in handlers:
        handler.setStream(stream)  # type: ignore[attr-defined]


def _bar(screen: Console) -> Progress:
    from rich.progress import (  # noqa: PLC0415 - only a terminal needs it
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    left = TimeRemainingColumn(compact=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(bar_width=None), MofNCompleteColumn(), left)
    return Progress(*columns, console=screen, transient=True, auto_refresh=False, redirect_stdout=False)


async def _show(bar: Progress, report: RunReport) -> None:
    task = bar.add_task(one_line(report.site), total=None)
    while True:
        # As many as are listed, or as a list page says there are.
        done, expected = len(report.settled), max(len(report.rows), report.printed_total or 0)
        told = f"{one_line(report.site)} · listed {report.listed} · captured {report.captured}"
        bar.update(task, description=told, completed=done, total=expected or None)
        bar.refresh()
        await asyncio.sleep(_SECONDS)
