"""Tables of archives as those of DuckDB, polars and pandas, typed by the record classes, so that nothing is guessed.

from pipelines.archive import Archives
from pipelines.tables.frames import to_polars

speeches = to_polars(Archives("output"))
"""

from __future__ import annotations

import warnings
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from pipelines.archive.errors import NotUnderstood
from pipelines.tables.columns import columns
from pipelines.tables.forms.duck import Duck
from pipelines.tables.forms.sql_words import quoted, text
from pipelines.tables.selection import Selection
from pipelines.tables.table import TABLES

if TYPE_CHECKING:
    import duckdb
    import pandas as pd  # type: ignore[import-untyped]
    import polars as pl

    from pipelines.archive.read.archives import Archives


def to_duckdb(archives: Archives, *tables: str) -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory with these tables (default: speeches), all archives in each, `site` first.

    Raises `NotExportable` without DuckDB, `NotUnderstood` for a table that there is not, `ArchiveError` for an
    archive that cannot be read.
    """
    wanted = tables or ("speeches",)
    if unknown := [name for name in wanted if name not in TABLES]:
        raise NotUnderstood(f"{', '.join(unknown)}: no such table; there are {', '.join(TABLES)}")
    with TemporaryDirectory() as scratch, ExitStack() as closed_on_error:
        selection = Selection(archives.folders, scratch=Path(scratch))
        duck = closed_on_error.enter_context(Duck(Path(scratch) / "duck"))
        for name in wanted:
            rows = duck.rows(selection.lines(name)).query(columns(selection.table(name)))
            duck.run(f"CREATE TABLE {quoted(name)} AS {rows}")
        made: duckdb.DuckDBPyConnection = duck.released()
        closed_on_error.pop_all()
        return made


def to_polars(archives: Archives, table: str = "speeches") -> pl.DataFrame:
    """A table as a polars frame; lists and objects are `List` and `Struct`. Errors as of `to_duckdb`."""
    polars = _imported("polars")
    with TemporaryDirectory() as scratch, to_duckdb(archives, table) as connection:
        # By way of a file: at the end of the program DuckDB 2.0 complains of what polars took from it directly.
        file = Path(scratch) / "table.parquet"
        connection.execute(f"COPY {quoted(table)} TO {text(str(file))} (FORMAT parquet)")
        frame: pl.DataFrame = polars.read_parquet(file, memory_map=False)
    return frame


def to_pandas(archives: Archives, table: str = "speeches") -> pd.DataFrame:
    """A table as a pandas frame: counts are `Int64`, texts `str`, moments in UTC; lists and objects are Python's.

    Errors as of `to_duckdb`.
    """
    pandas = _imported("pandas")
    with to_duckdb(archives, table) as connection, warnings.catch_warnings():
        # Of DuckDB's own calls of pandas.
        warnings.simplefilter("ignore", pandas.errors.Pandas4Warning)
        frame = connection.execute(f"FROM {quoted(table)}").df()
    # DuckDB gives a column of nulls no type, and one without null another than one with some.
    kinds = {"text": "str", "integer": "Int64"}
    return frame.astype(
        {column.name: kinds[column.kind] for column in columns(TABLES[table]) if column.kind in kinds}
    )


def _imported(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise NotUnderstood(f"{name} is not installed here; pip install 'CHECKOUT-OR-WHEEL[readers]'") from error
