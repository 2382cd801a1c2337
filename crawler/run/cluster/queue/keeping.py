"""What keeps the queue in order: sites that are due are put in, jobs of dead workers given to others."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from procrastinate import App
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import Job, Status

from crawler.run.cluster.equipment import Equipment
from crawler.run.cluster.tasks import CRAWL, at_place
from crawler.run.cluster.telling import tell_of_stale
from crawler.run.fleet.planning import Candidate, candidates, register
from crawler.run.fleet.runner import host_of
from crawler.sites.profile import ProfileError

_log = logging.getLogger(__name__)
_AT_ONCE = 200
"""Jobs that are put into the queue in one query."""
_KEEP_HOURS = 14 * 24
"""Hours for which jobs that ended stay to be looked at."""


class QueueKeeping:
    """Periodic tasks; whichever worker is free does them, never two at once."""

    def __init__(self, worker: Equipment, app: App) -> None:
        """Nothing is asked yet."""
        self._worker, self._app = worker, app

    async def enqueue(self, timestamp: int) -> None:  # noqa: ARG002 - procrastinate's
        """Put the sites that are due into the queue, what has been due for longest first."""
        now = datetime.now(UTC)
        found = await register_sites(self._worker, now)
        absent = await self._busy_or_cancelled()
        due = [one for one in found if one.is_enabled and one.due.is_now(now) and one.site not in absent]
        jobs = [job_of(one) for one in sorted(due, key=lambda one: one.order)]
        for some in (jobs[at : at + _AT_ONCE] for at in range(0, len(jobs), _AT_ONCE)):
            await self._defer(some)

    async def rescue(self, timestamp: int) -> None:  # noqa: ARG002 - as above
        """Give jobs of workers without a sign of life to others, first to those where their staging lies."""
        worker, manager = self._worker, self._app.job_manager
        await self._worker.connector.execute_query_async(
            "UPDATE procrastinate_jobs SET queue_name = %(crawl)s "
            "WHERE status = 'todo' AND queue_name LIKE %(others)s AND queue_name <> ALL(%(alive)s)",
            crawl=CRAWL,
            others=at_place("%"),
            alive=[at_place(place) for place in await self._places()],
        )
        if not await self._is_long_up():
            return
        places = {place: at_place(place) for place in await self._places()}
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=worker.pace.stalled):
            if job.task_name != CRAWL:
                await manager.finish_job(job, Status.FAILED, delete_job=False)
                continue
            place = await self._place_of(job)
            _log.warning("the worker of %s shows no sign of life: its job is given to another", job.queueing_lock)
            await worker.note_put_off(
                job.id, "its worker showed no sign of life; another goes on with what it had got"
            )
            await manager.retry_job(job, queue=places.get(place or "", CRAWL))

    async def watch(self, timestamp: int) -> None:  # noqa: ARG002 - as above
        """Tell of sites that nobody has crawled for too long."""
        await self._worker.journals.bring()
        await tell_of_stale(self._worker)

    async def forget(self, timestamp: int) -> None:  # noqa: ARG002 - as above
        """Remove jobs that ended long ago."""
        await self._app.job_manager.delete_old_jobs(
            nb_hours=_KEEP_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
        )
        await self._worker.connector.execute_query_async(
            "WITH known AS (SELECT id FROM procrastinate_jobs), "
            "gone AS (DELETE FROM speech_archive.put_off WHERE job_id NOT IN (SELECT id FROM known)) "
            "DELETE FROM speech_archive.crawls WHERE job_id NOT IN (SELECT id FROM known)"
        )

    async def _defer(self, jobs: list[Job]) -> None:
        """All, or where a worker or a person has put one of them in meanwhile, one by one."""
        try:
            await self._app.job_manager.batch_defer_jobs_async(jobs=jobs)
        except AlreadyEnqueued:
            if len(jobs) > 1:
                for job in jobs:
                    await self._defer([job])

    async def _busy_or_cancelled(self) -> set[str]:
        rows = await self._worker.connector.execute_query_all_async(
            "SELECT queueing_lock AS site FROM procrastinate_jobs WHERE task_name = %(crawl)s "
            "AND status IN ('todo', 'doing') "
            "UNION SELECT site FROM speech_archive.cancelled WHERE until > now()",
            crawl=CRAWL,
        )
        return {row["site"] for row in rows}

    async def _is_long_up(self) -> bool:
        """Whether workers have had the time for a sign of life since the database was started."""
        row = await self._worker.connector.execute_query_one_async(
            "SELECT now() - pg_postmaster_start_time() > make_interval(secs => %(stalled)s) AS is_long",
            stalled=self._worker.pace.stalled,
        )
        return bool(row["is_long"])

    async def _places(self) -> set[str]:
        """Where a worker has been alive lately."""
        rows = await self._worker.connector.execute_query_all_async(
            "SELECT DISTINCT place FROM speech_archive.workers WHERE seen > now() - make_interval(secs => %(gone)s)",
            gone=self._worker.pace.gone,
        )
        return {row["place"] for row in rows}

    async def _place_of(self, job: Job) -> str | None:
        rows = await self._worker.connector.execute_query_all_async(
            "SELECT place FROM speech_archive.crawls WHERE job_id = %(job)s", job=job.id
        )
        return rows[0]["place"] if rows else None


async def register_sites(worker: Equipment, now: datetime) -> list[Candidate]:
    """All sites as all machines know them, which are noted in the archive root; none where a profile hinders that."""
    await worker.journals.bring()
    deployment, root = worker.deployment, worker.root
    try:
        found = await worker.in_thread(lambda: list(candidates(deployment, root, now)))
    except ProfileError as error:
        _log.error("no site is put into the queue: %s", error)
        return []
    try:
        await worker.in_thread(lambda: register(root, found, now, deployment.store))
    except OSError as error:
        _log.error("the register was not written: %s", error)
    return found


def job_of(one: Candidate) -> Job:
    """The job of a site that is due: the earlier due, the higher its priority, whenever it is put in."""
    priority = 0 if one.is_untried or one.due.at is None else -int(one.due.at.timestamp() // 60)
    return Job(
        queue=CRAWL,
        task_name=CRAWL,
        priority=priority,
        lock=host_of(one.profile) if one.profile else one.site,
        queueing_lock=one.site,
        task_kwargs={"site": one.site},
    )
