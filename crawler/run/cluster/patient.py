"""procrastinate's connection to the database: it waits for a database that is away, so that no job's end is lost."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Any, LiteralString, TypeVar

import psycopg
from procrastinate import PsycopgConnector
from procrastinate.connector import Notify
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
_FIRST_WAIT, _LONGEST_WAIT = 0.2, 5.0
_POOL = 4
"""Connections: queries are short, however many sites a worker crawls."""
_GET = 10.0
"""Seconds in which the pool looks for a connection, before this module waits and asks again."""
KEEPALIVE: dict[str, int] = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
"""So that a network that is cut is noticed within half a minute, not within hours."""


class PatientConnector(PsycopgConnector):
    """Asks again until the database has answered; any other error of a query is raised as before."""

    def __init__(self, dsn: str) -> None:
        """Nothing is opened yet.

        Args:
            dsn: the database's connection string.
        """
        super().__init__(
            conninfo=dsn,
            kwargs=KEEPALIVE,
            min_size=1,
            max_size=_POOL,
            timeout=_GET,
            reconnect_timeout=_GET,
            num_workers=1,
        )
        self.patience: float | None = None
        """Seconds since the database has answered for the last time for which it is waited for; null for ever."""
        self._answered = -math.inf

    async def execute_query_async(self, query: LiteralString, **arguments: Any) -> None:
        await self._patiently(lambda: super(PatientConnector, self).execute_query_async(query, **arguments))

    async def execute_query_one_async(self, query: LiteralString, **arguments: Any) -> dict[str, Any]:
        return await self._patiently(
            lambda: super(PatientConnector, self).execute_query_one_async(query, **arguments)
        )

    async def execute_query_all_async(self, query: LiteralString, **arguments: Any) -> list[dict[str, Any]]:
        return await self._patiently(
            lambda: super(PatientConnector, self).execute_query_all_async(query, **arguments)
        )

    async def listen_notify(self, on_notification: Notify, channels: Iterable[str]) -> None:
        named = list(channels)
        await self._patiently(lambda: super(PatientConnector, self).listen_notify(on_notification, named))

    async def _patiently(self, ask: Callable[[], Awaitable[_T]]) -> _T:
        loop, wait, is_told = asyncio.get_running_loop(), _FIRST_WAIT, False
        while True:
            try:
                answer = await ask()
            except ConnectorException as error:
                if not is_away(error.__cause__):
                    raise
                if self.patience is not None and loop.time() - self._answered > self.patience:
                    raise
                if not is_told:
                    _log.warning("the database does not answer; waiting for it: %s", error.__cause__)
                    is_told = True
            else:
                self._answered = loop.time()
                return answer
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)


def is_away(error: BaseException | None) -> bool:
    """Whether a database does not answer, or broke off; not what it answers to a wrong question."""
    return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)


_MINE = (
    "FROM procrastinate_jobs WHERE id = %(job_id)s AND worker_id IS NOT DISTINCT FROM %(worker_id)s::bigint "
    "AND status IN ('todo', 'doing')"
)
"""A job whose worker procrastinate has forgotten is nobody's; whoever rescues it names nobody."""


class OwnJobs(JobManager):
    """Ends and hands back only jobs that are still this worker's.

    A worker that was cut off may find that another has taken its job meanwhile; and a query that is asked again,
    since its answer was lost, has been obeyed already.
    """

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        await self.connector.execute_query_async(
            f"SELECT procrastinate_finish_job_v1(id, %(status)s, %(delete_job)s) {_MINE}",
            job_id=job.id,
            worker_id=job.worker_id,
            status=status.value,
            delete_job=delete_job,
        )

    async def retry_job(
        self,
        job: Job,
        retry_at: datetime | None = None,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        # By the database's clock: those of the machines differ.
        seconds = max(0.0, (retry_at - datetime.now(UTC)).total_seconds()) if retry_at else 0.0
        at = "now() + make_interval(secs => %(seconds)s::double precision)"
        new = "%(priority)s::integer, %(queue)s::varchar, %(lock)s::varchar"
        try:
            await self.connector.execute_query_async(
                f"SELECT procrastinate_retry_job_v2(id, {at}, {new}) {_MINE} AND status = 'doing'",
                job_id=job.id,
                worker_id=job.worker_id,
                seconds=seconds,
                priority=priority,
                queue=queue,
                lock=lock,
            )
        except UniqueViolation:  # the site waits in the queue already
            await self.finish_job(job, Status.FAILED, delete_job=False)
