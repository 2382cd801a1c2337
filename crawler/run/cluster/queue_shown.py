"""The queue of a cluster as a person sees it: what runs where, what waits, what failed and is tried again when."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from procrastinate.exceptions import ConnectorException
from psycopg.rows import dict_row

from crawler.run.arguments import WrongUse
from crawler.run.cluster.journals import Journals
from crawler.run.cluster.patient import PatientConnector
from crawler.run.cluster.schema import check_schema
from crawler.run.cluster.tasks import CRAWL
from crawler.run.fleet.planning import Candidate
from pipelines.archive.read.moments import stamp
from pipelines.catalogue.database import Connection, DatabaseAway, connected, shown
from pipelines.shown import aligned

_ORDER = ("runs", "waits", "cancelled", "failed")
_COLUMNS = ("site", "state", "since", "worker", "next", "why")


def bring_journals(dsn: str, root: Path) -> None:
    """Bring the journals of all machines below an archive root.

    Raises:
        WrongDatabase, DatabaseAway: the database has no tables of this version, or does not answer.
        OSError: they cannot be written.
    """
    with connected(dsn) as connection:
        fleet = check_schema(connection)
    try:
        asyncio.run(_bring(dsn, root, fleet))
    except ConnectorException as error:
        raise DatabaseAway(f"{shown(dsn)}: {error.__cause__}: run this again") from error


async def _bring(dsn: str, root: Path, fleet: str) -> None:
    connector = PatientConnector(dsn)
    connector.patience = 0.0
    await connector.open_async()
    try:
        await Journals(root, connector, fleet).bring()
    finally:
        await connector.close_async()


def cluster_rows(dsn: str, found: Iterable[Candidate]) -> list[dict[str, Any]]:
    """One object a site that runs, waits, failed or was cancelled; moments as RFC 3339 in UTC.

    `since`: when it began to run, or to wait, or failed; `worker`: where it runs, or ran last; `next`: from when on
    it may begin, or is tried again; `why`: why it is due, or how it ended.
    """
    sites = {one.site: one for one in found}
    with connected(dsn) as connection:
        check_schema(connection)
        jobs = [_of_job(sites[job["site"]], job) for job in _jobs(connection) if job["site"] in sites]
        until = dict(connection.execute("SELECT site, until FROM speech_archive.cancelled WHERE until > now()"))
    busy = {row["site"] for row in jobs}
    rest = (one for site, one in sites.items() if site not in busy)
    failed = [_of_ended(one, until.get(one.site)) for one in rest if one.site in until or _has_failed(one)]
    return sorted((*jobs, *failed), key=lambda row: (_ORDER.index(row["state"]), row["since"] or "", row["site"]))


def cluster_table(rows: Iterable[dict[str, Any]]) -> str:
    """The same as a table, and what it counts."""
    rows = list(rows)
    counts = ", ".join(f"{sum(row['state'] == state for row in rows)} {state}" for state in _ORDER)
    return "\n".join([aligned([_COLUMNS, *([str(row[key] or "-") for key in _COLUMNS] for row in rows)]), counts])


def cancel(dsn: str, one: Candidate, now: datetime) -> str:
    """Take a site from the queue, or end its crawl, sealed as interrupted, until its next slot; what was done.

    Raises:
        WrongUse: it neither waits nor runs.
    """
    slot = one.times.schedule.slot_after(now, one.site, one.times.zone, one.times.hours)
    with connected(dsn) as connection, connection.transaction():
        check_schema(connection)
        # Before the job ends: else it would be put in again at once.
        connection.execute(
            "INSERT INTO speech_archive.cancelled VALUES (%s, coalesce(%s, 'infinity'::timestamptz)) "
            "ON CONFLICT (site) DO UPDATE SET until = excluded.until",
            (one.site, slot),
        )
        jobs = connection.execute(
            "SELECT id, status::text FROM procrastinate_jobs WHERE task_name = %s AND queueing_lock = %s "
            "AND status IN ('todo', 'doing')",
            (CRAWL, one.site),
        ).fetchall()
        if not jobs:
            raise WrongUse(f"{one.site}: neither waits nor runs; `scrapy fleet queue --database` shows what does")
        for number, _ in jobs:
            connection.execute("SELECT procrastinate_cancel_job_v1(%s, true, false)", (number,))
    done = "its crawl is ended" if any(status == "doing" for _, status in jobs) else "taken from the queue"
    return f"{one.site}: {done}; the next is {f'at {stamp(slot)}' if slot else 'never'}, by its schedule"


def _jobs(connection: Connection) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT job.queueing_lock AS site, job.status::text, job.scheduled_at, crawl.worker, "
            "(SELECT max(at) FROM procrastinate_events WHERE job_id = job.id) AS since "
            "FROM procrastinate_jobs AS job LEFT JOIN speech_archive.crawls AS crawl ON crawl.job_id = job.id "
            "WHERE job.task_name = %s AND job.status IN ('todo', 'doing')",
            (CRAWL,),
        ).fetchall()


def _of_job(one: Candidate, job: dict[str, Any]) -> dict[str, Any]:
    return {
        "site": one.site,
        "state": "runs" if job["status"] == "doing" else "waits",
        "since": _told(job["since"]),
        "worker": job["worker"],
        "next": _told(job["scheduled_at"]) if job["status"] == "todo" else None,
        "why": one.error or one.due.why,
    }


def _of_ended(one: Candidate, cancelled_until: datetime | None) -> dict[str, Any]:
    began, ended = (one.last.began, one.last.ended) if one.last else (None, None)
    told = f"{ended.verdict} (exit {ended.exit_status}): {ended.message}" if ended else "died" if began else "waited"
    at = cancelled_until or one.due.at
    return {
        "site": one.site,
        "state": "cancelled" if cancelled_until else "failed",
        "since": ended.at if ended else began.at if began else None,
        "worker": f"{began.host}:{began.pid}" if began else None,
        "next": _told(at) if one.is_enabled else None,
        "why": one.off_because or told,
    }


def _has_failed(one: Candidate) -> bool:
    last = one.last
    return not (last is None or last.is_under_way or last.is_partial or last.is_good)


def _told(moment: datetime | None) -> str | None:
    return stamp(moment.astimezone(UTC)) if moment else None
