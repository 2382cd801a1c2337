"""What all jobs of a worker use: the deployment, the archive root, the database, the threads."""

from __future__ import annotations

import asyncio
import platform
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor
from contextvars import copy_context
from dataclasses import field
from pathlib import Path
from typing import TypeVar

from scrapy.settings import Settings

from crawler.run.cluster.journals import Journals
from crawler.run.cluster.keeping import Keeping
from crawler.run.cluster.leases import Leases
from crawler.run.cluster.patient import PatientConnector
from crawler.run.cluster.schema import ALIVE, ENGINE
from crawler.run.cluster.tasks import Pace
from crawler.run.fleet.deployment import Deployment
from pipelines.values import frozen

_T = TypeVar("_T")


@frozen(kw_only=True)
class Equipment:
    """Of one worker process.

    Args:
        deployment: whose sites.
        settings: Scrapy's, with the deployment's values.
        root: the archive root.
        place: its name among those of all workers.
        name: of the worker.
        pace: how often what is done.
        connector: to the database; it waits for a database that is away.
        leases: of the sites that the worker crawls.
        journals: what was tried, here and elsewhere.
        keeping: where archives are kept.
        pool: threads for disk work.
        store_failures: how many times in a row the store did not answer, by site.
    """

    deployment: Deployment
    settings: Settings
    root: Path
    place: str
    name: str
    pace: Pace
    connector: PatientConnector
    leases: Leases
    journals: Journals
    keeping: Keeping
    pool: Executor
    store_failures: Counter[str] = field(default_factory=Counter)

    async def in_thread(self, work: Callable[[], _T]) -> _T:
        """Do disk work in a thread; what it logs is told as of the same site."""
        return await asyncio.get_running_loop().run_in_executor(self.pool, copy_context().run, work)

    async def note_crawl(self, job: int | None, site: str) -> None:
        """Note where a job is done: what a killed crawl leaves in staging lies there."""
        await self.connector.execute_query_async(
            "INSERT INTO speech_archive.crawls (job_id, site, worker, place) VALUES "
            "(%(job)s, %(site)s, %(worker)s, %(place)s) ON CONFLICT (job_id) DO UPDATE SET "
            "worker = excluded.worker, place = excluded.place, began = now()",
            job=job,
            site=site,
            worker=self.name,
            place=self.place,
        )

    async def note_put_off(self, job: int | None, why: str) -> None:
        """Note why a job went back to the queue, for whoever looks at it."""
        await self.connector.execute_query_async(
            "INSERT INTO speech_archive.put_off (job_id, why) VALUES (%(job)s, %(why)s) "
            "ON CONFLICT (job_id) DO UPDATE SET why = excluded.why, at = now()",
            job=job,
            why=why,
        )

    async def sign_of_life(self, jobs: int) -> None:
        """Note that the worker lives, at its place, with room for so many sites at once."""
        await self.connector.execute_query_async(
            "INSERT INTO speech_archive.workers (name, place, machine, engine, jobs) VALUES "
            "(%(name)s, %(place)s, %(machine)s, %(engine)s, %(jobs)s) ON CONFLICT (name) DO UPDATE SET seen = now(), "
            "place = excluded.place, engine = excluded.engine, jobs = excluded.jobs",
            name=self.name,
            place=self.place,
            machine=platform.node(),
            engine=ENGINE,
            jobs=jobs,
        )

    async def machines_here(self) -> list[str]:
        """The other machines on which a worker with the same place has been alive lately."""
        rows = await self.connector.execute_query_all_async(
            "SELECT DISTINCT machine FROM speech_archive.workers WHERE place = %(place)s AND machine <> %(machine)s "
            "AND seen > now() - make_interval(secs => %(alive)s) ORDER BY machine",
            place=self.place,
            machine=platform.node(),
            alive=ALIVE,
        )
        return [row["machine"] for row in rows]

    async def say_goodbye(self) -> None:
        """Note that the worker has ended."""
        query = "DELETE FROM speech_archive.workers WHERE name = %(name)s"
        await self.connector.execute_query_async(query, name=self.name)
