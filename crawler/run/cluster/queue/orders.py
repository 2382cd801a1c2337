"""What a person orders of the queue of a cluster: end or drop the crawl of a site, or crawl it now."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from crawler.run.arguments import WrongUse
from crawler.run.cluster.queue.keeping import job_of
from crawler.run.cluster.tasks import CRAWL
from crawler.run.fleet.planning import Candidate
from pipelines.archive.read.moments import stamp
from pipelines.catalogue.database import Connection

_FIRST = 1
"""The priority of what a person asked for: those of the others are 0 or less."""


def one_of(found: list[Candidate], option: str, name: str) -> Candidate:
    """The site that an option names; `WrongUse` when there is none of that name."""
    one = next((one for one in found if one.site == name), None)
    if one is None:
        hint = (
            "it takes one name, no glob" if set(name) & set("*?[") else "`speech-archive fleet queue` lists the names"
        )
        raise WrongUse(f"{option} {name}: the deployment has no such site; {hint}")
    return one


def cancel(connection: Connection, one: Candidate, now: datetime) -> str:
    """Take a site from the queue, or end its crawl, sealed as interrupted, until its next slot; what was done.

    Raises:
        WrongUse: it neither waits nor runs.
    """
    slot = one.times.schedule.slot_after(now, one.site, one.times.zone, one.times.hours)
    with connection.transaction():
        # Before the job ends: else it would be put in again at once.
        connection.execute(
            "INSERT INTO speech_archive.cancelled VALUES (%s, coalesce(%s, 'infinity'::timestamptz)) "
            "ON CONFLICT (site) DO UPDATE SET until = excluded.until",
            (one.site, slot),
        )
        jobs = _jobs(connection, one.site)
        if not jobs:
            raise WrongUse(f"{one.site}: neither waits nor runs; {_next_try(one)}")
        for number, *_ in jobs:
            connection.execute("SELECT procrastinate_cancel_job_v1(%s, true, false)", (number,))
    done = "its crawl is ended" if any(status == "doing" for _, status, *_ in jobs) else "taken from the queue"
    return f"{one.site}: {done}; the next is {f'at {stamp(slot)}' if slot else 'never'}, by its schedule"


def crawl_now(connection: Connection, one: Candidate, now: datetime) -> str:
    """Put a site first into the queue, whether it is due or not, also one that was cancelled; what was done.

    Where it waits already it becomes the first; a crawl that is under way goes on.

    Raises:
        WrongUse: it is not crawled at all, has no profile that can be read, or it is outside its hours.
    """
    _check_may(one, now)
    with connection.transaction():
        connection.execute("DELETE FROM speech_archive.cancelled WHERE site = %s", (one.site,))
        runs = [worker for _, status, is_ending, worker in _jobs(connection, one.site) if _runs(status, is_ending)]
        if runs:
            return f"{one.site}: is being crawled already{f', by {runs[0]}' if runs[0] else ''}"
        job = job_of(one)
        row = connection.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args) "
            "VALUES (%s, %s, %s, %s, %s, jsonb_build_object('site', %s::text, 'asked', %s::text)) "
            "ON CONFLICT (queueing_lock) WHERE status = 'todo' DO UPDATE "
            "SET priority = excluded.priority, args = excluded.args, scheduled_at = NULL "
            "RETURNING id, queue_name",
            (CRAWL, CRAWL, _FIRST, job.lock, one.site, one.site, now.isoformat()),
        ).fetchone()
    place = row[1].partition("@")[2] if row else ""
    return f"{one.site}: next in the queue{f' of {place}, where what a crawl had got lies' if place else ''}"


def _check_may(one: Candidate, now: datetime) -> None:
    if one.profile is None:
        raise WrongUse(f"{one.site}: {one.error}")
    if one.off_because:
        raise WrongUse(f"{one.site}: is not crawled: {one.off_because}")
    if one.times.hours is not None and (opens := one.times.hours.next_begin(now, one.times.zone)) > now:
        begin = stamp(opens.astimezone(UTC))
        raise WrongUse(f"{one.site}: may be asked in its hours only ({one.times.hours}), from {begin} on")


def _jobs(connection: Connection, site: str) -> list[tuple[Any, ...]]:
    """Number, status, whether a person has ended it, and worker, of the jobs of a site that wait or run."""
    return connection.execute(
        "SELECT job.id, job.status::text, job.abort_requested, crawl.worker FROM procrastinate_jobs AS job "
        "LEFT JOIN speech_archive.crawls AS crawl ON crawl.job_id = job.id "
        "WHERE job.task_name = %s AND job.queueing_lock = %s AND job.status IN ('todo', 'doing')",
        (CRAWL, site),
    ).fetchall()


def _runs(status: str, is_ending: bool) -> bool:
    return status == "doing" and not is_ending


def _next_try(one: Candidate) -> str:
    if one.off_because:
        return f"it is not crawled: {one.off_because}"
    at = f"at {stamp(one.due.at.astimezone(UTC))}" if one.due.at else "never"
    return f"it is tried next {at} ({one.due.why})"
