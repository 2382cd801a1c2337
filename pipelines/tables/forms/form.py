"""The forms by name. A form is a function that writes the tables of a selection into a folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.tables.columns import Column, columns, flattened
from pipelines.tables.forms.csv_form import csv_columns, write_csv
from pipelines.tables.forms.duckdb_form import write_duckdb
from pipelines.tables.forms.jsonl_form import jsonl_columns, write_jsonl
from pipelines.tables.forms.parquet import write_parquet
from pipelines.tables.forms.sqlite_form import write_sqlite
from pipelines.tables.options import Options
from pipelines.tables.selection import Selection
from pipelines.tables.table import Table

Write = Callable[[Selection, Sequence[str], Path, Options], None]
"""Writes tables into a folder that is there and empty. Its parent may be used for scratch files: it is deleted."""


def _usual_columns(table: Table, options: Options) -> tuple[Column, ...]:
    return columns(table, flat=options.flat, fields=options.fields)


@dataclass(frozen=True, slots=True)
class Form:
    """A form: how it is written, which fields of `Options` it takes, and which columns it writes of a table."""

    write: Write
    takes: frozenset[str]
    about: str
    columns: Callable[[Table, Options], tuple[Column, ...]] = _usual_columns
    always_flat: bool = False

    def written(self, table: Table, options: Options) -> tuple[Column, ...]:
        """The columns of a table with the types that they are written with."""
        chosen = self.columns(table, options)
        return flattened(chosen) if self.always_flat or options.flat else chosen


FORMS = {
    "jsonl": Form(
        write_jsonl,
        frozenset({"fields", "flat", "compress"}),
        "a file of JSON Lines for each table, as archived",
        jsonl_columns,
    ),
    "csv": Form(
        write_csv,
        frozenset({"fields", "flat", "compress", "raw_formulas"}),
        "a CSV file for each table, flat",
        csv_columns,
        always_flat=True,
    ),
    "parquet": Form(write_parquet, frozenset({"fields", "flat", "partition"}), "a Parquet file for each table"),
    "duckdb": Form(write_duckdb, frozenset({"fields", "flat"}), "one DuckDB database"),
    "sqlite": Form(write_sqlite, frozenset({"fields", "flat"}), "one database, with a full-text index"),
}
