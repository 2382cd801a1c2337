"""`--to jsonl`: the lines of each table, as the archive has them unless fields are left out."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from pipelines.archive.schema.json_types import shape_of_record
from pipelines.canonical import json_line
from pipelines.tables.columns import columns, site_of
from pipelines.tables.forms.flat_rows import flattening, made_by_site
from pipelines.tables.forms.outlet import outlet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
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
    return chain.from_iterable(lines for _, lines in jsonl_by_site(selection, name, options))


def jsonl_by_site(selection: Selection, name: str, options: Options) -> Iterator[tuple[str, Iterator[bytes]]]:
    """The name of each site, and the same of its rows; to be read before the next site's."""
    if not options.flat and options.fields is None:
        yield from selection.by_site(name)
        return
    chosen = jsonl_columns(selection.table(name), options)
    names = [column.name for column in chosen]
    make = flattening(selection, name, chosen) if options.flat else _choosing(chosen)
    for site, rows in made_by_site(make, selection, name):
        yield site, (f"{json_line(dict(zip(names, row, strict=True)))}\n".encode() for row in rows)


def _choosing(chosen: Sequence[Column]) -> Callable[[Line], Sequence[Any]]:
    keys = [column.key for column in chosen]
    return lambda line: [site_of(line) if key == "site" else line.get(key) for key in keys]
