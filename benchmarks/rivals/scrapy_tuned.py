"""Scrapy as fast as it goes without leaving it: `python -m benchmarks.rivals.scrapy_tuned START FILE [uvloop]`.

lxml on the bytes instead of selectors, CONCURRENT_ITEMS=4, no middleware or extension that this site does not need
(the filter of duplicates stays: a row stands in the list twice), orjson, no log of pages.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import orjson
from scrapy import Request, Spider
from scrapy.crawler import Crawler, CrawlerProcess
from scrapy.http import Response

from benchmarks.rivals.fields import Read, links, read, speech, views

AT_ONCE = 16
_OFF = (
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware",
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware",
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware",
    "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware",
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware",
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware",
    "scrapy.downloadermiddlewares.cookies.CookiesMiddleware",
    "scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware",
    "scrapy.downloadermiddlewares.stats.DownloaderStats",
    "scrapy.downloadermiddlewares.httpcache.HttpCacheMiddleware",
)
_OFF_AFTER = (
    "scrapy.spidermiddlewares.start.StartSpiderMiddleware",
    "scrapy.spidermiddlewares.referer.RefererMiddleware",
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware",
    "scrapy.spidermiddlewares.depth.DepthMiddleware",
)
SETTINGS: dict[str, Any] = {
    "CONCURRENT_REQUESTS": AT_ONCE,
    "CONCURRENT_REQUESTS_PER_DOMAIN": AT_ONCE,
    "CONCURRENT_ITEMS": 4,
    "DOWNLOADER_MIDDLEWARES": dict.fromkeys(_OFF),
    "SPIDER_MIDDLEWARES": dict.fromkeys(_OFF_AFTER),
    "EXTENSIONS_BASE": {},
    "LOG_LEVEL": "WARNING",
    "ITEM_PIPELINES": {"benchmarks.rivals.scrapy_tuned.Lines": 1},
}


class Tuned(Spider):
    """Lists, articles with all their parts, counters."""

    name = "tuned"

    def parse(self, response: Response) -> Iterator[Request]:
        """The first list page: the others, and its articles."""
        yield from (Request(urljoin(response.url, one), self.parse_list) for one in links(response.body)[0])
        yield from self.parse_list(response)

    def parse_list(self, response: Response) -> Iterator[Request]:
        """A list page: its articles."""
        return (Request(urljoin(response.url, one), self.parse_article) for one in links(response.body)[1])

    def parse_article(self, response: Response, url: str = "", before: tuple[Read, ...] = ()) -> Request:
        """A part of an article: the next part, or the counter."""
        found = read(response.body)
        given = {"url": url or response.url, "before": (*before, found)}
        if found.later:
            return Request(urljoin(response.url, found.later), self.parse_article, cb_kwargs=given)
        return Request(urljoin(response.url, found.counter), self.parse_counter, cb_kwargs=given)

    def parse_counter(self, response: Response, url: str, before: tuple[Read, ...]) -> dict[str, Any]:
        """A counter: the speech is complete."""
        return speech(url, list(before), views(response.body))


class Lines:
    """Item pipeline that writes lines of JSON."""

    def __init__(self, file: str) -> None:
        """Write into `file`."""
        self._out = open(file, "wb")  # noqa: PTH123, SIM115 - closed by close_spider

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Lines:
        """Take the file from the settings."""
        return cls(crawler.settings["RIVAL_FILE"])

    def process_item(self, item: dict[str, Any]) -> dict[str, Any]:
        """Write one line."""
        self._out.write(orjson.dumps(item, option=orjson.OPT_APPEND_NEWLINE))
        return item

    def close_spider(self) -> None:
        """End the file."""
        self._out.close()


def main(start: str, file: str, loop: str = "") -> None:
    """Crawl; `loop` may be uvloop."""
    chosen = {"ASYNCIO_EVENT_LOOP": "uvloop.Loop"} if loop else {}
    process = CrawlerProcess({**SETTINGS, **chosen, "RIVAL_FILE": file})
    process.crawl(Tuned, start_urls=[start])
    process.start()


if __name__ == "__main__":
    main(*sys.argv[1:])
