"""A whole crawl of one site, beside other crawlers that do the same work."""

from __future__ import annotations

import gzip
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.measuring import Contender, Measured, in_turn
from benchmarks.results import Bar, Found, Table, cpu, wall
from benchmarks.rivals.environments import program_of, python_of
from benchmarks.served.pages import Recorded, Truth, letters, record
from benchmarks.served.server import Server, free_port, serving

AT_ONCE = 16
SIZES = {"smoke": 20, "usual": 2_000}
ABOUT = """\
One client after another crawls the same site: a KesionCMS 7.0 site recorded page by page (30 KB an article, 32 KB a
list page of 20 rows), served by nginx on the loopback without compression. The work of each, and only that: every
list page, every part of every article, every view counter (read so that it counts no view), no attachments, no
delay, 16 requests at once. A run counts only if the server's log has every one of these addresses, and if every
speech is there with the title, the day and the view count that the site's database holds. *right bodies* says how
many texts equal the database's text character for character, whitespace apart: a rival takes `string()` of the
body's element, with hidden text and scripts."""
_OURS = "writes the archive of records, observations, run report and commit; {}; robots.txt is asked"
_LINES = "writes a line of JSON a speech (title, day, body, views); {}"
_WGET = (
    "follows links, keeps every exchange in WARC (gzip) and every page as a file; extracts nothing, "
    "one request at a time; asks for the counters as the pages do, which counts a view, and twice for the first part "
    "of a long article"
)
_OF_THE_WORK = r"/(Item/list\.asp\?ID=5&Page=[0-9]+|Item/Show\.asp\?m=1&d=[0-9]+(&p=[0-9]+)?|item/GetHits\.asp\?.*)$"
PROFILE = """\
name = "广水市政协网"
committee = "政协广水市委员会"
cms = "kesion"
id_namespace = "kesion-1"
start_url = "{start}"
section = "领导讲话"
hosts = ["127.0.0.1"]
counter = "read_only"
attachment_types = []
"""


@dataclass(frozen=True)
class Served:
    """A recorded site that nginx serves: `url` is its root without the last slash."""

    url: str
    site: Recorded
    server: Server

    @property
    def start(self) -> str:
        """The first list page."""
        return self.url + self.site.start

    def asked_all(self) -> dict[str, float | str]:
        """How many requests came since the last call; ValueError when an address of the work was not among them."""
        asked = [one.replace("Action=Count&", "") for one in self.server.asked()]
        if missing := self.site.wanted - set(asked):
            raise ValueError(f"{len(missing)} of {len(self.site.wanted)} addresses were not requested")
        return {"requests": len(asked)}

    def right(self, records: Iterable[tuple[str, Truth]]) -> dict[str, float | str]:
        """How many bodies are right; ValueError when a speech is missing or its title, day or views are wrong."""
        found = dict(records)
        for path, truth in self.site.truth.items():
            if path not in found:
                raise ValueError(f"{path} is missing")
            if found[path]._replace(body="") != truth._replace(body=""):
                raise ValueError(f"{path}: {found[path]._replace(body='')}")
        exact = sum(letters(found[path].body) == letters(truth.body) for path, truth in self.site.truth.items())
        return {"right bodies": f"{exact} of {len(self.site.truth)}"}


def run(size: int, rounds: int, only: Collection[str] = ()) -> Found:
    """Crawl `size` speeches, each client `rounds` times."""
    folder = Path(tempfile.mkdtemp(prefix="bench-site-"))
    try:
        port = free_port()
        site = record(folder / "pages", f"127.0.0.1:{port}", size)
        with serving(site.folder, folder / "state", port) as server:
            served = Served(f"http://127.0.0.1:{port}", site, server)
            rows = in_turn([*ours(served, folder), *rivals(served)], rounds, only)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return Found("crawl", size, ABOUT, [Table("", rows, "pages", len(site.wanted))], bars(rows))


def ours(served: Served, folder: Path) -> Iterator[Contender]:
    """Our crawl, with and without captures."""
    profile = folder / "bench.toml"
    profile.write_text(PROFILE.format(start=served.start), encoding="utf-8")

    def check(root: Path) -> dict[str, float | str]:
        return served.asked_all() | served.right(_archived(root))

    for name, captures, said in (
        ("speech-archive", 1, "every exchange is kept verbatim in WARC (gzip)"),
        ("speech-archive, without WARC", 0, "no captures"),
    ):
        settings = [f"CAPTURE={captures}", *own_settings()]
        crawl = [sys.executable, "-m", "scrapy", "crawl", "speeches", "-a", "site=bench", "-a", f"profile={profile}"]
        crawl += [part for one in settings for part in ("-s", one)]

        def command(root: Path, crawl: list[str] = crawl) -> list[str]:
            return [*crawl, "-s", f"ARCHIVE_ROOT={root}"]

        yield Contender(name, _OURS.format(said), command, check)


def own_settings() -> list[str]:
    """Settings of a crawl of the loopback: no delay, as many requests at once as the rivals."""
    return ["DOWNLOAD_DELAY=0", f"CONCURRENT_REQUESTS={AT_ONCE}", f"CONCURRENT_REQUESTS_PER_DOMAIN={AT_ONCE}"]


def _archived(root: Path) -> Iterator[tuple[str, Truth]]:
    for line in _lines(root / "bench" / "latest.jsonl"):
        path = "/" + line["url"].split("/", 3)[3]
        yield path, Truth(line["title"], line["published_on"], line["body"], line["view_count"])


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def rivals(served: Served) -> Iterator[Contender]:
    """The other crawlers."""
    for name, environment, module, extra, said in (
        ("Scrapy, tuned", "scrapy", "scrapy_tuned", [], "lxml, CONCURRENT_ITEMS=4, no middleware that is not needed"),
        ("Scrapy, tuned, uvloop", "scrapy", "scrapy_tuned", ["uvloop"], "the same on uvloop"),
        ("Scrapy, defaults", "scrapy", "scrapy_default", [], "parsel, feed export, the log's level INFO"),
        ("crawlee ParselCrawler", "crawlee", "crawlee_crawler", [], "parsel, impit, queue in memory"),
        ("aiohttp + lxml", "aiohttp", "aiohttp_loop", [], "a loop on uvloop without framework: the floor"),
    ):
        program = ["-m", f"benchmarks.rivals.{module}", served.start]
        command = partial(_rival_command, environment, program, extra)
        yield Contender(name, _LINES.format(said), command, lambda folder: _rival_did(served, folder))
    yield Contender("wget --warc-file", _WGET, _wget(served), lambda folder: _wget_did(served, folder))


def _rival_command(environment: str, program: list[str], extra: list[str], folder: Path) -> list[str]:
    return [python_of(environment), *program, str(folder / "out.jsonl"), *extra]


def _wget(served: Served) -> Callable[[Path], list[str]]:
    def command(folder: Path) -> list[str]:
        options = ["--recursive", "--level=inf", "--execute=robots=off", "--no-verbose", "--no-host-directories"]
        options += [f"--directory-prefix={folder / 'files'}", f"--warc-file={folder / 'out'}"]
        return [program_of("wget"), *options, f"--accept-regex={_OF_THE_WORK}", served.start]

    return command


def _wget_did(served: Served, folder: Path) -> dict[str, float | str]:
    with gzip.open(folder / "out.warc.gz") as records:
        answers = sum(line == b"WARC-Type: response\r\n" for line in records)
    facts = served.asked_all()
    if answers != facts["requests"]:
        raise ValueError(f"{answers} responses in the WARC file for {facts['requests']} requests")
    return facts


def _rival_did(served: Served, folder: Path) -> dict[str, float | str]:
    records = (
        (line["url"].removeprefix(served.url), Truth(line["title"], line["published"], line["body"], line["views"]))
        for line in _lines(folder / "out.jsonl")
    )
    return served.asked_all() | served.right(records)


def bars(rows: list[Measured]) -> list[Bar]:
    """Ratios of speed, by CPU and by the wall clock: a rival's seconds over ours."""
    by_name = {row.name: row for row in rows}
    mine = by_name.get("speech-archive")
    wanted = {"Scrapy, tuned": 0.8, "Scrapy, defaults": 1.2, "crawlee ParselCrawler": 1.0, "wget --warc-file": 0.9}
    return [
        Bar(f"speed by {said} / {name}", seconds(by_name[name]) / seconds(mine), bound)
        for name, bound in wanted.items()
        for said, seconds in (("CPU", cpu), ("wall clock", wall))
        if mine and name in by_name
    ]
