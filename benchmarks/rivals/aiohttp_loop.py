"""The floor of Python: aiohttp, lxml and orjson on uvloop: `python -m benchmarks.rivals.aiohttp_loop START FILE`.

No framework, retries, politeness or statistics; duplicates are kept out by a set of addresses.
"""

from __future__ import annotations

import asyncio
import sys
from typing import BinaryIO
from urllib.parse import urljoin

import aiohttp
import orjson
import uvloop
from yarl import URL

from benchmarks.rivals.fields import Read, links, read, speech, views

AT_ONCE = 16


class Loop:
    """Workers that take addresses from one queue: the start page tells the lists, these the articles."""

    def __init__(self, start: str, out: BinaryIO, session: aiohttp.ClientSession) -> None:
        """Records go into `out`."""
        self._start, self._out, self._session = start, out, session
        self._waiting: asyncio.Queue[tuple[str, bool]] = asyncio.Queue()
        self._seen: set[str] = set()

    async def run(self) -> None:
        """Crawl to the end; an error of a worker ends it."""
        lists, rows = links(await self._get(self._start))
        self._put(lists, is_list=True)
        self._put(rows, is_list=False)
        workers = [asyncio.create_task(self._work()) for _ in range(AT_ONCE)]
        ended = asyncio.create_task(self._waiting.join())
        await asyncio.wait([ended, *workers], return_when=asyncio.FIRST_COMPLETED)
        for worker in workers:
            if worker.done():
                worker.result()
            worker.cancel()

    async def _work(self) -> None:
        while True:
            url, is_list = await self._waiting.get()
            if is_list:
                self._put(links(await self._get(url))[1], is_list=False)
            else:
                await self._article(url)
            self._waiting.task_done()

    async def _article(self, url: str) -> None:
        parts: list[Read] = [read(await self._get(url))]
        while parts[-1].later:
            parts.append(read(await self._get(urljoin(url, parts[-1].later))))
        counted = views(await self._get(urljoin(url, parts[-1].counter)))
        self._out.write(orjson.dumps(speech(url, parts, counted), option=orjson.OPT_APPEND_NEWLINE))

    async def _get(self, url: str) -> bytes:
        async with self._session.get(URL(url, encoded=True)) as response:
            response.raise_for_status()
            return bytes(await response.read())

    def _put(self, found: list[str], *, is_list: bool) -> None:
        for url in (urljoin(self._start, one) for one in found):
            if url not in self._seen:
                self._seen.add(url)
                self._waiting.put_nowait((url, is_list))


async def crawl(start: str, file: str) -> None:
    """Crawl the site of `start` into `file`."""
    connector = aiohttp.TCPConnector(limit=AT_ONCE)
    with open(file, "wb") as out:  # noqa: ASYNC230, PTH123 - a buffered write of a line
        async with aiohttp.ClientSession(connector=connector) as session:
            await Loop(start, out, session).run()


if __name__ == "__main__":
    uvloop.run(crawl(*sys.argv[1:]))
