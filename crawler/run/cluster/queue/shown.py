"""The queue of a cluster as a person sees it: what runs where, what waits, what failed and is tried again when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from psycopg.rows import dict_row

from crawler.run.cluster.journals import not_brought
from crawler.run.cluster.places import archives_of, known_place
from crawler.run.cluster.schema import ALIVE, check_place, check_schema
from crawler.run.cluster.tasks import CRAWL, Pace
from crawler.run.fleet.planning import Candidate
from pipelines.archive.read.moments import stamp
from pipelines.catalogue.database import Connection
from pipelines.shown import aligned

_ORDER = ("runs", "waits", "cancelled", "failed")
_COLUMNS = ("site", "state", "since", "worker", "next", "why")
_ASKED = "a person asked for it (--now)"


def lines_of_others(connection: Connection, store: str, root: Path) -> dict[str, list[bytes]]:
    """By site the lines of the journals of other machines that are not in this archive root. Nothing is written.

    Args:
        connection: to the database.
        store: of the deployment; empty where its archives lie in the archive root only.
        root: the archive root.

    Raises:
        WrongDatabase: the database has no tables of this version, or is that of another fleet.
    """
    fleet = check_schema(connection)
    here = known_place(root) or f"{root}, where no worker has been"
    check_place(connection, archives_of(store, here))
    return not_brought(connection, root, fleet)


def cluster_rows(connection: Connection, found: Iterable[Candidate], now: datetime) -> list[dict[str, Any]]:
    """One object a site that runs, waits, failed or was cancelled; moments as RFC 3339 in UTC.

    `since`: when it began to run, or to wait, or failed; `worker`: where it runs, or ran last; `next`: from when on
    it may begin, or is tried again; `why`: what it waits for, or why it is due, or how it ended.
    """
    sites = {one.site: one for one in found}
    has_workers = _has_workers(connection)
    known = [job for job in _jobs(connection) if job["site"] in sites]
    jobs = [_of_job(sites[job["site"]], job, now, has_workers=has_workers) for job in known]
    query = "SELECT site, nullif(until, 'infinity') FROM speech_archive.cancelled WHERE until > now()"
    until: dict[str, datetime | None] = dict(connection.execute(query).fetchall())
    busy = {row["site"] for row in jobs}
    rest = (one for site, one in sites.items() if site not in busy)
    failed = [_of_ended(one, until) for one in rest if one.site in until or _has_failed(one)]
    return sorted((*jobs, *failed), key=lambda row: (_ORDER.index(row["state"]), row["since"] or "", row["site"]))


def cluster_table(rows: Iterable[dict[str, Any]]) -> str:
    """The same as a table, and what it counts."""
    rows = list(rows)
    counts = ", ".join(f"{sum(row['state'] == state for row in rows)} {state}" for state in _ORDER)
    return "\n".join([aligned([_COLUMNS, *([str(row[key] or "-") for key in _COLUMNS] for row in rows)]), counts])


def _jobs(connection: Connection) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT job.id, job.queueing_lock AS site, job.status::text, job.scheduled_at, job.abort_requested, "
            "job.args ? 'asked' AS is_asked, crawl.worker, put_off.why AS put_off, "
            "first.queueing_lock AS first, first.status::text AS first_status, "
            "nullif(split_part(job.queue_name, '@', 2), '') AS place, "
            "(SELECT max(seen) FROM speech_archive.workers AS there "
            "WHERE there.place = split_part(job.queue_name, '@', 2)) AS seen, "
            "(SELECT seen FROM speech_archive.workers WHERE name = crawl.worker) AS worker_seen, "
            "(SELECT max(at) FROM procrastinate_events WHERE job_id = job.id) AS since "
            "FROM procrastinate_jobs AS job LEFT JOIN speech_archive.crawls AS crawl ON crawl.job_id = job.id "
            "LEFT JOIN speech_archive.put_off ON put_off.job_id = job.id "
            "LEFT JOIN LATERAL (SELECT * FROM procrastinate_jobs AS other WHERE other.lock = job.lock "
            "AND other.id <> job.id AND (other.status = 'doing' OR (other.status = 'todo' "
            "AND (other.priority, -other.id) > (job.priority, -job.id))) "
            "ORDER BY other.status = 'doing' DESC, other.priority DESC, other.id LIMIT 1) AS first ON true "
            "WHERE job.task_name = %s AND job.status IN ('todo', 'doing')",
            (CRAWL,),
        ).fetchall()


def _has_workers(connection: Connection) -> bool:
    query = "SELECT count(*) FROM speech_archive.workers WHERE seen > now() - make_interval(secs => %s)"
    row = connection.execute(query, (ALIVE,)).fetchone()
    return bool(row and row[0])


def _of_job(one: Candidate, job: dict[str, Any], now: datetime, *, has_workers: bool) -> dict[str, Any]:
    is_waiting = job["status"] == "todo"
    return {
        "site": one.site,
        "state": "waits" if is_waiting else "runs",
        "since": _told(job["since"]),
        "worker": job["worker"],
        "next": _told(job["scheduled_at"]) if is_waiting else None,
        "why": (_why_waiting(one, job, now) if has_workers else "no worker runs")
        if is_waiting
        else _why_running(job, now),
    }


def _why_waiting(one: Candidate, job: dict[str, Any], now: datetime) -> str:
    """What a job waits for; where it only waits for a worker that is free, why it is due."""
    if job["place"] and not _is_alive(job["seen"], now):
        since = f" since {_told(job['seen'])}" if job["seen"] else ""
        others = f"others may take it after {Pace().gone / 60:.0f} minutes (--gone-after)"
        return f"waits for its machine, {job['place']}, where no worker has been{since}; {others}"
    if job["first"]:
        state = "is under way" if job["first_status"] == "doing" else "comes first"
        return f"waits for its host: {job['first']} {state} there"
    if job["put_off"]:
        return str(job["put_off"])
    if job["is_asked"]:
        return _ASKED
    return one.error or one.due.why


def _why_running(job: dict[str, Any], now: datetime) -> str | None:
    if job["abort_requested"]:
        return "a person has ended it; what it has got is sealed first"
    if job["worker_seen"] and not _is_alive(job["worker_seen"], now):
        return f"its worker has shown no sign of life since {_told(job['worker_seen'])}; another takes it over"
    return _ASKED if job["is_asked"] else None


def _is_alive(seen: datetime | None, now: datetime) -> bool:
    return seen is not None and seen > now - timedelta(seconds=ALIVE)


def _of_ended(one: Candidate, until: Mapping[str, datetime | None]) -> dict[str, Any]:
    began, ended = (one.last.began, one.last.ended) if one.last else (None, None)
    told = f"{ended.verdict} (exit {ended.exit_status}): {ended.message}" if ended else "died" if began else "waited"
    is_cancelled = one.site in until
    at = until[one.site] if is_cancelled else one.due.at
    return {
        "site": one.site,
        "state": "cancelled" if is_cancelled else "failed",
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
