"""Workers of a cluster: what three do where the sites' delay is the limit, and what a store is asked for nothing."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measuring import Contender, Measured, in_turn, spend
from benchmarks.results import Bar, Found, Table
from tests.object_store import ObjectStore, object_store

SIZES = {"smoke": 3, "usual": 72}
MOST_ROUNDS = 3
WORKERS = (1, 3)
SPEECHES, DELAY = 10, 0.5
WAVES = 9
"""So many times the sites that one worker crawls at once: the end, when some of three idle, is a small part then."""
FILES_A_SITE, FILES_A_RUN = 140, 5
MOST_REQUESTS = 10
LEAST_SPEED = 2.5
SPEED = "requests/s of all sites"
ABOUT = """\
*Workers*: `scrapy fleet drill` without any kill or failure, 72 sites of 10 speeches (half of a second between two
requests to one), crawled by one worker and by three, each 8 sites at once, with a PostgreSQL and a store of their
own. One worker needs nine rounds of its 8 sites. The speed is that of the servers' logs, from the first request of
all to the last; the CPU and the memory are of everything together, servers and PostgreSQL included. A run counts
only if the drill finds nothing lost, asked twice or asked too soon.

*A store*: `sync push` and `sync pull` of an archive that the store has already, over S3 (rclone
behind a proxy that counts requests)."""


def run(size: int, rounds: int, only: Collection[str] = ()) -> Found:
    """Crawl `size` sites, and copy an archive of about 140 files for each of them."""
    rows = _asked([_crawled_by(number, size) for number in WORKERS], rounds, only)
    tables, bars = [Table("Workers", rows)], _speed(rows)
    with tempfile.TemporaryDirectory(prefix="bench-store-") as name, _copied(Path(name), size) as copies:
        rows = _asked(copies, rounds, only)
    tables.append(Table("A store", rows))
    bars += [
        Bar(f"requests of {one.name}", float(one.facts["requests"]), MOST_REQUESTS, at_least=False) for one in rows
    ]
    return Found("cluster", size, ABOUT, [one for one in tables if one.rows], bars)


def _asked(contenders: list[Contender], rounds: int, only: Collection[str]) -> list[Measured]:
    """Run those that are asked for; all when none is."""
    names = [one.name for one in contenders if one.name in only]
    return in_turn(contenders, rounds, names) if names or not only else []


def _crawled_by(number: int, sites: int) -> Contender:
    jobs = max(1, sites // WAVES)
    options = {
        "--workers": number, "--jobs": jobs, "--sites": sites, "--speeches": SPEECHES, "--delay": DELAY,
        "--kills": 0, "--database-kills": 0, "--store-failures": 0, "--rounds": 1,
    }  # fmt: skip

    def command(folder: Path) -> list[str]:
        words = [str(word) for option in options.items() for word in option]
        return [sys.executable, "-m", "scrapy", "fleet", "drill", *words, "--keep", str(folder / "kept")]

    def check(folder: Path) -> dict[str, float | str]:
        (log,) = (folder / "kept").glob("requests-*.tsv")
        moments = [float(line.partition("\t")[0]) for line in log.read_text("utf-8").splitlines()]
        seconds = max(moments) - min(moments)
        return {"requests": len(moments), "seconds of requests": seconds, SPEED: len(moments) / seconds}

    return Contender(f"{number} worker{'s' * (number > 1)}", "", command, check)


def _speed(rows: list[Measured]) -> list[Bar]:
    found = [float(row.facts[SPEED]) for row in rows]
    return [Bar("speed of 3 workers / 1 worker", found[1] / found[0], LEAST_SPEED)] if len(found) == 2 else []


@contextmanager
def _copied(folder: Path, size: int) -> Iterator[list[Contender]]:
    """An archive that lies in a bucket already, and what is asked of it."""
    archive = folder / "made"
    runs = size * FILES_A_SITE // FILES_A_RUN
    spend([sys.executable, "-m", "benchmarks.made", str(archive), "50", str(runs)])
    files = sum(file.is_file() for file in archive.rglob("*"))
    with object_store("rclone", folder / "server") as store, _environment(store.environment):
        address = f"{store.address}/archives"
        spend([sys.executable, "-m", "pipelines", "sync", "push", str(archive), address, "--alone"])
        yield [_nothing_new(verb, [str(archive), address], store, files) for verb in ("push", "pull")]


def _nothing_new(verb: str, where: list[str], store: ObjectStore, files: int) -> Contender:
    before = 0

    def command(_: Path) -> list[str]:
        nonlocal before
        before = len(store.requests)
        return [sys.executable, "-m", "pipelines", "sync", verb, *where]

    def check(_: Path) -> dict[str, float | str]:
        return {"files": files, "requests": len(store.requests) - before}

    return Contender(f"sync {verb}, nothing new", "", command, check)


@contextmanager
def _environment(more: Mapping[str, str]) -> Iterator[None]:
    """Let what is measured find the store."""
    held = {name: os.environ.get(name) for name in more}
    os.environ.update(more)
    try:
        yield
    finally:
        for name, value in held.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
