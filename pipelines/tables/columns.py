"""The columns of a table: from the record class, so that a key has one type in every form."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from pipelines.archive.schema.json_types import Shape, shape_of_record
from pipelines.reasons import CLOSED_LISTS
from pipelines.record import AS_OF_SCHEMA, LATEST_SCHEMA, AsOf, Latest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelines.archive.disk.streams import Line
    from pipelines.tables.table import Table

Kind = Literal["text", "integer", "number", "date", "moment", "nested"]
_PLAIN: dict[str, Kind] = {"str": "text", "int": "integer", "float": "number"}
_OF_TIME: dict[str, Kind] = {"date": "date", "date-time": "moment"}
LOCAL = frozenset({"published_at"})
"""Moments that the site prints with its own offset, which types of time do not keep: a text column has it, too."""
_SCHEMAS: dict[type, str] = {Latest: LATEST_SCHEMA, AsOf: AS_OF_SCHEMA}
"""Of records that have the keys of another one."""
_NAMES = {tuple(words): name for name, words in CLOSED_LISTS.items()}
_ELSEWHERE = re.compile("(?:; )?(?:see [A-Z][a-z]+|see speech/1|(?:one )?of the closed list of [a-z ]+)$")
_NOT_FLAT = frozenset({"captures", "raw", "attachments", "evidence"})


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `name` in the table, `key` in the line that it is taken from."""

    name: str
    key: str
    kind: Kind
    shape: Shape
    about: str


def columns(table: Table, *, flat: bool = False, fields: Iterable[str] | None = None) -> tuple[Column, ...]:
    """The columns of a table, `site` first, then in the order of the record.

    Args:
        table: whose.
        flat: without captures, raw, attachments and evidence; what is nested otherwise is text (`flat_value`).
        fields: only these, in the order of the table; null for all.
    """
    abouts = {"schema": _SCHEMAS[table.record]} if table.record in _SCHEMAS else {}
    made = [
        column
        for key in shape_of_record(table.record).keys
        for column in _columns(key.name, key.shape, abouts.get(key.name, key.about))
    ]
    if not any(column.name == "site" for column in made):
        made.append(_SITE)
    made.sort(key=lambda column: column.name != "site")
    wanted = None if fields is None else frozenset(fields)
    return tuple(
        column
        for column in made
        if not (flat and column.key in _NOT_FLAT) and (wanted is None or column.name in wanted)
    )


_SITE = Column("site", "site", "text", Shape(kind="str"), "name of the site")


def _columns(name: str, shape: Shape, about: str | None) -> list[Column]:
    kind = _OF_TIME[shape.format] if shape.format else _PLAIN.get(shape.kind, "nested")
    made = [Column(name, name, kind, shape, _readable(about or "", shape))]
    if name in LOCAL:
        text = Shape(kind="str", null=shape.null)
        made.append(Column(f"{name}_text", name, "text", text, "the same, with the offset of the site"))
    return made


def _readable(about: str, shape: Shape) -> str:
    """The meaning of a key where the page of the format is not at hand, but `codes.json` is."""
    closed = [(f"{key.name}: ", key.shape) for key in (shape.item or shape).keys] or [("", shape.item or shape)]
    lists = [f"{key}list {name} of codes.json" for key, of in closed if (name := _NAMES.get(of.choices or of.one_of))]
    return "; ".join(filter(None, (_ELSEWHERE.sub("", about), *lists)))


def flattened(chosen: Iterable[Column]) -> tuple[Column, ...]:
    """The same columns, those that are nested as text (`flat_value`)."""
    return tuple(
        replace(column, kind="text", shape=Shape(kind="str", null=True)) if column.kind == "nested" else column
        for column in chosen
    )


def flat_value(value: Any) -> Any:
    """A nested value as one text: problems as their codes, speakers with their posts in brackets, other lists with
    blanks between, an object's first value."""
    if isinstance(value, list):
        if value and isinstance(value[0], dict) and "post" in value[0]:
            return "、".join(f"{one['name']}（{one['post']}）" if one["post"] else one["name"] for one in value)
        return " ".join(str(one["code"] if isinstance(one, dict) and "code" in one else one) for one in value)
    if isinstance(value, dict):
        return next(iter(value.values()), None)
    return value


def site_of(line: Line) -> str:
    """The site of a line: observations say it in their id only."""
    return str(line.get("site") or line["id"].partition(":")[0])
