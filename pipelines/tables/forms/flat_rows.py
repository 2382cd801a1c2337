"""The rows of a table as plain values, a value a column: text, whole number, number or null."""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from pipelines.archive.errors import Damaged
from pipelines.tables.columns import flat_value, site_of
from pipelines.untrusted import parsed_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pipelines.archive.disk.streams import Line
    from pipelines.tables.columns import Column
    from pipelines.tables.selection import Selection

PROBLEMS = "problems"
T = TypeVar("T")
Plain = str | int | float | None


def flat_rows(selection: Selection, table: str, columns: Sequence[Column]) -> Iterator[list[Plain]]:
    """The values of each row of a table in the order of `columns`, as `flattening` gives them."""
    return made(flattening(selection, table, columns), selection, table)


def flattening(selection: Selection, table: str, columns: Sequence[Column]) -> Callable[[Line], list[Plain]]:
    """Makes of a row of a table its values in the order of `columns`; nested ones as `flat_value` gives them.

    Problems that are not asked for are left out, and counted in `selection.left_out`. A line written before a key was
    added has null there.
    """
    keys = [column.key for column in columns]
    of_problems = next((place for place, key in enumerate(keys) if key == PROBLEMS), None)
    nested = [place for place, column in enumerate(columns) if column.kind == "nested" and place != of_problems]
    site = next((place for place, column in enumerate(columns) if column.name == "site"), None)

    def values_of(line: Line) -> list[Plain]:
        values: list[Any] = list(map(line.get, keys))
        for place in nested:
            if values[place] is not None:
                values[place] = _plain(flat_value(values[place]))
        if of_problems is not None and values[of_problems] is not None:
            values[of_problems] = _plain(flat_value(selection.asked_for(table, values[of_problems])))
        if site is not None and values[site] is None:
            values[site] = site_of(line)
        return values

    return values_of


def made(make: Callable[[Line], T], selection: Selection, table: str) -> Iterator[T]:
    """What `make` makes of each row of a table; a row that is not as the format says is damage of its archive."""
    return chain.from_iterable(rows for _, rows in made_by_site(make, selection, table))


def made_by_site(make: Callable[[Line], T], selection: Selection, table: str) -> Iterator[tuple[str, Iterator[T]]]:
    """The name of each site, and the same of its rows; to be read before the next site's."""
    for site, lines in selection.by_site(table):
        yield site, _made(make, lines, selection, table, site)


def _made(
    make: Callable[[Line], T], lines: Iterable[bytes], selection: Selection, table: str, site: str
) -> Iterator[T]:
    for number, raw in enumerate(lines, 1):
        try:
            value = make(parsed_json(raw, each_key_once=True))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            what = f"{site}: table {table}, row {number} is not as the format says ({error!r})"
            raise selection.unreadable(site, Damaged(f"{what}; run verify on its archive")) from error
        yield value


def _plain(value: Any) -> Plain:
    return value if value is None or isinstance(value, (str, int, float)) else json.dumps(value, ensure_ascii=False)
