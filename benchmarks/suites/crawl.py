"""A whole crawl of one site, beside other crawlers that do the same work."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Collection, Iterator
from functools import partial
from pathlib import Path

from benchmarks.measuring import Contender, Measured, in_turn
from benchmarks.results import Bar, Found, Table, cpu, wall
from benchmarks.rivals.environments import program_of, python_of
from benchmarks.served.pages import Truth
from benchmarks.served.site import Served, json_lines, served_site

SIZES = {"smoke": 20, "usual": 2_000}
ABOUT = """\
One client after another crawls the same site: a KesionCMS 7.0 site recorded page by page (30 KB an article, 32 KB a
list page of 20 rows), served by nginx on the loopback without compression. The work of each, and only that: every
list page, every part of every article, every view counter (read so that it counts no view), no attachments, no
delay, 16 requests at once. A run counts only if the server's log has every one of these addresses, and if every
speech is there with the title, the day and the view count that the site's database holds. *right bodies* says how
many texts equal the database's text character for character, whitespace apart: a rival takes `string()` of the
body's element, with hidden text and scripts."""
_OURS = "writes the archive of records, observations, run report and commit; {}; asks for robots.txt"
_LINES = "writes a line of JSON a speech (title, day, body, views); {}"
_WGET = (
    "follows links, keeps every exchange in WARC (gzip) and every page as a file; extracts nothing, "
    "one request at a time; asks for the counters as the pages do, which counts a view, and twice for the first part "
    "of a long article"
)
_OF_THE_WORK = r"/(Item/list\.asp\?ID=5&Page=[0-9]+|Item/Show\.asp\?m=1&d=[0-9]+(&p=[0-9]+)?|item/GetHits\.asp\?.*)$"


def run(size: int, rounds: int, only: Collection[str] = ()) -> Found:
    """Crawl `size` speeches, each client `rounds` times."""
    with served_site(size) as served:
        rows = in_turn([*ours(served), *rivals(served)], rounds, only)
        units = len(served.site.wanted)
    return Found("crawl", size, ABOUT, [Table("", rows, "pages", units)], bars(rows))


def ours(served: Served) -> Iterator[Contender]:
    """Our crawl, with and without captures."""
    for name, captures, said in (
        ("speech-archive", 1, "every exchange is kept verbatim in WARC (gzip)"),
        ("speech-archive, without WARC", 0, "no captures"),
    ):

        def command(root: Path, captures: int = captures) -> list[str]:
            return served.crawl(root, "-s", f"CAPTURE={captures}")

        yield Contender(name, _OURS.format(said), command, lambda root: served.asked_all() | served.archived(root))


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
        for line in json_lines(folder / "out.jsonl")
    )
    return served.asked_all() | served.right(records)


def bars(rows: list[Measured]) -> list[Bar]:
    """Ratios of speed, by CPU and by the wall clock: a rival's seconds over ours."""
    by_name = {row.name: row for row in rows}
    mine = by_name.get("speech-archive")
    wanted = {
        "Scrapy, tuned": 0.8,
        "Scrapy, tuned, uvloop": 0.8,
        "Scrapy, defaults": 1.2,
        "crawlee ParselCrawler": 1.0,
        "wget --warc-file": 0.9,
    }
    return [
        Bar(f"speed by {said} / {name}", seconds(by_name[name]) / seconds(mine), bound)
        for name, bound in wanted.items()
        for said, seconds in (("CPU", cpu), ("wall clock", wall))
        if mine and name in by_name
    ]
