"""`--to duckdb`: one DuckDB database with all tables, typed by the record classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.tables.forms.duck import Duck
from pipelines.tables.forms.misfits import fitting
from pipelines.tables.forms.sql_words import quoted, text
from pipelines.tables.forms.typed_rows import typed_columns, typed_lines

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipelines.tables.options import Options
    from pipelines.tables.selection import Selection

DATABASE = "speeches.duckdb"


def write_duckdb(selection: Selection, tables: Sequence[str], folder: Path, options: Options) -> None:
    """Write `speeches.duckdb`; the meaning of each table and column is its comment."""
    with Duck(folder.parent / "scratch", folder / DATABASE) as duck:
        for name in tables:
            table = selection.table(name)
            wanted = typed_columns(table, options)
            with fitting(selection, name):
                rows = duck.rows(typed_lines(selection, name, options)).query(wanted)
                duck.run(f"CREATE TABLE {quoted(name)} AS {rows}")
            duck.run(f"COMMENT ON TABLE {quoted(name)} IS {text(table.about)}")
            for column in wanted:
                about = text(column.about)
                duck.run(f"COMMENT ON COLUMN {quoted(name)}.{quoted(column.name)} IS {about}")
