"""The parts of a drill: sites, a store that fails, a database, and workers that know nothing of each other."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from crawler.run.cluster.schema import migrate
from crawler.run.cluster.tasks import Pace
from crawler.run.drill.failing_folder import FailingFolder
from crawler.run.drill.failing_proxy import FailingProxy
from crawler.run.drill.machines import Machine
from crawler.run.drill.plan import FOLDER, NO_STORE, Wanted
from crawler.run.drill.postgres import Postgres
from crawler.run.drill.sites import AGENT_OF, ReplicaSites
from crawler.run.home import VARIABLE
from pipelines.archive.errors import ArchiveError
from pipelines.catalogue.database import connected, dsn_of, shown
from pipelines.exits import Exit
from pipelines.store.protocol import Store
from pipelines.store.stores import store_of

_ENDPOINT = "AWS_ENDPOINT_URL"
_QUIET = dict.fromkeys((VARIABLE, "HEADS_FILE", "NOTIFY_WEBHOOK", "NOTIFY_CMD", "METRICS_TEXTFILE"), "")
"""What the workers must not take from the environment: a drill neither notes heads nor tells anybody."""
_FLEET = """\
contact = "{contact}"
archive_root = "{archives}"
profiles = "{profiles}"
sites = ["drill-*"]
store = "{store}"
jobs = {jobs}
delay = {delay}
schedule = "{schedule}"
"""
_MINUTE = 60.0
_SHORTEST = 0.5
"""Seconds: no pace of a worker may be shorter."""
_ZONE = ZoneInfo("Asia/Shanghai")
"""Of the sites, by which their schedules are read."""
_SELDOM = "0 0 29 2 *"
"""A schedule by which a site that was crawled is not due again while the drill lasts."""


class WrongDrill(ArchiveError):  # noqa: N818 - reads as a sentence
    """What was asked for cannot be done; the message says what to change."""

    exit_status = Exit.WRONG_USE


class Parts:
    """Everything that a drill needs, ready in `with`; at its end nothing of it runs any more."""

    sites: ReplicaSites
    machines: list[Machine]
    postgres: Postgres | None
    dsn: str

    def __init__(self, wanted: Wanted, folder: Path) -> None:
        """Nothing runs yet.

        Args:
            wanted: how many of everything.
            folder: an empty one for all that is written.
        """
        self.wanted, self.folder = wanted, folder
        self._stack = ExitStack()
        self._failing: FailingFolder | FailingProxy | None = None
        self._address = wanted.store
        self._environment: dict[str, str] = {}

    def __enter__(self) -> Self:
        with self._stack as stack:
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def failures(self, share: float) -> AbstractContextManager[None]:
        """Let the store fail for a share of the time, or of the requests."""
        return self._failing.failing(share) if self._failing else nullcontext()

    def make_due(self) -> None:
        """Make all sites due once more: by their schedule, whose moment comes with the next minute."""
        time.sleep(_MINUTE - time.time() % _MINUTE)
        now = datetime.now(_ZONE)
        for machine in self.machines:
            self._deploy(machine.name, f"{now.minute} {now.hour} {now.day} {now.month} *")

    def proved(self, number: int) -> Path:
        """The folder of the copies that are proved after a round."""
        return self.folder / f"proved-{number}"

    def store(self) -> Store:
        """Where the archives lie, as this process reaches it."""
        return store_of(self._address or str(self._machine_of("") / "archives"))

    def _start(self, stack: ExitStack) -> None:
        wanted, folder = self.wanted, self.folder
        self._failing = self._door(stack)
        self.postgres = None if wanted.database else stack.enter_context(Postgres())
        self.dsn = self.postgres.dsn() if self.postgres else dsn_of(wanted.database, {})
        self._check_database()
        migrate(self.dsn)
        secret = folder / "database"
        secret.touch(0o600)
        secret.write_text(self.dsn, "utf-8")
        self.sites = stack.enter_context(ReplicaSites(wanted.sites, wanted.speeches, wanted.seed))
        self.sites.write_profiles(folder / "sites")
        self.machines = [self._machine(f"worker-{number}") for number in range(1, wanted.workers + 1)]
        for machine in self.machines:
            stack.callback(machine.clear)

    def _check_database(self) -> None:
        with connected(self.dsn) as connection:
            tables = "coalesce(to_regclass('speech_archive.migrations'), to_regclass('procrastinate_jobs'))"
            if connection.execute(f"SELECT {tables}").fetchone() != (None,):
                raise WrongDrill(f"{shown(self.dsn)}: holds a fleet; give a drill an empty database")

    def _door(self, stack: ExitStack) -> FailingFolder | FailingProxy | None:
        wanted = self.wanted
        if wanted.store == NO_STORE:
            self._address = ""
            return None
        if wanted.store == FOLDER:
            door = FailingFolder(self.folder / "store", wanted.seed)
            self._address = str(door.link)
            return door
        if next(iter(store_of(wanted.store).folders()), None) is not None:
            raise WrongDrill(f"--store {wanted.store}: is not empty; a drill takes no store in which anything lies")
        if wanted.store_failures <= 0:
            return None
        endpoint = urlsplit(os.environ.get(_ENDPOINT, ""))
        if endpoint.scheme != "http":
            raise WrongDrill(
                f"--store {wanted.store}: calls are let fail by a proxy, which {_ENDPOINT}=http://HOST:PORT makes "
                "possible; storage behind https takes --store-failures 0"
            )
        proxy = stack.enter_context(FailingProxy(endpoint.netloc, seed=wanted.seed))
        self._environment = {_ENDPOINT: proxy.endpoint}
        return proxy

    def _machine(self, name: str) -> Machine:
        folder = self.folder / name
        folder.mkdir()
        self._deploy(name, _SELDOM)
        command = ["worker", "--fleet", str(folder / "fleet.toml"), "--database", f"@{self.folder / 'database'}"]
        command += _paces(self.wanted.heartbeat)
        locks = {"HOST_LOCKS": str(self._machine_of(name) / "hosts")}
        return Machine(name, folder, command, {**_QUIET, **self._environment, **locks})

    def _machine_of(self, name: str) -> Path:
        """The folder that stands for the machine on which a worker runs."""
        return self.folder / "machine" if self.wanted.is_one_machine else self.folder / name

    def _deploy(self, name: str, schedule: str) -> None:
        deployment = _FLEET.format(
            contact=AGENT_OF.format(name),
            archives=self._machine_of(name) / "archives",
            profiles=self.folder / "sites",
            store=self._address,
            jobs=self.wanted.jobs,
            delay=self.wanted.delay,
            schedule=schedule,
        )
        (self.folder / name / "fleet.toml").write_text(deployment, "utf-8")


def _paces(heartbeat: float) -> Iterator[str]:
    """The options that give a worker's paces, all in proportion to its heartbeat."""
    usual = Pace()
    times = heartbeat / usual.heartbeat
    for option, seconds in (
        ("--heartbeat", usual.heartbeat),
        ("--stalled-after", usual.stalled),
        ("--enqueue-every", usual.enqueue),
        ("--gone-after", usual.gone),
        ("--poll", usual.poll),
    ):
        yield from (option, f"{max(_SHORTEST, seconds * times):g}")
