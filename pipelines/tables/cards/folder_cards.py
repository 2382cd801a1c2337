"""Describes a folder of Parquet files for people and for programs: `README.md` and `croissant.json`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines import __version__
from pipelines.archive.disk.files import file_digest, json_document
from pipelines.tables.cards.card import card
from pipelines.tables.cards.croissant import croissant
from pipelines.tables.cards.dataset_words import part_of
from pipelines.tables.cards.packaged import DataFile, DataTable, Packaged
from pipelines.tables.forms.typed_rows import typed_columns

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipelines.tables.options import Options
    from pipelines.tables.selection import Selection

CARD = "README.md"
CROISSANT = "croissant.json"


def write_cards(selection: Selection, tables: Sequence[str], folder: Path, options: Options) -> None:
    """Write both beside the tables, whose rows have been read from the selection before."""
    held = Packaged(
        tables=tuple(_table(selection, name, folder, options) for name in tables),
        sites=tuple(selection.site_rows()),
        part=part_of(selection.choice),
        software=__version__,
    )
    (folder / CROISSANT).write_bytes(json_document(croissant(held)))
    (folder / CARD).write_text(card(held), "utf-8")


def _table(selection: Selection, name: str, folder: Path, options: Options) -> DataTable:
    table = selection.table(name)
    files = (folder / f"{name}.parquet", *sorted((folder / name).glob("*.parquet")))
    return DataTable(
        table=table,
        columns=typed_columns(table, options),
        rows=sum(one.rows[name] for one in selection.taken.values()),
        files=tuple(_file(folder, file) for file in files if file.is_file()),
    )


def _file(folder: Path, file: Path) -> DataFile:
    size, sha256 = file_digest(file)
    return DataFile(file.relative_to(folder).as_posix(), size, sha256)
