"""Compares the catalogue with what a rebuild gives, row for row. Nothing of it is altered."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from psycopg.sql import SQL, Identifier

from pipelines.catalogue.catalogue_tables import ESCAPED, SCHEMA, TABLES, tables_sql
from pipelines.catalogue.taking import held_commit, hold_site, take_whole
from pipelines.shown import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from psycopg.sql import Composed

    from pipelines.archive import Archive
    from pipelines.catalogue.catalogue_tables import CatalogueTable
    from pipelines.catalogue.database import Connection

_SCRATCH = "pg_temp"
_NAMED = 3  # rows of a table that are named


@contextmanager
def scratch_tables(connection: Connection) -> Iterator[None]:
    """Tables like those of the catalogue that only this connection sees, empty before each transaction."""
    for statement in tables_sql(_SCRATCH, temporary=True):
        connection.execute(statement)
    yield
    for kept in TABLES:
        connection.execute(SQL("DROP TABLE {}").format(kept.in_schema(_SCRATCH)))


def differences(connection: Connection, archive: Archive) -> list[str]:
    """How the rows of a site differ from those that a rebuild gives, a table a line; empty when they do not.

    The connection has `scratch_tables`. Errors are those of `take`.
    """
    site = archive.facts.site
    with connection.transaction(force_rollback=True):
        hold_site(connection, site)
        held = held_commit(connection, site)
        if held is None:
            return [f"{site}: is not in the catalogue"]
        if held != (archive.last.n, archive.head):
            is_same = f"commit {held[0]}, of which the head is {held[1]}"
            return [f"{site}: was taken up to {is_same}; the archive ends at commit {archive.last.n}, {archive.head}"]
        take_whole(connection, archive, _SCRATCH)
        return [told for kept in TABLES if (told := _difference(connection, kept, site))]


def _difference(connection: Connection, kept: CatalogueTable, site: str) -> str | None:
    live, rebuilt = kept.in_schema(SCHEMA), kept.in_schema(_SCRATCH)
    surplus = _keys(connection, kept, _minus(kept, live, rebuilt), site)
    absent = _keys(connection, kept, _minus(kept, rebuilt, live), site)
    if not surplus and not absent:
        return None
    words = f"{counted(len(surplus), 'rows')} not as a rebuild gives, {counted(len(absent), 'rows')} of it missing"
    named = ", ".join([*surplus, *absent][:_NAMED])
    return f"{site}: table {kept.name}: {words}: {named}{' …' * (len(surplus) + len(absent) > _NAMED)}"


def _minus(kept: CatalogueTable, these: Identifier, those: Identifier) -> Composed:
    names = SQL(", ").join(Identifier(name) for name in (*(one.name for one in kept.columns), ESCAPED))
    rows = SQL("SELECT {names} FROM {table} WHERE site = %s")
    both = rows.format(names=names, table=these), rows.format(names=names, table=those)
    return SQL("{} EXCEPT ALL {}").format(*both)


def _keys(connection: Connection, kept: CatalogueTable, rows: Composed, site: str) -> list[str]:
    key = SQL(", ").join(map(Identifier, kept.table.key))
    named = SQL("SELECT concat_ws(' ', {key}) FROM ({rows}) AS found ORDER BY {key}").format(key=key, rows=rows)
    return [row[0] for row in connection.execute(named, [site, site])]
