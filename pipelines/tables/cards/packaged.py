"""What lies in the folder of an export: its tables with their files, and its sites. From this it is described."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.tables.columns import Column
    from pipelines.tables.rows import SiteRow
    from pipelines.tables.table import Table


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file of the folder: its path there with `/`, its size and the hash of its bytes."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class DataTable:
    """One table of the folder; more than one file where it is partitioned."""

    table: Table
    columns: tuple[Column, ...]
    rows: int
    files: tuple[DataFile, ...]

    @property
    def is_partitioned(self) -> bool:
        """True where its files lie in a folder of its name."""
        return any("/" in file.path for file in self.files)

    @property
    def pattern(self) -> str:
        """A glob of its files."""
        return f"{self.table.name}/*.parquet" if self.is_partitioned else self.files[0].path


@dataclass(frozen=True, slots=True)
class Packaged:
    """The tables of an export, and the row of each of its sites.

    `part` says in words which rows were asked for; null for all.
    """

    tables: tuple[DataTable, ...]
    sites: tuple[SiteRow, ...]
    part: str | None
    software: str

    @property
    def day(self) -> str:
        """The day of the newest commit, so that the same commits are described in the same words on any day."""
        return max((site.recorded_at for site in self.sites), default="1970-01-01")[:10]
