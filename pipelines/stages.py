"""The item pipelines: Normalise → Keep → Feed. The only module here that imports Scrapy."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol, Self, cast

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem, NotConfigured

from pipelines.archive.errors import ArchiveError
from pipelines.archive.write.writer import ArchiveRun
from pipelines.health import RunReport
from pipelines.normalise import Normaliser
from pipelines.record import Compared, Confirmed, Listed, Missed, RawSpeech, Speech


class Archiving(Protocol):
    """The attributes of the spider that the stages use."""

    @property
    def archive(self) -> ArchiveRun: ...

    @property
    def report(self) -> RunReport: ...

    @property
    def normaliser(self) -> Normaliser: ...

    @property
    def stop(self) -> Callable[[ArchiveError], None]:
        """Ends the crawl after a failed write: what cannot be kept need not be fetched."""


def _spider(crawler: Crawler) -> Archiving:
    return cast("Archiving", crawler.spider)


class Normalise:
    """RawSpeech → Speech; other items pass unchanged."""

    def __init__(self, normaliser: Normaliser) -> None:
        self.normaliser = normaliser

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(_spider(crawler).normaliser)

    def process_item(self, item: object) -> object:
        if isinstance(item, Compared):
            return Compared(self.normaliser.speech(item.now), self.normaliser.speech(item.before))
        return self.normaliser.speech(item) if isinstance(item, RawSpeech) else item


_SAVE_LOOKS = 100
"""Half of the archive's own limit, at which it would save in the event loop and block it."""


class Keep:
    """Writes speeches and observations into the archive's staging and each row's outcome into the run report.

    Saving waits for the disk, so it runs in a thread, every few seconds or observations. A failed write ends the
    crawl, and the verdict says so.
    """

    def __init__(self, crawler: Crawler) -> None:
        spider = _spider(crawler)
        self.archive, self.report, self.normaliser = spider.archive, spider.report, spider.normaliser
        self._stop, self._seconds = spider.stop, crawler.settings.getfloat("SAVE_SECONDS")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def open_spider(self) -> None:
        self._saver = asyncio.ensure_future(self._save_regularly())

    async def close_spider(self) -> None:
        self._saver.cancel()
        with suppress(asyncio.CancelledError):
            await self._saver

    async def process_item(self, item: object) -> object:
        try:
            self._keep(item)
            if self.archive.unsaved >= _SAVE_LOOKS:
                await asyncio.to_thread(self.archive.save)
        except ArchiveError as error:
            self._stop(error)
        return item

    async def _save_regularly(self) -> None:
        try:
            while True:
                await asyncio.sleep(self._seconds)
                await asyncio.to_thread(self.archive.save)
        except ArchiveError as error:
            self._stop(error)

    def _keep(self, item: object) -> None:
        if isinstance(item, Speech):
            self._keep_speech(item)
        elif isinstance(item, Compared):
            self._keep_speech(item.now, item.before)
        elif isinstance(item, (Listed, Confirmed)):
            count, problems = self.normaliser.views(item.look.views_raw, item.look.views_source)
            self.archive.see(item, count)
            self.report.settle(item.native_id, "same" if isinstance(item, Confirmed) else "unread")
            self.report.note_problems(problems)
        elif isinstance(item, Missed):
            # A partial crawl does not see the whole site, so it marks nothing missing or gone.
            marks = not self.report.is_partial or item.reason.presence != "missing"
            self.report.miss(item, self.archive.miss(item) if marks else "unmarked")

    def _keep_speech(self, speech: Speech, before: Speech | None = None) -> None:
        outcome = self.archive.keep(speech, before)
        self.report.settle(speech.native_id, outcome)
        self.report.note_problems(speech.problems)
        if outcome == "created":
            self.report.note_created(speech.problems)


class Feed:
    """Items for the feeds of a crawl (`-O FILE`, FEEDS): each speech that was read, as a `speech/1` line."""

    def __init__(self, archive: ArchiveRun) -> None:
        self.archive = archive

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not crawler.settings.getdict("FEEDS"):
            raise NotConfigured
        return cls(_spider(crawler).archive)

    def process_item(self, item: object) -> dict[str, Any]:
        if isinstance(item, Compared):
            return self.archive.as_line(item.now, item.before)
        if isinstance(item, Speech):
            return self.archive.as_line(item)
        raise DropItem("an observation without a speech: not in the feed", log_level="DEBUG")
