"""The rows of a table as plain values, a value a column: text, whole number, number or null."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pipelines.archive.errors import Damaged
from pipelines.tables.columns import flat_value, site_of
from pipelines.untrusted import parsed_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pipelines.archive.disk.streams import Line
    from pipelines.tables.columns import Column
    from pipelines.tables.selection import Selection

PROBLEMS = "problems"
Plain = str | int | float | None


def objects(lines: Iterable[bytes], table: str) -> Iterator[Line]:
    """Lines of a table, parsed; `Damaged` for one that is no JSON object."""
    for number, raw in enumerate(lines, 1):
        try:
            line = parsed_json(raw)
        except ValueError as error:
            raise Damaged(f"{table}, row {number}: not JSON ({error}); run verify on its archive") from error
        if not isinstance(line, dict):
            raise Damaged(f"{table}, row {number}: not a JSON object; run verify on its archive")
        yield line


def flat_rows(selection: Selection, table: str, columns: Sequence[Column]) -> Iterator[list[Plain]]:
    """The values of each row of a table in the order of `columns`; nested ones as `flat_value` gives them.

    Problems that are not asked for are left out, and counted in `selection.left_out`. A line written before a key was
    added has null there.
    """
    keys = [column.key for column in columns]
    of_problems = next((place for place, key in enumerate(keys) if key == PROBLEMS), None)
    nested = [place for place, column in enumerate(columns) if column.kind == "nested" and place != of_problems]
    site = next((place for place, column in enumerate(columns) if column.name == "site"), None)
    for line in objects(selection.lines(table), table):
        values: list[Any] = list(map(line.get, keys))
        for place in nested:
            if values[place] is not None:
                values[place] = _plain(flat_value(values[place]))
        if of_problems is not None and values[of_problems] is not None:
            values[of_problems] = _plain(flat_value(selection.asked_for(table, values[of_problems])))
        if site is not None and values[site] is None:
            values[site] = site_of(line)
        yield values


def _plain(value: Any) -> Plain:
    return value if value is None or isinstance(value, (str, int, float)) else json.dumps(value, ensure_ascii=False)
