"""The crawl of one site among many in one event loop: its disk work is in threads, and its errors are its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import ExitStack, suppress
from contextvars import copy_context
from dataclasses import replace
from functools import partial
from typing import TypeVar

from scrapy.crawler import Crawler
from scrapy.settings import Settings

from crawler.crawl.reading_time import SPENT, Spent
from crawler.http.notes import statistics
from crawler.http.politeness.lease import Lease
from crawler.run.arguments import Arguments
from crawler.run.attempt import Attempting, attempting
from crawler.run.ending.outcome import Outcome, seal
from crawler.run.fleet.precedence import arguments_for
from crawler.run.fleet.run_log import SITE
from crawler.run.job import CrawlJob
from crawler.run.prepare import prepare
from crawler.sites.profile import SiteProfile
from crawler.spiders.speeches import SpeechesSpider
from pipelines.archive.errors import ArchiveError
from pipelines.exits import Exit
from pipelines.health import RunReport

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
_STALLED = 3600.0
"""Seconds without any answer after which a crawl is stopped: no wait that a site may ask for is as long."""
_READING, _SHARE_READING = 120.0, 0.5
"""Seconds, and a share of the crawl's time, that reading its pages may take: all other sites wait meanwhile."""
_LOOK = 10.0
_TO_STOP = 60.0
"""Seconds that a stopped crawl has to end: a single one takes a second."""
_OF_ONE_TERMINAL = {
    "crawler.run.progress.ProgressBar": None,
    "scrapy.extensions.logcount.LogCount": None,  # would count the messages of all sites under way
}


class Interrupted(ArchiveError):  # noqa: N818 - reads as a sentence, as the others do
    """The crawl was stopped and made no commit; what it saved is in its staging."""

    exit_status = Exit.INTERRUPTED


class SiteCrawl:
    """One crawl of one site."""

    def __init__(
        self,
        profile: SiteProfile,
        settings: Settings,
        fleet: str,
        pool: Executor,
        lease: Lease | None = None,
        *,
        notes_head: bool = True,
    ) -> None:
        """Nothing is opened yet.

        Args:
            profile: the site's.
            settings: those of the deployment; they are copied.
            fleet: id of the run over many sites.
            pool: threads for disk work.
            lease: while it is not held, nothing is requested; null where no other machine crawls.
            notes_head: in `HEADS_FILE`, once the commit is made; else the caller does, once it stands in the store.
        """
        self.profile, self._fleet, self._pool, self._lease = profile, fleet, pool, lease
        self._notes_head = notes_head
        self._settings = settings.copy()
        self._settings.set("EXTENSIONS", settings.getdict("EXTENSIONS") | _OF_ONE_TERMINAL, priority="cmdline")
        self._reading = Spent()
        self._attempt = ExitStack()
        self._crawler: Crawler | None = None
        self._stop_asked = asyncio.Event()
        self._why_stopped: str | None = None

    @property
    def pages(self) -> int:
        """Answers received so far."""
        return int(statistics(self._crawler).get("response_received_count", 0)) if self._crawler else 0

    def stop(self, why: str) -> None:
        """Let the crawl end soon, sealed as interrupted."""
        self._why_stopped = self._why_stopped or why
        self._stop_asked.set()

    async def run(self) -> Outcome:
        """Crawl the site and seal its run.

        Raises:
            WrongUse, ProfileError, ArchiveError: as `scrapy crawl` would be refused.
            Exception: whatever went wrong in the code of the crawl's end.
        """
        SITE.set(self.profile.site)
        SPENT.set(self._reading)
        arguments = arguments_for(self.profile, self._settings)
        attempt, job = await self._off_the_loop(partial(self._begin, arguments))
        with self._attempt:
            try:
                if self._stop_asked.is_set():
                    await self._off_the_loop(job.archive.abandon)
                    raise Interrupted(f"stopped {self._why_stopped}, before the site was asked for anything")
                crawler = await self._crawl(job)
                return await self._off_the_loop(partial(self._end, attempt, crawler, job))
            finally:
                job.archive.close()

    def _begin(self, arguments: Arguments) -> tuple[Attempting, CrawlJob]:
        with ExitStack() as stack:
            attempt = stack.enter_context(attempting(arguments, self._settings, self._fleet))
            job = replace(prepare(arguments, self._settings), lease=self._lease)
            if not self._notes_head:
                job = replace(job, heads=None)
            self._attempt = stack.pop_all()
        return attempt, job

    def _end(self, attempt: Attempting, crawler: Crawler | None, job: CrawlJob) -> Outcome:
        with self._attempt:
            if crawler is None:
                job.archive.close()
                raise Interrupted(
                    f"stopped {self._why_stopped}, and it did not end: the next run takes what it saved"
                )
            outcome = seal(crawler, job)
            attempt.end(outcome)
        return outcome

    async def _crawl(self, job: CrawlJob) -> Crawler | None:
        """The crawler after its crawl; null when it does not end."""
        self._crawler = crawler = Crawler(SpeechesSpider, self._settings)
        crawl = asyncio.ensure_future(crawler.crawl_async(job=job))
        watch = asyncio.ensure_future(self._watch(crawl, crawler, job.report))
        await asyncio.wait({crawl, watch}, return_when=asyncio.FIRST_COMPLETED)
        watch.cancel()
        if not crawl.done():
            _log.error("the crawl was stopped %s and does not end", self._why_stopped)
            crawl.cancel()
            return None
        if error := crawl.exception():
            _log.error("the crawl failed", exc_info=error)
            job.report.refuse(Exit.INTERNAL_ERROR, f"the crawl failed: {error!r}")
        return crawler

    async def _watch(self, crawl: asyncio.Future[None], crawler: Crawler, report: RunReport) -> None:
        """Stop the crawl when that is asked for, or when it stalls; returns when it does not end."""
        loop = asyncio.get_running_loop()
        began = answered = loop.time()
        seen = -1
        while not self._stop_asked.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop_asked.wait(), _LOOK)
            now = loop.time()
            answered, seen = (answered if self.pages == seen else now), self.pages
            if now - answered >= _STALLED:
                self.stop(f"after {_STALLED / 60:.0f} minutes without an answer")
            if self._reading.seconds > _READING + _SHARE_READING * (now - began):
                self.stop(f"after {self._reading.seconds:.0f} s of reading: its pages hold up those of other sites")
        if report.stopped is None:
            report.note_stopped(self._why_stopped or "")
        stopping = asyncio.ensure_future(crawler.stop_async())
        await asyncio.wait({crawl}, timeout=_TO_STOP)
        stopping.cancel()

    async def _off_the_loop(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, copy_context().run, work)
