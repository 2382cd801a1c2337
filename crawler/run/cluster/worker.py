"""A worker of a cluster: takes jobs from the queue, crawls many sites in its event loop, keeps the queue in order."""

from __future__ import annotations

import asyncio
import logging
import os
import platform
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from procrastinate import App
from procrastinate.exceptions import ConnectorException
from procrastinate.job_context import JobContext
from procrastinate.worker import Worker
from psycopg import errors
from scrapy.settings import Settings

from crawler.run.cluster.equipment import Equipment
from crawler.run.cluster.journals import Journals
from crawler.run.cluster.keeping import Keeping
from crawler.run.cluster.leases import Leases
from crawler.run.cluster.patient import OwnJobs, PatientConnector
from crawler.run.cluster.places import archives_of, place_of
from crawler.run.cluster.queue.keeping import QueueKeeping, register_sites
from crawler.run.cluster.schema import TAKEN_OVER, check_schema, keep_one_place, takes_over
from crawler.run.cluster.site_job import Again, AsTold, SiteJob
from crawler.run.cluster.tasks import CRAWL, FLEET_QUEUE, Pace, at_place, cron_of
from crawler.run.fleet.deployment import Deployment
from crawler.run.fleet.one_loop import Freeing
from crawler.run.prepare import heads_file
from pipelines.archive.errors import ArchiveError
from pipelines.catalogue.database import WrongDatabase, connected, shown, telling
from pipelines.exits import Exit
from pipelines.fleet.attempts import FLEET, PLACE
from pipelines.store.protocol import StoreError, StoreRefuses

_log = logging.getLogger(__name__)
_THREADS = 4
"""Threads for the disk work of all sites, as in `crawlall`."""
_LAST_PATIENCE = 30.0
"""Seconds for which a worker that ends waits for a database that is away: others take its jobs over then."""
_DEAD_FOR_A_DAY = 86_400.0
"""Seconds after which procrastinate forgets a worker: one that was only cut off must find itself known."""
_HELD_HERE = timedelta(minutes=1)
"""Until a job is looked at again that this worker has already."""
_RESTART = 5.0
_NO_TABLES = (errors.UndefinedTable, errors.UndefinedFunction, errors.InvalidSchemaName)


class ClusterWorker:
    """One worker process."""

    def __init__(self, deployment: Deployment, settings: Settings, dsn: str, jobs: int, pace: Pace) -> None:
        """See that the database fits; nothing is taken from the queue yet.

        Args:
            deployment: whose sites.
            settings: Scrapy's, with the deployment's values.
            dsn: the database's connection string.
            jobs: sites at once.
            pace: how often what is done.

        Raises:
            WrongDatabase, DatabaseAway: it has no tables of this version, other archives, or does not answer.
            ArchiveError: the archive root cannot be written, or the address of the store is none.
        """
        self._dsn, self._jobs = dsn, jobs
        root = Path(settings["ARCHIVE_ROOT"]).expanduser().absolute()
        place, name = place_of(root), f"{platform.node()}:{os.getpid()}"
        with connected(dsn) as connection:
            fleet = check_schema(connection)
            keep_one_place(connection, archives_of(deployment.store, place))
            self._takes_over = takes_over(connection)
        self._fleet = fleet
        connector = PatientConnector(dsn)
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="sites")
        self._has = Equipment(
            deployment=deployment,
            settings=settings,
            root=root,
            place=place,
            name=name,
            pace=pace,
            connector=connector,
            leases=Leases(dsn, name),
            journals=Journals(root, connector, fleet),
            keeping=Keeping(root, deployment.store, dsn, heads_file(settings)),
            pool=self._pool,
        )
        self._app = self._made_app()
        self._workers: list[Worker] = []
        self._under_way: dict[int, SiteJob] = {}
        self._unknown: set[int] = set()
        self._freeing = Freeing()
        self._why_stopped: str | None = None
        self._has_handed_back = False
        self._refusal: ArchiveError | None = None

    @property
    def exit_status(self) -> Exit:
        """Complete, or interrupted when crawls were, with which other workers go on."""
        return Exit.INTERRUPTED if self._has_handed_back else Exit.COMPLETE

    def __str__(self) -> str:
        where = archives_of(self._has.deployment.store, str(self._has.root))
        return f"{self._has.name}: {self._jobs} sites at once, {shown(self._dsn)}, {where}, place {self._has.place}"

    def stop(self, why: str) -> None:
        """Take no further job, and let the crawls under way end soon; their jobs go back to the queue."""
        self._why_stopped = self._why_stopped or why
        self._has.connector.patience = _LAST_PATIENCE
        for worker in self._workers:
            worker.stop()  # type: ignore[no-untyped-call]
        for job in self._under_way.values():
            job.stop(why, goes_back=True)

    async def run(self) -> None:
        """Work until it is stopped.

        Raises:
            WrongDatabase, DatabaseAway: it refuses, or does not answer, at the beginning; it lost its tables.
            StoreRefuses: a person must put something right at the store.
            WrongStore: workers of another database's fleet write to the store.
        """
        with telling(self._dsn):
            await self._has.leases.open()
        try:
            async with self._app.open_async():
                await self._work()
        finally:
            await self._has.leases.close()
            self._has.keeping.close()
            self._pool.shutdown()
        if self._refusal is not None:
            raise self._refusal

    async def _work(self) -> None:
        await self._warn_of_copied_place()
        await self._claim_store()  # before a sign of life, with which a refused one would be in the way of `--moved`
        await self._has.sign_of_life(self._jobs)
        await self._has.journals.adopt()
        await self._has.journals.bring()
        self._workers = [
            self._worker([CRAWL, at_place(self._has.place)], self._jobs),
            self._worker([FLEET_QUEUE], 1),
        ]
        beside = [asyncio.ensure_future(work) for work in (self._beat(), self._keep_register())]
        try:
            await asyncio.gather(*map(self._keep_working, self._workers))
        finally:
            for task in beside:
                task.cancel()
        try:
            await self._has.say_goodbye()
        except ConnectorException as error:
            _log.error("others take this worker's jobs over, since the database is away: %s", error.__cause__)

    async def _claim_store(self) -> None:
        """See that no other fleet's workers write to the store, as soon as it answers."""
        while self._why_stopped is None:
            try:
                await self._has.keeping.claim(self._fleet, takes_over=self._takes_over)
            except StoreRefuses:
                raise
            except StoreError as error:
                _log.error("%s", error)
                await asyncio.sleep(_RESTART)
            else:
                if self._takes_over:
                    await self._has.connector.execute_query_async(TAKEN_OVER)
                return

    def _made_app(self) -> App:
        app = App(connector=self._has.connector)
        app.job_manager = OwnJobs(self._has.connector)
        app.task(name=CRAWL, queue=CRAWL, pass_context=True, retry=AsTold())(self._crawl)
        keeping, pace = QueueKeeping(self._has, app), self._has.pace
        for name, seconds, work in (
            ("enqueue", pace.enqueue, keeping.enqueue),
            ("rescue", pace.stalled / 3, keeping.rescue),
            ("watch", pace.watch, keeping.watch),
            ("forget", _DEAD_FOR_A_DAY, keeping.forget),
        ):
            app.periodic(cron=cron_of(seconds))(app.task(name=name, queue=FLEET_QUEUE, queueing_lock=name)(work))
        return app

    async def _crawl(self, context: JobContext, site: str, asked: str | None = None) -> None:
        assert context.job.id is not None  # noqa: S101 - it comes from the database
        if context.job.id in self._under_way:  # taken from this worker, which was too busy for a sign of life
            raise Again("it is under way here already", _HELD_HERE)
        job = self._under_way[context.job.id] = SiteJob(self._has, context.job, site, asked)
        if self._why_stopped is not None:
            job.stop(self._why_stopped, goes_back=True)
        try:
            await job.run()
        except Again as again:
            self._has_handed_back |= self._why_stopped is not None
            with suppress(ConnectorException):  # whether it can be told or not, it goes back
                await self._has.note_put_off(context.job.id, str(again))
            raise
        finally:
            del self._under_way[context.job.id]
            self._freeing.look(asyncio.get_running_loop().time())

    def _worker(self, queues: list[str], jobs: int) -> Worker:
        return Worker(
            app=self._app,
            queues=queues,
            name=self._has.name,
            concurrency=jobs,
            fetch_job_polling_interval=self._has.pace.poll,
            abort_job_polling_interval=self._has.pace.poll,
            install_signal_handlers=False,
            update_heartbeat_interval=self._has.pace.heartbeat,
            stalled_worker_timeout=_DEAD_FOR_A_DAY,
        )

    async def _keep_working(self, worker: Worker) -> None:
        """Run a worker of procrastinate, which ends when something of it fails, until this one is stopped."""
        while self._why_stopped is None:
            try:
                await worker.run()  # type: ignore[no-untyped-call]
            except ConnectorException as error:
                if not self._ends_without_tables(error):
                    _log.error("the worker begins anew: %s", error.__cause__ or error)
            if self._why_stopped is None:
                await asyncio.sleep(_RESTART)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._has.pace.heartbeat)
            try:
                await self._has.sign_of_life(self._jobs)
                await self._give_back_unknown()
            except ConnectorException as error:
                if not self._ends_without_tables(error):
                    _log.error("no sign of life could be given: %s", error.__cause__ or error)

    def _ends_without_tables(self, error: ConnectorException) -> bool:
        """End where the database has no tables any more: another was put in its place. Whether that is so."""
        if not isinstance(error.__cause__, _NO_TABLES):
            return False
        remedy = "run `speech-archive fleet database`, then start the workers again"
        self._refuse(WrongDatabase(f"{shown(self._dsn)}: has no tables of a cluster any more: {remedy}"))
        return True

    def _refuse(self, why: ArchiveError) -> None:
        self._refusal = self._refusal or why
        self.stop(f"since {why}")

    async def _warn_of_copied_place(self) -> None:
        """Who copies a whole folder to another machine copies the name of its place, too."""
        has = self._has
        if has.keeping.has_store and (machines := await has.machines_here()):
            _log.warning(
                "%s is the place of workers on %s, too: unless they share this disk, stop this worker, remove %s, "
                "and start it again; else jobs are kept for a machine on which their staging does not lie",
                has.place,
                ", ".join(machines),
                has.root / FLEET / PLACE,
            )

    async def _keep_register(self) -> None:
        """Note here, too, how all sites are: any worker may be the one that looks for what is due."""
        while True:
            try:
                await register_sites(self._has, datetime.now(UTC))
            except (ConnectorException, OSError) as error:
                _log.error("the register was not written: %s", error.__cause__ or error)
            await asyncio.sleep(self._has.pace.watch)

    async def _give_back_unknown(self) -> None:
        """Jobs that the queue gave this worker while the database was killed, so that it does not know of them."""
        rows = await self._has.connector.execute_query_all_async(
            "SELECT id FROM procrastinate_jobs WHERE status = 'doing' AND worker_id = ANY(%(workers)s) "
            "AND task_name = %(crawl)s",
            workers=[worker.worker_id for worker in self._workers if worker.worker_id is not None],
            crawl=CRAWL,
        )
        unknown = {row["id"] for row in rows} - self._under_way.keys()
        for number in unknown & self._unknown:  # twice: a job may be on its way
            for job in await self._app.job_manager.list_jobs_async(id=number):
                await self._app.job_manager.retry_job(job)
        self._unknown = unknown
