"""What each reader of an export costs: the table of docs/data.md.

    python -m benchmarks readers ARCHIVE [READER …]

ARCHIVE is one that `benchmarks tables --keep` or `benchmarks history --keep` made. Libraries that are not in this
environment are in that of the judge `data` (`make judges`).
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.measuring import PROJECT, command_line
from benchmarks.processes import measured

JUDGE = str(PROJECT / "build/judges/data/bin/python")
FORMS = ("parquet", "csv", "sqlite", "jsonl")

_CSV = "all_varchar=true, header=true, quote='\"', escape='\"', allow_quoted_nulls=false"
_BIG = "max_line_size=17000000, buffer_size=34000000"
_DUCKDB = 'import duckdb; print(duckdb.sql(f"""select {} from {}""").fetchall())'
_COUNTS, _BODIES = "count(*), sum(view_count)", "sum(length(body))"
_TYPES = """
import json, pathlib, sys
types = json.loads(max(pathlib.Path(sys.argv[1], "schemas").rglob("readers.json")).read_bytes())["latest/1"]["{}"]
"""
_SCAN = """
import polars as pl
pl.scan_parquet("parquet/speeches.parquet").select("id", "view_count", "title").collect()
"""
_SQLITE = """
import sqlite3
sqlite3.connect("sqlite/speeches.sqlite").execute("select count(*), sum(view_count) from speeches").fetchall()
"""
_POLARS = """
import polars as pl
def dtype(t):
    if isinstance(t, str): return getattr(pl, t)
    return pl.List(dtype(t[0])) if isinstance(t, list) else pl.Struct({k: dtype(v) for k, v in t.items()})
pl.read_ndjson("jsonl/speeches.jsonl", schema={k: dtype(v) for k, v in types.items()})
"""
_PANDAS = """
import pandas as pd
pd.read_json("jsonl/speeches.jsonl", lines=True, dtype=False).reindex(columns=list(types)).astype(types)
"""
_DATASETS = """
import os; os.environ["HF_HUB_OFFLINE"] = "1"
from datasets import load_dataset
load_dataset("./parquet", "speeches", split="train", cache_dir="cache")
"""
_READ_PANDAS = "import pandas as pd; pd.read_parquet('parquet/speeches.parquet', dtype_backend='numpy_nullable'{})"
_LINES = "read_json('jsonl/speeches.jsonl', format='newline_delimited', columns={{types}})"

READERS: dict[str, tuple[str, str]] = {
    "duckdb parquet, counts": (sys.executable, _DUCKDB.format(_COUNTS, "'parquet/speeches.parquet'")),
    "duckdb parquet, bodies": (sys.executable, _DUCKDB.format(_BODIES, "'parquet/speeches.parquet'")),
    "polars parquet, three columns": (sys.executable, _SCAN),
    "polars parquet": (sys.executable, "import polars as pl; pl.read_parquet('parquet/speeches.parquet')"),
    "pyarrow parquet": (JUDGE, "import pyarrow.parquet as pq; pq.read_table('parquet/speeches.parquet')"),
    "pandas parquet, two columns": (JUDGE, _READ_PANDAS.format(", columns=['id', 'body']")),
    "pandas parquet": (JUDGE, _READ_PANDAS.format("")),
    "datasets, first": (JUDGE, _DATASETS),
    "datasets, then": (JUDGE, _DATASETS),
    "sqlite3, counts": (sys.executable, _SQLITE),
    "duckdb csv, bodies": (sys.executable, _DUCKDB.format(_BODIES, f"read_csv('csv/speeches.csv', {_CSV}, {_BIG})")),
    "polars csv": (sys.executable, "import polars as pl; pl.read_csv('csv/speeches.csv', infer_schema=False)"),
    "pandas csv": (
        JUDGE,
        "import pandas as pd; pd.read_csv('csv/speeches.csv', dtype='string', keep_default_na=False)",
    ),
    "duckdb jsonl, counts": (sys.executable, _TYPES.format("duckdb") + _DUCKDB.format(_COUNTS, _LINES.format())),
    "python jsonl": (sys.executable, "import json\nfor line in open('jsonl/speeches.jsonl', 'rb'): json.loads(line)"),
    "polars jsonl": (sys.executable, _TYPES.format("polars") + _POLARS),
    "pandas jsonl": (sys.executable, _TYPES.format("pandas") + _PANDAS),
}


def main() -> int:
    """Export, measure, print the table; 1 when a reader failed."""
    parser = command_line("readers", __doc__)
    parser.add_argument("archive", type=Path)
    parser.add_argument("readers", nargs="*", metavar="READER", help=f"of {'; '.join(READERS)}")
    given = parser.parse_args()
    archive, failed = given.archive.resolve(), False
    with tempfile.TemporaryDirectory() as folder:
        for form in FORMS:
            out = str(Path(folder) / form)
            export = ["export", str(archive), "--to", form, "--tables", "speeches", "--out", out]
            made = measured([sys.executable, "-m", "pipelines", *export], PROJECT)
            if made.status:
                print(made.said, file=sys.stderr)
                return 1
        print(f"{'':<32} {'seconds':>8} {'CPU':>6} {'MB':>6}")
        for name in given.readers or READERS:
            python, program = READERS[name]
            found = measured([python, "-c", program, str(archive)], Path(folder))
            failed |= bool(found.status)
            told = f"  {found.said[-200:]}" if found.status else ""
            print(f"{name:<32} {found.seconds:8.1f} {found.cpu:6.1f} {found.megabytes:6.0f}{told}")
    return int(failed)
