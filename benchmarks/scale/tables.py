"""What `export` of tables costs, beside the bare library writing the same rows.

    python -m benchmarks tables [--speeches 200000] [--keep DIR] [FORM …]

The bars for 200,000 speeches: Parquet and CSV at least 0.6 of the speed of the bare library; 600 MB, of CSV and JSON
Lines 60 MB. Bare: DuckDB copies latest.jsonl with the same types, csv.writer what json.loads reads. Speed is of
CPU, which other work on the machine changes less than the clock. SQLite is measured by `python -m benchmarks search`.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from benchmarks.made import make
from benchmarks.measuring import PROJECT, command_line
from benchmarks.processes import Measured, measured
from pipelines.archive.write.rebuild import rebuild

DUCKDB = """
import pathlib, sys, duckdb
from pipelines.tables.columns import columns
from pipelines.tables.forms.duck import Rows
from pipelines.tables.table import TABLES
query = Rows(pathlib.Path(sys.argv[1]), 0).query(columns(TABLES["speeches"]))
"""
COPY = f"{DUCKDB}duckdb.execute(f\"COPY ({{query}}) TO '{{sys.argv[2]}}' (FORMAT parquet, COMPRESSION zstd)\")\n"
CREATE = f"{DUCKDB}duckdb.connect(sys.argv[2]).execute(f'CREATE TABLE speeches AS {{query}}')\n"
CSV = """
import csv, json, sys
from pipelines.tables.columns import columns
from pipelines.tables.table import TABLES
wanted = columns(TABLES["speeches"], flat=True)
with open(sys.argv[1], "rb") as lines, open(sys.argv[2], "w", encoding="utf-8-sig", newline="") as into:
    writer = csv.writer(into)
    writer.writerow(column.name for column in wanted)
    for line in map(json.loads, lines):
        line["problems"] = " ".join(one["code"] for one in line["problems"])
        writer.writerow([line.get(column.key) for column in wanted])
"""
JSONL = """
import sys
with open(sys.argv[1], "rb") as lines, open(sys.argv[2], "wb") as into:
    for line in lines:
        into.write(line)
"""


class Bar(NamedTuple):
    """A form: the bare program, the least speed as a part of its speed (null: none), and the most megabytes."""

    bare: str
    speed: float | None
    megabytes: int


FORMS = {
    "parquet": Bar(COPY, 0.6, 600),
    "duckdb": Bar(CREATE, None, 600),
    "csv": Bar(CSV, 0.6, 60),
    "jsonl": Bar(JSONL, None, 60),
}


def main() -> int:
    """Make the archive, measure, print the table; 1 when a form is over its bar."""
    parser = command_line("tables", __doc__, keeps=True)
    parser.add_argument("forms", metavar="FORM", nargs="*", default=[*FORMS], help=f"of {', '.join(FORMS)}")
    parser.add_argument("--speeches", type=int, default=200_000)
    given = parser.parse_args()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        root = given.keep or scratch / "made"
        if not root.exists():
            print(f"making {given.speeches} speeches in {root} …", file=sys.stderr)
            rebuild(make(root, given.speeches, given.speeches))
        print(
            f"{'':<8} {'seconds':>8} {'CPU':>6} {'MB':>6}   {'bare: seconds':>13} {'CPU':>6} {'MB':>6}   {'speed':>5}"
        )
        over = [_is_over(form, root, scratch) for form in given.forms]
        return int(any(over))


def _is_over(form: str, root: Path, scratch: Path) -> bool:
    out, file = scratch / form, scratch / f"bare.{form}"
    bar = FORMS[form]
    export = ["export", str(root), "--to", form, "--tables", "speeches", "--out", str(out)]
    ours = measured([sys.executable, "-m", "pipelines", *export], PROJECT)
    bare = measured([sys.executable, "-c", bar.bare, str(root / "latest.jsonl"), str(file)], PROJECT)
    file.unlink(missing_ok=True)
    shutil.rmtree(out, ignore_errors=True)
    if failed := [one.said[-300:] for one in (ours, bare) if one.status]:
        print(f"{form:<8} {failed}")
        return True
    speed = bare.cpu / ours.cpu
    is_over = ours.megabytes > bar.megabytes or (bar.speed is not None and speed < bar.speed)
    print(f"{form:<8} {_told(ours)}   {'':4} {_told(bare)}   {speed:5.2f}{'  OVER' if is_over else ''}")
    return is_over


def _told(one: Measured) -> str:
    return f"{one.seconds:8.1f} {one.cpu:6.1f} {one.megabytes:6.0f}"
