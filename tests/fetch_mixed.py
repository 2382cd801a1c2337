"""Asks for everything at once, by the engine and by `Between` in turn: `python -m tests.fetch_mixed URL`.

Prints a JSON object: `began`, by slot the times at which its requests began by the slot's own clock (seconds);
`most`, by slot how many were under way at once; `answers`, each status or the name of an error; `left`, what is
still counted as under way when all have ended.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

from scrapy import Request, Spider
from scrapy.core.downloader import Slot
from scrapy.crawler import Crawler, CrawlerProcess
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from crawler.http.fetch import FAILURES
from crawler.http.transport.downloader import Between, ShortDownloader

SLOTS: dict[str, dict[str, float]] = {
    "slow": {"concurrency": 8, "delay": 0.05, "jitter": 0},
    "one": {"concurrency": 1, "delay": 0, "jitter": 0},
}
EACH = 3
SETTINGS = {
    "DOWNLOAD_SLOTS": SLOTS, "RETRY_TIMES": 1, "LOG_LEVEL": "ERROR",
    "ROBOTSTXT_OBEY": False, "TELNETCONSOLE_ENABLED": False, "REMOTE_CONTROL_ENABLED": False,
}  # fmt: skip


class Noting(ShortDownloader):
    """Notes when each request begins."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.began: dict[str, list[float]] = {slot: [] for slot in SLOTS}
        self.most = dict.fromkeys(SLOTS, 0)

    async def _download(self, slot: Slot, request: Request) -> Response:
        key = request.meta[self.DOWNLOAD_SLOT]
        self.began[key].append(slot.lastseen)
        self.most[key] = max(self.most[key], len({*slot.transferring, request}))
        return await super()._download(slot, request)


class FetchMixed(Spider):
    """Asks for the address and for one where nobody answers, in each slot."""

    name = "fetch-mixed"

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    async def start(self) -> AsyncIterator[Any]:
        engine = self.crawler.engine
        assert engine is not None
        assert isinstance(engine.downloader, Noting)
        ways = (engine, Between(engine))
        urls = [f"{self.url}{n}" for n in range(EACH)] + ["http://127.0.0.1:1/refused"]
        asked = [self._fetch(way, url, slot) for url in urls for way in ways for slot in SLOTS]
        answers = await asyncio.gather(*asked)
        downloader, under_way = engine.downloader, engine._slot
        assert under_way is not None
        left = [*downloader.active, *under_way.inprogress]
        for slot in downloader.slots.values():
            left += [*slot.active, *slot.transferring, *(request for request, _ in slot.queue)]
        told = {"began": downloader.began, "most": downloader.most, "answers": answers, "left": list(map(str, left))}
        print(json.dumps(told))
        return
        yield

    async def _fetch(self, way: Any, url: str, slot: str) -> int | str:
        request = Request(url, NO_CALLBACK, meta={"download_slot": slot}, dont_filter=True)
        try:
            response: Response = await way.download_async(request)
        except FAILURES as error:
            return type(error).__name__
        return response.status


def main() -> None:
    """Fetch and print."""
    process = CrawlerProcess({**SETTINGS, "DOWNLOADER": Noting})
    process.crawl(FetchMixed, url=sys.argv[1])
    process.start()


if __name__ == "__main__":
    main()
