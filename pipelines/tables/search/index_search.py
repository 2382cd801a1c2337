"""Search in a database that has the table `speeches` and a full-text index over it. It may be somebody else's."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from pipelines.archive.errors import Damaged, NotUnderstood
from pipelines.record import SEVERAL
from pipelines.tables.search.bigrams import phrase
from pipelines.tables.search.full_text import CREATE, FULL_TEXT, NUMBER, first_number, month_begins, month_ends
from pipelines.tables.search.hits import Hit, Hits, Sought, hit, names_with

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LONGEST = 64 << 20
"""Bytes of one value: a body is at most as long as a line of an archive, which is a quarter of that."""
_FEW = 1000
"""Rows of the table that are looked up to check a count of the index: it takes a millisecond."""
_NEEDED = frozenset({"site", "id", "title", "body", NUMBER})
_FROM_INDEX = f"{FULL_TEXT} CROSS JOIN speeches ON speeches.{NUMBER} = {FULL_TEXT}.rowid"
_MATCHES = f"{FULL_TEXT} MATCH :phrase"
_SCANNED = "(instr(lower(title), :folded) OR instr(lower(body), :folded))"


@contextmanager
def opened_database(file: Path) -> Iterator[sqlite3.Connection]:
    """A database to read from; it is not written to, and nothing in it is run.

    Raises:
        NotUnderstood: not a database, or none that can be searched.
        Damaged: it cannot be read.
    """
    if not file.is_file():
        raise NotUnderstood(f"{file}: no such file")
    # Immutable: files beside it, which SQLite would take for the rest of a transaction, are not looked at.
    address = f"{file.absolute().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True)) as database:
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
            for option in ("trusted_schema = OFF", "query_only = ON", "cell_size_check = ON"):
                database.execute(f"PRAGMA {option}")
            if not is_searchable(database):
                needed = "export --to sqlite makes one of speeches with their site, id, title and body"
                raise NotUnderstood(f"{file}: has no full-text index; {needed}")
            yield database
    except (sqlite3.Error, UnicodeDecodeError) as error:
        # Errors that the module finds itself, as in names that are not UTF-8, have no code.
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB:
            raise NotUnderstood(
                f"{file}: no export to SQLite; give one, an archive, or a folder of archives"
            ) from error
        raise Damaged(f"{file}: cannot be read as a database ({error}); export it anew") from error


def is_searchable(database: sqlite3.Connection) -> bool:
    """Whether it has the tables that `search_index` asks, as we make them: no views, no tables of other kinds."""
    made = dict(database.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'").fetchall())
    speeches = made.get("speeches")
    if made.get(FULL_TEXT) != CREATE or not isinstance(speeches, str) or not speeches.endswith("STRICT"):
        return False
    names = {row[1] for row in database.execute("PRAGMA table_info(speeches)")}
    return names >= _NEEDED


def search_index(database: sqlite3.Connection, sought: Sought, limit: int | None) -> Hits:
    """Search in `speeches`. `limit`: at most so many hits, the newest; null for all.

    Raises `sqlite3.DatabaseError` also where the index is found to be of other texts than the table has.
    """
    query = _Query(database, sought)
    hits = [query.hit(number) for number in query.numbers(limit)]
    count, undated = query.count(), query.undated()
    if len(hits) != (count if limit is None else min(count, limit)):
        raise _disagreement()
    if count or undated:
        return Hits(hits, count, undated)
    sites = query.values("site") if sought.site is not None else ()
    speakers = query.values("speaker") if sought.speaker else ()
    return Hits(hits, 0, 0, frozenset(sites), names_with(sought.speaker, speakers))


class _Query:
    """The SQL of what is sought. Columns that the database does not have are null."""

    def __init__(self, database: sqlite3.Connection, sought: Sought) -> None:
        self._database, self._sought = database, sought
        self._names = {row[1] for row in database.execute("PRAGMA table_info(speeches)")}
        expression = phrase(sought.text)
        self._values: dict[str, Any] = {
            "phrase": expression,
            "folded": "".join(sign.lower() if sign.isascii() else sign for sign in sought.text),
            **{key: getattr(sought, key) for key in ("site", "speaker", "genre", "since", "until")},
            "several": SEVERAL,
        }
        self._is_indexed = expression is not None
        self._source, self._number = (_FROM_INDEX, f"{FULL_TEXT}.rowid") if expression else ("speeches", NUMBER)
        self._terms = [_SCANNED if expression is None else _MATCHES, *self._filters()]
        self._in_time = list(self._days())

    def _days(self) -> Iterator[str]:
        since, until = self._sought.since, self._sought.until
        if since is not None:
            yield f"{self._column('published_on')} >= :since"
            yield f"{self._number} > {month_begins(first_number(since))}"
        if until is not None:
            yield f"{self._column('published_on')} <= :until"
            yield f"{self._number} <= {month_ends(until)}"

    def _filters(self) -> Iterator[str]:
        sought = self._sought
        if sought.site is not None:
            yield "speeches.site = :site"
        if sought.genre is not None:
            yield f"{self._column('genre')} = :genre"
        if sought.speaker is not None:
            speaker = self._column("speaker")
            yield f"instr(:several || {speaker} || :several, :several || :speaker || :several)"
        if sought.problems is not None:
            self._database.create_function("is_asked_for", 1, self._has_problem, deterministic=True)
            yield f"is_asked_for({self._column('problems')})"

    def _has_problem(self, problems: Any) -> bool:
        asked = self._sought.problems
        return asked is not None and any(map(asked.takes, codes_of(problems)))

    def _column(self, name: str) -> str:
        if name not in self._names:
            raise NotUnderstood(f"the texts have no {name} here; export them with that field")
        return f"speeches.{name}"

    def _select(self, what: str, *more: str) -> str:
        return f"SELECT {what} FROM {self._source} WHERE {' AND '.join((*self._terms, *more))}"  # noqa: S608

    def numbers(self, limit: int | None) -> list[int]:
        """The numbers of the hits, the newest first, of one day those that were added last."""
        if limit is None or not limit:
            return self._ordered(self._by_day(), None) if limit is None else []
        newest = self._ordered(f"{self._number} DESC", limit)
        # Numbers rise with the month: within that of the last hit it is the day that counts.
        first = month_begins(newest[-1]) if newest else 0
        if first:
            return self._ordered(self._by_day(), limit, f"{self._number} > {first}")
        dated = self._ordered(self._by_day(), None, f"{self._number} > {month_ends(None)}") if newest else []
        return [*dated, *newest[len(dated) :]]

    def _by_day(self) -> str:
        day = "speeches.published_on DESC, " if "published_on" in self._names else ""
        return f"{day}{self._number} DESC"

    def _ordered(self, order: str, limit: int | None, *more: str) -> list[int]:
        found = self._select(self._number, *self._in_time, *more)
        rows = self._database.execute(
            f"{found} ORDER BY {order} LIMIT {-1 if limit is None else limit}", self._values
        )
        return [int(number) for (number,) in rows]

    def values(self, name: str) -> list[str]:
        """The different texts in a column."""
        rows = self._database.execute(f"SELECT DISTINCT {self._column(name)} FROM speeches").fetchall()  # noqa: S608
        return [value for (value,) in rows if isinstance(value, str)]

    def count(self) -> int:
        """How many hits there are."""
        return self._counted(self._in_time)

    def undated(self) -> int:
        """How many have no day, so that they are of no days that were asked for."""
        return self._counted([f"{self._column('published_on')} IS NULL"]) if self._in_time else 0

    def _counted(self, more: list[str]) -> int:
        is_plain = self._is_indexed and not more and len(self._terms) == 1
        if not is_plain:
            return self._number_of(self._select("count(*)", *more))
        count = self._number_of(f"SELECT count(*) FROM {FULL_TEXT} WHERE {_MATCHES}")  # noqa: S608
        if count <= _FEW and count != self._number_of(self._select("count(*)")):
            raise _disagreement()
        return count

    def _number_of(self, query: str) -> int:
        return int(self._database.execute(query, self._values).fetchone()[0])

    def hit(self, number: int) -> Hit:
        """The hit with this number."""
        names = [name for name in _SHOWN if name in self._names]
        query = f"SELECT {', '.join(names)} FROM speeches WHERE {NUMBER} = ?"  # noqa: S608
        row = self._database.execute(query, [number]).fetchone()
        told = {name: _typed(name, value) for name, value in zip(names, row, strict=True)}
        found = hit(self._sought, dict.fromkeys(_SHOWN) | told)
        if found is None:
            raise _disagreement()
        return found


def _disagreement() -> sqlite3.DatabaseError:
    return sqlite3.DatabaseError("its full-text index is of other texts than its table has")


_SHOWN = ("site", "id", "version", "reading", "published_on", "speaker", "genre", "title", "url", "body")


def _typed(name: str, value: Any) -> str | int | None:
    """A value with the type that it has where we wrote it: in a foreign database it may have any."""
    if name in {"version", "reading"}:
        return value if isinstance(value, int) else None
    return value if value is None or isinstance(value, str) else str(value)


def codes_of(problems: Any) -> list[str]:
    """The codes in a value of column `problems`: JSON as in the archive, or codes with blanks between."""
    if not isinstance(problems, str):
        return []
    if not problems.startswith("["):
        return problems.split()
    try:
        return [str(problem["code"]) for problem in json.loads(problems)]
    except (ValueError, TypeError, KeyError):
        return []
