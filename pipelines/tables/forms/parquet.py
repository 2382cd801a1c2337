"""`--to parquet`: a Parquet file for each table, written by DuckDB with the types of the record classes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelines.tables.forms.duck import Duck
from pipelines.tables.forms.misfits import fitting
from pipelines.tables.forms.sql_words import text
from pipelines.tables.forms.typed_rows import typed_by_site, typed_columns, typed_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pipelines.tables.forms.duck import Rows
    from pipelines.tables.options import Options
    from pipelines.tables.selection import Selection

UNDATED = "undated"
NO_ROWS = "none"
"""Name of the only file of a table without rows, where its parts come from rows."""
YEAR_OF = {"speeches": "published_on", "versions": "recorded_at", "observations": "observed_at", "views": "period"}
"""By table the key whose year is that of a row. The other tables are not partitioned by year."""


def write_parquet(selection: Selection, tables: Sequence[str], folder: Path, options: Options) -> None:
    """Write `NAME.parquet` for each table, or `NAME/PART.parquet`.

    A part is a site or a year. Paths have no `key=value`, and files have all columns, so that each is complete
    without its path, and no reader finds a column twice.
    """
    with Duck(folder.parent / "scratch") as duck:
        for name in tables:
            with fitting(selection, name):
                _write(duck, selection, name, folder, options)


def _write(duck: Duck, selection: Selection, name: str, folder: Path, options: Options) -> None:
    wanted = typed_columns(selection.table(name), options)
    for file, rows in _files(duck, selection, name, options):
        target = folder / f"{file}.parquet"
        target.parent.mkdir(exist_ok=True)
        how = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {rows.row_group}"
        duck.run(f"COPY ({rows.query(wanted)}) TO {text(str(target))} ({how})")


def _files(duck: Duck, selection: Selection, name: str, options: Options) -> Iterator[tuple[str, Rows]]:
    """The name of each file of a table, and its rows, which are to be written before the next are made."""
    if options.partition == "site":
        for site, lines in typed_by_site(selection, name, options):
            yield f"{name}/{site}", duck.rows(lines)
    elif options.partition == "year" and name in YEAR_OF:
        # The first key of this name is the row's: no other is before it, and a quote in a text is escaped.
        year = re.compile(rf'"{YEAR_OF[name]}":(?:"(\d{{4}})|null)'.encode())
        yield from _parts(duck, name, typed_lines(selection, name, options), year)
    else:
        yield name, duck.rows(typed_lines(selection, name, options))


def _parts(duck: Duck, name: str, lines: Iterator[bytes], part: re.Pattern[bytes]) -> Iterator[tuple[str, Rows]]:
    """A file for each text that is found as `part` in lines."""
    parts = duck.parts(lines, lambda line: _part(part.search(line)))
    yield from ((f"{name}/{found}", rows) for found, rows in parts.items())
    if not parts:
        yield f"{name}/{NO_ROWS}", duck.rows(())


def _part(found: re.Match[bytes] | None) -> str:
    return found[1].decode() if found and found[1] else UNDATED
