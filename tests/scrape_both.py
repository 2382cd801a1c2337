"""Runs one spider under Scrapy's own scraper and under ours, and prints what each came to, as JSON."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, Self

from scrapy import Request, Spider
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.exceptions import CloseSpider, DropItem
from scrapy.http import Response

TOLD = ("downloader/", "scheduler/", "item_", "spider_exceptions", "finish_reason", "response_received_count")


class Gives(Spider):
    """Gives items of every fate and requests, raises in between, and closes itself at the end."""

    name = "gives"

    async def start(self) -> AsyncIterator[Any]:
        for number in range(3):
            yield Request(f"data:,{number}", cb_kwargs={"number": number})
        yield Request("data:,plain", callback=self.plain)

    async def parse(self, _: Response, number: int) -> AsyncIterator[Any]:
        for fate in ("kept", "dropped", "broken", "slow"):
            yield {"fate": fate, "number": number}
            await asyncio.sleep(0)
        yield Request(f"data:,{number}-again", callback=self.plain)
        if number == 1:
            raise ValueError("an error of the callback")
        yield None

    def plain(self, response: Response) -> Any:
        yield {"fate": "kept", "number": response.url}
        if response.url.endswith("2-again"):
            raise CloseSpider("enough")


class Fates:
    """The item pipeline; notes what is kept, in order."""

    def __init__(self, crawler: Crawler) -> None:
        self.kept = crawler.kept = []  # type: ignore[attr-defined]

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_item(self, item: dict[str, Any]) -> dict[str, Any]:
        if item["fate"] == "slow":
            await asyncio.sleep(0.05)
        if item["fate"] == "dropped":
            raise DropItem("dropped")
        if item["fate"] == "broken":
            raise ValueError("an error of the pipeline")
        self.kept.append(f"{item['fate']} {item['number']}")
        return item


def main() -> None:
    process = AsyncCrawlerProcess({"LOG_LEVEL": "CRITICAL", "ITEM_PIPELINES": {Fates: 1}})
    crawlers = []
    ours = {"EXTENSIONS": {"crawler.run.scraping.ShortScraping": 0}, "STATS_CLASS": "crawler.run.counts.Counts"}
    for settings in ({}, ours):
        crawlers.append(Crawler(Gives, {**process.settings.copy_to_dict(), **settings}))
        process.crawl(crawlers[-1])
    process.start()
    told = []
    for crawler in crawlers:
        assert crawler.stats is not None
        stats = {name: value for name, value in crawler.stats.get_stats().items() if name.startswith(TOLD)}
        came_to = {"stats": stats, "kept": sorted(crawler.kept)}  # type: ignore[attr-defined]
        told.append({"scraper": type(crawler.engine.scraper).__name__, "came_to": came_to})
    print(json.dumps(told))


if __name__ == "__main__":
    main()
