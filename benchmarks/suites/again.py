"""A site that is crawled again, and captures that are read again without it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from benchmarks.measuring import Contender, in_turn, spend
from benchmarks.results import Found, Table, ratios
from benchmarks.served.site import SITE, Served, served_site

SIZES = {"smoke": 20, "usual": 2_000}
ABOUT = """\
The site of the suite crawl once more. *unchanged* crawls a site of which the archive has everything and nothing has
changed: the list is read, and what is due of articles and counters. The two replays ask the site for nothing:
`replay=latest` reads the newest captures of every speech anew and compares; `replay=RUN` repeats the first crawl
into a new archive from its WARC files, with every line, observation and report. The archive is copied before, which
is not measured."""


def run(size: int, rounds: int, only: Collection[str] = ()) -> Found:
    """Crawl, crawl again and replay `size` speeches."""
    with served_site(size) as served, tempfile.TemporaryDirectory(prefix="bench-first-") as first:
        spend(served.crawl(Path(first)))
        served.server.asked()
        rows = in_turn(list(_contenders(served, Path(first))), rounds, only)
    wanted = [(name, "first crawl", least) for name, least in (("replay=latest", 3.0), ("replay=RUN", 3.0))]
    return Found("again", size, ABOUT, [Table("", rows, "speeches", size)], ratios(rows, wanted))


def _contenders(served: Served, first: Path) -> Iterator[Contender]:
    def copied(*more: str) -> Callable[[Path], list[str]]:
        def command(root: Path) -> list[str]:
            shutil.copytree(first / SITE, root / SITE)
            return served.crawl(root, *more)

        return command

    def check(root: Path) -> dict[str, float | str]:
        return {"requests": len(served.server.asked())} | served.archived(root)

    report = next((first / SITE / "runs").glob("*.json"))
    yield Contender("first crawl", "as in the suite crawl, with WARC", served.crawl, check)
    yield Contender("unchanged", "the second crawl of an archive that has everything", copied(), check)
    yield Contender("replay=latest", "every capture read again and compared", copied("-a", "replay=latest"), check)
    repeat = ("-a", f"replay={report}")
    yield Contender("replay=RUN", "a new archive from the captures", lambda root: served.crawl(root, *repeat), check)
