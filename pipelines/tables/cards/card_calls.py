"""What the card of an export says of its form: the call that reads it, and what types and nulls are in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.tables.cards.packaged import DataTable, Packaged

_PARQUET = """\
import duckdb

speeches = duckdb.sql("from '{file}'")"""
_DATASETS = """\
from datasets import load_dataset

speeches = load_dataset(".", "{table}", split="train")"""
_DUCKDB = """\
import duckdb

speeches = duckdb.connect("{file}", read_only=True).sql("from {table}")"""
_SQLITE = """\
import sqlite3

database = sqlite3.connect("file:{file}?mode=ro", uri=True)
speeches = database.execute("select * from {table}").fetchall()"""
_CSV = """\
import polars as pl

speeches = pl.read_csv("{file}", infer_schema=False)"""
_JSONL = """\
import json

with open("{file}", encoding="utf-8") as lines:
    speeches = [json.loads(line) for line in lines]"""
_GZ = """\
import gzip
import json

with gzip.open("{file}", "rt", encoding="utf-8") as lines:
    speeches = [json.loads(line) for line in lines]"""
_ZST = """\
import json

from backports import zstd  # from Python 3.14 on: from compression import zstd

with zstd.open("{file}", "rt", encoding="utf-8") as lines:
    speeches = [json.loads(line) for line in lines]"""
_PACKED = {"gz": _GZ, "zst": _ZST}
_CALLS = {
    "parquet": (_PARQUET, _DATASETS),
    "duckdb": (_DUCKDB,),
    "sqlite": (_SQLITE,),
    "csv": (_CSV,),
    "jsonl": (_JSONL,),
}
_NEEDED = {
    "parquet": "`pip install duckdb`, or `datasets`, which needs pyarrow. `croissant.json` describes the tables for "
    "programs.",
    "duckdb": "`pip install duckdb pytz`.",
    "sqlite": "`datasette speeches.sqlite --metadata metadata.json` shows it in a browser, with a search.",
    "csv": "`pip install polars`. Excel and WPS open it, too.",
    "jsonl": "A line is an object with every key. Lines end at LF only: a text may hold U+2028.",
}
_TYPES = {
    "parquet": "Days and moments are typed: `published_at` is a moment, in UTC.",
    "sqlite": "Days and moments are text: `published_at` in UTC. Lists and objects are JSON.",
    "csv": 'All is text: give types to what is not. Null is nothing between commas, an empty text is `""`. Unless it '
    "was made with `--raw-formulas`, a text that a spreadsheet would compute has a `'` before it, as has one that "
    "begins with `'`: take one away.",
    "jsonl": "Days and moments are text: `published_at` with the offset of the site.",
}
_TYPES["duckdb"] = _TYPES["parquet"]
_TO_KNOW = (
    ("", "Null is unknown, never 0 and never false. An empty text is a text."),
    ("view_count", "`view_count` is what the site printed; it is read, never estimated."),
    ("published_at_text", "`published_at_text` has the moment as the site printed it, with its own offset."),
    ("problems", "`problems` says why a value is null or doubtful."),
    ("body", "Text is as published, damage included. What was removed by order is `[redacted]`."),
    ("", "A speech that its site took away is in `versions` (event `gone`), not in `speeches`."),
    ("", "Ids are text: `gszx:004864` is not `gszx:4864`."),
)
"""What the columns of that name do not say by themselves."""


def calls(held: Packaged) -> str:
    """The calls that read the first table with rows, and what is installed for them."""
    table = next((one for one in held.tables if one.has_rows), None)
    blocks = [] if table is None else [_block(call, table) for call in _calls(held.form, table)]
    return "".join(blocks) + f"Run in this folder. {_NEEDED[held.form]}\n"


def _calls(form: str, table: DataTable) -> tuple[str, ...]:
    packed = _PACKED.get(table.pattern.rpartition(".")[2])
    return (packed,) if packed and form == "jsonl" else _CALLS[form]


def _block(call: str, table: DataTable) -> str:
    return f"```python\n{call.replace('{file}', table.pattern).replace('{table}', table.table.name)}\n```\n\n"


def to_know(held: Packaged) -> str:
    """What to know before counting, a row each."""
    names = {column.name for table in held.tables for column in table.columns} | {""}
    told = [_TYPES[held.form], *(said for name, said in _TO_KNOW if name in names)]
    return "".join(f"- {said}\n" for said in told)
