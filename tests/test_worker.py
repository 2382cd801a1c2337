"""`scrapy worker`: real workers, a real PostgreSQL; they are killed, cut off, drained, and lose nothing."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import Message
from itertools import pairwise
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from procrastinate.schema import SchemaManager
from psycopg.conninfo import make_conninfo

from crawler.http.netloc import Server
from crawler.run.attempt import enter_failure
from crawler.run.cluster.journals import Journals
from crawler.run.cluster.leases import Leases, _number
from crawler.run.cluster.patient import PatientConnector
from crawler.run.cluster.schema import _OWN, forget_place, migrate
from crawler.run.drill.command import Interrupted
from crawler.sites.profile import ProfileError
from pipelines.archive.disk.heads_file import HeadsFile
from pipelines.archive.read.reader import Archive
from pipelines.fleet.attempts import Attempt, Journal
from pipelines.fleet.journal_lines import merge, newest_lines
from pipelines.fleet.notify import remember_told, tell, told_of
from pipelines.fleet.recipients import Recipients
from tests.conftest import PATIENCE, Ended, Site, exit_of, run, started
from tests.database import Postgres, database
from tests.object_store import object_store
from tests.small import PROFILE, Answer, serve, speeches

SPEECHES = 12
DELAY = 0.1
HELD = "FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND datname = current_database()"
CUT_OFF = "SELECT pg_terminate_backend(pid) " + HELD
"""Every connection that holds leases."""
QUICK = ("--enqueue-every", "1", "--heartbeat", "0.5", "--stalled-after", "2", "--poll", "0.5")


@dataclass
class Cluster:
    """A deployment whose sites are served, and its database."""

    folder: Path
    dsn: str
    stack: ExitStack
    asked: dict[str, list[tuple[float, str]]] = field(default_factory=dict)
    connection: psycopg.Connection[tuple[Any, ...]] | None = None

    @property
    def root(self) -> Path:
        return self.folder / "archives"

    def add(self, name: str, *more: str) -> None:
        """A site with some speeches that notes when it is asked for what."""
        seen, usual = self.asked.setdefault(name, []), speeches(SPEECHES)

        def answer(path: str, headers: Message) -> Answer:
            seen.append((time.monotonic(), path))
            return usual(path, headers)

        url = self.stack.enter_context(serve(answer))
        lines = [PROFILE.replace("http://127.0.0.1/", url), *more]
        (self.folder / "sites" / f"{name}.toml").write_text("\n".join(lines), "utf-8")

    @contextmanager
    def worker(self, machine: str = "a", *more: str) -> Iterator[BaseProcess]:
        """One worker on a machine, which has clocks of its own."""
        fleet = ("--fleet", str(self.folder / "fleet.toml"), "--database", self.dsn)
        clocks = ("-s", f"HOST_LOCKS={self.folder / machine}")
        with started("scrapy", "worker", *fleet, *QUICK, *clocks, *more) as process:
            yield process

    def fleet(self, *more: str) -> Ended:
        """`scrapy fleet …` of this deployment and database."""
        return run("scrapy", "fleet", *more, "--fleet", str(self.folder / "fleet.toml"), "--database", self.dsn)

    def articles(self, name: str) -> list[str]:
        """The numbers of the articles for which a site was asked, in order."""
        return [number[1] for _, path in self.asked[name] if (number := re.search(r"Show.*[?&]d=(\d+)", path))]

    def shortest_gap(self, name: str) -> float:
        return min(later - earlier for (earlier, _), (later, _) in pairwise(self.asked[name]))

    def attempts(self, name: str) -> list[Attempt]:
        return Journal(self.root, name).attempts()

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        if self.connection is None or self.connection.closed:
            self.connection = self.stack.enter_context(psycopg.connect(self.dsn, autocommit=True))
        cursor = self.connection.execute(query.encode(), values)
        return cursor.fetchall() if cursor.description else []

    def queue(self, name: str, lock: str, host: str | None = None) -> None:
        """Queue the crawl of a site, whether it is due or not; the host's lock is `lock`, too, if not given."""
        insert = (
            "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args) "
            "VALUES ('crawl', 'crawl', %s, %s, json_build_object('site', %s::text)::jsonb)"
        )
        self.rows(insert, host or lock, lock, name)

    def jobs(self, name: str) -> list[str]:
        query = "SELECT status::text FROM procrastinate_jobs WHERE queueing_lock = %s ORDER BY id"
        return [status for (status,) in self.rows(query, name)]

    def wait(self, until: Callable[[], object]) -> None:
        for _ in range(PATIENCE * 20):
            if until():
                return
            time.sleep(0.05)
        raise TimeoutError

    def is_whole(self, name: str) -> bool:
        """Whether every speech is archived, in an archive that proves it."""
        site = Site(self.root, name)
        return len(site.latest()) == SPEECHES and site.verify().status == 0


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    dsn = database()
    migrate(dsn)
    with ExitStack() as stack:
        yield made(tmp_path, dsn, stack)


def made(folder: Path, dsn: str, stack: ExitStack) -> Cluster:
    lines = ['contact = "archive@example.org"', 'profiles = "sites"', 'sites = ["m-*"]', f"delay = {DELAY}"]
    (folder / "fleet.toml").write_text("\n".join(lines), "utf-8")
    (folder / "sites").mkdir()
    return Cluster(folder, dsn, stack)


def test_of_two_workers_with_the_same_site_one_steps_back_without_a_trace(cluster: Cluster) -> None:
    cluster.add("m-a")
    for lock in ("first", "second"):  # as a mistake of the queue would
        cluster.queue("m-a", lock)
    with cluster.worker("a"), cluster.worker("b"):
        cluster.wait(lambda: "succeeded" in cluster.jobs("first") + cluster.jobs("second"))
    assert [bool(one.ended) for one in cluster.attempts("m-a")] == [True]
    assert len(Archive(cluster.root / "m-a").commits()) == 1
    assert sorted(cluster.articles("m-a")) == sorted(set(cluster.articles("m-a")))
    assert cluster.is_whole("m-a")


def test_what_a_killed_worker_had_begun_goes_on_at_another(cluster: Cluster) -> None:
    cluster.add("m-a")
    with cluster.worker("a") as first:
        cluster.wait(lambda: len(cluster.articles("m-a")) > SPEECHES // 2)
        first.kill()
        with cluster.worker("b"):
            cluster.wait(lambda: cluster.jobs("m-a") == ["succeeded"])
    assert len(cluster.articles("m-a")) <= SPEECHES + 1
    assert cluster.shortest_gap("m-a") >= DELAY
    assert cluster.is_whole("m-a")


def test_a_killed_database_is_waited_for_and_nobody_is_asked_meanwhile(tmp_path: Path) -> None:
    with Postgres() as server, ExitStack() as stack:
        migrate(server.dsn())
        cluster = made(tmp_path, server.dsn(), stack)
        cluster.add("m-a")
        with cluster.worker() as worker:
            cluster.wait(lambda: len(cluster.articles("m-a")) > SPEECHES // 2)
            server.kill()
            time.sleep(DELAY)
            seen = len(cluster.asked["m-a"])
            time.sleep(10 * DELAY)
            assert len(cluster.asked["m-a"]) == seen
            server.start()
            cluster.wait(lambda: cluster.jobs("m-a") == ["succeeded"])
            assert worker.pid is not None
            os.kill(worker.pid, signal.SIGTERM)
            assert exit_of(worker) == 0
        assert len(cluster.articles("m-a")) == SPEECHES
        assert cluster.is_whole("m-a")


def test_a_drained_worker_hands_its_jobs_back_at_once(cluster: Cluster) -> None:
    cluster.add("m-a")
    with cluster.worker() as worker:
        cluster.wait(lambda: len(cluster.articles("m-a")) > SPEECHES // 2)
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGTERM)
        assert exit_of(worker) == 11
    assert cluster.jobs("m-a") == ["todo"]
    assert [one.ended.exit_status for one in cluster.attempts("m-a") if one.ended] == [11]
    with cluster.worker():
        cluster.wait(lambda: cluster.jobs("m-a") == ["succeeded"])
    assert len(cluster.articles("m-a")) <= SPEECHES + 1
    assert cluster.is_whole("m-a")


def test_a_crawl_whose_lease_another_has_ends_interrupted(cluster: Cluster) -> None:
    cluster.add("m-a")
    with cluster.worker(), psycopg.connect(cluster.dsn, autocommit=True) as other:
        cluster.wait(lambda: len(cluster.articles("m-a")) > SPEECHES // 2)
        other.execute(f"{CUT_OFF}; SELECT pg_advisory_lock({_number('site m-a')})".encode())
        cluster.wait(lambda: any(one.ended for one in cluster.attempts("m-a")))
        seen = len(cluster.asked["m-a"])
    ended = cluster.attempts("m-a")[0].ended
    assert ended is not None
    assert (ended.exit_status, "another worker" in ended.message) == (11, True)
    assert len(cluster.asked["m-a"]) == seen


def test_the_queue_tells_what_runs_waits_and_failed_and_a_crawl_is_cancelled_until_its_next_slot(
    cluster: Cluster,
) -> None:
    cluster.add("m-a", "delay = 2.0")
    dead = PROFILE.replace("http://127.0.0.1/", "http://127.0.0.1:9/")
    (cluster.folder / "sites" / "m-dead.toml").write_text(dead, "utf-8")
    (cluster.folder / "sites" / "m-broken.toml").write_text("name = 3", "utf-8")
    with cluster.worker():
        cluster.wait(lambda: cluster.jobs("m-dead") == cluster.jobs("m-broken") == ["failed"])
        cluster.wait(lambda: cluster.articles("m-a"))
        shutil.copy(cluster.folder / "sites" / "m-a.toml", cluster.folder / "sites" / "m-same-host.toml")
        cluster.wait(lambda: cluster.jobs("m-same-host"))
        told = cluster.fleet("queue", "--json")
        rows = {row["site"]: row for row in json.loads(told.out)}
        globbed = cluster.fleet("queue", "--cancel", "m-*")
        again = cluster.fleet("queue", "--now", "m-a")
        cancelled = cluster.fleet("queue", "--cancel", "m-a")
        assert (cancelled.status, "its crawl is ended" in cancelled.out) == (0, True), cancelled
        cluster.wait(lambda: cluster.jobs("m-a") == ["aborted"])
        cluster.wait(lambda: cluster.jobs("m-same-host") == ["doing"])
        time.sleep(2.5)  # it is looked for due sites every second
    states = {"m-a": "runs", "m-same-host": "waits", "m-dead": "failed", "m-broken": "failed"}
    assert {site: row["state"] for site, row in rows.items()} == states
    assert ":" in rows["m-a"]["worker"]
    assert rows["m-a"]["why"] is None
    assert rows["m-same-host"]["why"] == "waits for its host: m-a is under way there"
    assert (globbed.status, "one name" in globbed.err) == (2, True)
    assert (again.status, "already" in again.out) == (0, True)
    failed = datetime.fromisoformat(rows["m-dead"]["since"])
    assert datetime.fromisoformat(rows["m-dead"]["next"]) == failed + timedelta(hours=1)
    assert cluster.jobs("m-a") == ["aborted"]
    assert cluster.jobs("m-dead") == ["failed"]
    assert [one.ended.exit_status for one in cluster.attempts("m-a") if one.ended] == [11]
    assert cluster.fleet("queue", "--cancel", "m-a").status == 2
    assert "again after 1 h" in cluster.fleet("queue", "--cancel", "m-dead").err
    table = [line.split()[:2] for line in cluster.fleet("queue").out.split("\n")]
    assert table[2:5] == [["m-a", "cancelled"], ["m-broken", "failed"], ["m-dead", "failed"]]


def test_a_site_is_crawled_when_a_person_says_so(cluster: Cluster) -> None:
    """Once: whether it is due, waits for an hour after a failure, waits in the queue already, or was cancelled."""
    cluster.add("m-a")
    cluster.add("m-b")
    dead = PROFILE.replace("http://127.0.0.1/", "http://127.0.0.1:9/")
    (cluster.folder / "sites" / "m-dead.toml").write_text(dead, "utf-8")
    begin = datetime.now(UTC) + timedelta(hours=3)
    cluster.add("m-closed", f'hours = "{begin:%H:00}-{begin + timedelta(hours=1):%H:00}"', 'timezone = "UTC"')
    with cluster.worker():
        cluster.wait(
            lambda: [cluster.jobs(f"m-{one}") for one in ("a", "b", "dead")] == [["succeeded"]] * 2 + [["failed"]]
        )
    cluster.rows("DELETE FROM speech_archive.workers")  # it is not known to be dead yet
    assert cluster.fleet("queue", "--now", "m-closed").status == 2
    for _ in range(2):
        assert cluster.fleet("queue", "--now", "m-a").status == 0
    assert cluster.fleet("queue", "--now", "m-b").status == 0
    assert cluster.fleet("queue", "--cancel", "m-b").status == 0
    assert cluster.fleet("queue", "--now", "m-b").status == 0
    assert cluster.fleet("queue", "--now", "m-dead").status == 0
    whys = [(row["state"], row["why"]) for row in json.loads(cluster.fleet("queue", "--json").out)]
    assert whys == [("waits", "no worker runs")] * 3
    with cluster.worker():
        cluster.wait(lambda: not {"todo", "doing"} & {one for site in cluster.asked for one in cluster.jobs(site)})
        cluster.wait(lambda: cluster.jobs("m-dead") == ["failed", "failed"])
        time.sleep(1.5)  # it is looked for due sites every second
    assert cluster.jobs("m-a") == ["succeeded", "succeeded"]
    assert cluster.jobs("m-b") == ["succeeded", "cancelled", "succeeded"]
    assert [len(cluster.attempts(site)) for site in ("m-a", "m-b", "m-dead", "m-closed")] == [2, 2, 2, 0]


def test_a_job_says_what_it_waits_for(cluster: Cluster) -> None:
    for name in ("m-away", "m-dead", "m-later", "m-second"):
        cluster.add(name)
        cluster.queue(name, name, "one" if name in {"m-later", "m-second"} else name)
    ids = dict(cluster.rows("SELECT queueing_lock, id FROM procrastinate_jobs"))
    worker = "INSERT INTO speech_archive.workers VALUES (%s, %s, 'machine', '3', 8, now(), now() - %s::interval)"
    for name, place, seen in (("live:1", "here", "1 s"), ("dead:1", "there", "1 h")):
        cluster.rows(worker, name, place, seen)
    cluster.rows("INSERT INTO speech_archive.crawls VALUES (%s, 'm-dead', 'dead:1', 'there')", ids["m-dead"])
    cluster.rows("UPDATE procrastinate_jobs SET status = 'doing' WHERE id = %s", ids["m-dead"])
    cluster.rows("UPDATE procrastinate_jobs SET queue_name = 'crawl@there' WHERE id = %s", ids["m-away"])
    cluster.rows("INSERT INTO speech_archive.put_off VALUES (%s, 'the store is away')", ids["m-later"])
    told = cluster.fleet("queue", "--json")
    why = {row["site"]: row["why"] for row in json.loads(told.out)}
    assert re.search("waits for its machine, there, where no worker has been since .*Z; .* 10 minutes", why["m-away"])
    assert "no sign of life since" in why["m-dead"]
    assert why["m-later"] == "the store is away"
    assert why["m-second"] == "waits for its host: m-later comes first there"


def test_the_queue_of_another_fleet_is_neither_shown_nor_touched(cluster: Cluster, tmp_path: Path) -> None:
    """And that of the own fleet is shown without a trace, on a machine where no worker has been."""
    cluster.add("m-a", 'schedule = "monthly"')
    file = tmp_path / "fleet.toml"
    plain = file.read_text("utf-8")
    file.write_text(f'{plain}\nstore = "{tmp_path}/store"\n', "utf-8")
    with cluster.worker():
        cluster.wait(lambda: cluster.jobs("m-a") == ["succeeded"])
    assert cluster.fleet("queue", "--now", "m-a").status == 0
    shutil.rmtree(cluster.root)
    own = run("scrapy", "fleet", "queue", "--fleet", str(file), env={"SPEECH_ARCHIVE_DATABASE": cluster.dsn})
    assert (own.status, "m-a   waits" in own.out, cluster.root.exists()) == (0, True, False), own
    for other in (plain, f'{plain}\nstore = "{tmp_path}/another"\n'):
        file.write_text(other, "utf-8")
        for more in ((), ("--cancel", "m-a"), ("--now", "m-a")):
            refused = cluster.fleet("queue", *more)
            assert (refused.status, "--moved" in refused.err, refused.out) == (2, True, "")
    assert cluster.jobs("m-a") == ["succeeded", "todo"]
    assert not cluster.root.exists()


def test_a_worker_says_what_it_has_and_ends_where_a_person_must_put_something_right(
    cluster: Cluster, tmp_path: Path
) -> None:
    cluster.add("m-a")
    file = tmp_path / "fleet.toml"
    fleet = ("--fleet", str(file), *QUICK, "--database")
    secret = make_conninfo(cluster.dsn, password="s3cr3t")  # noqa: S106 - no password of anything
    absent = run("scrapy", "worker", *fleet, make_conninfo(secret, dbname="absent"))
    assert (absent.status, '"absent" does not exist' in absent.err, "s3cr3t" in absent.err) == (2, True, False)
    with cluster.worker() as worker:
        cluster.wait(lambda: cluster.jobs("m-a") == ["succeeded"])
        cluster.rows("DROP SCHEMA public, speech_archive CASCADE; CREATE SCHEMA public")
        assert exit_of(worker) == 2
    migrate(cluster.dsn)
    file.write_text(f'{file.read_text("utf-8")}\nstore = "s3://nowhere/x"\n', "utf-8")
    (place,) = (cluster.root / "fleet" / "place").read_text("utf-8").split()
    other = "INSERT INTO speech_archive.workers VALUES ('copied:1', %s, 'copied', '3', 8)"
    cluster.rows(other, place)
    with object_store("moto", tmp_path) as store:
        refused = run("scrapy", "worker", *fleet, secret, env=store.environment)
    first, *between, last = refused.err.strip().split("\n")
    assert (refused.status, "no bucket nowhere" in last, "s3cr3t" in refused.err) == (2, True, False), refused
    assert any(f"{place} is the place of workers on copied, too" in line for line in between), refused.err
    assert re.search(r": 8 sites at once, .*dbname=test_.*, s3://nowhere/x, place ", first), first


def test_what_a_killed_worker_had_begun_goes_on_where_its_staging_is(cluster: Cluster, tmp_path: Path) -> None:
    """Two machines, each with its copies of a store: while the first has any worker, its jobs are its own."""
    cluster.add("m-a")
    file = tmp_path / "fleet.toml"
    file.write_text(file.read_text("utf-8") + f'\nstore = "{tmp_path}/store"\n', "utf-8")
    roots = {name: ("-s", f"ARCHIVE_ROOT={tmp_path / name / 'archives'}") for name in "ab"}
    with cluster.worker("a", *roots["a"]) as first:
        cluster.wait(lambda: len(cluster.articles("m-a")) > SPEECHES // 2)
        with cluster.worker("a", *roots["a"], "-s", "DOWNLOAD_DELAY=0.1"), cluster.worker("b", *roots["b"]):
            first.kill()
            cluster.wait(lambda: cluster.jobs("m-a") == ["succeeded"])
    assert len(cluster.articles("m-a")) <= SPEECHES + 1
    assert cluster.shortest_gap("m-a") >= DELAY
    assert Site(tmp_path / "a" / "archives", "m-a").verify().status == 0
    assert not (tmp_path / "b" / "archives" / "m-a" / "commits").exists()
    assert Site(tmp_path / "store", "m-a").verify().status == 0
    assert cluster.rows("SELECT site, verdict, present FROM speech_archive.sites") == [("m-a", "complete", SPEECHES)]


def test_a_machine_that_is_gone_leaves_its_jobs_to_others_and_a_third_place_is_refused(
    cluster: Cluster, tmp_path: Path
) -> None:
    cluster.add("m-a")
    plain = (tmp_path / "fleet.toml").read_text("utf-8")
    (tmp_path / "fleet.toml").write_text(f'{plain}\nstore = "{tmp_path}/store"\n', "utf-8")
    roots = {name: ("-s", f"ARCHIVE_ROOT={tmp_path / name / 'archives'}") for name in "ab"}
    with cluster.worker("a", *roots["a"]) as first:
        cluster.wait(lambda: len(cluster.articles("m-a")) > SPEECHES // 2)
        first.kill()
        with cluster.worker("b", *roots["b"], "--gone-after", "4"):
            cluster.wait(lambda: cluster.jobs("m-a") == ["succeeded"])
    assert cluster.shortest_gap("m-a") >= DELAY
    assert len(Site(tmp_path / "store", "m-a").latest()) == SPEECHES
    (tmp_path / "fleet.toml").write_text(plain, "utf-8")
    fleet = ("--fleet", str(tmp_path / "fleet.toml"), "--database", cluster.dsn)
    refused = run("scrapy", "worker", *fleet, *roots["b"])
    assert (refused.status, "--moved" in refused.err) == (2, True)
    assert cluster.fleet("database", "--moved").status == 2  # the killed ones are not known to be dead yet
    cluster.rows("DELETE FROM speech_archive.workers")
    assert cluster.fleet("database", "--moved").status == 0


def test_each_machine_knows_how_all_sites_are_and_one_tells_of_those_that_nobody_crawls(
    cluster: Cluster, tmp_path: Path
) -> None:
    """One crawls into a store, the other only looks; a person ended and cancelled the crawl of a site long ago."""
    cluster.add("m-a")
    cluster.add("m-old")
    told, file = tmp_path / "told", tmp_path / "fleet.toml"
    more = f'store = "{tmp_path}/store"\n[notify]\ncommand = "cat >> {told}; echo >> {told}"\n'
    file.write_text(f"{file.read_text('utf-8')}\n{more}", "utf-8")
    roots = {name: tmp_path / name / "archives" for name in "ab"}
    long_ago = datetime.now(UTC) - timedelta(days=10)
    enter_failure(roots["a"], "m-old", Interrupted("by a person"), None, long_ago)
    cluster.rows("INSERT INTO speech_archive.cancelled VALUES ('m-old', now() + interval '1 day')")

    def machine(name: str) -> tuple[str, ...]:
        return ("-s", f"ARCHIVE_ROOT={roots[name]}", "-s", f"METRICS_TEXTFILE={roots[name]}.prom")

    with cluster.worker("a", *machine("a")):
        cluster.wait(lambda: cluster.jobs("m-a") == ["succeeded"])
    with cluster.worker("b", *machine("b"), "--watch-every", "1"):
        cluster.wait(lambda: told.exists() and (roots["b"] / "fleet" / "sites.json").exists())
    shown = run("pipelines", "status", str(roots["b"]), "--json")
    assert shown.status == 3, shown
    assert [(one["site"], one["condition"], one["present"]) for one in json.loads(shown.out)["sites"]] == [
        ("m-old", "stale", None),
        ("m-a", "complete", None),
    ]
    assert 'speech_archive_site_broken{site="m-a"} 0' in Path(f"{roots['a']}.prom").read_text("utf-8")
    (message,) = [json.loads(line) for line in told.read_text("utf-8").splitlines()]
    assert [(one["site"], one["verdict"]) for one in message["changes"]] == [("m-old", "stale")]


def test_a_head_is_noted_once_it_stands_in_the_store(cluster: Cluster, tmp_path: Path) -> None:
    """Another database gives the same site out: what the slower worker commits is overtaken, and moved aside."""
    cluster.add("m-a")
    heads, file = HeadsFile(tmp_path / "heads"), tmp_path / "fleet.toml"
    file.write_text(f'{file.read_text("utf-8")}\nstore = "{tmp_path}/store"\nheads_file = "{heads.file}"\n', "utf-8")
    roots = {name: ("-s", f"ARCHIVE_ROOT={tmp_path / name / 'archives'}") for name in "ab"}
    other, later = (Cluster(tmp_path, database(), cluster.stack, cluster.asked) for _ in range(2))
    migrate(other.dsn)
    migrate(later.dsn)
    with cluster.worker("a", *roots["a"], "-s", "DOWNLOAD_DELAY=0.7"):
        cluster.wait((tmp_path / "store" / "fleet.json").exists)
        forget_place(other.dsn)  # a person says that the first database is lost, which it is not
        with other.worker("b", *roots["b"], "-s", "HEADS_FILE="):
            other.wait(lambda: other.jobs("m-a") == ["succeeded"])
        cluster.wait(lambda: cluster.jobs("m-a") == ["failed"])
    assert heads.last("m-a") is None
    shutil.rmtree(tmp_path / "a" / "archives" / "fleet")  # else it is tried again in an hour
    later.queue("m-a", "m-a")
    refused = run("scrapy", "worker", "--fleet", str(file), "--database", later.dsn, *roots["a"])
    assert (refused.status, "a fleet's with another database" in refused.err) == (2, True), refused
    forget_place(later.dsn)
    with later.worker("a", *roots["a"]):
        later.wait(lambda: later.jobs("m-a") == ["succeeded"])
    assert len(list((tmp_path / "a" / "archives" / "aside").iterdir())) == 1
    stored = Archive(tmp_path / "store" / "m-a")
    assert [(one.commit, one.head) for one in heads.of("m-a")] == [(c.n, c.sha256) for c in stored.commits()]
    assert not any(named.path.startswith("warc/") for named in stored.last.files), "b's are in the store"


def test_tables_are_upgraded_while_workers_run(tmp_path: Path) -> None:
    """What a worker of an older version would not endure waits until it has ended."""
    dsn, files = database(), sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    old, new = (
        [file for file in files if file.name < "03.03"],
        [file.name for file in files if file.name >= "03.03"],
    )
    made(tmp_path, dsn, ExitStack())
    fleet = ("--fleet", str(tmp_path / "fleet.toml"), "--database", dsn)
    assert "speech-archive fleet database" in run("scrapy", "worker", *fleet).err
    with psycopg.connect(dsn) as connection:  # as software of before would have made it
        connection.execute("CREATE SCHEMA speech_archive")
        connection.execute(
            "CREATE TABLE speech_archive.migrations (name text PRIMARY KEY, at timestamptz DEFAULT now())"
        )
        for name, sql in [(file.name, file.read_bytes()) for file in old] + [(n, s.encode()) for n, s in _OWN]:
            connection.execute(sql)
            connection.execute("INSERT INTO speech_archive.migrations VALUES (%s)", [name])
        connection.execute("INSERT INTO speech_archive.workers VALUES ('old:1', 'a', 'old', '3.2.0', 8)")
    first = migrate(dsn)
    with psycopg.connect(dsn) as connection:
        connection.execute("DELETE FROM speech_archive.workers")
    assert first.waiting[0] == next(name for name in new if int(name.split("_")[1]) >= 50)
    assert (*first.done, *first.waiting) == tuple(new)
    assert migrate(dsn).done == first.waiting
    assert migrate(dsn).done == ()


def test_a_lease_that_was_lost_is_not_given_back_for_the_one_taken_after_it(cluster: Cluster) -> None:
    asyncio.run(asyncio.wait_for(lost_and_taken_again(cluster), PATIENCE))


async def lost_and_taken_again(cluster: Cluster) -> None:
    leases, lost, server = Leases(cluster.dsn, "a"), asyncio.Event(), Server("example.org", 80)
    held = "SELECT count(*) " + HELD
    await leases.open()
    before = await leases.take("m-a", server, lambda _: lost.set())
    cluster.rows(f"{CUT_OFF}; SELECT pg_advisory_lock({_number('site m-a')})")
    await asyncio.wait_for(lost.wait(), PATIENCE)
    cluster.rows("SELECT pg_advisory_unlock_all()")
    after = await leases.take("m-a", server, lambda _: None)
    assert before is not None
    assert after is not None
    await leases.release(before)
    assert (before.is_held, after.is_held, cluster.rows(held)) == (False, True, [(2,)])
    cluster.rows(CUT_OFF)
    while cluster.rows(held) != [(2,)]:  # noqa: ASYNC110 - the database says when
        await asyncio.sleep(0.05)
    await leases.release(after)
    assert cluster.rows(held) == [(0,)]
    await leases.close()


def test_a_verdict_is_told_once_whatever_machine_crawls_the_site_next(tmp_path: Path) -> None:
    told = tmp_path / "told"
    recipients, words = Recipients(command=f"cat >> {told}; echo >> {told}"), dict[tuple[str, str], str]()
    now = datetime(2026, 11, 30, 3, 5, tzinfo=UTC)
    for machine, error in (("a", "broken"), ("b", "broken still"), ("a", "and again")):
        root = tmp_path / machine
        enter_failure(root, "m-a", ProfileError(error), None, now)
        remember_told(root, {"m-a"}, words, now)
        assert tell(root, recipients, now, {"m-a"}, others=False) == []
        words = told_of(root, {"m-a"})
    assert told.read_text("utf-8").count("notification/1") == 1
    assert words == {("m-a", "command"): "broken-profile"}


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), unique=True, min_size=1), st.data())
def test_a_journal_has_the_lines_of_all_machines_in_their_order(events: list[tuple[int, bool]], data: Any) -> None:
    """Whichever come first, and however often."""
    lines = [json.dumps({"at": f"2026-11-30T00:00:0{at}Z", "ended": ended}).encode() for at, ended in events]
    with TemporaryDirectory() as folder:
        journal = Journal(Path(folder), "m-a")
        for _ in range(3):
            merge(journal, data.draw(st.lists(st.sampled_from(lines))))
        merge(journal, lines)
        found = newest_lines(journal)
    assert sorted(found) == sorted(lines)
    assert [json.loads(line)["at"] for line in found] == sorted(json.loads(line)["at"] for line in lines)


def test_a_database_that_was_set_back_gets_what_it_lost_and_gives_what_is_new(tmp_path: Path) -> None:
    """Its lines get numbers that others had; and who brings them waits while another process does."""
    dsn = database()
    migrate(dsn)
    asyncio.run(asyncio.wait_for(set_back(tmp_path, dsn), PATIENCE))


async def set_back(folder: Path, dsn: str) -> None:
    connector = PatientConnector(dsn)
    await connector.open_async()
    here, there = (Journals(folder / name, connector, "fleet") for name in ("here", "there"))
    first, lost, new = (f'{{"at":"2026-11-30T00:00:0{number}Z"}}'.encode() for number in range(3))
    mine, other = (Journal(folder / name, "m-a") for name in ("here", "there"))
    merge(mine, [first, lost])
    await here.hand_in(["m-a"])
    await here.bring()
    with psycopg.connect(dsn) as connection:  # an older copy
        connection.execute("DELETE FROM speech_archive.journal_lines WHERE id > 1")
        connection.execute("ALTER TABLE speech_archive.journal_lines ALTER COLUMN id RESTART WITH 2")
    merge(other, [new])
    await there.hand_in(["m-a"])
    with (folder / "here" / "fleet" / "journals.lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        bringing = asyncio.ensure_future(here.bring())
        await asyncio.sleep(0.2)
        assert not bringing.done()
    await bringing
    assert newest_lines(mine) == [first, lost, new]
    await here.bring()
    await there.adopt()
    await there.bring()
    assert newest_lines(other) == [first, new]
    await connector.close_async()


@pytest.mark.soak
def test_a_worker_that_is_stopped_while_its_database_is_away_seals_its_crawls_and_ends(tmp_path: Path) -> None:
    with Postgres() as server, ExitStack() as stack:
        migrate(server.dsn())
        cluster = made(tmp_path, server.dsn(), stack)
        cluster.add("m-a", "delay = 0.3")
        with cluster.worker() as worker:
            cluster.wait(lambda: len(cluster.articles("m-a")) > SPEECHES // 4)
            server.kill()
            assert worker.pid is not None
            os.kill(worker.pid, signal.SIGTERM)
            assert exit_of(worker) == 11
    assert [one.ended.exit_status for one in cluster.attempts("m-a") if one.ended] == [11]
