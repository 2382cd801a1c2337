"""What one command over a thousand archives costs, in one process.

    python -m benchmarks many [--sites 1000] [--speeches 50] [--keep DIR]

One archive is made by two real crawls of a replica that changes in between, and copied under the name of each site:
its lines, reports and commits are of that site, and `verify` finds each of them whole. The captures are linked.

The bar for 1,000 sites of 50 speeches: the changes of all in 8 s, one Parquet table in 15 s.
"""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measuring import PROJECT, command_line
from benchmarks.processes import measured
from pipelines.archive.disk.commits import sidecar_text
from pipelines.archive.disk.files import NamedFile, gzip_lines
from pipelines.archive.disk.layout import ARCHIVE_JSON, Layout
from pipelines.archive.disk.streams import raw_lines
from pipelines.archive.read.reader import Archive
from pipelines.archive.write.rebuild import rebuild

if TYPE_CHECKING:
    from collections.abc import Iterator

SITE = "gszx"
VERB_MISSING = 2


def verbs(root: Path, out: Path) -> dict[str, tuple[list[str], float | None]]:
    """What is measured, by name, and the most seconds that it may take."""
    where = str(root)
    table = ["export", "--to", "parquet", "--tables", "speeches", where, "--out", str(out / "parquet")]
    return {
        "changes, all": (["changes", where], 8.0),
        "changes, nothing new": (["changes", where, "--since", "2999-01-01"], 8.0),
        "changes --full": (["changes", where, "--full", "--cursors"], None),
        "views": (["views", where], None),
        "status": (["status", where], None),
        "verify --quick": (["verify", where, "--quick"], None),
        "one Parquet table": (table, 15.0),
    }


def main() -> int:
    """Make the archives, measure, print the table; 1 when a verb is over its bar."""
    parser = command_line("many", __doc__)
    parser.add_argument("--sites", type=int, default=1000)
    parser.add_argument("--speeches", type=int, default=50)
    parser.add_argument("--keep", type=Path, metavar="DIR", help="make the archives here, or use those that are here")
    given = parser.parse_args()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        root = given.keep or scratch / "many"
        if not root.exists():
            print(f"making {given.sites} archives of {given.speeches} speeches in {root} …", file=sys.stderr)
            make(root, given.sites, given.speeches)
        return _table(root, scratch)


def _table(root: Path, out: Path) -> int:
    print(f"{'':<22} {'seconds':>8} {'CPU':>8} {'MB':>6}")
    failed = False
    for name, (command, most) in verbs(root, out).items():
        found = measured([sys.executable, "-m", "pipelines", *command], PROJECT)
        if found.status:
            failed |= found.status != VERB_MISSING
            print(f"{name:<22} {'verb missing' if found.status == VERB_MISSING else found.said[-300:]}")
            continue
        is_over = most is not None and found.seconds > most
        failed |= is_over
        print(f"{name:<22} {found.seconds:8.1f} {found.cpu:8.1f} {found.megabytes:6.0f}{'  OVER' if is_over else ''}")
    return int(failed)


def make(root: Path, sites: int, speeches: int) -> None:
    """Write so many archives into `root`, which must not exist: `s0001` and so on."""
    # What is measured begins with the memory of this process, so it imports no crawler before.
    from crawler.replica.process import Replica  # noqa: PLC0415

    with tempfile.TemporaryDirectory(dir=root.parent) as folder:
        first = Path(folder)
        with Replica(speeches=speeches) as replica:
            _crawl(first, replica.url)
            replica.step()
            _crawl(first, replica.url)
        root.mkdir()
        for number in range(1, sites + 1):
            rename(Archive(first / SITE), root / f"s{number:04d}")


def _crawl(root: Path, url: str) -> None:
    from crawler.run.in_process import crawl_site  # noqa: PLC0415

    settings = {"ARCHIVE_ROOT": str(root), "DOWNLOAD_DELAY": 0, "LOG_LEVEL": "ERROR", "GONE_AFTER_DAYS": 0}
    crawl_site(SITE, settings=settings, start_url=url, mode="full")


def rename(archive: Archive, folder: Path) -> None:
    """Write the same archive of another site, named as `folder`, which must not exist."""
    old, new = archive.layout, Layout(folder)
    new.commits.mkdir(parents=True)
    new.staging.mkdir()
    before: str | None = None
    for commit in archive.commits():
        for named in commit.files:
            _rename_file(old.path(named.path), new.path(named.path), named.path, archive.facts.site, folder.name)
        files = tuple(NamedFile.of(new.path(named.path), named.path) for named in commit.files)
        file = new.commit(commit.n)
        file.write_bytes(replace(commit, prev=before, files=files).document())
        before = NamedFile.of(file, file.name).sha256
        new.sidecar(commit.n).write_bytes(sidecar_text(file, before))
    rebuild(folder)


def _rename_file(old: Path, new: Path, path: str, site: str, name: str) -> None:
    new.parent.mkdir(parents=True, exist_ok=True)
    if path.endswith(".jsonl.gz"):
        gzip_lines(new, _renamed(raw_lines(old), site, name))
    elif path == ARCHIVE_JSON or path.startswith("runs/"):
        new.write_bytes(old.read_bytes().replace(f'"site": "{site}"'.encode(), f'"site": "{name}"'.encode()))
    else:  # captures and schemas
        os.link(old, new)


def _renamed(lines: Iterator[bytes], site: str, name: str) -> Iterator[bytes]:
    # Within a text each quotation mark is escaped, so that these are always keys.
    pairs = [(f'"id":"{site}:', f'"id":"{name}:'), (f'"site":"{site}"', f'"site":"{name}"')]
    for line in lines:
        for was, now in pairs:
            line = line.replace(was.encode(), now.encode())  # noqa: PLW2901
        yield line
