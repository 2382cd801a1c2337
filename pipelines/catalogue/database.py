"""The database that a person names: its connection string, never shown with a password, and connections to it."""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from pipelines.archive.errors import ArchiveError, Blocked
from pipelines.exits import Exit
from pipelines.untrusted import whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Connection = psycopg.Connection[tuple[Any, ...]]
VARIABLE = "SPEECH_ARCHIVE_DATABASE"
"""The environment variable with the connection string, where no option gives it."""
OLDEST = 15
"""The oldest PostgreSQL that its makers still mend, as of December 2026."""
_LONGEST = 10_000  # bytes of a file with one connection string
_SECONDS = 10
"""Until a server that does not answer is given up, where the connection string says nothing (connect_timeout)."""
_MOST = 400  # characters of what a server says
_NAMED = ("host", "hostaddr", "port", "dbname", "user")
"""The parts of a connection string that may be shown: all others may hold a secret, or a path to one."""
_REFUSAL = re.compile(
    r"no password supplied|FATAL: +([^:]*authentication failed|no pg_hba\.conf entry"
    r'|(role|database) ".*" (does not exist|is not permitted))'
)
_FORMS = "postgresql://USER@HOST/DATABASE, host=… dbname=… user=…, or @FILE that holds one"


class WrongDatabase(ArchiveError):  # noqa: N818 - reads as a sentence, as its kin do
    """The connection string, the server or the rights of the role are not as they must be: a person corrects that."""

    exit_status = Exit.WRONG_USE


class DatabaseAway(Blocked):
    """The database does not answer, or broke off: the same command goes on when it is back."""


def dsn_of(given: str | None, environment: Mapping[str, str]) -> str:
    """The connection string that is meant, as libpq takes it.

    Args:
        given: a connection string, or `@FILE`: the name of a file with one; null: that of the environment.
        environment: the environment variables.

    Raises:
        WrongDatabase: none is given, its file cannot be read, or it is none. Its text is in no message.
    """
    text = given or environment.get(VARIABLE)
    if not text:
        raise WrongDatabase(f"which database? Give --database, or {VARIABLE}: {_FORMS}")
    is_file = text.startswith("@")
    dsn = _of_file(Path(text[1:])) if is_file else text
    _parts(dsn, f" in {text[1:]}" if is_file else "")
    return dsn


def _of_file(file: Path) -> str:
    try:
        text = whole(file.resolve(), _LONGEST).decode().strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise WrongDatabase(f"{file}: cannot be read as a file with a connection string: {reason}") from error
    if not text or "\n" in text:
        raise WrongDatabase(f"{file}: must hold one line, a connection string")
    return text


def shown(dsn: str) -> str:
    """A connection string as it may be shown: without password, paths of keys and options."""
    parts = _parts(dsn)
    return " ".join(f"{name}={parts[name]}" for name in _NAMED if name in parts) or "the default database"


def _parts(dsn: str, where: str = "") -> dict[str, Any]:
    try:
        parts = dict(conninfo_to_dict(dsn))
    except psycopg.ProgrammingError:
        parts = None  # its words repeat the connection string
    # What is split at a wrong place may have any part of the password in any of these.
    if parts is None or any("@" in str(parts.get(name, "")) for name in ("host", "hostaddr", "port")):
        signs = "in an address, signs such as @ : / # % of a password are written %40 %3A %2F %23 %25"
        raise WrongDatabase(f"the connection string{where} cannot be read: give {_FORMS}; {signs}")
    return parts


@contextmanager
def connected(dsn: str) -> Iterator[Connection]:
    """A connection on which each statement outside of `transaction()` is committed; errors are those of `telling`."""
    with telling(dsn):
        parts = {"connect_timeout": _SECONDS} | _parts(dsn)
        with psycopg.connect(make_conninfo("", **parts), autocommit=True, client_encoding="utf8") as connection:
            check_server(connection.info)
            # Who has waited for a lock must see what was committed meanwhile, whatever is usual in this database.
            connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
            yield connection


def check_server(server: psycopg.ConnectionInfo) -> None:
    """`WrongDatabase` for a server that is too old, or a database in whose encoding Chinese texts cannot be kept."""
    version = server.server_version // 10_000
    if version < OLDEST:
        raise WrongDatabase(f"the server is PostgreSQL {version}; {OLDEST} or newer is needed")
    encoding = server.parameter_status("server_encoding")
    if encoding != "UTF8":
        remedy = "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
        raise WrongDatabase(f"the database {server.dbname} is in {encoding}, not in UTF8: {remedy}")


@contextmanager
def telling(dsn: str) -> Iterator[None]:
    """Turn the errors of a connection and of rights into the `ArchiveError` that names the database and the remedy.

    Raises:
        WrongDatabase: the role may not do it, the server is a replica, or a table is not as it was made.
            It answers that there is no such role, password or database.
        DatabaseAway: it does not answer, breaks off, or has no room.
    """
    try:
        yield
    except (errors.InsufficientPrivilege, errors.ReadOnlySqlTransaction) as error:
        remedy = "use the role that owns the tables; a replica only reads"
        raise WrongDatabase(f"{shown(dsn)}: {_said(error)}: {remedy}") from error
    except (errors.UndefinedTable, errors.UndefinedColumn, errors.DuplicateTable, errors.WrongObjectType) as error:
        raise WrongDatabase(
            f"{shown(dsn)}: {_said(error)}: somebody has altered the tables of this software"
        ) from error
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        said = _said(error)
        if _is_refused(str(error)):
            remedy = "correct the connection string, or make the role and the database, and let this machine in"
            raise WrongDatabase(f"{shown(dsn)}: {said}: {remedy}") from error
        remedy = "see that it runs and that the connection string is right, then run this again"
        raise DatabaseAway(f"{shown(dsn)}: {said}{'' if said.endswith('?') else ':'} {remedy}") from error


def _is_refused(words: str) -> bool:
    """Whether every server that was asked refused the role, its password or the database (SQLSTATE 28…, 3D000).

    Of a server that lets nobody in the driver gives no SQLSTATE, only words: those of one that speaks English.
    """
    _, *each = words.split("connection to server ")
    return bool(each) and all(_REFUSAL.search(one) for one in each)


def _said(error: Exception) -> str:
    """What the driver says, in one line: of several servers each its own."""
    return " ".join(str(error).split())[:_MOST] or type(error).__name__
