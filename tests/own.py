"""A spider, an item pipeline and an extension that somebody adds to the project."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Self

from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.http import Response


class OwnSpider(Spider):
    """Yields the address of one page."""

    name = "own"

    def __init__(self, url: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.start_urls = [url]

    def parse(self, response: Response, **_: Any) -> Iterator[dict[str, str]]:
        yield {"url": response.url}


class Noting:
    """Writes the type of every item into the file named by the environment."""

    def process_item(self, item: object) -> object:
        with open(os.environ["NOTED"], "a", encoding="utf-8") as file:  # noqa: PTH123 - shortest
            file.write(f"{type(item).__name__}\n")
        return item


class Crashing:
    """An extension that fails for one site."""

    def __init__(self, crawler: Crawler) -> None:
        if crawler.spider.job.profile.site == "m-crash":  # type: ignore[union-attr]
            raise RuntimeError("crashed")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)
