"""`scrapy worker`: real workers, a real PostgreSQL; they are killed, cut off, drained, and lose nothing."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email.message import Message
from itertools import pairwise
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import psycopg
import pytest

from crawler.run.cluster.leases import _number
from crawler.run.cluster.schema import migrate
from pipelines.archive.read.reader import Archive
from pipelines.fleet.attempts import Attempt, Journal
from tests.conftest import PATIENCE, Site, exit_of, started
from tests.database import Postgres, database
from tests.small import PROFILE, Answer, article_page, list_page, serve

SPEECHES = 12
DELAY = 0.1
QUICK = ("--enqueue-every", "1", "--heartbeat", "0.5", "--stalled-after", "2", "--poll", "0.5")


@dataclass
class Cluster:
    """A deployment whose sites are served, and its database."""

    folder: Path
    dsn: str
    stack: ExitStack
    asked: dict[str, list[tuple[float, str]]] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        return self.folder / "archives"

    def add(self, name: str, *more: str) -> None:
        """A site with some speeches that notes when it is asked for what."""
        seen = self.asked.setdefault(name, [])

        def answer(path: str, headers: Message) -> Answer:
            seen.append((time.monotonic(), path))
            return page(path, headers)

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

    def articles(self, name: str) -> list[str]:
        """The numbers of the articles for which a site was asked, in order."""
        return [number[1] for _, path in self.asked[name] if (number := re.search(r"Show.*[?&]d=(\d+)", path))]

    def shortest_gap(self, name: str) -> float:
        return min(later - earlier for (earlier, _), (later, _) in pairwise(self.asked[name]))

    def attempts(self, name: str) -> list[Attempt]:
        return Journal(self.root, name).attempts()

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            cursor = connection.execute(query.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def jobs(self, name: str) -> list[str]:
        query = "SELECT status::text FROM procrastinate_jobs WHERE queueing_lock = %s ORDER BY id"
        return [status for (status,) in self.rows(query, name)]

    def wait(self, until: Callable[[], object]) -> None:
        for _ in range(PATIENCE * 50):
            if until():
                return
            time.sleep(0.02)
        raise TimeoutError

    def is_whole(self, name: str) -> bool:
        """Whether every speech is archived, in an archive that proves it."""
        site = Site(self.root, name)
        return len(site.latest()) == SPEECHES and site.verify().status == 0


def page(path: str, _: Message) -> Answer:
    rows = [(n, f"在第{n}次会议上的讲话", "2020-01-01") for n in range(1, SPEECHES + 1)]
    if "GetHits" in path:
        return Answer("document.write('12');")
    if (number := re.search(r"[?&]d=(\d+)", path)) is None:
        return Answer(list_page(rows))
    words = f"<p>各位委员，这是第{number[1]}次会议的讲话。</p>"
    return Answer(article_page(int(number[1]), title=rows[int(number[1]) - 1][1], body=words))


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
    insert = (
        "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args) "
        """VALUES ('crawl', 'crawl', %s, %s, '{"site": "m-a"}')"""
    )
    for lock in ("first", "second"):  # as a mistake of the queue would
        cluster.rows(insert, lock, lock)
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
    assert len(cluster.articles("m-a")) == SPEECHES
    assert cluster.is_whole("m-a")


def test_a_crawl_whose_lease_another_has_ends_interrupted(cluster: Cluster) -> None:
    cluster.add("m-a")
    with cluster.worker(), psycopg.connect(cluster.dsn, autocommit=True) as other:
        cluster.wait(lambda: len(cluster.articles("m-a")) > SPEECHES // 2)
        cut_off = "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid) "
        cut_off += "WHERE locktype = 'advisory' AND datname = current_database()"
        other.execute(f"{cut_off}; SELECT pg_advisory_lock({_number('site m-a')})".encode())
        cluster.wait(lambda: any(one.ended for one in cluster.attempts("m-a")))
        seen = len(cluster.asked["m-a"])
    ended = cluster.attempts("m-a")[0].ended
    assert ended is not None
    assert (ended.exit_status, "another worker" in ended.message) == (11, True)
    assert len(cluster.asked["m-a"]) == seen
