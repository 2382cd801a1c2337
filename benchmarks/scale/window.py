"""How long the window of an archive takes to build: all of it, and again after one new version.

    python -m benchmarks window [--speeches 20000] [--keep DIR]

The archive is made by the real writer: a run that captures every speech, pages of 30 KB in WARC files; nights on
which view counters were read; one on which speeches were edited. The bars for 20,000 speeches: all in 3 minutes and
400 MB over all processes, one new version in 5 seconds and fewer than 30 pages (feeds, state and a part of the search
index are other files), a page of a speech under 60 KB.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.made import FACTS, moment, paragraphs, speech
from benchmarks.measuring import PROJECT, command_line
from benchmarks.processes import measured
from crawler.replica.prose import dice
from pipelines.archive.write.writer import ArchiveRun
from pipelines.record import Listed
from pipelines.warc.exchange import Exchange

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelines.record import Speech

NIGHTS = 4
"""Nights on which only view counters were read."""
EDITED = 20
"""One speech of so many is edited."""
_PARAGRAPHS = 20
_MOST_SECONDS, _MOST_AGAIN, _MOST_MEGABYTES, _MOST_PAGES, _MOST_BYTES = 180.0, 5.0, 400, 30, 60_000
_MENU = "".join(f'<li class="item"><a href="/list/{n}.html" title="栏目{n}">栏目{n}</a></li>\n' for n in range(300))


def main() -> int:
    """Make the archive, measure, print the table; 1 when something is over its bar."""
    parser = command_line("window", __doc__, keeps=True)
    parser.add_argument("--speeches", type=int, default=20_000)
    given = parser.parse_args()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        root = given.keep or scratch / "made"
        if not root.exists():
            print(f"making an archive of {given.speeches} speeches in {root} …", file=sys.stderr)
            make(root, given.speeches)
        return _table(root, scratch / "window", given.speeches)


def make(root: Path, speeches: int) -> None:
    """Write the archive into `root`, which must not exist."""
    numbers = range(1, speeches + 1)
    run(root, 1, (said(number, 1, moment(1, number)) for number in numbers))
    for night in range(2, NIGHTS + 2):
        run(
            root,
            night,
            (Listed(site="made", native_id=str(n), look=said(n, 1, moment(night, n)).look) for n in numbers),
        )
    last = NIGHTS + 2
    run(root, last, (said(n, 2, moment(last, n)) for n in numbers if n % EDITED == 0))


def said(number: int, version: int, at: str) -> Speech:
    """A speech of about 2,000 characters; of a later version one paragraph differs."""
    chance = dice("window", number)
    body = ["各位委员、同志们：", *chance.sample(paragraphs(), _PARAGRAPHS)]
    body[5] = f"{body[5]}（第{version}稿）"
    return replace(speech(number, 1, at), body="\n".join(body), view_count=100 + number % 1000)


def run(root: Path, number: int, seen: Iterable[Speech | Listed]) -> None:
    """One run of the archive, with the captures of the articles that it read."""
    opened = ArchiveRun.open(root, FACTS, f"made-{number:05d}", moment(number, 0), 14)
    for one in seen:
        if isinstance(one, Listed):
            opened.see(one, 100 + number * 10 + int(one.native_id) % 1000)
            continue
        page = _page(one)
        kept, sha256 = opened.captures.add(_exchange(one, page)), hashlib.sha256(page).hexdigest()
        article, *_ = one.look.captures
        captures = (replace(article, payload_sha256=sha256, **(kept._asdict() if kept else {})),)
        opened.keep(replace(one, look=replace(one.look, captures=captures, payload_sha256=sha256)))
    with opened:
        report = {"verdict": "complete", "exit_status": 0, "counts": {}, "listing_complete": True}
        opened.seal(report, moment(number, 50_000), {"speech-archive": "benchmark"})


def _page(one: Speech) -> bytes:
    text = "\n".join(f"<p>　　{paragraph}</p>" for paragraph in one.body.split("\n"))
    head = f"<html><head><title>{one.title}</title></head>"
    return f"{head}<body><ul>{_MENU}</ul><div id=MyContent>{text}</div></body></html>".encode()


def _exchange(one: Speech, page: bytes) -> Exchange:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    return Exchange(
        url=one.url,
        date=one.look.observed_at,
        ip="127.0.0.1",
        request=b"GET / HTTP/1.1\r\nHost: made.example\r\n\r\n",
        response=BytesIO(head + page),
        truncated=None,
        is_verbatim=True,
    )


def _table(root: Path, window: Path, speeches: int) -> int:
    command = [sys.executable, "-m", "pipelines", "site", str(root), "--out", str(window)]
    is_over = False
    print(f"{'':<18} {'seconds':>8} {'CPU':>8} {'MB':>6}  pages + other files written, bytes in all")
    for name, most in (("all", _MOST_SECONDS), ("nothing new", _MOST_AGAIN), ("one new version", _MOST_AGAIN)):
        if name == "one new version":
            run(root, len(list((root / "commits").glob("*.json"))) + 1, [_edited(root)])
        before = _files(window)
        found = measured(command, PROJECT)
        after = _files(window)
        changed = [file for file, state in after.items() if before.get(file) != state]
        pages = sum(file.suffix == ".html" for file in changed)
        size = sum(size for _, size in after.values())
        failed = found.status or found.seconds > most or found.megabytes > _MOST_MEGABYTES
        failed = failed or (name == "one new version" and pages >= _MOST_PAGES)
        is_over |= bool(failed)
        told = f"{pages} + {len(changed) - pages}, {size / 1e6:.0f} MB"
        row = f"{found.seconds:8.1f} {found.cpu:8.1f} {found.megabytes:6.0f}  {told}"
        print(f"{name:<18} {row}{'  OVER' if failed else ''}{found.said[-300:] if found.status else ''}")
    sizes = [size for file, (_, size) in after.items() if file.parent.name == "made" and "speeches" in file.parts]
    is_over |= max(sizes) > _MOST_BYTES
    print(f"page of a speech: {sum(sizes) // len(sizes)} bytes, the largest {max(sizes)}; {speeches} speeches")
    return int(is_over)


def _edited(root: Path) -> Speech:
    commits = len(list((root / "commits").glob("*.json")))
    return said(7, commits, moment(commits + 1, 7))


def _files(window: Path) -> dict[Path, tuple[int, int]]:
    """Every file with the moment of its last change and its size."""
    found = {}
    for folder, _, names in os.walk(window):
        for name in names:
            told = (Path(folder) / name).stat()
            found[Path(folder) / name] = (told.st_mtime_ns, told.st_size)
    return found
