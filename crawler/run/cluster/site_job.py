"""One job: the crawl of one site in a worker, from its lease to the end that every machine knows."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from procrastinate.exceptions import JobAborted
from procrastinate.jobs import Job
from procrastinate.retry import BaseRetryStrategy, RetryDecision

from crawler.http.netloc import Server
from crawler.run.attempt import verdict_on
from crawler.run.cluster.equipment import Equipment
from crawler.run.cluster.leases import SiteLease
from crawler.run.fleet.crawl_all import enter_broken
from crawler.run.fleet.one_site import SiteCrawl
from crawler.run.fleet.planning import Candidate, candidate
from crawler.run.fleet.run_log import SITE
from crawler.sites.profile import SiteProfile
from pipelines.exits import ARCHIVED, Exit

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
_HELD_ELSEWHERE = timedelta(minutes=1)
"""Until a job is looked at again whose site, or host, another crawl has."""


class Again(Exception):  # noqa: N818 - reads as a sentence
    """The job goes back to the queue, for later or at once."""

    def __init__(self, why: str, after: timedelta = timedelta(0), queue: str | None = None) -> None:
        super().__init__(why)
        self.after, self.queue = after, queue


class Failed(Exception):  # noqa: N818 - as above
    """The crawl ended otherwise than with an archived site; when it is tried again, its journal says."""


class AsTold(BaseRetryStrategy):
    """Jobs go back to the queue only when they say so: when a site is crawled again, `due` says."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:  # noqa: ARG002
        if not isinstance(exception, Again):
            return None
        return RetryDecision(retry_at=datetime.now(UTC) + exception.after, queue=exception.queue)


class SiteJob:
    """The crawl of one site; `stop` ends it, sealed as interrupted."""

    def __init__(self, worker: Equipment, job: Job, site: str) -> None:
        """Nothing is asked yet.

        Args:
            worker: who does it.
            job: its entry in the queue.
            site: which site.
        """
        self._worker, self.job, self.site = worker, job, site
        self._crawl: SiteCrawl | None = None
        self._stop_asked = asyncio.Event()
        self._why_stopped = ""
        self._goes_back = False

    def stop(self, why: str, *, goes_back: bool = False) -> None:
        """Let it end soon; what is left of it `goes_back` to the queue."""
        if not self._stop_asked.is_set():
            self._why_stopped, self._goes_back = why, goes_back
            self._stop_asked.set()
        if self._crawl is not None:
            self._crawl.stop(why)

    async def run(self) -> None:
        """Crawl the site, unless another worker does, or it is not due any more.

        Raises:
            Again: the job goes back to the queue.
            Failed: the crawl ended otherwise than with an archived site.
            JobAborted: a person has cancelled it.
        """
        work = asyncio.ensure_future(self._run())
        is_cancelled = False
        while not work.done():
            try:
                await asyncio.wait({work})
            except asyncio.CancelledError:  # a person's wish, or the worker's last word: the crawl is sealed first
                is_cancelled = True
                self.stop("by a person")
        if is_cancelled and not isinstance(work.exception(), Failed):
            raise JobAborted
        await work

    async def _run(self) -> None:
        SITE.set(self.site)
        one = await self._worker.in_thread(self._look)
        if one.profile is None:
            await self._refuse(one)
            raise Failed(one.error)
        lease = await self._unless_stopped(self._worker.leases.take(self.site, _server(one.profile), self._lost))
        if lease is None:
            raise Again("another crawl has the site, or its host", _HELD_ELSEWHERE)
        try:
            await self._leased(lease)
        finally:
            await self._worker.leases.release(lease)

    async def _leased(self, lease: SiteLease) -> None:
        worker = self._worker
        await worker.note_crawl(self.job.id, self.site)
        await worker.journals.hand_in([self.site])
        await worker.journals.bring()
        one = await worker.in_thread(self._look)
        if one.profile is None or not one.is_enabled or _is_over(one):
            return
        self._check()
        status = await self._crawled(one.profile, lease)
        if lease.is_lost:
            raise Failed("another worker has the site now")
        await worker.journals.hand_in([self.site])
        if status is Exit.INTERRUPTED and self._goes_back:
            raise Again(f"stopped {self._why_stopped}")
        if status not in ARCHIVED:
            raise Failed(f"exit {int(status)}")

    async def _crawled(self, profile: SiteProfile, lease: SiteLease) -> Exit:
        """Crawl; the exit status, of which the journal says more."""
        worker = self._worker
        self._crawl = SiteCrawl(profile, worker.settings, f"job-{self.job.id}", worker.pool, lease)
        if self._stop_asked.is_set():
            self._crawl.stop(self._why_stopped)
        ended = asyncio.ensure_future(self._crawl.run())
        await asyncio.wait({ended})
        if (error := ended.exception()) is None:
            return Exit(ended.result().exit_status)
        judged = verdict_on(error)
        if judged.exit_status is Exit.INTERNAL_ERROR:
            _log.error("%s: the crawl failed", self.site, exc_info=error)
        return judged.exit_status

    async def _refuse(self, one: Candidate) -> None:
        worker = self._worker
        now, run = datetime.now(UTC), f"job-{self.job.id}"
        await worker.in_thread(partial(enter_broken, worker.root, one, run, now))
        await worker.journals.hand_in([self.site])

    def _look(self) -> Candidate:
        return candidate(self.site, self._worker.deployment, self._worker.root, datetime.now(UTC))

    def _lost(self, why: str) -> None:
        self.stop(why)

    def _check(self) -> None:
        if self._stop_asked.is_set():
            raise Again(f"stopped {self._why_stopped}, before the site was asked for anything")

    async def _unless_stopped(self, work: Coroutine[Any, Any, _T]) -> _T:
        """The result of what may wait for the database; `Again` when the job is stopped meanwhile."""
        doing, stopped = asyncio.ensure_future(work), asyncio.ensure_future(self._stop_asked.wait())
        await asyncio.wait({doing, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not doing.done():
            doing.cancel()
            self._check()
        return await doing


def _server(profile: SiteProfile) -> Server:
    """The server of a site; an address without one, which the crawl refuses, counts as a host of its own."""
    return Server.of(profile.start_url) or Server(profile.start_url, 0)


def _is_over(one: Candidate) -> bool:
    """Whether the crawl for which the job was made has ended meanwhile: the worker died before it could say so."""
    return one.last is not None and one.last.ended is not None and not one.due.is_now(datetime.now(UTC))
