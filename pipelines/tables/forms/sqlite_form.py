"""`--to sqlite`: one database with all tables, and a full-text index that finds Chinese. Standard library only.

The tables are STRICT, so that a column has one type: days and moments are text (moments in UTC with `Z`, so that they
sort), what is nested is JSON. The same rows give the same bytes from the same SQLite.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC
from types import NoneType
from typing import TYPE_CHECKING, Any

from pipelines.archive.errors import Damaged
from pipelines.archive.read.moments import moment_of
from pipelines.export.not_exportable import NotExportable
from pipelines.tables.columns import LOCAL, columns, site_of
from pipelines.tables.forms.datasette import metadata
from pipelines.tables.forms.flat_rows import flat_rows, made
from pipelines.tables.forms.sql_words import quoted
from pipelines.tables.search.full_text import FILTERED, FULL_TEXT, NUMBER, TEXTS, Numbers, create, fill

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from pipelines.archive.disk.streams import Line
    from pipelines.archive.errors import ArchiveError
    from pipelines.tables.columns import Column
    from pipelines.tables.options import Options
    from pipelines.tables.selection import Selection
    from pipelines.tables.table import Table

DATABASE = "speeches.sqlite"
APPLICATION_ID = 0x5350_4348  # "SPCH"
SCHEMA_VERSION = 1
"""`PRAGMA user_version`: raised when a query that worked would work no more."""

_SEARCHED = frozenset({"id", "site", *TEXTS})
_INDEXES = {
    "speeches": ("site", "published_on", "speaker"),
    "versions": ("id",),
    "observations": ("id",),
    "problems": ("code",),
}
_OPTIONS = (
    "page_size = 8192",  # of bodies fewer are cut in pieces than with 4096
    "journal_mode = OFF",  # what does not get finished is deleted whole
    "synchronous = OFF",  # synced when it is complete
    "locking_mode = EXCLUSIVE",
    "temp_store = MEMORY",
    "cache_size = -65536",
)
_TYPES = {"integer": "INTEGER", "number": "REAL"}
_TEXT: frozenset[type] = frozenset({str, NoneType})
_ALLOWED: dict[str, frozenset[type]] = {
    "integer": frozenset({int, NoneType}),
    "number": frozenset({int, float, NoneType}),
}
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def write_sqlite(selection: Selection, tables: Sequence[str], folder: Path, options: Options) -> None:
    """Write `speeches.sqlite`, and beside it `metadata.json`, with which Datasette shows it."""
    with closing(sqlite3.connect(folder / DATABASE, isolation_level=None)) as database:
        try:
            _prepare(database)
            written = {name: _write_table(database, selection, name, options) for name in tables}
            database.execute("COMMIT")
        except sqlite3.IntegrityError as error:
            raise Damaged(f"{error}: a row is there twice; run verify") from error
        except sqlite3.Error as error:
            raise NotExportable(f"{folder / DATABASE}: cannot be written: {error}") from error
        is_searchable = _is_table(database, FULL_TEXT)
    (folder / "metadata.json").write_bytes(metadata(DATABASE, written, is_searchable=is_searchable))


def _prepare(database: sqlite3.Connection) -> None:
    if sqlite3.sqlite_version_info < (3, 38):
        raise NotExportable(f"SQLite {sqlite3.sqlite_version} is too old; 3.38 or newer is needed")
    for option in (*_OPTIONS, f"application_id = {APPLICATION_ID}", f"user_version = {SCHEMA_VERSION}"):
        database.execute(f"PRAGMA {option}")
    database.execute("BEGIN")


def _is_table(database: sqlite3.Connection, name: str) -> bool:
    return database.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", [name]).fetchone() is not None


def _write_table(
    database: sqlite3.Connection, selection: Selection, name: str, options: Options
) -> tuple[Table, Sequence[Column]]:
    table = selection.table(name)
    wanted = columns(table, flat=options.flat, fields=options.fields)
    names = [column.name for column in wanted]
    is_searchable = name == "speeches" and set(names) >= _SEARCHED
    key = ", ".join(map(quoted, table.key)) if set(names) >= set(table.key) else ""
    database.execute(_table_sql(name, wanted, key, is_numbered=is_searchable))
    rows = _typed(selection, wanted, (flat_rows if options.flat else _nested_rows)(selection, name, wanted))
    if is_searchable:
        _insert_searchable(database, rows, names)
    else:
        _insert(database, name, names, rows)
    for column in _INDEXES.get(name, ()):
        if column in names:
            database.execute(f"CREATE INDEX {name}_{column} ON {name}({column})")
    return table, wanted


def _table_sql(name: str, wanted: Iterable[Column], key: str, *, is_numbered: bool) -> str:
    parts = [f"{quoted(column.name)} {_TYPES.get(column.kind, 'TEXT')}" for column in wanted]
    parts += [f"{NUMBER} INTEGER NOT NULL"] if is_numbered else []
    parts += [f"PRIMARY KEY ({key})"] if key else []
    columns_sql = ",\n  ".join(parts)
    return f"CREATE TABLE {name} (\n  {columns_sql}\n) STRICT"


def _nested_rows(selection: Selection, name: str, wanted: Sequence[Column]) -> Iterator[list[Any]]:
    keys = [column.key for column in wanted]
    nested = [place for place, column in enumerate(wanted) if column.kind == "nested"]
    site = _place(wanted, "site")

    def values_of(line: Line) -> list[Any]:
        row = list(map(line.get, keys))
        for place in nested:
            if row[place] is not None:
                row[place] = _compact(row[place])
        if site is not None and row[site] is None:
            row[site] = site_of(line)
        return row

    return made(values_of, selection, name)


def _place(wanted: Sequence[Column], name: str) -> int | None:
    return next((place for place, column in enumerate(wanted) if column.name == name), None)


def _typed(selection: Selection, wanted: Sequence[Column], rows: Iterable[list[Any]]) -> Iterator[list[Any]]:
    """The rows with moments of the site's offset in UTC; a value of another type is damage of its archive."""
    local = [place for place, column in enumerate(wanted) if column.name in LOCAL]
    site = _place(wanted, "site")
    allowed = [_ALLOWED.get(column.kind, _TEXT) for column in wanted]
    seen: set[tuple[type, ...]] = set()  # millions of rows have a few dozen combinations of types
    for row in rows:
        try:
            for place in local:
                if row[place] is not None:
                    row[place] = _utc(row[place])
            types = tuple(map(type, row))
            if types not in seen:
                _check(row, wanted, allowed)
                seen.add(types)
        except ValueError as error:
            raise _damage(selection, None if site is None else row[site], error) from error
        yield row


def _damage(selection: Selection, site: object, error: ValueError) -> ArchiveError:
    damage = Damaged(f"{site}: {error}; run verify on its archive")
    is_known = any(site == taken.site for taken in selection.taken.values())
    return selection.unreadable(str(site), damage) if is_known else damage


def _utc(moment: object) -> str:
    found = moment_of(moment)
    if found is None:
        raise ValueError(f"{moment!r} is no moment of RFC 3339")
    return found.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _check(row: Sequence[Any], wanted: Sequence[Column], allowed: Sequence[frozenset[type]]) -> None:
    for value, column, types in zip(row, wanted, allowed, strict=True):
        if type(value) not in types:
            raise ValueError(f"{column.name} is {str(value)[:80]!r}, not {column.kind}")


def _insert(database: sqlite3.Connection, table: str, names: Sequence[str], rows: Iterable[list[Any]]) -> None:
    database.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(names))})", rows)  # noqa: S608


def _insert_searchable(database: sqlite3.Connection, rows: Iterable[list[Any]], names: Sequence[str]) -> None:
    """Rows of speeches, each with its number, and the full-text index of them."""
    numbers, day = Numbers(), names.index("published_on") if "published_on" in names else None
    numbered = ([*row, numbers.next(None if day is None else row[day])] for row in rows)
    _insert(database, "speeches", [*names, NUMBER], numbered)
    covered = ", ".join((NUMBER, *(name for name in FILTERED if name in names)))
    database.execute(f"CREATE INDEX speeches_{NUMBER} ON speeches({covered})")
    create(database)
    fill(database)
