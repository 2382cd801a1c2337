"""What a crawl needs only once a page is there is imported while the first one is awaited: it starts without."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import Self

from scrapy import signals
from scrapy.crawler import Crawler

_MODULES = (
    "crawler.pages.lists.reader",
    "crawler.pages.article",
    "pipelines.normalise.speech_of",
    "crawler.run.ending.outcome",
    "pipelines.archive.schema.sets",
    "pipelines.archive.write.orders.suppression",
    "pipelines.archive.write.orders.without_words",
)
_SECONDS = 0.5
"""After the start, in the delay behind robots.txt. A page that comes sooner imports what it needs."""


class Meanwhile:
    """Scrapy extension that imports the rest of the program soon after the start.

    No later, although imports on use would do: a run may take hours, and the software may be replaced meanwhile.
    """

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        meanwhile = cls()
        crawler.signals.connect(meanwhile.opened, signal=signals.spider_opened)
        return meanwhile

    def opened(self) -> None:
        asyncio.get_running_loop().call_later(_SECONDS, _import_all)


def _import_all() -> None:
    for module in _MODULES:
        import_module(module)
