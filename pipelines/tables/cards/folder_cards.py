"""Describes an export for people and for programs: `README.md`, `codes.json`, and `croissant.json` of Parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines import __version__
from pipelines.archive.disk.files import json_document
from pipelines.archive.schema.schemas import documents
from pipelines.tables.cards.card import card
from pipelines.tables.cards.croissant import croissant
from pipelines.tables.cards.dataset_words import part_of
from pipelines.tables.cards.packaged import DataFile, DataTable, Packaged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pipelines.tables.columns import Column
    from pipelines.tables.selection import Selection

CARD = "README.md"
CROISSANT = "croissant.json"
CODES = "codes.json"


def write_cards(
    selection: Selection,
    tables: Mapping[str, Sequence[Column]],
    folder: Path,
    form: str,
    unreadable: Mapping[str, str],
) -> None:
    """Write them beside the tables, whose rows have been read from the selection before.

    Args:
        selection: the rows.
        tables: the columns written of each table.
        folder: of the export.
        form: in which they are written.
        unreadable: by folder name the archives that are not in it, and the kind of error.
    """
    (folder / CODES).write_bytes(documents()[f"schemas/{CODES}"])
    held = Packaged(
        form=form,
        tables=tuple(_table(selection, name, columns, folder) for name, columns in tables.items()),
        codes=DataFile(CODES, folder / CODES),
        sites=tuple(selection.site_rows()),
        part=part_of(selection.choice),
        left_out=unreadable,
        software=__version__,
    )
    if form == "parquet":
        (folder / CROISSANT).write_bytes(json_document(croissant(held)))
    (folder / CARD).write_text(card(held), "utf-8")


def _table(selection: Selection, name: str, columns: Sequence[Column], folder: Path) -> DataTable:
    files = sorted((*folder.glob(f"{name}.*"), *folder.glob(f"{name}/*")))
    files = files or [*folder.glob("speeches.*")]  # a database has all tables in one file
    return DataTable(
        table=selection.table(name),
        columns=tuple(columns),
        rows=sum(one.rows[name] for one in selection.taken.values()),
        files=tuple(DataFile(file.relative_to(folder).as_posix(), file) for file in files),
    )
