"""What the archive costs: writing, proving, rebuilding and asking it, by size; `verify` beside the least possible."""

from __future__ import annotations

import math
import sys
import tempfile
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from statistics import linear_regression

from benchmarks.captured import make_captured
from benchmarks.made import moment
from benchmarks.measuring import Contender, Measured, in_turn
from benchmarks.results import Bar, Found, Table, cpu, wall

SIZES = {"smoke": 1_000, "usual": 1_000_000}
STEPS = (100, 10, 1)
"""The largest archive has so many times the lines of each."""
VERSIONS_A_SPEECH = 5
LINES_A_CAPTURED_SPEECH = 50
LEAST_SPEED, MOST_MEGABYTES, SLOPE = 0.7, 400, 0.1
ABOUT = """\
*Captures*: an archive of speeches with their pages of 30 KB and their counters' answers in WARC files, each read
twice, a tenth changed, then five nights that see only the list. `verify` proves every byte, digest, line and
derived file; *zcat into sha256sum* (`find -type f | xargs zcat -f | sha256sum`) reads the same files, all
that lie in the archive, and knows nothing of them. Everything is in the page cache, since it was just written.

*By size*: archives without captures, of a hundredth, a tenth and all of the size: so many versions of 1 KB and as
many observations, of speeches that each of five runs finds changed, written by the archive's own writer; then each
operation once, its output included. The slope is of log CPU over log size, less what five versions take: 1 is
linear."""


def run(size: int, rounds: int, only: Collection[str] = ()) -> Found:
    """Measure up to `size` versions; the rows of growing size once, since they are compared with each other."""
    tables, bars = [], []
    with tempfile.TemporaryDirectory(prefix="bench-archive-") as folder:
        home = Path(folder)
        captured = make_captured(home / "captured", size // LINES_A_CAPTURED_SPEECH, nights=5)
        rows = in_turn(list(_proofs(captured)), rounds, [one for one in only if one in PROOFS])
        tables.append(Table("Captures", rows))
        walls = {row.name: wall(row) for row in rows}
        if walls.keys() >= set(PROOFS):
            bars.append(
                Bar(f"speed by wall of verify / {PROOFS[1]}", walls[PROOFS[1]] / walls[PROOFS[0]], LEAST_SPEED)
            )
        if not only:
            grown = _grown(home, [VERSIONS_A_SPEECH, *(size // step for step in STEPS)])
            tables += [Table(name, rows) for name, rows in grown.items()]
            bars += [bar for name, rows in grown.items() for bar in _bars(name, rows, size)]
    return Found("archive", size, ABOUT, tables, bars)


PROOFS = ("verify", "zcat into sha256sum")


def _proofs(root: Path) -> Iterator[Contender]:
    files = [one.stat().st_size for one in root.rglob("*") if one.is_file()]
    facts: dict[str, float | str] = {"files": len(files), "MB on disk": round(sum(files) / 1e6, 1)}
    yield Contender(PROOFS[0], "", lambda _: _ours("verify", root), lambda _: facts)
    least = 'find "$0" -type f -print0 | xargs -0 zcat -f | sha256sum'
    yield Contender(PROOFS[1], "", lambda _: ["sh", "-c", least, str(root)], lambda _: facts)


def _grown(home: Path, sizes: Sequence[int]) -> dict[str, list[Measured]]:
    """By operation its rows, from five versions on."""
    found: dict[str, list[Measured]] = {}
    for versions in sizes:
        for row in in_turn(list(_operations(home / str(versions), versions)), 1):
            found.setdefault(row.name, []).append(Measured(f"{versions:,} versions", "", row.runs))
    return found


def _operations(root: Path, versions: int) -> Iterator[Contender]:
    made = [sys.executable, "-m", "benchmarks.made", str(root), str(versions // VERSIONS_A_SPEECH)]
    yield Contender("write", "", lambda _: [*made, str(VERSIONS_A_SPEECH)])
    yield Contender("rebuild", "", lambda _: _ours("rebuild", root))
    yield Contender("verify", "", lambda _: _ours("verify", root))
    middle = moment(VERSIONS_A_SPEECH // 2 + 1, 0)
    yield Contender("export --as-of the middle", "", lambda _: _ours("export", root, "--as-of", middle))
    yield Contender("changes, all", "", lambda _: _ours("changes", root))


def _ours(verb: str, root: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "pipelines", verb, str(root), *more]


def _bars(name: str, rows: list[Measured], size: int) -> Iterator[Bar]:
    start, *others = rows
    versions = [math.log(size / step) for step in STEPS]
    spent = [math.log(max(cpu(row) - cpu(start), 0.001)) for row in others]
    slope = linear_regression(versions, spent).slope
    yield Bar(f"{name}: distance of its slope ({slope:.2f}) from 1", abs(slope - 1), SLOPE, at_least=False)
    yield Bar(f"{name}: peak MB", others[-1].runs[0].megabytes, MOST_MEGABYTES, at_least=False)
