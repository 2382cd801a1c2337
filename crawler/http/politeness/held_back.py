"""Requests that wait until a crawl has nothing else to do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import DontCloseSpider
from scrapy.http import Request


class HeldBack:
    """Makes the requests of a priority at the end of a crawl: an answer that ends it then costs nothing under way.

    The crawl keeps this object to its end; the signal does not, or every crawl of a process would stay in memory.
    """

    def __init__(self, crawler: Crawler, priority: int) -> None:
        self.crawler, self.priority = crawler, priority
        self._requests: list[Request] = []
        crawler.signals.connect(self.idle, signals.spider_idle)

    async def others(self, outputs: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """The outputs of a walk but the requests of this priority, which are held back."""
        async for output in outputs:
            if isinstance(output, Request) and output.priority == self.priority:
                self._requests.append(output)
            else:
                yield output

    def idle(self) -> None:
        """Make them; the crawl goes on until they are answered."""
        engine, waiting = self.crawler.engine, self._requests
        self._requests = []
        if engine is None or not waiting:
            return
        for request in waiting:
            engine.crawl(request)
        raise DontCloseSpider
