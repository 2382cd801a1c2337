"""Cold starts: how long a command takes that has next to nothing to do."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from pathlib import Path

from benchmarks.measuring import PROJECT, Contender, Measured, Spent, in_turn, spend
from benchmarks.results import Bar, Found, Table, cpu, wall
from benchmarks.served.site import PROFILE, SITE, json_lines, served_site

SIZES = {"smoke": 3, "usual": 20}
PATIENCE = 120
BARE_SPIDER = """\
import scrapy


class One(scrapy.Spider):
    name = "one"

    def __init__(self, url, **given):
        super().__init__(**given)
        self.start_urls = [url]

    def parse(self, response):
        yield {"title": response.css("title::text").get()}
"""
ABOUT = """\
Each command in a process of its own, the files in the system's cache. The commands for archives read one of so many
speeches as the size says, from the crawl of a recorded site. The crawls are measured up to their first request, and
then killed: bare Scrapy is a project of one spider with the settings of Scrapy; both ask for robots.txt."""


def run(size: int, rounds: int, only: Collection[str] = ()) -> Found:
    """Start every command `rounds` times."""
    with tempfile.TemporaryDirectory(prefix="bench-start-") as name:
        folder = Path(name)
        with served_site(size) as served:
            spend(served.crawl(folder))
        commands = in_turn(list(_commands(folder / SITE)), rounds, only)
        crawls = _crawls(folder, rounds) if not only else []
    bars = []
    by_name = {row.name: row for row in commands}
    if {"python -c pass", "status"} <= by_name.keys():
        least, status = by_name["python -c pass"], by_name["status"]
        for what, seconds in (("CPU", cpu), ("wall", wall)):
            more = 1000 * (seconds(status) - seconds(least))
            bars.append(Bar(f"status: ms of {what} more than python -c pass", more, 150, at_least=False))
    if crawls:
        ours, bare = crawls
        bars.append(Bar("CPU of scrapy crawl / bare Scrapy", cpu(ours) / cpu(bare), 1.1, at_least=False))
    tables = [Table("Commands", commands), Table("To the first request", crawls)]
    return Found("start", size, ABOUT, [one for one in tables if one.rows], bars)


def _commands(archive: Path) -> Iterator[Contender]:
    here = str(archive)
    one = next(json_lines(archive / "latest.jsonl"))["id"]
    verbs = {
        "status": [here],
        "log": [here, one],
        "show": [here, one],
        "changes": [here],
        "views": [here],
        "report": [here],
        "verify --quick": [here],
        "export --to jsonl": [here],
    }
    yield Contender("python -c pass", "", lambda _: [sys.executable, "-c", "pass"])
    yield Contender("python -c 'import scrapy'", "", lambda _: [sys.executable, "-c", "import scrapy"])
    for verb, arguments in verbs.items():
        name, *options = verb.split()

        def command(
            folder: Path, name: str = name, options: tuple[str, ...] = (*options,), arguments: list[str] = arguments
        ) -> list[str]:
            out = ["--out", str(folder / "out")] if name == "export" else []
            return [sys.executable, "-m", "pipelines", name, *arguments, *options, *out]

        yield Contender(verb, "", command)


def _crawls(folder: Path, rounds: int) -> list[Measured]:
    """Ours and bare Scrapy's, in turn, up to their first request."""
    bare = folder / "bare"
    bare.mkdir()
    (bare / "spiders.py").write_text(BARE_SPIDER, "utf-8")
    (bare / "settings.py").write_text('SPIDER_MODULES = ["spiders"]\nROBOTSTXT_OBEY = True\n', "utf-8")
    (bare / "scrapy.cfg").write_text("[settings]\ndefault = settings\n", "utf-8")
    found = [Measured("scrapy crawl speeches", ""), Measured("scrapy crawl of bare Scrapy", "")]
    for _ in range(rounds):
        with socket.create_server(("127.0.0.1", 0)) as server:
            start = f"http://127.0.0.1:{server.getsockname()[1]}/"
            profile = folder / "start.toml"
            profile.write_text(PROFILE.format(start=start, host="127.0.0.1"), "utf-8")
            crawl = [sys.executable, "-m", "scrapy", "crawl"]
            with tempfile.TemporaryDirectory() as root:
                arguments = ["-a", f"site={SITE}", "-a", f"profile={profile}", "-s", f"ARCHIVE_ROOT={root}"]
                found[0].runs.append(_until_asked([*crawl, "speeches", *arguments], PROJECT, server))
            found[1].runs.append(_until_asked([*crawl, "one", "-a", f"url={start}"], bare, server))
    return found


def _until_asked(command: list[str], cwd: Path, server: socket.socket) -> Spent:
    """Run a command until it has sent a request to `server`, and kill it."""
    began = time.monotonic()
    child = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        if not select.select([server], [], [], PATIENCE)[0]:
            raise RuntimeError(f"{' '.join(command)} requested nothing within {PATIENCE} s")
        connection, _ = server.accept()
        with connection:
            connection.settimeout(PATIENCE)
            connection.recv(1)
            seconds = time.monotonic() - began
    finally:
        os.kill(child.pid, signal.SIGKILL)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = status
    return Spent(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
