"""Many sites in one process."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Collection
from pathlib import Path
from statistics import median

from benchmarks.measuring import Contender, in_turn
from benchmarks.results import Bar, Found, Table
from benchmarks.served.pages import record
from benchmarks.served.server import Server, free_port, serving
from benchmarks.served.site import PROFILE, json_lines
from crawler.run.fleet.deployment import Deployment

SIZES = {"smoke": 5, "usual": 500}
MOST_ROUNDS = 1
SPEECHES, AT_ONCE = 12, 50
USUAL_JOBS: int = Deployment.__dataclass_fields__["jobs"].default
MOST_MEGABYTES = 400
ABOUT = """\
`scrapy crawlall` of 50, 200 and 500 sites in one process, as many of them under way at once as `jobs` says where a
deployment does not; then of 500 sites, 50 at once, and all at once, which no list of polite sites needs. Each site is
an address of the loopback of its own with 12 speeches of 30 KB and their counters, crawled without delay; every
exchange is kept. Every site must be complete. What a site costs in CPU is the whole divided by the sites, start
included."""


def run(size: int, rounds: int, only: Collection[str] = ()) -> Found:
    """Crawl a tenth of `size` sites, four tenths, and all."""
    numbers = sorted({max(1, size // 10), max(1, size * 4 // 10), size})
    plans = [(number, USUAL_JOBS) for number in numbers]
    plans += [(size, at_once) for at_once in (AT_ONCE, size) if USUAL_JOBS < at_once <= size]
    with tempfile.TemporaryDirectory(prefix="bench-sites-") as name:
        folder, port = Path(name), free_port()
        hosts = [f"127.{1 + n // 250}.{n % 250 + 1}.1" for n in range(size)]
        with _served(folder, hosts, port) as server:
            rows = in_turn([_contender(folder, server, *plan) for plan in plans], rounds, only)
    bars = [
        Bar(f"MB of {row.name}", median(one.megabytes for one in row.runs), MOST_MEGABYTES, at_least=False)
        for row in rows
        if row.name in {f"{size} sites, {min(size, at_once)} at once" for at_once in (USUAL_JOBS, AT_ONCE)}
    ]
    return Found("sites", size, ABOUT, [Table("", rows)], bars)


def _served(folder: Path, hosts: list[str], port: int) -> Server:
    first, *others = hosts
    site = record(folder / "pages" / first, f"{first}:{port}", SPEECHES)
    for host in others:
        shutil.copytree(site.folder, folder / "pages" / host)
        for file in (folder / "pages" / host).rglob("*@*"):
            file.write_bytes(file.read_bytes().replace(first.encode(), host.encode()))
    (folder / "sites").mkdir()
    for number, host in enumerate(hosts):
        start = f"http://{host}:{port}{site.start}"
        (folder / "sites" / f"s{number:03d}.toml").write_text(PROFILE.format(start=start, host=host), "utf-8")
    return serving(folder / "pages", folder / "state", port, hosts)


def _contender(folder: Path, server: Server, number: int, at_once: int) -> Contender:
    names = [f"s{one:03d}" for one in range(number)]

    def command(root: Path) -> list[str]:
        fleet = root / "fleet.toml"
        told = ['contact = "a@example.org"', f'profiles = "{folder / "sites"}"', f'archive_root = "{root / "all"}"']
        fleet.write_text("\n".join([*told, f"sites = {names}".replace("'", '"'), "delay = 0"]), "utf-8")
        return [sys.executable, "-m", "scrapy", "crawlall", "--fleet", str(fleet), "--jobs", str(at_once)]

    def check(root: Path) -> dict[str, float | str]:
        found = [sum(1 for _ in json_lines(root / "all" / name / "latest.jsonl")) for name in names]
        if wrong := [name for name, lines in zip(names, found, strict=True) if lines != SPEECHES]:
            raise ValueError(f"{len(wrong)} sites are incomplete, {wrong[0]} for one")
        return {"requests": len(server.asked()), "speeches": number * SPEECHES}

    return Contender(f"{number} sites, {min(number, at_once)} at once", "", command, check)
