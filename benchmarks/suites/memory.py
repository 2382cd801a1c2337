"""Whether memory grows with the number of pages."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from statistics import median

from benchmarks.measuring import Contender, Measured, in_turn
from benchmarks.results import Bar, Found, Table
from benchmarks.served.site import SITE, Served, json_lines, served_site

SIZES = {"smoke": 200, "usual": 100_000}
MOST_ROUNDS = 1
SMALLER = 20
PAGES_A_SPEECH = 2.15
"""An article with its further parts, and its counter."""
ABOUT = """\
The peak memory of a whole crawl with WARC, of a twentieth of the pages and of all: articles, parts and counters of
a recorded KesionCMS site as in the suite crawl, but without the frame (6 KB a page) and with 100 rows a list page,
since pages of any size come one after the other."""


def run(size: int, rounds: int, only: Collection[str] = ()) -> Found:
    """Crawl about `size` pages and a twentieth of them. One round says enough of memory."""
    rows = [_crawled(pages) for pages in (size // SMALLER, size) if not only or f"{pages:,} pages" in only]
    peaks = [median(one.megabytes for one in row.runs) for row in rows]
    bars = [Bar(f"memory at {size:,} pages / at {size // SMALLER:,}", peaks[1] / peaks[0], 1.15, at_least=False)]
    return Found("memory", size, ABOUT, [Table("", rows)], bars if rounds and len(peaks) == 2 else [])


def _crawled(pages: int) -> Measured:
    with served_site(int(pages / PAGES_A_SPEECH), full_size=False, rows_a_page=100) as served:
        return in_turn([_contender(served, pages)], 1)[0]


def _contender(served: Served, pages: int) -> Contender:
    def check(root: Path) -> dict[str, float | str]:
        found = sum(1 for _ in json_lines(root / SITE / "latest.jsonl"))
        if found != len(served.site.truth):
            raise ValueError(f"{found} of {len(served.site.truth)} speeches are archived")
        return served.asked_all() | {"speeches": found}

    return Contender(f"{pages:,} pages", "", served.crawl, check)
