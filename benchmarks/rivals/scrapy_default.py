"""Scrapy with its defaults and parsel: `python -m benchmarks.rivals.scrapy_default START FILE`.

Every setting is Scrapy's own but the log's level: with DEBUG it would print each record.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from scrapy import Request, Spider
from scrapy.crawler import CrawlerProcess
from scrapy.http import Response

from benchmarks.rivals.fields import BODY, COUNTER, INFO, LATER, PAGES, ROWS, TITLE, Read, made, speech, views


class Usual(Spider):
    """Lists, articles with all their parts, counters, with `response.xpath` and `response.follow`."""

    name = "usual"

    def parse(self, response: Response) -> Iterator[Request]:
        """The first list page: the others, and its articles."""
        for page in response.xpath(PAGES).getall():
            yield response.follow(page, self.parse_list)
        yield from self.parse_list(response)

    def parse_list(self, response: Response) -> Iterator[Request]:
        """A list page: its articles."""
        for row in response.xpath(ROWS).getall():
            yield response.follow(row, self.parse_article)

    def parse_article(self, response: Response, url: str = "", before: tuple[Read, ...] = ()) -> Iterator[Request]:
        """A part of an article: the next part, or the counter."""
        found = made(*(response.xpath(one).get("") for one in (TITLE, INFO, BODY, COUNTER, LATER)))
        given = {"url": url or response.url, "before": (*before, found)}
        if found.later:
            yield response.follow(found.later, self.parse_article, cb_kwargs=given)
        else:
            yield response.follow(found.counter, self.parse_counter, cb_kwargs=given)

    def parse_counter(self, response: Response, url: str, before: tuple[Read, ...]) -> Iterator[dict[str, Any]]:
        """A counter: the speech is complete."""
        yield speech(url, list(before), views(response.body))


def main(start: str, file: str) -> None:
    """Crawl."""
    feeds = {file: {"format": "jsonlines", "encoding": "utf-8"}}
    process = CrawlerProcess({"LOG_LEVEL": "INFO", "FEEDS": feeds})
    process.crawl(Usual, start_urls=[start])
    process.start()


if __name__ == "__main__":
    main(*sys.argv[1:])
