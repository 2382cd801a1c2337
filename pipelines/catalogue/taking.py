"""Brings what an archive holds into the catalogue: what is new since the last time, or all of it."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import errors
from psycopg.sql import SQL, Identifier

from pipelines.archive.errors import ArchiveError, Damaged
from pipelines.archive.read.feeds.extent import extent_of
from pipelines.archive.read.feeds.seen_since import index_rows
from pipelines.canonical import json_value
from pipelines.catalogue.catalogue_rows import CataloguedSite, CommitRow
from pipelines.catalogue.catalogue_tables import (
    CHANGES,
    COMMITS,
    ESCAPED,
    GAPS,
    LINES,
    RUNS,
    SCHEMA,
    SITES,
    STATES,
    TABLES,
    VERSION,
    VERSIONS,
    all_sql,
    drop_sql,
)
from pipelines.catalogue.database import WrongDatabase
from pipelines.catalogue.run_rows import gap_rows, run_row
from pipelines.catalogue.typed_values import WrongType, row_of
from pipelines.exits import Exit
from pipelines.tables.site_rows import site_row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pipelines.archive import Archive
    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.streams import Line
    from pipelines.catalogue.catalogue_tables import CatalogueTable
    from pipelines.catalogue.database import Connection

CHANNEL = "speech_archive"
"""On which each commit that was taken is notified, as JSON: {site, commit, head, verdict}."""
_OF_TABLES, _OF_SITES = 0x5350_4301, 0x5350_4302
"""The first numbers of our advisory locks: "SPC", and which."""
_LONGEST_VERDICT = 64  # characters, as a notification has room for 8000 bytes
_PRESENCES = ("present", "unlisted", "missing", "withheld", "unknown", "succeeded")


class CatalogueNewer(ArchiveError):  # noqa: N818 - reads as a sentence, as its kin do
    """The tables are of later software, which must not find them dropped."""

    exit_status = Exit.WRONG_USE


def prepare(connection: Connection) -> bool:
    """Make the tables where they are absent or of an earlier version; true when it did.

    The role must own the tables, and may create in the schema, or in the database where that is not there.
    """
    if _version(connection) == VERSION:
        return False
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s, 0)", [_OF_TABLES])
        if _version(connection) == VERSION:
            return False
        if connection.execute("SELECT to_regnamespace(%s)", [SCHEMA]).fetchone() == (None,):
            connection.execute(SQL("CREATE SCHEMA IF NOT EXISTS {}").format(Identifier(SCHEMA)))
        for statement in (*drop_sql(), *all_sql()):
            connection.execute(statement)
    return True


def check_prepared(connection: Connection) -> None:
    """`WrongDatabase` when the tables of this version are not there."""
    if _version(connection) != VERSION:
        words = f"{connection.info.dbname}: holds no catalogue of version {VERSION}"
        raise WrongDatabase(f"{words}: `speech-archive catalogue ROOT` makes it")


def _version(connection: Connection) -> int | None:
    """The version of the tables that are there; null when there are none; `CatalogueNewer` for a later one."""
    if connection.execute("SELECT to_regclass(%s)", [f"{SCHEMA}.{VERSIONS}"]).fetchone() == (None,):
        return None
    found = connection.execute(SQL("SELECT max(version) FROM {}").format(Identifier(SCHEMA, VERSIONS))).fetchone()
    version: int = found[0] if found and found[0] is not None else 0
    if version > VERSION:
        words = f"the catalogue is of version {version}, this software knows up to {VERSION}"
        raise CatalogueNewer(f"{words}: upgrade it; nothing was written")
    return version


def take(connection: Connection, archive: Archive, *, anew: bool = False) -> bool:
    """Bring the catalogue up to the last commit of an archive; false when it is there, or further, already.

    All or nothing, in one transaction. Archives without their captures are enough. With `anew` all rows of the site
    are replaced.

    Raises:
        Damaged: the archive cannot be read, or holds what no line may hold.
        CatalogueNewer: the tables are of later software.
        psycopg.Error: the database does not do it (`pipelines.catalogue.database.telling` says why).
    """
    prepare(connection)
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock_shared(%s, 0)", [_OF_TABLES])
        _version(connection)
        hold_site(connection, archive.facts.site)
        after = 0 if anew else _taken_up_to(connection, archive)
        if after is None:
            return False
        with _refusing(archive):
            site = _Taking(connection, archive, SCHEMA).bring(after)
        told = {key: getattr(site, key) for key in ("site", "commit", "head")}
        told["verdict"] = site.verdict and site.verdict[:_LONGEST_VERDICT]
        connection.execute("SELECT pg_notify(%s, %s)", [CHANNEL, json.dumps(told)])
    return True


def hold_site(connection: Connection, site: str) -> None:
    """Let no other transaction take this site until this one ends."""
    connection.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_OF_SITES, site])


def take_whole(connection: Connection, archive: Archive, schema: str) -> None:
    """Bring all of an archive into the tables of a schema, which hold nothing of its site; no transaction is made."""
    with _refusing(archive):
        _Taking(connection, archive, schema).bring(0)


def forget(connection: Connection, site: str) -> bool:
    """Remove a site from the catalogue; false when it is not there."""
    with connection.transaction():
        hold_site(connection, site)
        is_there = held_commit(connection, site) is not None
        _remove(connection, SCHEMA, site, TABLES)
    return is_there


def sites_held(connection: Connection) -> set[str]:
    """The sites that are in the catalogue."""
    return {row[0] for row in connection.execute(SQL("SELECT site FROM {}").format(SITES.in_schema(SCHEMA)))}


@contextmanager
def _refusing(archive: Archive) -> Iterator[None]:
    """What an archive should not hold is its damage, not an error of the program."""
    try:
        yield
    except (WrongType, psycopg.DataError, psycopg.IntegrityError, errors.ProgramLimitExceeded) as error:
        words = " ".join(str(error).split())
        raise Damaged(f"{archive.layout.root}: cannot be in the catalogue: {words}; run verify") from error


def held_commit(connection: Connection, site: str) -> tuple[int, str] | None:
    """Up to which commit a site is in the catalogue, and its head; null when it is not there."""
    found = connection.execute(
        SQL("SELECT commit, head FROM {} WHERE site = %s").format(SITES.in_schema(SCHEMA)), [site]
    ).fetchone()
    return (found[0], found[1]) if found else None


def _taken_up_to(connection: Connection, archive: Archive) -> int | None:
    """Behind which commit the catalogue lacks an archive: 0 when all is to be taken, null when nothing is."""
    held = held_commit(connection, archive.facts.site)
    if held is None:
        return 0
    n, head = held
    if n < archive.last.n:
        commits = [archive.commit(one) for one in range(n + 1, archive.last.n + 1)]
        follows = [head, *(commit.sha256 for commit in commits)][:-1] == [commit.prev for commit in commits]
        # An act may alter what earlier commits have told: words are removed, ids replaced, moments set back.
        return n if follows and all(commit.is_run for commit in commits) else 0
    known = SQL("SELECT head FROM {} WHERE site = %s AND commit = %s").format(COMMITS.in_schema(SCHEMA))
    is_part = connection.execute(known, [archive.facts.site, archive.last.n]).fetchone() == (archive.head,)
    return None if is_part else 0


def _remove(connection: Connection, schema: str, site: str, tables: Iterable[CatalogueTable]) -> None:
    for kept in tables:
        connection.execute(SQL("DELETE FROM {} WHERE site = %s").format(kept.in_schema(schema)), [site])


def _is_gap(row: Line) -> bool:
    return not (row["is_the_sites_word"] or row["is_accepted"])


class _Taking:
    """One archive on its way into the tables of one schema."""

    def __init__(self, connection: Connection, archive: Archive, schema: str) -> None:
        self._connection, self._archive, self._schema = connection, archive, schema
        self._site = archive.facts.site

    def bring(self, after: int) -> CataloguedSite:
        """Bring what came after a commit; with 0 all, in place of what is there of the site. Gives its row."""
        new = range(after + 1, self._archive.last.n + 1)
        _remove(self._connection, self._schema, self._site, (SITES, GAPS, STATES) if after else TABLES)
        newest = self._bring_changes(after)
        if after:
            old = SQL("DELETE FROM {} WHERE id = ANY(%s)").format(LINES.in_schema(self._schema))
            self._connection.execute(old, [list(newest)])
        self._copy(LINES, self._lines(map(self._archive.commit, new), newest))
        commits = (self._archive.commit(n) for n in new)
        self._copy(COMMITS, (CommitRow.of(self._site, commit) for commit in commits))
        runs = (self._archive.commit(n) for n in new)
        self._copy(RUNS, (run_row(self._archive, commit) for commit in runs if commit.is_run))
        gaps = self._copy(GAPS, gap_rows(self._archive), _is_gap)
        extent = extent_of(self._archive, f"commit:{self._archive.last.n}")
        states = self._copy(STATES, index_rows(self._archive, extent), lambda row: row["state"])
        site = self._site_row(gaps[True], states)
        self._copy(SITES, [site])
        return site

    def _bring_changes(self, after: int) -> dict[str, int | None]:
        """Bring the events; gives by id the seq of the line that its row is now, null where it has none."""
        newest: dict[str, int | None] = {}

        def numbered() -> Iterator[Line]:
            commit, place = after, 0
            for event in self._archive.changes(f"commit:{after}", fields=True, full=True):
                commit, place = event["commit"], place + 1 if event["commit"] == commit else 1
                entity = event["entity"]
                newest[event["id"]] = entity["seq"] if entity else None
                yield event | {"place": place}

        self._copy(CHANGES, numbered())
        return newest

    def _lines(self, commits: Iterable[Commit], newest: dict[str, int | None]) -> Iterator[Line]:
        """The version lines that are rows now. The files were checked as the events were read from them."""
        for commit in commits:
            for line in self._archive.lines_of(commit, "versions"):
                if newest.get(line["id"]) == line["seq"]:
                    yield line

    def _site_row(self, gaps: int, states: Counter[Any]) -> CataloguedSite:
        told = asdict(site_row(self._archive))
        last = self._archive.totals().last_run
        run = run_row(self._archive, self._archive.commit(last["commit"])) if last else None
        told |= {key: run and getattr(run, key) for key in ("verdict", "exit_status", "message", "ended_at")}
        told |= {state: states[state] for state in _PRESENCES}
        return CataloguedSite(**told, gaps=gaps)

    def _copy(
        self, kept: CatalogueTable, rows: Iterable[object], counted: Callable[[Line], Any] = lambda _: None
    ) -> Counter[Any]:
        """Copy rows into a table; gives how many there were of each kind, as `counted` tells."""
        found: Counter[Any] = Counter()
        row = row_of(kept.columns)
        names = [Identifier(one.name) for one in kept.columns] + [Identifier(ESCAPED)]
        copying = SQL("COPY {} ({}) FROM STDIN").format(kept.in_schema(self._schema), SQL(", ").join(names))
        with self._connection.cursor() as cursor, cursor.copy(copying) as copy:
            for line in map(json_value, rows):
                copy.write_row(row(line))
                found[counted(line)] += 1
        return found
