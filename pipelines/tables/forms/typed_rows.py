"""Rows for a library that writes types: lines of JSON, and the columns to read from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.tables.columns import columns, flattened
from pipelines.tables.forms.jsonl_form import jsonl_by_site, jsonl_lines
from pipelines.tables.options import Options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.tables.columns import Column
    from pipelines.tables.selection import Selection
    from pipelines.tables.table import Table


def typed_columns(table: Table, options: Options) -> tuple[Column, ...]:
    """The columns of a table; with `flat` none of them is nested."""
    chosen = columns(table, flat=options.flat, fields=options.fields)
    return flattened(chosen) if options.flat else chosen


def typed_lines(selection: Selection, table: str, options: Options) -> Iterator[bytes]:
    """The rows of a table with at least these columns."""
    return jsonl_lines(selection, table, Options(flat=options.flat))


def typed_by_site(selection: Selection, table: str, options: Options) -> Iterator[tuple[str, Iterator[bytes]]]:
    """The name of each site, and the same of its rows; to be read before the next site's."""
    return jsonl_by_site(selection, table, Options(flat=options.flat))
