"""Crawls many sites in one event loop: some at once, never two of one host, each with its own end."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from scrapy.settings import Settings

from crawler.http.netloc import Server
from crawler.http.politeness.host_clock import key_of
from crawler.run.attempt import verdict_on
from crawler.run.ending.outcome import Outcome
from crawler.run.fleet.one_loop import Freeing
from crawler.run.fleet.one_site import SiteCrawl
from crawler.sites.profile import SiteProfile
from pipelines.archive.read.moments import stamp
from pipelines.exits import Exit
from pipelines.fleet.fleet_runs import FleetRun, SiteEnded

_log = logging.getLogger(__name__)
_THREADS = 4
"""Threads for the disk work of all sites: more would only wait for the disk, or for Python's lock."""
_TELL_SECONDS = 60.0
"""Between two looks for verdicts to tell of: a person is sent a message a minute at most."""
_SAVE_SECONDS = 2.0
"""Between two writes of the run's file; the journals of the sites are written at once."""


@dataclass(frozen=True, slots=True)
class _UnderWay:
    crawl: SiteCrawl
    host: str
    began: float


class Fleet:
    """One run over many sites."""

    def __init__(
        self,
        record: FleetRun,
        profiles: Iterable[SiteProfile],
        settings: Settings,
        root: Path,
        tell: Callable[[set[str] | None], None],
    ) -> None:
        """Nothing is begun yet; `ended` are the sites that this process has crawled.

        Args:
            record: the run's record, with the sites that it has crawled already.
            profiles: of the sites to crawl, in this order.
            settings: those of the deployment.
            root: the archive root.
            tell: tells of changed verdicts of sites, or of all; called in a thread, never twice at once.
        """
        self.record, self._settings, self._root, self._tell = record, settings, root, tell
        self.queue = deque(profiles)
        self._under_way: dict[asyncio.Task[Outcome], _UnderWay] = {}
        self._pages_of_ended = 0
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="sites")
        self._saved_at, self._freeing = -_SAVE_SECONDS, Freeing()
        self.ended: set[str] = set()
        self._untold: set[str] = set()
        self._teller = ThreadPoolExecutor(1, thread_name_prefix="telling")

    @property
    def running(self) -> int:
        """Sites under way."""
        return len(self._under_way)

    @property
    def pages(self) -> int:
        """Answers that this process received."""
        return self._pages_of_ended + sum(one.crawl.pages for one in self._under_way.values())

    def stop(self, why: str) -> None:
        """Begin no further site, and let those under way end soon, sealed as interrupted."""
        if self.record.stopped is None:
            self.record.stopped = why
        for one in self._under_way.values():
            one.crawl.stop(why)

    async def run(self) -> None:
        """Crawl until every site had its turn, or the run is stopped."""
        telling = asyncio.ensure_future(self._tell_now_and_then())
        try:
            await self._save()
            while True:
                self._begin_some()
                if not self._under_way:
                    break
                ended, _ = await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
                for task in ended:
                    self._end(task, self._under_way.pop(task))
                self._freeing.look(asyncio.get_running_loop().time())
                await self._save()
        finally:
            telling.cancel()
            if not self.queue and Exit.INTERRUPTED not in {one.exit_status for one in self.record.sites.values()}:
                self.record.stopped = None  # too late: every site had had its turn
            self.record.ended_at = stamp(datetime.now(UTC))
            await self._save(is_last=True)
            # The thread has one task at a time: this is after what it is telling now.
            await asyncio.get_running_loop().run_in_executor(self._teller, self._tell, None)
            self._teller.shutdown()
            self._pool.shutdown()

    def _begin_some(self) -> None:
        """Begin sites whose host is not being crawled, as many as there is room for, in their order."""
        busy, waiting = {one.host for one in self._under_way.values()}, deque[SiteProfile]()
        while self.queue and len(self._under_way) < self.record.jobs and self.record.stopped is None:
            profile = self.queue.popleft()
            if (host := host_of(profile)) in busy:
                waiting.append(profile)
                continue
            busy.add(host)
            crawl = SiteCrawl(profile, self._settings, self.record.run, self._pool)
            began = asyncio.get_running_loop().time()
            self._under_way[asyncio.ensure_future(crawl.run())] = _UnderWay(crawl, host, began)
        self.queue.extendleft(reversed(waiting))

    async def _tell_now_and_then(self) -> None:
        """Tell of the sites that ended, together: a receiver that is slow must not hold the crawls up."""
        while True:
            await asyncio.sleep(_TELL_SECONDS)
            if self._untold:
                sites, self._untold = self._untold, set()
                await asyncio.get_running_loop().run_in_executor(self._teller, self._tell, sites)

    def _end(self, task: asyncio.Task[Outcome], one: _UnderWay) -> None:
        site = one.crawl.profile.site
        seconds = round(asyncio.get_running_loop().time() - one.began, 3)
        self._pages_of_ended += one.crawl.pages
        error = task.exception()
        if error is not None:
            judged = verdict_on(error)
            if judged.exit_status is Exit.INTERNAL_ERROR:
                _log.error("%s: the crawl failed", site, exc_info=error)
            ended = SiteEnded(
                site=site,
                exit_status=int(judged.exit_status),
                verdict=judged.name,
                message=judged.message,
                seconds=seconds,
            )
        else:
            ended = _ended(site, task.result(), seconds)
        self.record.sites[site] = ended
        self.ended.add(site)
        self._untold.add(site)

    async def _save(self, *, is_last: bool = False) -> None:
        if not self.record.sites and not self.queue:
            return  # nothing was due: no record every hour
        now = asyncio.get_running_loop().time()
        if not is_last and now - self._saved_at < _SAVE_SECONDS:
            return
        self._saved_at, self.record.left = now, len(self.queue)
        try:
            await asyncio.get_running_loop().run_in_executor(self._pool, self.record.save, self._root)
        except OSError as error:
            _log.error("the record of this run could not be written: %s", error)


def _ended(site: str, outcome: Outcome, seconds: float) -> SiteEnded:
    sealed = outcome.sealed
    return SiteEnded(
        site=site,
        exit_status=int(outcome.exit_status),
        verdict=outcome.verdict.name,
        message=outcome.verdict.message,
        seconds=seconds,
        counts=outcome.report["counts"],
        commit=sealed.commit if sealed else None,
        head=sealed.head if sealed else None,
    )


def host_of(profile: SiteProfile) -> str:
    """The server that a site shares with others, as the host's clock has it."""
    server = Server.of(profile.start_url)
    return key_of(server) if server else profile.start_url
