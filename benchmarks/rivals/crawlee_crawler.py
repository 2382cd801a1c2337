"""crawlee's ParselCrawler: `python -m benchmarks.rivals.crawlee_crawler START FILE`.

Its own HTTP client (impit, compiled), its queue in memory, 16 requests at once from the beginning, log of warnings.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from datetime import timedelta
from typing import BinaryIO
from urllib.parse import urljoin

import orjson
from crawlee import ConcurrencySettings, Request
from crawlee.crawlers import ParselCrawler, ParselCrawlingContext
from crawlee.storage_clients import MemoryStorageClient
from parsel import Selector

from benchmarks.rivals.fields import BODY, COUNTER, INFO, LATER, PAGES, ROWS, TITLE, Read, made, speech, views

AT_ONCE = 16


def crawler(out: BinaryIO) -> ParselCrawler:
    """A crawler whose requests say in `label` what they are."""
    made_of = ParselCrawler(
        storage_client=MemoryStorageClient(),
        concurrency_settings=ConcurrencySettings(
            min_concurrency=AT_ONCE, max_concurrency=AT_ONCE, desired_concurrency=AT_ONCE
        ),
        configure_logging=False,
        statistics_log_format="inline",
        max_request_retries=0,
        request_handler_timeout=timedelta(minutes=5),
    )
    before: dict[str, tuple[Read, ...]] = {}

    @made_of.router.handler("counter")
    async def counter(context: ParselCrawlingContext) -> None:
        url = str(context.request.user_data["url"])
        counted = views(await context.http_response.read())
        out.write(orjson.dumps(speech(url, list(before.pop(url)), counted), option=orjson.OPT_APPEND_NEWLINE))

    @made_of.router.handler("article")
    async def article(context: ParselCrawlingContext) -> None:
        url = str(context.request.user_data.get("url") or context.request.url)
        found = _read(context.selector)
        before[url] = (*before.get(url, ()), found)
        label, target = ("article", found.later) if found.later else ("counter", found.counter)
        await context.add_requests([_request(context, target, label, url)])

    @made_of.router.handler("list")
    async def rows(context: ParselCrawlingContext) -> None:
        found = context.selector.xpath(ROWS).getall()
        await context.add_requests([_request(context, one, "article") for one in found])

    @made_of.router.default_handler
    async def first(context: ParselCrawlingContext) -> None:
        found = context.selector.xpath(PAGES).getall()
        await context.add_requests([_request(context, one, "list") for one in found])
        await rows(context)

    return made_of


def _read(page: Selector) -> Read:
    return made(*(page.xpath(one).get("") for one in (TITLE, INFO, BODY, COUNTER, LATER)))


def _request(context: ParselCrawlingContext, target: str, label: str, url: str = "") -> Request:
    return Request.from_url(urljoin(context.request.url, target), label=label, user_data={"url": url} if url else {})


def main(start: str, file: str) -> None:
    """Crawl."""
    logging.basicConfig(level=logging.WARNING)
    with open(file, "wb") as out:  # noqa: PTH123
        asyncio.run(crawler(out).run([start]))


if __name__ == "__main__":
    main(*sys.argv[1:])
