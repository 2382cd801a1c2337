"""`--where KEY<op>VALUE`: conditions on rows, by the type of the column."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from pipelines.archive.errors import Damaged, NotUnderstood
from pipelines.archive.read.moments import moment_of, start_of
from pipelines.reasons import PROBLEM_CODES
from pipelines.record import Latest
from pipelines.tables.columns import columns, site_of
from pipelines.untrusted import parsed_json

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from pipelines.archive.disk.streams import Line
    from pipelines.tables.columns import Column
    from pipelines.tables.table import Table

    Test = Callable[[Any], bool]

OPERATORS = ("!=", "<=", ">=", "=", "<", ">", "~")
_CONDITION = re.compile(rf"([A-Za-z_0-9]+)({'|'.join(OPERATORS)})(.*)", re.DOTALL)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class RowCondition:
    """One condition on a column of rows; `value` is null where it asks for null.

    `=` and `!=` compare the whole value (of a list or an object: the texts in it), `~` asks whether it contains the
    text, the others compare numbers, moments, days and texts in their order. A day is compared with the day of a
    moment as it is written. Null is not equal to, less or more than anything: of these only `!=` is true of it.
    """

    key: str
    op: str
    value: str | None

    @classmethod
    def of(cls, text: str) -> Self:
        """From `speaker=何庆海`, `view_count>=100`, `published_on=null`, `title~协商`; `"null"` is that text.

        `NotUnderstood` for anything else.
        """
        found = _CONDITION.fullmatch(text)
        if found is None:
            hint = f"KEY, one of {' '.join(OPERATORS)}, and VALUE, as speaker=何庆海 or view_count>=100"
            raise NotUnderstood(f"--where {text}: write {hint}")
        key, op, value = found.groups()
        if value == "null":
            if op not in {"=", "!="}:
                raise NotUnderstood(f"--where {text}: null is asked for by = or !=")
            return cls(key, op, None)
        is_quoted = len(value) > 1 and value[0] == value[-1] == '"'
        return cls(key, op, value[1:-1] if is_quoted else value)

    def __str__(self) -> str:
        value = "null" if self.value is None else '"null"' if self.value == "null" else self.value
        return f"{self.key}{self.op}{value}"

    def test(self, column: Column) -> Test:
        """Whether a value of the column fulfils it; `NotUnderstood` when no value of that type can.

        Nor can a word that is not in the closed list of the column.
        """
        self._check_word(column)
        if self.value is None:
            return (lambda value: value is None) if self.op == "=" else (lambda value: value is not None)
        if column.kind == "nested":
            return self._of_texts(self.value)
        if self.op == "~":
            return self._containing(column, self.value)
        wanted, read = self._read(column, self.value)
        compare, of_null = _COMPARE[self.op], self.op == "!="

        def holds(value: Any) -> bool:
            seen = None if value is None else read(value)
            return of_null if seen is None else compare(seen, wanted)

        return holds

    def _check_word(self, column: Column) -> None:
        words, others = _closed_list(column)
        if words and self.op in {"=", "!="} and self.value not in {None, *words, *others}:
            raise NotUnderstood(f"--where {self}: no such word; {self.key} has {', '.join(words)}")

    def _of_texts(self, wanted: str) -> Test:
        if self.op == "~":
            return lambda value: any(wanted in text for text in _texts(value))
        if self.op in {"=", "!="}:
            return lambda value: (wanted in _texts(value)) == (self.op == "=")
        raise NotUnderstood(f"--where {self}: {self.key} is a list or an object, which has = != ~ only")

    def _containing(self, column: Column, wanted: str) -> Test:
        if column.kind != "text":
            raise NotUnderstood(f"--where {self}: ~ is of text, and {self.key} is a {column.kind}")
        return lambda value: value is not None and wanted in value

    def _read(self, column: Column, text: str) -> tuple[Any, Callable[[Any], Any]]:
        """The value that is asked for, and how values of the column are read to be compared with it."""
        try:
            if column.kind in {"integer", "number"}:
                return (int(text) if column.kind == "integer" else float(text)), lambda value: value
            if column.kind == "text":
                return text, lambda value: value
            second = start_of(text)
            if _DAY.fullmatch(text):
                return text, lambda value: value[:10]
            if column.kind == "date":
                raise ValueError("is a day, 2026-01-31")  # noqa: TRY301 - told with the others
            return datetime.fromisoformat(second), moment_of
        except ValueError as error:
            raise NotUnderstood(f"--where {self}: {self.key} is a {column.kind}: {error}") from error


def _closed_list(column: Column) -> tuple[Sequence[str], Collection[str]]:
    """The words of a column with a closed list, and what else may be asked for: of a problem its field."""
    if column.key == "problems":
        return tuple(PROBLEM_CODES), {key.name for key in fields(Latest)}
    return column.shape.choices or column.shape.one_of, ()


def _texts(value: Any) -> list[str]:
    """Every text in a value, however deep."""
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for one in inner for text in _texts(one)]


def filtered(lines: Iterator[bytes], conditions: Sequence[RowCondition], table: Table) -> Iterator[bytes]:
    """The lines of a table that fulfil all conditions on its columns; those on other columns do not count."""
    if not conditions:
        return lines
    return _filtered(lines, conditions, table)


def _filtered(lines: Iterator[bytes], conditions: Sequence[RowCondition], table: Table) -> Iterator[bytes]:
    of_table = {column.name: column for column in columns(table)}
    tests = [
        (of_table[condition.key].key, condition.test(of_table[condition.key]))
        for condition in conditions
        if condition.key in of_table
    ]
    if not tests:
        yield from lines
        return
    for raw in lines:
        line = _parsed(raw, table)
        try:
            is_wanted = all(test(line.get(key)) for key, test in tests)
        except TypeError as error:
            raise Damaged(f"{table.name}: {line.get('id')}: a value of another type ({error}); run verify") from error
        if is_wanted:
            yield raw


def _parsed(raw: bytes, table: Table) -> Line:
    try:
        line: Line = parsed_json(raw)
        line["site"] = site_of(line)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Damaged(f"{table.name}: a row that cannot be read ({error}): {raw[:80]!r}…; run verify") from error
    return line
