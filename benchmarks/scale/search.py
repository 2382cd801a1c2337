"""What `export --to sqlite` and `search` cost at 200,000 speeches, beside the bare library writing the same rows.

    python -m benchmarks search [--speeches 200000] [--keep DIR]

The bars: the export at least half as fast as the bare library, 600 MB; a search for two to six characters that finds
what a scan finds, in 20 ms (median). Speed is of CPU, which other work on the machine changes less than the clock.
"""

from __future__ import annotations

import random
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path

from benchmarks.made import make
from benchmarks.measuring import PROJECT, command_line
from benchmarks.processes import measured
from pipelines.archive.read.reader import Archive
from pipelines.tables.forms.sqlite_form import DATABASE
from pipelines.tables.search.hits import Sought
from pipelines.tables.search.index_search import opened_database, search_index
from pipelines.tables.search.lines_scan import search_lines
from pipelines.tables.selection import Selection

SLOWEST, MOST_MEGABYTES, MOST_MILLISECONDS = 0.5, 600, 20.0
QUERIES = 40
COMPARED = 3  # of each length with a scan, which takes seconds

BARE = """
import json, sqlite3, sys
from pipelines.tables.search.bigrams import full_text_table, pairs
lines, into, with_index = open(sys.argv[1], "rb"), sqlite3.connect(sys.argv[2]), sys.argv[3] == "index"
into.execute("PRAGMA journal_mode = OFF"); into.execute("PRAGMA synchronous = OFF")
names = list(json.loads(next(lines))); lines.seek(0)
dump = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
into.execute("CREATE TABLE speeches (%s)" % ", ".join('"%s"' % name for name in names))
into.execute(full_text_table("speeches_text", "title", "body"))
insert = "INSERT INTO speeches VALUES (%s)" % ", ".join("?" * len(names))
for number, line in enumerate(map(json.loads, lines), 1):
    into.execute(insert, [dump(value) if type(value) in (list, dict) else value for value in line.values()])
    if with_index:
        texts = [number, pairs(line["title"]), pairs(line["body"])]
        into.execute("INSERT INTO speeches_text(rowid, title, body) VALUES (?, ?, ?)", texts)
into.execute("CREATE UNIQUE INDEX of_id ON speeches(id)")
into.commit()
"""


def main() -> int:
    """Make the archive, measure, print; 1 when something is over its bar."""
    parser = command_line("search", __doc__, keeps=True)
    parser.add_argument("--speeches", type=int, default=200_000)
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        root = given.keep or folder / "made"
        if not root.exists():
            print(f"making {given.speeches} speeches in {root} …", file=sys.stderr)
            make(root, given.speeches, given.speeches)
            measured([sys.executable, "-m", "pipelines", "rebuild", str(root)], _project())
        is_over = _export(root, folder)
        return int(_search(root, folder / "out" / DATABASE) or is_over)


def _project() -> Path:
    return PROJECT


def _export(root: Path, folder: Path) -> bool:
    ours = [sys.executable, "-m", "pipelines", "export", str(root), "--to", "sqlite", "--tables", "speeches"]
    done = measured([*ours, "--out", str(folder / "out")], _project())
    if done.status:
        sys.exit(done.said)
    print(f"{'':<34} {'cpu s':>7} {'clock s':>8} {'MB':>6} {'speed':>6}")
    print(f"{'export --to sqlite':<34} {done.cpu:7.1f} {done.seconds:8.1f} {done.megabytes:6.0f}")
    ratios = {}
    for name, kind in (("bare, the same index", "index"), ("bare, without an index", "none")):
        arguments = [sys.executable, "-c", BARE, str(root / "latest.jsonl"), str(folder / kind), kind]
        bare = measured(arguments, _project())
        if bare.status:
            sys.exit(bare.said)
        ratios[kind] = bare.cpu / done.cpu
        print(f"{name:<34} {bare.cpu:7.1f} {bare.seconds:8.1f} {bare.megabytes:6.0f} {ratios[kind]:6.2f}")
        (folder / kind).unlink()
    return ratios["index"] < SLOWEST or done.megabytes > MOST_MEGABYTES


def _search(root: Path, file: Path) -> bool:
    chance, is_over = random.Random(1), False  # noqa: S311 - any will do
    with opened_database(file) as database:
        with closing(sqlite3.connect(file)) as asked:
            some = asked.execute("SELECT body FROM speeches ORDER BY id LIMIT 1000").fetchall()
        print(f"{'characters':<11} {'median ms':>9} {'most':>7} {'texts found':>12}")
        for size in range(1, 7):
            spent, counts = [], []
            for n in range(QUERIES):
                sought = Sought(_piece(chance, chance.choice(some)[0], size))
                began = time.process_time()
                counts.append(search_index(database, sought, 20).count)
                spent.append((time.process_time() - began) * 1000)
                if n < COMPARED:
                    true = search_lines(Selection([root]).lines("speeches"), sought, 1).count
                    if true != counts[-1]:
                        print(f"{sought.text}: {counts[-1]} found, and {true} by a scan")
                        is_over = True
            middle = statistics.median(spent)
            print(f"{size:<11} {middle:9.2f} {max(spent):7.1f} {statistics.median(counts):12.0f}")
            is_over |= size > 1 and middle > MOST_MILLISECONDS
        print(f"of {Archive(root).speeches()[0]} speeches")
    return is_over


def _piece(chance: random.Random, text: str, size: int) -> str:
    paragraph = max(text.split("\n"), key=len)
    at = chance.randrange(len(paragraph) - size)
    return paragraph[at : at + size]
