"""What `status` of a root of many archives costs, beside the mere reading of the files it needs.

    python -m benchmarks fleet_status [--sites 3200] [--nights 180]

One archive is made by two real crawls of a replica, and linked as often as there are sites; each has a journal of its
own with so many nights, written by the journal itself once and copied. The floor is reading, of each site, the end of
the journal and the files of the archive that `status` opens, without looking into them.

The bar: 3,200 sites in less than 10 seconds of CPU. One process does the work, so an idle machine takes as long.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.measuring import PROJECT, command_line
from benchmarks.processes import measured
from crawler.replica.process import Replica
from crawler.run.in_process import crawl_site
from pipelines.archive.disk.layout import ARCHIVE_JSON, DERIVED_FILES, Layout, run_file
from pipelines.archive.read.moments import stamp
from pipelines.archive.read.reader import Archive
from pipelines.fleet.attempts import Attempt, Began, Journal, attempt_id
from pipelines.fleet.register import Registered, write_register

SITE = "gszx"
MOST_SECONDS = 10.0
_TAIL = 1 << 16
"""Bytes of a journal that are read."""


def main() -> int:
    """Make the root, measure, print; 1 when the bar is not met."""
    parser = command_line("fleet_status", __doc__)
    parser.add_argument("--sites", type=int, default=3200)
    parser.add_argument("--nights", type=int, default=180)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        first, root = Path(folder) / "first", Path(folder) / "many"
        crawl_twice(first)
        names = [f"site-{number:04d}" for number in range(given.sites)]
        make(first, root, names, given.nights)
        floor = min(read_only(root, names) for _ in range(3))
        runs = [measured([sys.executable, "-m", "pipelines", "status", str(root)], PROJECT) for _ in range(3)]
    best = min(runs, key=lambda run: run.cpu)
    print(f"{given.sites} sites, {given.nights} nights each: status {best.seconds:.1f} s, CPU {best.cpu:.1f} s,")
    print(f"{best.megabytes:.0f} MB; the same files read only {floor:.1f} s, {best.cpu / floor:.1f} times that")
    return int(best.status != 0 or best.cpu > MOST_SECONDS)


def crawl_twice(root: Path) -> None:
    """A real archive of two runs and the journal of them."""
    with Replica(speeches=40) as replica:
        for _ in range(2):
            settings = {"ARCHIVE_ROOT": str(root), "DOWNLOAD_DELAY": 0, "LOG_LEVEL": "ERROR"}
            crawl_site(SITE, settings=settings, start_url=replica.url)


def make(first: Path, root: Path, names: list[str], nights: int) -> None:
    """Link the archive of `first` under each name, with a journal of `nights` and a register."""
    now, (*_, model) = datetime.now(UTC), Journal(first, SITE).attempts()
    for night in range(nights, 0, -1):
        enter(root, names[0], now - timedelta(days=night), model)
    journal = Journal(root, names[0]).file
    for name in names:
        shutil.copytree(first / SITE, root / name, copy_function=os.link)
        if name != names[0]:
            shutil.copyfile(journal, journal.with_name(f"{name}.jsonl"))
    write_register(root, stamp(now), (Registered(site=name, schedule="daily", period_days=1.0) for name in names))


def enter(root: Path, site: str, at: datetime, model: Attempt) -> None:
    """Enter an attempt as `model`, begun at `at`."""
    assert model.ended is not None  # noqa: S101 - a crawl that has returned
    began = Began(attempt=attempt_id(at, os.getpid()), at=stamp(at), pid=os.getpid(), host="here", fleet="f")
    Journal(root, site).begin(began).end(replace(model.ended, at=stamp(at + timedelta(minutes=4))))


def read_only(root: Path, names: list[str]) -> float:
    """Seconds of CPU in which the same files are read."""
    began = time.process_time()
    archive = Archive(root / names[0])
    needed = [ARCHIVE_JSON, *(name for name in DERIVED_FILES if name.endswith(".json")), run_file(archive.last.run)]
    needed.append(Layout.commit_name(archive.last.n))
    for name in names:
        for file in needed:
            (root / name / file).read_bytes()
        with Journal(root, name).file.open("rb") as stream:
            stream.seek(-min(_TAIL, stream.seek(0, os.SEEK_END)), os.SEEK_END)
            stream.read()
    return time.process_time() - began
