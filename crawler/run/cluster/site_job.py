"""One job: the crawl of one site in a worker, from its lease to the end that every machine knows."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from procrastinate.exceptions import JobAborted
from procrastinate.jobs import Job
from procrastinate.retry import BaseRetryStrategy, RetryDecision

from crawler.http.netloc import Server
from crawler.run.attempt import enter_failure, verdict_on
from crawler.run.cluster.equipment import Equipment
from crawler.run.cluster.leases import SiteLease
from crawler.run.cluster.tasks import at_place
from crawler.run.cluster.telling import tell_of
from crawler.run.fleet.one_site import SiteCrawl
from crawler.run.fleet.planning import Candidate, candidate
from crawler.run.fleet.run_log import SITE
from crawler.sites.profile import ProfileError, SiteProfile
from pipelines.archive.errors import ArchiveError, LockHeld
from pipelines.exits import Exit
from pipelines.store.stores import StoreError

_log = logging.getLogger(__name__)
_HELD_LOOKS = 12
"""Looks into the queue, a minute, until a job is tried again whose site, or host, another crawl has."""
_STORE_LOOKS, _STORE_DOUBLINGS = 3, 5
"""Looks into the queue until a store that does not answer is asked again, 15 seconds; then twice as long each time,
at most eight minutes."""
_LOOK = 0.2
_LAST_PATIENCE = 30.0
"""Seconds for which a crawl that was stopped waits for a database that is away, to copy to the store what it has."""


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

    def __init__(self, has: Equipment, job: Job, site: str, asked: str | None = None) -> None:
        """Nothing is asked yet.

        Args:
            has: what the worker has.
            job: its entry in the queue.
            site: which site.
            asked: when a person asked for it, RFC 3339: then it is crawled whether it is due or not.
        """
        self._has, self._job, self._site = has, job, site
        self._asked = datetime.fromisoformat(asked) if asked else None
        self._run_id = f"job-{job.id}"
        self._crawl: SiteCrawl | None = None
        self._stop_asked = asyncio.Event()
        self._why_stopped = ""
        self._goes_back = False
        self._giving: asyncio.Future[None] | None = None

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
            except asyncio.CancelledError:  # a person's wish: the crawl is sealed first
                is_cancelled = True
                self.stop("by a person")
        if is_cancelled and isinstance(work.exception(), Again | Failed):
            raise JobAborted
        await work

    async def _run(self) -> None:
        SITE.set(self._site)
        one = await self._has.in_thread(self._look)
        lease = await self._lease(one)
        if lease is None:
            raise Again("another crawl has the site, or its host", self._after(_HELD_LOOKS))
        try:
            await self._leased(lease)
        finally:
            await self._has.leases.release(lease)

    async def _leased(self, lease: SiteLease) -> None:
        await self._has.note_crawl(self._job.id, self._site)
        await self._copied(self._has.keeping.bring)
        await self._has.journals.hand_in([self._site])
        await self._has.journals.bring()
        one = await self._has.in_thread(self._look)
        if one.profile is None:
            await self._refuse(ProfileError(one.error))
        elif one.is_enabled and not _is_over(one, self._asked):
            self._check()
            await self._crawled(one.profile, lease)
        else:
            await self._has.keeping.catalogue(self._site, self._stop_asked.is_set)

    async def _crawled(self, profile: SiteProfile, lease: SiteLease) -> None:
        status = await self._status(profile, lease)
        await self._certain(lease)
        await self._copied(self._has.keeping.give)
        await self._tell()
        await self._has.keeping.catalogue(self._site, self._stop_asked.is_set)
        if status is Exit.INTERRUPTED and self._goes_back:
            raise Again(f"stopped {self._why_stopped}")
        last = (await self._has.in_thread(self._look)).last
        if last is None or not last.is_good:
            raise Failed(f"exit {int(status)}")

    async def _status(self, profile: SiteProfile, lease: SiteLease) -> Exit:
        """Crawl; the exit status, of which the journal says more."""
        has, notes_head = self._has, not self._has.keeping.has_store
        self._crawl = SiteCrawl(profile, has.settings, self._run_id, has.pool, lease, notes_head=notes_head)
        if self._stop_asked.is_set():
            self._crawl.stop(self._why_stopped)
        ended = asyncio.ensure_future(self._crawl.run())
        await asyncio.wait({ended})
        if (error := ended.exception()) is None:
            return Exit(ended.result().exit_status)
        judged = verdict_on(error)
        if judged.exit_status is Exit.INTERNAL_ERROR:
            _log.error("%s: the crawl failed", self._site, exc_info=error)
        return judged.exit_status

    async def _certain(self, lease: SiteLease) -> None:
        """Wait until the lease is held, which it is not while the database is away."""
        waited = 0.0
        while not lease.is_held:
            if lease.is_lost:
                raise Failed("another worker has the site now")
            if self._stop_asked.is_set() and waited > _LAST_PATIENCE:
                raise Again("the database is away", queue=at_place(self._has.place))
            await asyncio.sleep(_LOOK)
            waited += _LOOK

    async def _copied(self, copy: Callable[[str], Awaitable[None]]) -> None:
        """Copy from the store, or to it; where it does not answer, the job waits for it at this place."""
        try:
            await copy(self._site)
        except StoreError as error:
            _log.warning("%s: %s", self._site, error)
            self._has.store_failures[self._site] += 1
            looks = _STORE_LOOKS * 2 ** min(self._has.store_failures[self._site] - 1, _STORE_DOUBLINGS)
            raise Again(str(error), self._after(looks), at_place(self._has.place)) from error
        except LockHeld as error:
            raise Again(str(error), self._after(_HELD_LOOKS)) from error
        except ArchiveError as error:
            await self._refuse(error)
        else:
            del self._has.store_failures[self._site]

    async def _refuse(self, error: Exception) -> None:
        """Enter that the site cannot be crawled, or its crawl not be kept, and tell of it."""
        _log.error("%s: %s", self._site, error)
        now = datetime.now(UTC)
        enter = partial(enter_failure, self._has.root, self._site, error, self._run_id, now)
        await self._has.in_thread(enter)
        await self._tell()
        raise Failed(str(error)) from error

    async def _tell(self) -> None:
        await self._has.journals.hand_in([self._site])
        await tell_of(self._has, {self._site})

    def _after(self, looks: int) -> timedelta:
        return timedelta(seconds=looks * self._has.pace.poll)

    def _look(self) -> Candidate:
        return candidate(self._site, self._has.deployment, self._has.root, datetime.now(UTC))

    def _check(self) -> None:
        if self._stop_asked.is_set():
            raise Again(f"stopped {self._why_stopped}, before the site was asked for anything")

    async def _lease(self, one: Candidate) -> SiteLease | None:
        """The site's lease, as `take`; `Again` when the job is stopped while that waits for the database."""
        taking = asyncio.ensure_future(self._has.leases.take(self._site, _server(one), self.stop))
        stopped = asyncio.ensure_future(self._stop_asked.wait())
        await asyncio.wait({taking, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if taking.done():
            return taking.result()
        taking.add_done_callback(self._give_back)  # a lock that is on its way must not stay
        raise Again(f"stopped {self._why_stopped}, before the site was asked for anything")

    def _give_back(self, taking: asyncio.Future[SiteLease | None]) -> None:
        if not taking.cancelled() and taking.exception() is None and (lease := taking.result()) is not None:
            self._giving = asyncio.ensure_future(self._has.leases.release(lease))


def _server(one: Candidate) -> Server:
    """The server of a site; without an address that can be read it counts as a host of its own."""
    found = Server.of(one.profile.start_url) if one.profile else None
    return found or Server(f"site {one.site}", 0)


def _is_over(one: Candidate, asked: datetime | None) -> bool:
    """Whether the crawl for which the job was made has ended meanwhile: the worker died before it could say so."""
    if one.last is None or one.last.ended is None:
        return False
    if asked is not None and datetime.fromisoformat(one.last.began.at) < asked:
        return False
    return not one.due.is_now(datetime.now(UTC))
