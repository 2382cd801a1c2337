"""Scrapy's scraper without the five tasks and the queue that it makes for the output of each callback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any, Self

from scrapy import signals
from scrapy.core.scraper import Scraper
from scrapy.crawler import Crawler
from scrapy.http import Request, Response
from scrapy.utils.defer import aiter_errback
from twisted.python.failure import Failure


class ShortScraper(Scraper):
    """What a callback gives is processed one after the other, as it comes: an article gives one item, or two."""

    async def handle_spider_output_async(
        self, result: Iterable[Any] | AsyncIterator[Any], request: Request, response: Response | Failure
    ) -> None:
        """Process items and requests; an error of the callback is told as by Scrapy's."""
        if not isinstance(result, AsyncIterator):
            await super().handle_spider_output_async(result, request, response)
            return
        async for output in aiter_errback(result, self.handle_spider_error, request, response):
            await self._process_spidermw_output_async(output, response)


class ShortScraping:
    """Scrapy extension that makes the engine's scraper a `ShortScraper`; no setting names its class.

    Where one article is to be in progress at a time, the next is not asked for before it is kept, its parts and its
    counter included: a kill then costs the one answer under way.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        scraping = cls(crawler)
        crawler.signals.connect(scraping.opened, signals.spider_opened)
        return scraping

    def opened(self) -> None:
        """Its attributes stay: slot, middlewares and item pipelines are open by now."""
        engine = self._crawler.engine
        if engine is not None and type(engine.scraper) is Scraper:
            engine.scraper.__class__ = ShortScraper
        if engine is not None and engine.scraper.slot and self._crawler.settings.getint("CONCURRENT_REQUESTS") == 1:
            engine.scraper.slot.max_active_size = 0
