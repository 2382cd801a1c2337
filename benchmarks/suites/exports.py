"""Exports in every form, beside the bare library that writes the same rows."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Collection, Iterator
from functools import partial
from pathlib import Path

from benchmarks.made import make
from benchmarks.measuring import Contender, in_turn
from benchmarks.results import Bar, Found, Table, ratios
from benchmarks.scale.tables import FORMS
from pipelines.archive.write.rebuild import rebuild

SIZES = {"smoke": 500, "usual": 50_000}
ABOUT = """\
The table `speeches` of an archive of so many speeches (3 KB each, made, not crawled), as each form. Bare is the
library that writes it: DuckDB copies latest.jsonl with the same types, csv.writer what json.loads reads, for JSON
Lines a loop that copies the lines. Ours also checks every line, writes schema, manifest and checksums, and takes up
the file only when it is whole."""


def run(size: int, rounds: int, only: Collection[str] = ()) -> Found:
    """Export `size` speeches in every form."""
    with tempfile.TemporaryDirectory(prefix="bench-exports-") as name:
        root = Path(name) / "made"
        rebuild(make(root, size, size))
        rows = in_turn(list(_contenders(root)), rounds, only)
    wanted = [(f"export --to {form}", f"bare {form}", bar.speed) for form, bar in FORMS.items() if bar.speed]
    bars = ratios(rows, wanted)
    for row in rows:
        bar = FORMS.get(row.name.removeprefix("export --to "))
        if bar is not None:
            most = max(one.megabytes for one in row.runs)
            bars.append(Bar(f"MB of {row.name}", most, bar.megabytes, at_least=False))
    return Found("exports", size, ABOUT, [Table("", rows, "speeches", size)], bars)


def _contenders(root: Path) -> Iterator[Contender]:
    for form in (*FORMS, "sqlite"):
        yield Contender(f"export --to {form}", "", partial(_export, root, form))
        if form in FORMS:
            yield Contender(f"bare {form}", "", partial(_bare, root, form))


def _export(root: Path, form: str, folder: Path) -> list[str]:
    export = ["export", str(root), "--to", form, "--tables", "speeches", "--out", str(folder / "out")]
    return [sys.executable, "-m", "pipelines", *export]


def _bare(root: Path, form: str, folder: Path) -> list[str]:
    return [sys.executable, "-c", FORMS[form].bare, str(root / "latest.jsonl"), str(folder / "out")]
