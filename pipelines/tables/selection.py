"""What is exported: of which archives, as of when, which lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.archive.disk.layout import LATEST_LINES
from pipelines.archive.disk.streams import raw_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.archive import Archive
    from pipelines.archive.read.archives import Archives


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The rows to export. Without `as_of` they are of the last commit of each archive."""

    archives: Archives
    as_of: str | None = None
    known_at: str | None = None

    def lines(self, table: str) -> Iterator[bytes]:
        """The rows of a table as lines of JSON with their line feed, site by site, in constant memory.

        Speeches are in natural order of their ids (those of a moment by rising seq), other lines by rising seq.
        """
        for archive in self.archives:
            yield from self._of_one(archive, table)

    def _of_one(self, archive: Archive, table: str) -> Iterator[bytes]:
        if table != "speeches":
            for named in filter(None, (commit.stream(table) for commit in archive.commits())):
                yield from raw_lines(archive.layout.stored(named.path))
        elif self.as_of is not None:
            yield from archive.raw_as_of(self.as_of, self.known_at)
        else:
            yield from raw_lines(archive.layout.path(LATEST_LINES))
