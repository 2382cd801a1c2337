"""What is exported: of which archives, as of when, which lines."""

from __future__ import annotations

from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipelines.archive.disk.commits import files_now
from pipelines.archive.disk.streams import raw_lines
from pipelines.archive.errors import ArchiveError, Damaged, NotAnArchive, NotUnderstood
from pipelines.archive.prove.fixity import fault
from pipelines.archive.read import state
from pipelines.archive.read.derived import sound_latest
from pipelines.archive.read.latest import latest_lines
from pipelines.archive.read.reader import Archive
from pipelines.canonical import json_line
from pipelines.reasons import ProblemChoice
from pipelines.tables.problem_rows import problem_rows
from pipelines.tables.site_rows import site_row
from pipelines.tables.table import TABLES, Table
from pipelines.tables.view_periods import view_periods

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from pipelines.archive.disk.commits import Commit
    from pipelines.tables.view_periods import Every


class SiteUnreadable(ArchiveError):  # noqa: N818 - reads as a sentence, as its kin do
    """One archive among several, in `folder`, cannot be read: `why`."""

    def __init__(self, folder: Path, why: ArchiveError) -> None:
        super().__init__(str(why))
        self.folder, self.why = folder, why


@dataclass(frozen=True, slots=True)
class Taken:
    """The state in which an archive is exported: all its tables are of one commit."""

    site: str
    last: Commit
    rows: Counter[str] = field(default_factory=Counter)


class Selection:
    """The rows to export. Without `as_of` they are of the last commit of each archive, as it was first read."""

    def __init__(
        self,
        folders: Sequence[Path],
        *,
        as_of: str | None = None,
        known_at: str | None = None,
        every: Every = "month",
        problems: ProblemChoice | None = None,
        scratch: Path | None = None,
    ) -> None:
        """Nothing is read yet.

        Args:
            folders: of the archives.
            as_of, known_at: as of which moment the speeches are, and as it was known when.
            every: the period of table `views`.
            problems: which are asked for; null: those that are where nobody says (`ProblemChoice.of`).
            scratch: a folder for unnamed files.
        """
        self.folders = tuple(folders)
        self.as_of, self.known_at, self.every = as_of, known_at, every
        self.scratch = scratch
        self.taken: dict[Path, Taken] = {}
        self.problems = ProblemChoice.of(None) if problems is None else problems
        self.left_out: defaultdict[str, Counter[str]] = defaultdict(Counter)
        """By table: problem codes that were not asked for and are not in its rows, and how often."""

    def table(self, name: str) -> Table:
        """The table of that name, with the record of which its lines are."""
        return TABLES[name]

    def lines(self, table: str) -> Iterator[bytes]:
        """The rows of a table as lines of JSON with their line feed, site by site, in constant memory.

        Speeches are in natural order of their ids (those of a moment by rising seq), other lines by rising seq.
        Raises `SiteUnreadable` when an archive among several is damaged, `Damaged` when it is the only one.
        """
        for _, lines in self.by_site(table):
            yield from lines

    def by_site(self, table: str) -> Iterator[tuple[str, Iterator[bytes]]]:
        """The name of each site, and its rows of a table as `lines` gives them; to be read before the next site's."""
        for folder in self.folders:
            with self._telling_which(folder):
                archive = self._opened(folder)
            yield archive.facts.site, self._counted(folder, archive, table)

    def _opened(self, folder: Path) -> Archive:
        archive = Archive(folder)
        if taken := self.taken.get(folder):
            return archive.at(taken.last)
        site = archive.facts.site
        twin = next((other for other, taken in self.taken.items() if taken.site == site), None)
        if twin is not None:
            raise NotUnderstood(f"{twin} and {folder} are both of site {site}: give one of them")
        self.taken[folder] = Taken(site, archive.last)
        return archive

    def _counted(self, folder: Path, archive: Archive, table: str) -> Iterator[bytes]:
        count = 0
        with self._telling_which(folder):
            for count, line in enumerate(self._of_one(archive, table), 1):  # noqa: B007 - the last number is the count
                yield line
        self.taken[folder].rows[table] = count

    @contextmanager
    def _telling_which(self, folder: Path) -> Iterator[None]:
        try:
            yield
        except (Damaged, NotAnArchive) as error:
            if len(self.folders) == 1:
                raise
            raise SiteUnreadable(folder, error) from error

    def _of_one(self, archive: Archive, table: str) -> Iterator[bytes]:
        if table in {"sites", "views", "problems"}:
            return (f"{json_line(row)}\n".encode() for row in self._rows(archive, table))
        return self._speeches(archive) if table == "speeches" else self._stream(archive, table)

    def _rows(self, archive: Archive, table: str) -> Iterable[object]:
        """Rows that no line of an archive is."""
        if table == "sites":
            return (site_row(archive),)
        if table == "views":
            return view_periods(archive, self.every)
        rows = problem_rows(self._speeches(archive))
        return (row for row in rows if self._is_asked_for(table, row.code))

    def asked_for(self, table: str, problems: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Those problems of a row that are asked for; the others are counted."""
        return [problem for problem in problems if self._is_asked_for(table, problem["code"])]

    def _is_asked_for(self, table: str, code: str) -> bool:
        if self.problems.takes(code):
            return True
        self.left_out[table][code] += 1
        return False

    def _speeches(self, archive: Archive) -> Iterator[bytes]:
        if self.as_of is not None:
            return archive.raw_as_of(self.as_of, self.known_at)
        if file := sound_latest(archive.layout, archive.last.n):
            return raw_lines(file)
        states = state.load(archive.by_commit(), for_writing=False)
        return latest_lines(archive.layout, archive.commits(), states, self.scratch)

    def _stream(self, archive: Archive, table: str) -> Iterator[bytes]:
        now = files_now(archive.commits())
        for named in filter(None, (commit.stream(table) for commit in archive.commits())):
            file = archive.layout.stored(named.path)
            if found := fault(file, now[named.path][:1]):
                raise Damaged(str(found))
            yield from raw_lines(file)
