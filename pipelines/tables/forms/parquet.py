"""`--to parquet`: a Parquet file for each table, written by DuckDB with the types of the record classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.tables.cards.folder_cards import write_cards
from pipelines.tables.columns import columns
from pipelines.tables.forms.duck import Duck, text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipelines.tables.options import Options
    from pipelines.tables.selection import Selection

ROW_GROUP = 20_000


def write_parquet(selection: Selection, tables: Sequence[str], folder: Path, options: Options) -> None:
    """Write `NAME.parquet` for each table, and the cards that describe them."""
    with Duck(folder.parent / "scratch") as duck:
        for name in tables:
            wanted = columns(selection.table(name), flat=options.flat, fields=options.fields)
            query = duck.rows(selection.lines(name)).query(wanted)
            file = text(str(folder / f"{name}.parquet"))
            duck.run(f"COPY ({query}) TO {file} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})")
    write_cards(selection, tables, folder, options)
