"""The tables of a cluster: our own, and those of procrastinate by its own migrations, also while workers run."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from itertools import takewhile
from pathlib import Path
from typing import LiteralString

from procrastinate.schema import SchemaManager

from pipelines.catalogue.database import Connection, WrongDatabase, connected

ENGINE = version("procrastinate")
ALIVE = 60
"""Seconds since it last said so after which a worker is taken for ended."""
_LOCK = 0x5370_6563_6800_0001
"""An advisory lock: two that migrate at once wait for each other."""
_TAKES_OVER = "takes-over"
TAKEN_OVER: LiteralString = "DELETE FROM speech_archive.fleet WHERE key = 'takes-over'"
"""Once it is done: where another fleet takes the store over later, it keeps it."""
_AFTER_THE_LAST_WORKER = 50
"""procrastinate numbers the migrations of a version; those from 50 on need all workers to be of that version."""
_OWN: tuple[tuple[str, LiteralString], ...] = (
    (
        "speech-archive 01",
        """
        CREATE TABLE speech_archive.fleet (key text PRIMARY KEY, value text NOT NULL);
        INSERT INTO speech_archive.fleet VALUES ('id', gen_random_uuid()::text);
        CREATE TABLE speech_archive.journal_lines (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, site text NOT NULL, line text NOT NULL
        );
        CREATE UNIQUE INDEX ON speech_archive.journal_lines (site, md5(line));
        CREATE TABLE speech_archive.workers (
            name text PRIMARY KEY, place text NOT NULL, machine text NOT NULL, engine text NOT NULL,
            jobs integer NOT NULL, began timestamptz NOT NULL DEFAULT now(), seen timestamptz NOT NULL DEFAULT now()
        );
        CREATE TABLE speech_archive.crawls (
            job_id bigint PRIMARY KEY, site text NOT NULL, worker text NOT NULL, place text NOT NULL,
            began timestamptz NOT NULL DEFAULT now()
        );
        CREATE TABLE speech_archive.told (
            site text NOT NULL, channel text NOT NULL, word text NOT NULL, PRIMARY KEY (site, channel)
        );
        CREATE TABLE speech_archive.cancelled (site text PRIMARY KEY, until timestamptz NOT NULL);
        """,
    ),
    # A worker that looks for its next job asks of each that waits whether another has its lock: with 3,200 sites
    # waiting a look took a second.
    (
        "speech-archive 02",
        """
        CREATE INDEX speech_archive_jobs_by_lock ON procrastinate_jobs (lock) WHERE status IN ('todo', 'doing');
        """,
    ),
    (
        "speech-archive 03",
        """
        CREATE TABLE speech_archive.put_off (
            job_id bigint PRIMARY KEY, why text NOT NULL, at timestamptz NOT NULL DEFAULT now()
        );
        """,
    ),
)
"""Our own, in this order; a new one only adds, so that workers of the version before go on."""


@dataclass(frozen=True, slots=True)
class Migrated:
    """What was done, and what waits until no worker of an older version of procrastinate runs."""

    done: tuple[str, ...]
    waiting: tuple[str, ...]


def migrate(dsn: str) -> Migrated:
    """Make the tables, or bring them up to date; workers may run meanwhile.

    Raises:
        WrongDatabase: the database holds tables of procrastinate that are not ours, or its role may not make any.
        DatabaseAway: it does not answer.
    """
    with connected(dsn) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))  # until the connection ends
        with connection.transaction():
            connection.execute("CREATE SCHEMA IF NOT EXISTS speech_archive")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS speech_archive.migrations "
                "(name text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())"
            )
        done = [] if _applied(connection) & {file.name for file in _files()} else _install(connection)
        done += [name for name, sql in _OWN if _apply(connection, name, sql)]
        missing = [file for file in _files() if file.name not in _applied(connection)]
        now = missing if not _has_older_worker(connection) else list(takewhile(_is_endured, missing))
        done += [file.name for file in now if _apply(connection, file.name, _sql(file))]
        return Migrated(tuple(done), tuple(file.name for file in missing[len(now) :]))


def check_schema(connection: Connection) -> str:
    """The id of the database's fleet, where the tables are as this software needs them.

    Raises:
        WrongDatabase: they are missing, or of an older version.
    """
    remedy = "run `speech-archive fleet database` first, which also upgrades while workers run"
    row = connection.execute("SELECT to_regclass('speech_archive.migrations') IS NOT NULL").fetchone()
    if not (row and row[0]):
        raise WrongDatabase(f"the database has no tables of a cluster: {remedy}")
    needed = [name for name, _ in _OWN] + [file.name for file in _files() if _is_endured(file)]
    if missing := set(needed) - _applied(connection):
        raise WrongDatabase(f"the tables of the database are older than this software ({min(missing)}): {remedy}")
    row = connection.execute("SELECT value FROM speech_archive.fleet WHERE key = 'id'").fetchone()
    return str(row[0]) if row else ""


def keep_one_place(connection: Connection, archives: str) -> None:
    """See that all workers of the database keep their archives at the same place, which the first one names.

    `WrongDatabase` as `check_place`.
    """
    connection.execute(
        "INSERT INTO speech_archive.fleet VALUES ('archives', %s) ON CONFLICT (key) DO NOTHING", (archives,)
    )
    check_place(connection, archives)


def check_place(connection: Connection, archives: str) -> None:
    """See that the database is that of the fleet whose archives are at a place.

    Raises:
        WrongDatabase: another place is named there: two would make two histories of a site.
    """
    row = connection.execute("SELECT value FROM speech_archive.fleet WHERE key = 'archives'").fetchone()
    if row and row[0] != archives:
        raise WrongDatabase(
            f"the workers of this database keep their archives in {row[0]}, this machine in {archives}: is it the "
            "database of this fleet? Give all its machines one `store` in fleet.toml, or one archive_root on a "
            "shared disk. Once the archives have been moved, and no worker runs: "
            "`speech-archive fleet database --moved`"
        )


def forget_place(dsn: str) -> None:
    """Let the next worker name where archives lie, and take the store over from another database's fleet: a person
    has moved them, or made a new database. `WrongDatabase` while workers run.
    """
    with connected(dsn) as connection:
        query = "SELECT name FROM speech_archive.workers WHERE seen > now() - make_interval(secs => %s)"
        if running := [name for (name,) in connection.execute(query, (ALIVE,))]:
            raise WrongDatabase(f"workers run: {', '.join(running)}; stop them first")
        with connection.transaction():
            connection.execute("DELETE FROM speech_archive.fleet WHERE key = 'archives'")
            connection.execute(
                "INSERT INTO speech_archive.fleet VALUES (%s, '') ON CONFLICT (key) DO NOTHING", (_TAKES_OVER,)
            )


def takes_over(connection: Connection) -> bool:
    """Whether a person has said that this fleet takes its store over."""
    row = connection.execute("SELECT 1 FROM speech_archive.fleet WHERE key = %s", (_TAKES_OVER,)).fetchone()
    return row is not None


def _applied(connection: Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM speech_archive.migrations")}


def _apply(connection: Connection, name: str, sql: LiteralString) -> bool:
    """Apply one migration and note it, or neither; whether it was not applied yet."""
    if name in _applied(connection):
        return False
    with connection.transaction():
        connection.execute(sql)
        connection.execute("INSERT INTO speech_archive.migrations (name) VALUES (%s)", (name,))
    return True


def _install(connection: Connection) -> list[str]:
    """Make procrastinate's tables as of its newest version."""
    row = connection.execute("SELECT to_regclass('procrastinate_jobs') IS NOT NULL").fetchone()
    if row and row[0]:
        raise WrongDatabase("the database holds tables of another use of procrastinate: give a database of its own")
    with connection.transaction():
        connection.execute(SchemaManager.get_schema())
        for file in _files():
            connection.execute("INSERT INTO speech_archive.migrations (name) VALUES (%s)", (file.name,))
    return [f"procrastinate {ENGINE}"]


def _files() -> list[Path]:
    """procrastinate's migrations, in their order."""
    return sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))


def _sql(file: Path) -> LiteralString:
    return file.read_text("utf-8")


def _is_endured(file: Path) -> bool:
    """Whether workers of the version before go on with a migration; else it waits until none of them runs."""
    return int(file.name.split("_")[1]) < _AFTER_THE_LAST_WORKER


def _has_older_worker(connection: Connection) -> bool:
    """Whether a worker with another version of procrastinate runs."""
    row = connection.execute(
        "SELECT count(*) FROM speech_archive.workers WHERE engine <> %s AND seen > now() - make_interval(secs => %s)",
        (ENGINE, ALIVE),
    ).fetchone()
    return bool(row and row[0])
