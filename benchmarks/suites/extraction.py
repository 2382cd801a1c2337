"""Reading article pages, beside libraries that extract articles."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator
from functools import partial
from pathlib import Path

from benchmarks.measuring import Contender, in_turn
from benchmarks.results import Found, Table, ratios
from benchmarks.rivals.environments import python_of
from benchmarks.served.pages import Recorded, letters, record

SIZES = {"smoke": 20, "usual": 300}
HOST = "127.0.0.1"
ABOUT = """\
Every reader gets the same article pages of the recorded site (30 KB, one part each) as decoded text, one after the
other in one process on one core; only its calls are timed, after 20 pages to warm up. From text to title, day and
plain text of the body, as far as the reader gives them: *–* where it has no such answer. Right is what equals the
site's database, of a body its characters without whitespace."""
_OURS = (
    "title, dates and their weighing, author, source, breadcrumb, attachments, problems, plain text of the body; {}"
)
_RIVALS = (
    ("trafilatura", "extraction", "title, date, plain text; comments off"),
    ("trafilatura-fast", "extraction", "the same with `fast=True`, without its second opinions"),
    ("readability-lxml", "extraction", "title, HTML of the body, its text by lxml"),
    ("magic-html", "magic-html", "title, HTML of the body, its text by lxml; needs Python 3.12"),
    ("resiliparse", "extraction", "title of the document, plain text of the main content; compiled, no lxml"),
)


def run(size: int, rounds: int, only: Collection[str] = ()) -> Found:
    """Read `size` pages with each reader, `rounds` times."""
    with tempfile.TemporaryDirectory(prefix="bench-pages-") as name:
        folder = Path(name)
        # One article in nine has several parts.
        site = record(folder / "pages", HOST, size * 5 // 4 + 5)
        pages = _write(site, folder / "pages.jsonl", size)
        rows = in_turn(list(_contenders(site, pages)), rounds, only)
    wanted = (
        ("generic reader", "trafilatura", 10.0),
        ("generic reader", "readability-lxml", 5.0),
        ("described family", "trafilatura", 40.0),
    )
    bars = ratios(rows, wanted)
    return Found("extraction", size, ABOUT, [Table("", rows, "pages", size)], bars)


def _write(site: Recorded, file: Path, size: int) -> Path:
    whole = [path for path in site.truth if f"{path}&p=2" not in site.articles][:size]
    lines = (
        {"url": f"http://{HOST}{path}", "text": site.file(path).read_bytes().decode("gb18030")} for path in whole
    )
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return file


def _contenders(site: Recorded, pages: Path) -> Iterator[Contender]:
    def contender(name: str, python: Callable[[], str], module: str, reader: str, work: str) -> Contender:
        def command(folder: Path) -> list[str]:
            return [python(), "-m", module, reader, str(pages), str(folder)]

        return Contender(name, work, command, lambda folder: _right(site, folder), tells=True)

    for name, family, knows in (
        ("generic reader", "generic", "nothing of the site"),
        ("described family", "kesion", "the CMS"),
    ):
        own = "benchmarks.suites.own_readers"
        yield contender(name, lambda: sys.executable, own, family, _OURS.format(f"knows {knows}"))
    for name, environment, work in _RIVALS:
        yield contender(name, partial(python_of, environment), "benchmarks.rivals.extractors", name, work)


def _right(site: Recorded, folder: Path) -> dict[str, float | str]:
    with (folder / "out.jsonl").open(encoding="utf-8") as lines:
        found = {line["url"].removeprefix(f"http://{HOST}"): line for line in map(json.loads, lines)}
    told = {path: site.truth[path] for path in found}
    titles = sum(found[path]["title"] == truth.title for path, truth in told.items())
    days = sum(found[path]["published"] == truth.published for path, truth in told.items())
    bodies = sum(letters(found[path]["body"] or "") == letters(truth.body) for path, truth in told.items())
    has_days = any(line["published"] for line in found.values())
    return {
        "right titles": f"{titles} of {len(told)}",
        "right days": f"{days} of {len(told)}" if has_days else "–",
        "right bodies": f"{bodies} of {len(told)}",
    }
