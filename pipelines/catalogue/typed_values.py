"""Values of a line as PostgreSQL takes them, each checked to be of the type of its column."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from pipelines.tables.columns import site_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipelines.archive.disk.streams import Line
    from pipelines.tables.columns import Column

_ALLOWED: dict[str, frozenset[type]] = {
    "str": frozenset({str}),
    "int": frozenset({int}),
    "float": frozenset({int, float}),
    "bool": frozenset({bool}),
    "list": frozenset({list}),
    "object": frozenset({dict}),
}
_TIMES = frozenset({"date", "moment"})
_NUL, _WRITTEN = "\0", r"\u0000"
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class WrongType(ValueError):  # noqa: N818 - reads as a sentence, as its kin do
    """A value is of another type than its column."""


def row_of(chosen: Sequence[Column]) -> Callable[[Line], list[Any]]:
    """What makes of a line the values of these columns, and last the names of those in which U+0000 is escaped.

    It raises `WrongType` for a value of another type than its column's: the server would take `now` for a day.
    """
    keys = [column.key for column in chosen]

    def row(line: Line) -> list[Any]:
        values = [line.get(key) for key in keys]
        escaped = []
        for place, column in enumerate(chosen):
            if values[place] is None:
                values[place] = site_of(line) if column.name == "site" else None
                continue
            if not is_fit(column, values[place]):
                raise WrongType(f"{column.name} is {str(values[place])[:80]!r}, no {column.kind}")
            values[place], has_nul = _held(values[place])
            if has_nul:
                escaped.append(column.name)
        return [*values, escaped or None]

    return row


def is_fit(column: Column, value: Any) -> bool:
    """Whether a value that is not null is of the type of a column."""
    if type(value) not in _ALLOWED[column.shape.kind]:
        return False
    return column.kind not in _TIMES or re.fullmatch(str(column.shape.pattern), value) is not None


def _held(value: Any) -> tuple[Any, bool]:
    """The value for the server, nested ones as JSON, and whether U+0000 is escaped in it."""
    if isinstance(value, str):
        return (value.replace(_NUL, _WRITTEN), True) if _NUL in value else (value, False)
    if not isinstance(value, (list, dict)):
        return value, False
    text = _compact(value)
    without = _compact(_without_nul(value)) if _WRITTEN in text else text
    return without, without != text


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace(_NUL, _WRITTEN)
    if isinstance(value, list):
        return [_without_nul(one) for one in value]
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(one) for key, one in value.items()}
    return value
