"""What two hundred sites cost in one process, and what is left of them when it is killed in the middle.

    python -m benchmarks fleet [--sites 200] [--speeches 24] [--jobs 50] [--keep DIR]

The sites are replicas of every family, each on a port of its own, in one process of servers. One more is hostile: an
article that never ends, one that unpacks to a hundred times its size, a list with ever further pages. Three runs:

1. `crawlall` of a few sites, one after the other: the CPU time of a page.
2. `crawlall` of all, killed (SIGKILL) when a third has ended, and run again: nothing is lost, nothing is read twice.
3. `crawlall` of all with the hostile one, into another folder: CPU time and memory.

The bar: every site is complete; less than 300 MB; at most 0.5 s of CPU time a site above that of its pages. What a
kill costs is told, too: of each site under way, the article in progress is asked for once more.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from benchmarks.measuring import PROJECT, command_line
from benchmarks.processes import Measured, measured
from crawler.replica.__main__ import make_bench, parse_arguments
from pipelines.archive.read.reader import Archive
from tests.replicas import FAMILIES, family_replica
from tests.small import article_page, list_page

KESION = ("6.5", "7.0", "X2")
CMS = {
    "phpcms-files": "phpcms",
    "kesion-net-rewritten": "kesion-net",
    "trs-new": "trs",
    "trs-city": "trs",
    "jcms-groups": "jcms",
    "cctv-new": "cctv",
    **dict.fromkeys(("by-day-folder", "by-day-newspaper", "by-day-system"), "by-day"),
    **dict.fromkeys(KESION, "kesion"),
}
"""The family of a replica's flavour, where it has another name."""
FLAVOURS = (*KESION, *FAMILIES)
HOSTILE = "zz-hostile"
OF_A_FLOOR, OF_A_FLOOR_SPEECHES = 4, 300
"""Sites that are crawled alone, for the CPU time of a page, and their speeches: many, so that the rest is little."""
MOST_MEGABYTES, MOST_SECONDS = 300, 0.5


def serve(sites: int, speeches: int) -> None:
    """Serve replicas, the hostile site last, until standard input closes; prints a JSON list of names and ports."""
    sys.argv = ["replica"]
    served: list[tuple[str, ThreadingHTTPServer]] = []
    others = {flavour: partial(family_replica, flavour) for flavour in FAMILIES}
    for number in range(-OF_A_FLOOR, sites):
        flavour = FLAVOURS[number * 5 % len(FLAVOURS)]
        options = parse_arguments({}, "crawler.replica")
        options.flavour, options.seed = flavour, number
        options.speeches = speeches if number >= 0 else OF_A_FLOOR_SPEECHES
        kind, flavour = "site" if number >= 0 else "floor", flavour.replace(".", "").lower()
        served.append((f"{kind}-{abs(number):03d}-{flavour}", make_bench(options, others)))
    served.append((HOSTILE, ThreadingHTTPServer(("127.0.0.1", 0), Hostile)))
    for _, server in served:
        Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps([(name, server.server_address[1]) for name, server in served]), flush=True)
    sys.stdin.read()


class Hostile(BaseHTTPRequestHandler):
    """A list that always has a further page, with one new row each; an endless article, a bomb."""

    def do_GET(self) -> None:
        found = re.search(r"[?&]d=(\d+)", self.path)
        number = int(found[1]) if found else 0
        if self.path == "/robots.txt" or "GetHits" in self.path:
            self.answer(b"", 404)
        elif number == 1:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            with suppress(OSError):
                while True:
                    self.wfile.write(b"<p>" + b"x" * 4096)
        elif number == 2:
            self.answer(gzip.compress(b"<p>0</p>" * (200 << 17)), 200, "gzip")
        elif number:
            self.answer(article_page(number, title=f"第{number}篇讲话").encode())
        else:
            page = int(m[1]) if (m := re.search(r"page=(\d+)", self.path)) else 1
            rows = (
                [(page * 10 + n, f"第{page * 10 + n}篇讲话", "2020-01-01") for n in range(3)]
                if page > 1
                else [(n, f"第{n}篇讲话", "2020-01-01") for n in (1, 2, 3)]
            )
            pager = f'<a href="/Item/list.asp?id=5&page={page + 1}">下一页</a>'
            self.answer(list_page(rows, pager=pager).encode())

    def answer(self, body: bytes, status: int = 200, coding: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        if coding:
            self.send_header("Content-Encoding", coding)
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@dataclass(frozen=True)
class Fleet:
    """The served sites by name, and a deployment of them."""

    folder: Path
    ports: dict[str, int]

    def write(self) -> None:
        (self.folder / "sites").mkdir(parents=True)
        for name, port in self.ports.items():
            made_by = name.split("-", 2)[-1]
            flavour = next((one for one in FLAVOURS if one.replace(".", "").lower() == made_by), "6.5")
            lines = [
                'name = "广水市政协网"', 'committee = "政协广水市委员会"', f'cms = "{CMS.get(flavour, flavour)}"',
                'id_namespace = "test"', f'start_url = "http://127.0.0.1:{port}/"', 'section = "领导讲话"',
                'hosts = ["127.0.0.1"]', "delay = 0", "time_budget = 2" if name == HOSTILE else "",
            ]  # fmt: skip
            (self.folder / "sites" / f"{name}.toml").write_text("\n".join(lines), "utf-8")

    def command(self, root: str, sites: str, jobs: int, *more: str) -> list[str]:
        file = self.folder / f"{root}.toml"
        told = ['contact = "a@example.org"', 'profiles = "sites"', 'sites = ["*-*"]', f'archive_root = "{root}"']
        file.write_text("\n".join(told), "utf-8")
        program = [sys.executable, "-m", "scrapy", "crawlall", "--fleet", str(file)]
        return [*program, "--sites", sites, "--jobs", str(jobs), *more]

    def ask(self, name: str, what: str) -> Any:
        connection = HTTPConnection("127.0.0.1", self.ports[name], timeout=30)
        connection.request("GET", f"/__replica__/{what}")
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return answer

    def requests(self) -> dict[str, Counter[str]]:
        """How often each address was asked for, by site."""
        return {
            name: Counter(one["path"] for one in self.ask(name, "log")["requests"])
            for name in self.ports
            if name.startswith("site-")
        }


@contextmanager
def served(folder: Path, sites: int, speeches: int) -> Iterator[Fleet]:
    command = [
        sys.executable,
        "-m",
        "benchmarks",
        "fleet",
        "--serve",
        "--sites",
        str(sites),
        "--speeches",
        str(speeches),
    ]
    with subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        fleet = Fleet(folder, dict(json.loads(process.stdout.readline() if process.stdout else "[]")))
        fleet.write()
        try:
            yield fleet
        finally:
            process.terminate()


def newest(root: Path) -> dict[str, Any]:
    """The newest record of a run."""
    files = sorted((root / "fleet").glob("[0-9]*.json"))
    found: dict[str, Any] = json.loads(files[-1].read_text("utf-8")) if files else {"sites": []}
    return found


def killed(fleet: Fleet, jobs: int, share: float) -> set[str]:
    """Kill a run when a share of its sites has ended; returns the sites whose journal says so."""
    root = fleet.folder / "killed"
    with subprocess.Popen(fleet.command("killed", "site-*", jobs), cwd=PROJECT) as process:
        while process.poll() is None and len(newest(root)["sites"]) < share * len(list(fleet.requests())):
            time.sleep(0.2)
        process.send_signal(signal.SIGKILL)
    journals = (root / "fleet" / "attempts").glob("*.jsonl")
    return {file.stem for file in journals if '"ended"' in file.read_text("utf-8")}


def wrong(fleet: Fleet, root: Path) -> list[str]:
    """Speeches that are lost, twice there, or not of the site, by site."""
    found = []
    for name in fleet.ports:
        if not name.startswith("site-"):
            continue
        there = [line["native_id"] for line in Archive(root / name).latest()]
        truth = {one["native_id"] for one in fleet.ask(name, "truth")["speeches"]}
        if len(there) != len(set(there)) or set(there) != truth:
            found.append(f"{name}: {len(there)} lines of {len(truth)} speeches")
    return found


def pages(root: Path) -> int:
    """Requests of the runs of an archive root."""
    total = 0
    for file in root.glob("*/runs/*.json"):
        total += int(json.loads(file.read_text("utf-8")).get("traffic", {}).get("downloader/request_count", 0))
    return total


def said(name: str, one: Measured, count: int) -> None:
    print(
        f"{name:28} {one.seconds:6.1f} s  CPU {one.cpu:6.1f} s  {one.megabytes:4.0f} MB  {count} requests", flush=True
    )


def statuses(record: dict[str, Any]) -> dict[int, int]:
    """Exit statuses and their number, without the hostile site's."""
    return dict(Counter(one["exit_status"] for one in record["sites"] if one["site"] != HOSTILE))


def floor(fleet: Fleet) -> tuple[float, float]:
    """Seconds of CPU time of the start of the program, and of a request."""
    start = measured(fleet.command("none", "site-00*", 1, "--plan"), PROJECT)
    cpu, count = 0.0, 0
    for place, name in enumerate(one for one in fleet.ports if one.startswith("floor-")):
        one = measured(fleet.command(f"floor{place}", name, 1), PROJECT)
        asked = pages(fleet.folder / f"floor{place}")
        said(name, one, asked)
        cpu, count = cpu + one.cpu - start.cpu, count + asked
    print(f"the start {start.cpu:.2f} s of CPU time, a request {cpu / count * 1000:.1f} ms", flush=True)
    return start.cpu, cpu / count


def paths_of_articles(root: Path, name: str) -> set[str]:
    addresses = (urlsplit(one["url"]) for one in Archive(root / name).latest())
    return {one._replace(scheme="", netloc="").geturl() for one in addresses}


def killed_and_again(fleet: Fleet, jobs: int) -> bool:
    """Whether nothing is lost when the run is killed and run again, and nothing is asked twice of what had ended."""
    root, before = fleet.folder / "killed", fleet.requests()
    ended = killed(fleet, jobs, 1 / 3)
    at_kill = fleet.requests()
    again = measured(fleet.command("killed", "site-*", jobs), PROJECT)
    after = fleet.requests()
    said("killed, and run again", again, pages(root))
    asked_again = sum(sum((after[name] - at_kill[name]).values()) for name in ended)
    twice = Counter(
        name for name in after for path in paths_of_articles(root, name) if after[name][path] - before[name][path] > 1
    )
    lost, runs = wrong(fleet, root), len(list((root / "fleet").glob("[0-9]*.json")))
    print(f"  {len(ended)} sites had ended, and were asked {asked_again} times after the kill")
    print(f"  articles asked twice: {sum(twice.values())}, of {len(twice)} sites that were under way")
    print(f"  exits {statuses(newest(root))}; lost: {lost or 'nothing'}; records of runs: {runs}", flush=True)
    return not lost and not asked_again and set(statuses(newest(root))) == {0}


def bench(folder: Path, options: argparse.Namespace) -> bool:
    with served(folder, options.sites, options.speeches) as fleet:
        start, request = floor(fleet)
        is_kept = killed_and_again(fleet, options.jobs)
        whole = measured(fleet.command("whole", "site-*,zz-*", options.jobs), PROJECT)
        root = folder / "whole"
        count, record, lost = pages(root), newest(root), wrong(fleet, root)
        said("all, and a hostile one", whole, count)
        hostile = next(one for one in record["sites"] if one["site"] == HOSTILE)
        above = (whole.cpu - start - request * count) / (options.sites + 1)
        print(f"  exits {statuses(record)}; lost: {lost or 'nothing'}")
        print(
            f"  hostile: exit {hostile['exit_status']} after {hostile['seconds']:.0f} s: {hostile['message'][:200]}"
        )
        print(f"  CPU time a site above its requests: {above:.3f} s; {whole.cpu / (options.sites + 1):.2f} s in all")
    is_small = whole.megabytes < MOST_MEGABYTES and above <= MOST_SECONDS
    return is_kept and is_small and not lost and set(statuses(record)) == {0}


def main() -> int:
    parser = command_line("fleet", __doc__)
    parser.add_argument("--sites", type=int, default=200)
    parser.add_argument("--speeches", type=int, default=24)
    parser.add_argument("--jobs", type=int, default=50)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.sites, options.speeches)
        return 0
    if options.keep:
        return 0 if bench(options.keep, options) else 1
    with tempfile.TemporaryDirectory() as folder:
        return 0 if bench(Path(folder), options) else 1
