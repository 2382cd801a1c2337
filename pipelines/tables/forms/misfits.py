"""Why rows cannot be written with the types of their table: the row, its site, and what is wrong with it."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

from pipelines.archive.errors import Damaged
from pipelines.archive.read.moments import moment_of
from pipelines.archive.schema.json_types import misfit, shape_of_record
from pipelines.record import completed
from pipelines.tables.forms.duck import Misfit
from pipelines.untrusted import parsed_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.archive.schema.json_types import Shape
    from pipelines.tables.selection import Selection


@contextmanager
def fitting(selection: Selection, table: str) -> Iterator[None]:
    """Raise what is wrong with the rows of a table, as `Selection.unreadable`, where they are a `Misfit`.

    A library that writes typed rows says of one that does not fit neither the site nor the speech.
    """
    try:
        yield
    except Misfit:
        _refuse_misfits(selection, table)
        raise


def _refuse_misfits(selection: Selection, table: str) -> None:
    shape = shape_of_record(selection.table(table).record)
    for site, lines in selection.by_site(table):
        for number, raw in enumerate(lines, 1):
            if found := _misfit(raw, shape):
                raise selection.unreadable(site, Damaged(f"{site}: {table}, row {number}: {found}; run verify"))


def _misfit(raw: bytes, shape: Shape) -> str | None:
    try:
        line = completed(parsed_json(raw, each_key_once=True))
        known = {key.name: line.get(key.name) for key in shape.keys}
    except (ValueError, AttributeError) as error:
        return f"cannot be read ({error})"
    found = misfit(shape, known) or _of_times(shape, known)
    return f"{line.get('id')}: {found}" if found else None


def _of_times(shape: Shape, value: Any, name: str = "") -> str | None:
    """The first text, however deep, that is no day or moment where one belongs; or a number too great."""
    if value is None:
        return None
    if shape.item is not None:
        return next(filter(None, (_of_times(shape.item, one, name) for one in value)), None)
    if shape.keys:
        return next(filter(None, (_of_times(key.shape, value.get(key.name), key.name) for key in shape.keys)), None)
    if shape.kind != "str":
        return None if -(1 << 63) <= value < 1 << 63 else f"{name} is {value}"
    return f"{name} is {value[:40]!r}" if shape.format and not _is_time(value, shape.format) else None


def _is_time(text: str, form: str) -> bool:
    if form == "date-time":
        return moment_of(text) is not None
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
