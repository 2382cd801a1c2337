"""What lies in the folder of an export: its tables with their files, and its sites. From this it is described."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.archive.disk.files import file_digest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pipelines.tables.columns import Column
    from pipelines.tables.rows import SiteRow
    from pipelines.tables.table import Table


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file of the folder: its path there with `/`, and where it is now."""

    path: str
    file: Path

    def digest(self) -> tuple[int, str]:
        """Its size and SHA-256."""
        return file_digest(self.file)


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

    @property
    def has_rows(self) -> bool:
        """False where there is nothing to load."""
        return self.rows > 0


@dataclass(frozen=True, slots=True)
class Packaged:
    """The tables of an export, in which form, and the row of each of its sites.

    `part` says in words which rows were asked for; null for all. `left_out`: by folder name the archives that could
    not be read, and the kind of error. `codes` is the file with the closed lists.
    """

    form: str
    tables: tuple[DataTable, ...]
    codes: DataFile
    sites: tuple[SiteRow, ...]
    part: str | None
    left_out: Mapping[str, str]
    software: str

    @property
    def day(self) -> str:
        """The day of the newest commit, so that the same commits are described in the same words on any day."""
        return max(site.recorded_at for site in self.sites)[:10]
