"""What is exported: of which archives, as of when, which lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.archive.disk.layout import LATEST_LINES
from pipelines.archive.disk.streams import raw_lines
from pipelines.canonical import json_line
from pipelines.tables.problem_rows import problem_rows
from pipelines.tables.site_rows import site_row
from pipelines.tables.view_periods import view_periods

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelines.archive import Archive
    from pipelines.archive.read.archives import Archives
    from pipelines.tables.view_periods import Every


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The rows to export. Without `as_of` they are of the last commit of each archive.

    `every` is the period of table `views`.
    """

    archives: Archives
    as_of: str | None = None
    known_at: str | None = None
    every: Every = "month"

    def lines(self, table: str) -> Iterator[bytes]:
        """The rows of a table as lines of JSON with their line feed, site by site, in constant memory.

        Speeches are in natural order of their ids (those of a moment by rising seq), other lines by rising seq.
        """
        for archive in self.archives:
            yield from self._of_one(archive, table)

    def _of_one(self, archive: Archive, table: str) -> Iterator[bytes]:
        if table in {"sites", "views", "problems"}:
            yield from (f"{json_line(row)}\n".encode() for row in self._rows(archive, table))
        elif table != "speeches":
            for named in filter(None, (commit.stream(table) for commit in archive.commits())):
                yield from raw_lines(archive.layout.stored(named.path))
        elif self.as_of is not None:
            yield from archive.raw_as_of(self.as_of, self.known_at)
        else:
            yield from raw_lines(archive.layout.path(LATEST_LINES))

    def _rows(self, archive: Archive, table: str) -> Iterable[object]:
        """Rows that no line of an archive is."""
        if table == "sites":
            return (site_row(archive),)
        if table == "views":
            return view_periods(archive, self.every)
        return problem_rows(self._of_one(archive, "speeches"))
