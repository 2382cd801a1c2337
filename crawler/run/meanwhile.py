"""What a crawl needs only once a page is there is imported while the first one is awaited: it starts without."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.settings import BaseSettings

from crawler.crawl.ahead.reading import ReadingAhead

_MODULES = (
    "crawler.pages.lists.reader",
    "crawler.pages.families.kesion.lists",
    "crawler.pages.article",
    "pipelines.normalise.speech_of",
    "pipelines.context",
    "pipelines.damage",
    "pipelines.rendering",
    "crawler.run.ending.outcome",
    "pipelines.archive.schema.sets",
    "pipelines.archive.write.orders.suppression",
    "pipelines.archive.write.orders.without_words",
)
_TOLD_BY = ("NOTIFY_WEBHOOK", "NOTIFY_CMD", "METRICS_TEXTFILE")
_SECONDS, _LATER = 0.5, 10.0
"""After the start, in the delay behind robots.txt. A page that comes sooner imports what it needs.

Later where another process reads all articles: a crawl that is over by then needs little of it.
"""


class Meanwhile:
    """Scrapy extension that imports the rest of the program soon after the start.

    No later, although imports on use would do: a run may take hours, and the software may be replaced meanwhile.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        meanwhile = cls(crawler)
        crawler.signals.connect(meanwhile.opened, signal=signals.spider_opened)
        crawler.signals.connect(meanwhile.closed, signal=signals.spider_closed)
        return meanwhile

    def opened(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(_SECONDS, self._import_soon)

    def closed(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _import_soon(self) -> None:
        ahead = self._crawler.get_extension(ReadingAhead)
        if ahead is not None and ahead.is_started:
            self._timer = asyncio.get_running_loop().call_later(_LATER, _import_rest, self._crawler.settings)
        else:
            _import_rest(self._crawler.settings)


def _import_rest(settings: BaseSettings) -> None:
    """Import and read whatever of the program a run takes to its end, with what its settings ask for."""
    for module in _MODULES:
        import_module(module)
    if any(settings[name] for name in _TOLD_BY):
        import_module("pipelines.fleet.notify")
    if language := str(settings["RUN_PAGE"] or ""):
        from pipelines.verbs.window.run_page import templates_of_run  # noqa: PLC0415 - most runs need no templates

        templates_of_run(language)
