"""`--to jsonl`: the lines of each table, as the archive has them unless fields are left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.archive.schema.json_types import shape_of_record
from pipelines.canonical import json_line
from pipelines.tables.columns import columns, site_of
from pipelines.tables.forms.flat_rows import flat_rows, made
from pipelines.tables.forms.outlet import outlet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pipelines.archive.disk.streams import Line
    from pipelines.tables.columns import Column
    from pipelines.tables.options import Options
    from pipelines.tables.selection import Selection
    from pipelines.tables.table import Table


def write_jsonl(selection: Selection, tables: Sequence[str], folder: Path, options: Options) -> None:
    """Write `NAME.jsonl` for each table."""
    for name in tables:
        with outlet(folder, f"{name}.jsonl", options.compress) as file:
            file.writelines(jsonl_lines(selection, name, options))


def jsonl_columns(table: Table, options: Options) -> tuple[Column, ...]:
    """The keys that the lines of a table have. A moment is text with its offset here, and needs no second column."""
    found = columns(table, flat=options.flat, fields=options.fields)
    if options.fields is not None:
        return found
    archived = {key.name for key in shape_of_record(table.record).keys}
    return tuple(column for column in found if column.name in archived or (options.flat and column.name == "site"))


def jsonl_lines(selection: Selection, name: str, options: Options) -> Iterator[bytes]:
    """The rows of a table: the bytes of the archive, or with `flat` or `fields` objects of those columns."""
    if not options.flat and options.fields is None:
        yield from selection.lines(name)
        return
    chosen = jsonl_columns(selection.table(name), options)
    names = [column.name for column in chosen]
    rows: Iterator[list[Any]] = (flat_rows if options.flat else _rows)(selection, name, chosen)
    for row in rows:
        yield f"{json_line(dict(zip(names, row, strict=True)))}\n".encode()


def _rows(selection: Selection, name: str, chosen: Sequence[Column]) -> Iterator[list[Any]]:
    keys = [column.key for column in chosen]

    def values_of(line: Line) -> list[Any]:
        return [site_of(line) if key == "site" else line.get(key) for key in keys]

    return made(values_of, selection, name)
