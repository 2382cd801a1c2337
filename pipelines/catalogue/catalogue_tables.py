"""The tables of the catalogue: their columns, from the records, and the SQL that makes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg.sql import SQL, Composed, Identifier, Literal

from pipelines.archive.read.feeds.feed_records import FeedEvent
from pipelines.archive.read.index import IndexRow
from pipelines.archive.schema.json_types import Shape
from pipelines.catalogue.catalogue_rows import CataloguedSite, CommitRow, GapRow, RunRow
from pipelines.record import Latest, Version
from pipelines.tables.columns import Column, columns
from pipelines.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = "speech_archive"
VERSION = 2
"""Of the tables: raised with every change of them, so that older ones are dropped and made anew."""
VERSIONS = "catalogue_version"
ESCAPED = "escaped"
"""The column that every table has besides those of its record."""
_ABOUT_ESCAPED = (
    r"columns in whose text U+0000, which PostgreSQL cannot hold, is written \u0000; null where none has it"
)
_TYPES = {"text": "text", "integer": "bigint", "number": "double precision", "date": "date", "moment": "timestamptz"}
_PLACE = Column("place", "place", "integer", Shape(kind="int"), "number of the event in its commit, from 1")


@dataclass(frozen=True, slots=True)
class CatalogueTable:
    """A table: rows of one record, told apart by `key`; `indexes` are the columns of each further index."""

    table: Table
    columns: tuple[Column, ...]
    indexes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of the table."""
        return self.table.name

    def in_schema(self, schema: str) -> Identifier:
        """Its name in a schema."""
        return Identifier(schema, self.name)


def _kept(table: Table, *indexes: str, without: frozenset[str] = frozenset({"schema"})) -> CatalogueTable:
    return CatalogueTable(table, tuple(one for one in columns(table) if one.name not in without), indexes)


def _events(table: Table, *indexes: str) -> CatalogueTable:
    said = _kept(table, *indexes, without=frozenset({"schema", "entity"}))
    at = next(number for number, one in enumerate(said.columns) if one.name == "commit") + 1
    return CatalogueTable(table, (*said.columns[:at], _PLACE, *said.columns[at:]), indexes)


SITES = _kept(Table("sites", CataloguedSite, ("site",), "the sites, each as of the commit up to which it was taken"))
COMMITS = _kept(Table("commits", CommitRow, ("site", "commit"), "every commit of every archive"), "(recorded_at)")
RUNS = _kept(Table("runs", RunRow, ("site", "commit"), "every run, by its report"), "(ended_at)")
GAPS = _kept(Table("gaps", GapRow, ("site", "place"), "what the last run of each site did not capture"), "(reason)")
STATES = _kept(
    Table("speech_states", IndexRow, ("id",), "every speech ever archived, its state and its counts"),
    "(site, state)",
)
LINES = _kept(
    Table("speech_lines", Version, ("id",), "the newest reading of every present speech, without its counts"),
    "(site, published_on)",
    "(published_on)",
    "USING hash (speaker)",  # names can be longer than a row of an ordered index
)
CHANGES = _events(
    Table("changes", FeedEvent, ("site", "commit", "place"), "every event of every speech, as the feed tells them"),
    "(recorded_at)",
    "(id)",
)
TABLES = (SITES, COMMITS, RUNS, GAPS, STATES, LINES, CHANGES)
SPEECHES = "speeches"
_ABOUT_SPEECHES = "the newest reading of every present speech, and its counts: every key of latest/1"


def type_of(column: Column) -> str:
    """The type of a column in PostgreSQL."""
    return "boolean" if column.shape.kind == "bool" else _TYPES.get(column.kind, "jsonb")


def tables_sql(schema: str, *, temporary: bool = False) -> Iterator[Composed]:
    """The tables without indexes. With `temporary`, their schema is `pg_temp`, and each transaction empties them."""
    for kept in TABLES:
        made = [
            SQL("{} {}{}").format(Identifier(one.name), SQL(type_of(one)), SQL("" if one.shape.null else " NOT NULL"))
            for one in kept.columns
        ]
        made.append(SQL("{} text[]").format(Identifier(ESCAPED)))
        made.append(SQL("PRIMARY KEY ({})").format(SQL(", ").join(map(Identifier, kept.table.key))))
        start, end = ("CREATE TEMPORARY TABLE", " ON COMMIT DELETE ROWS") if temporary else ("CREATE TABLE", "")
        name = kept.in_schema(schema)
        yield SQL("{} {} ({}){}").format(SQL(start), name, SQL(", ").join(made), SQL(end))


def all_sql(schema: str = SCHEMA) -> Iterator[Composed]:
    """All that the catalogue is in a schema that is there: tables, indexes, the view, and what each column means."""
    yield from tables_sql(schema)
    for kept in TABLES:
        name = kept.in_schema(schema)
        for index in kept.indexes:
            yield SQL("CREATE INDEX ON {} {}").format(name, SQL(index))
        yield SQL("COMMENT ON TABLE {} IS {}").format(name, Literal(kept.table.about))
        yield from _comments(schema, kept.name, (*((one.name, one.about) for one in kept.columns),))
    yield from _view(schema)
    version = Identifier(schema, VERSIONS)
    yield SQL("CREATE TABLE {} (version bigint NOT NULL)").format(version)
    yield SQL("INSERT INTO {} VALUES ({})").format(version, Literal(VERSION))
    about = "the version of the tables: where it is older than that of the software, they are dropped and made anew"
    yield SQL("COMMENT ON TABLE {} IS {}").format(version, Literal(about))


def _view(schema: str) -> Iterator[Composed]:
    """Texts and counts, which are apart since PostgreSQL writes a whole row anew where a count of it changes."""
    latest = tuple(one for one in columns(Table(SPEECHES, Latest, ("id",), "")) if one.name != "schema")
    own = {one.name for one in LINES.columns}
    chosen = [Identifier("l" if one.name in own else "s", one.name) for one in latest]
    chosen += [Identifier("s", "state"), Identifier("l", ESCAPED)]
    made = "CREATE VIEW {} AS SELECT {} FROM {} l JOIN {} s ON s.id = l.id"
    name = Identifier(schema, SPEECHES)
    named = LINES.in_schema(schema), STATES.in_schema(schema)
    yield SQL(made).format(name, SQL(", ").join(chosen), *named)
    yield SQL("COMMENT ON VIEW {} IS {}").format(name, Literal(_ABOUT_SPEECHES))
    state = next((one.name, one.about) for one in STATES.columns if one.name == "state")
    yield from _comments(schema, SPEECHES, (*((one.name, one.about) for one in latest), state))


def _comments(schema: str, table: str, abouts: tuple[tuple[str, str], ...]) -> Iterator[Composed]:
    for name, about in (*abouts, (ESCAPED, _ABOUT_ESCAPED)):
        if about:
            yield SQL("COMMENT ON COLUMN {} IS {}").format(Identifier(schema, table, name), Literal(about))


def drop_sql(schema: str = SCHEMA) -> Iterator[Composed]:
    """Drop whatever version of the catalogue is there, with the views that others made on it, and nothing else."""
    yield SQL("DROP VIEW IF EXISTS {} CASCADE").format(Identifier(schema, SPEECHES))
    for name in (*(kept.name for kept in TABLES), VERSIONS):
        yield SQL("DROP TABLE IF EXISTS {} CASCADE").format(Identifier(schema, name))
