"""The file of the search index of a folder of archives: its tables, and who may open it.

A folder of archives may come from elsewhere. What lies in the place of the index is not taken for one unless it has
the tables that are made here, and no file beside it is taken for the rest of a transaction.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING

from pipelines.archive.errors import NotUnderstood
from pipelines.tables.search.full_text import CREATE, FILTERED, FULL_TEXT, NUMBER, create

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_APPLICATION_ID = 0x5350_4349  # "SPCI"
_VERSION = 1
"""Raised when an older index cannot be brought up to date: it is made anew."""
_PATIENCE = 600
"""Seconds for which a search may be reading before another may write."""
_TABLES = (
    "CREATE TABLE sites (folder TEXT PRIMARY KEY, site TEXT NOT NULL UNIQUE, state TEXT NOT NULL,"
    " redactions INTEGER NOT NULL) STRICT",
    "CREATE TABLE speeches (site TEXT NOT NULL, id TEXT PRIMARY KEY, version INTEGER, reading INTEGER, url TEXT,"
    " title TEXT, published_on TEXT, speaker TEXT, genre TEXT, body TEXT, problems TEXT, digest BLOB NOT NULL,"
    f" {NUMBER} INTEGER NOT NULL) STRICT",
    f"CREATE INDEX speeches_{NUMBER} ON speeches({', '.join((NUMBER, *FILTERED))})",
    f"CREATE INDEX speeches_site ON speeches(site, id, digest, {NUMBER})",
)
_OF_FTS5 = tuple(f"{FULL_TEXT}_{what}" for what in ("data", "idx", "docsize", "config"))
_SCHEMA = f"SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT IN {_OF_FTS5} ORDER BY sql"  # noqa: S608
_BESIDE = ("-journal", "-wal", "-shm")


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold the lock of an index, `search.lock` beside it, so that one search at a time brings it up to date.

    Raises:
        OSError: there is no such file, and none can be made.
        NotUnderstood: a symbolic link leads away from the folder.
    """
    for path in (file.parent, file):
        if path.is_symlink():
            raise NotUnderstood(f"{path}: is a symbolic link, which is not followed; remove it")
    file.parent.mkdir(exist_ok=True)
    handle = _lock_file(file.with_suffix(".lock"))
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _lock_file(file: Path) -> int:
    try:
        return os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    except OSError:  # an index that is up to date can be read where nothing can be written
        return os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)


def opened_index(file: Path) -> sqlite3.Connection:
    """The database with its tables, empty if it was not there, or of another version of this software.

    To be called with the lock held. So a transaction that is not finished is of a search that died, or forged: SQLite
    would do, and delete, what it says.

    Raises:
        NotUnderstood: the file is something else.
        OSError, sqlite3.Error: it cannot be read.
    """
    left = [path for path in (file.with_name(file.name + end) for end in _BESIDE) if os.path.lexists(path)]
    for path in (file, *left) if left else ():
        path.unlink(missing_ok=True)
    with ExitStack() as closed_on_error:
        database = closed_on_error.enter_context(closing(_connected(file)))
        if not _is_ours(database, file):
            database.close()
            file.unlink()
            database = closed_on_error.enter_context(closing(_connected(file)))
            _make(database)
        closed_on_error.pop_all()
    return database


def _connected(file: Path) -> sqlite3.Connection:
    database = sqlite3.connect(file, timeout=_PATIENCE, isolation_level=None)
    # secure_delete: what is removed is overwritten, since it may have been removed by order of a court.
    for option in ("trusted_schema = OFF", "secure_delete = ON", "page_size = 8192", "cache_size = -65536"):
        database.execute(f"PRAGMA {option}")
    return database


def _is_ours(database: sqlite3.Connection, file: Path) -> bool:
    """Whether it has our tables; they are made in an empty file. `NotUnderstood` for a file of somebody else."""
    (application,) = database.execute("PRAGMA application_id").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    made = [sql for (sql,) in database.execute(_SCHEMA)]
    if not made and not application:
        _make(database)
        return True
    if application != _APPLICATION_ID:
        raise NotUnderstood(f"{file}: is no search index; move it away")
    return bool(version == _VERSION and made == sorted((*_TABLES, CREATE)))


def _make(database: sqlite3.Connection) -> None:
    database.execute("BEGIN IMMEDIATE")
    for made in _TABLES:
        database.execute(made)
    create(database)
    database.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    database.execute(f"PRAGMA user_version = {_VERSION}")
    database.execute("COMMIT")
