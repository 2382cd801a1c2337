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

SIZES = {"smoke": 5, "usual": 500}
MOST_ROUNDS = 3
SPEECHES = 12
MOST_MEGABYTES = 400
ABOUT = """\
`scrapy crawlall` of 50, 200 and 500 sites in one process, all under way at once, each an address of the loopback of
its own with 12 speeches of 30 KB and their counters, without delay; every exchange is kept. What a site costs in
CPU is the whole divided by the sites, start included."""


def run(size: int, rounds: int, only: Collection[str] = ()) -> Found:
    """Crawl a tenth of `size` sites, four tenths, and all."""
    numbers = sorted({max(1, size // 10), max(1, size * 4 // 10), size})
    with tempfile.TemporaryDirectory(prefix="bench-sites-") as name:
        folder, port = Path(name), free_port()
        hosts = [f"127.{1 + n // 250}.{n % 250 + 1}.1" for n in range(size)]
        with _served(folder, hosts, port) as server:
            rows = in_turn([_contender(folder, server, number) for number in numbers], rounds, only)
    peak = {row.name: median(one.megabytes for one in row.runs) for row in rows}
    bars = [
        Bar(f"MB of {name}", megabytes, MOST_MEGABYTES, at_least=False)
        for name, megabytes in peak.items()
        if name == _name(size)
    ]
    return Found("sites", size, ABOUT, [Table("", rows)], bars)


def _name(number: int) -> str:
    return f"{number} sites"


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


def _contender(folder: Path, server: Server, number: int) -> Contender:
    names = [f"s{one:03d}" for one in range(number)]

    def command(root: Path) -> list[str]:
        fleet = root / "fleet.toml"
        told = ['contact = "a@example.org"', f'profiles = "{folder / "sites"}"', f'archive_root = "{root / "all"}"']
        fleet.write_text("\n".join([*told, f"sites = {names}".replace("'", '"'), "delay = 0"]), "utf-8")
        return [sys.executable, "-m", "scrapy", "crawlall", "--fleet", str(fleet), "--jobs", str(number)]

    def check(root: Path) -> dict[str, float | str]:
        found = [sum(1 for _ in json_lines(root / "all" / name / "latest.jsonl")) for name in names]
        if wrong := [name for name, lines in zip(names, found, strict=True) if lines != SPEECHES]:
            raise ValueError(f"{len(wrong)} sites are incomplete, {wrong[0]} for one")
        return {"requests": len(server.asked())}

    return Contender(_name(number), "", command, check)
