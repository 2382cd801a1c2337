"""The full-text index over the table `speeches` of a database: the number of a text in it, and how texts are added.

Numbers rise with the month of publication, so that the newest texts are found first without looking at all of them.
FTS5 reads a list of numbers in either order, and can stop.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from pipelines.tables.search.bigrams import full_text_table, pairs

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

TEXTS = ("title", "body")
"""The columns of `speeches` that are indexed."""
NUMBER = "number"
"""The column of `speeches` with the number (rowid) of the text in the index."""
FULL_TEXT = "speeches_text"
FILTERED = ("published_on", "site", "speaker", "genre")
"""Columns in an index of their own by number: searches within them read no texts."""
CREATE = full_text_table(FULL_TEXT, *TEXTS)

Text = tuple[int, str | None, str | None]
"""A text: its number, title and body."""
_A_MONTH = 24
"""Bits for the texts of one month: 16 million of all sites."""
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])-")
_HELD = 32 << 20
"""Bytes that FTS5 holds in memory before it writes them."""
_ROWS = 512
_INSERT = f"INSERT INTO {FULL_TEXT}(rowid, title, body) VALUES (?, ?, ?)"  # noqa: S608
_DELETE = f"INSERT INTO {FULL_TEXT}({FULL_TEXT}, rowid, title, body) VALUES ('delete', ?, ?, ?)"  # noqa: S608
_OPTIMIZE = f"INSERT INTO {FULL_TEXT}({FULL_TEXT}) VALUES ('optimize')"  # noqa: S608
_HOLD = f"INSERT INTO {FULL_TEXT}({FULL_TEXT}, rank) VALUES ('hashsize', {_HELD})"  # noqa: S608
_LAST = f"SELECT max({NUMBER}) FROM speeches WHERE {NUMBER} BETWEEN ? AND ?"  # noqa: S608
_READ = f"SELECT {NUMBER}, title, body FROM speeches ORDER BY {NUMBER}"  # noqa: S608


def first_number(published_on: object) -> int:
    """The least number of a text of that day's month; of texts without a day, which come last, 1."""
    found = _MONTH.match(published_on) if isinstance(published_on, str) else None
    return ((int(found[1]) * 12 + int(found[2])) << _A_MONTH if found else 0) + 1


def month_begins(number: int) -> int:
    """The number before all of the month of a text; 0 for texts without a day."""
    return number >> _A_MONTH << _A_MONTH


def month_ends(published_on: object) -> int:
    """The greatest number of a text of that day's month."""
    return first_number(published_on) + (1 << _A_MONTH) - 2


class Numbers:
    """Gives new texts their numbers."""

    def __init__(self, database: sqlite3.Connection | None = None) -> None:
        """`database`: of which the texts have numbers already."""
        self._database = database
        self._next: dict[int, int] = {}

    def next(self, published_on: object) -> int:
        """A number that no text has; `OverflowError` when a month has more than 16 million."""
        first = first_number(published_on)
        number = self._next.get(first) or self._after_those_there(first)
        if number > month_ends(published_on):
            raise OverflowError(f"more than {1 << _A_MONTH} texts of the month of {published_on}")
        self._next[first] = number + 1
        return number

    def _after_those_there(self, first: int) -> int:
        if self._database is None:
            return first
        (last,) = self._database.execute(_LAST, [first, month_begins(first) + (1 << _A_MONTH) - 1]).fetchone()
        return first if last is None else int(last) + 1


def create(database: sqlite3.Connection) -> None:
    """Make the index, empty."""
    database.execute(CREATE)
    database.execute(_HOLD)


def fill(database: sqlite3.Connection) -> None:
    """Index all texts of `speeches`, which has an index by number; nothing is indexed yet."""
    rows = database.execute(_READ)  # by rising number: a lower one makes FTS5 write out what it holds
    while some := list(islice(rows, _ROWS)):
        add(database, some)
    optimize(database)


def add(database: sqlite3.Connection, texts: Iterable[Text]) -> None:
    """Index texts, best by rising number."""
    database.executemany(_INSERT, map(_indexed, texts))


def remove(database: sqlite3.Connection, texts: Iterable[Text]) -> None:
    """Take texts out of the index: each as it was added. What its words were stays in the file until `optimize`."""
    database.executemany(_DELETE, map(_indexed, texts))


def optimize(database: sqlite3.Connection) -> None:
    """Write the index anew in one piece: it is searched faster, and holds no word of removed texts."""
    database.execute(_OPTIMIZE)


def _indexed(text: Text) -> Text:
    number, title, body = text
    return number, pairs(title), pairs(body)
