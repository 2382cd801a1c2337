"""The tables by name: from which record each comes, and what tells its rows apart."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.record import AsOf, Latest, Observation, Version
from pipelines.tables.rows import ProblemRow, SiteRow, ViewPeriod


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its rows in JSON are lines of `record`, or that record as JSON; `key` tells rows apart."""

    name: str
    record: type
    key: tuple[str, ...]
    about: str


TABLES = {
    table.name: table
    for table in (
        Table("speeches", Latest, ("id",), "the newest reading of every present speech"),
        Table("versions", Version, ("site", "seq"), "every event of every speech: each version, each reading"),
        Table("observations", Observation, ("site", "seq"), "every observation of a speech"),
        Table("views", ViewPeriod, ("id", "period"), "view counts by period"),
        Table("problems", ProblemRow, ("id", "place"), "why values of present speeches are null or doubtful"),
        Table("sites", SiteRow, ("site",), "the sites, and the commit of which each one's rows are"),
    )
}
SPEECHES_AS_OF = Table("speeches", AsOf, ("id",), "the speeches on the site at a moment")
"""What table `speeches` is where a moment was asked for."""
