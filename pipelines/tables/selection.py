"""What is exported: of which archives, as of when, which lines."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipelines.archive.disk.commits import files_now
from pipelines.archive.disk.layout import ARCHIVE_JSON
from pipelines.archive.disk.streams import raw_lines
from pipelines.archive.errors import ArchiveError, Damaged, NewerFormat, NotAnArchive
from pipelines.archive.prove.fixity import fault
from pipelines.archive.read import state
from pipelines.archive.read.archives import OnePerSite
from pipelines.archive.read.derived import sound_latest
from pipelines.archive.read.feeds.extent import extent_of
from pipelines.archive.read.latest import latest_lines
from pipelines.archive.read.reader import Archive
from pipelines.canonical import json_line
from pipelines.export.not_exportable import NotExportable
from pipelines.tables.choosing.choice import Choice
from pipelines.tables.choosing.since import concerned, id_of, lines_since
from pipelines.tables.choosing.where import filtered
from pipelines.tables.problem_rows import problem_rows
from pipelines.tables.site_rows import site_row
from pipelines.tables.view_periods import counting_falls, view_periods

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from pipelines.archive.disk.commits import Commit
    from pipelines.stored.packed import Stored
    from pipelines.tables.choosing.since import Checked
    from pipelines.tables.rows import SiteRow
    from pipelines.tables.table import Table

UNREADABLE = (Damaged, NewerFormat, NotAnArchive)
"""Errors of one archive, by which the others are not concerned."""


class SiteUnreadable(ArchiveError):  # noqa: N818 - reads as a sentence, as its kin do
    """One archive among several, in `folder`, cannot be read: `why`."""

    def __init__(self, folder: Path, why: ArchiveError) -> None:
        super().__init__(str(why))
        self.folder, self.why = folder, why


@dataclass(frozen=True, slots=True)
class Taken:
    """The state in which an archive is exported: all its tables are of one commit, and with `since` after one."""

    site: str
    last: Commit
    after: int | None
    rows: Counter[str] = field(default_factory=Counter)


class Selection:
    """The rows to export. Without `as_of` they are of the last commit of each archive, as it was first read."""

    def __init__(self, folders: Sequence[Path], choice: Choice | None = None, scratch: Path | None = None) -> None:
        """Nothing is read yet. `folders` are of the archives; `scratch` is one for unnamed files."""
        self.folders = tuple(folders)
        self.choice = Choice() if choice is None else choice
        self.scratch = scratch
        self.taken: dict[Path, Taken] = {}
        self._sites = OnePerSite()
        self._site_rows: dict[Path, SiteRow] = {}
        self.left_out: defaultdict[str, Counter[str]] = defaultdict(Counter)
        """By table: problem codes that were not asked for and are not in its rows, and how often."""
        self.fell: Counter[str] = Counter()
        """By site: rows of table `views` with a count that is less than the one before."""
        self.absent: dict[str, list[str]] = {}
        """With `since`, by site: the speeches that were concerned and are not present now, which have no row."""

    def add_notes(self, other: Selection) -> None:
        """Count what `other` has left out, and found falling, as well."""
        for table, codes in other.left_out.items():
            self.left_out[table].update(codes)
        self.fell.update(other.fell)

    def table(self, name: str) -> Table:
        """The table of that name, with the record of which its lines are."""
        return self.choice.table(name)

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

    def site_rows(self) -> Iterator[SiteRow]:
        """The row of each archive in table `sites`, whatever rows are asked for."""
        for folder in self.folders:
            if folder not in self._site_rows:
                with self._telling_which(folder):
                    self._site_rows[folder] = site_row(self._opened(folder))
            yield self._site_rows[folder]

    def _opened(self, folder: Path) -> Archive:
        archive = Archive(folder)
        if taken := self.taken.get(folder):
            return archive.at(taken.last)
        site = archive.facts.site
        self._sites.add(site, folder)
        _check_about(archive)
        self.taken[folder] = Taken(site, archive.last, self._after(archive))
        return archive

    def _counted(self, folder: Path, archive: Archive, table: str) -> Iterator[bytes]:
        count = 0
        with self._telling_which(folder):
            for count, line in enumerate(self._of_one(folder, archive, table), 1):  # noqa: B007 - the last number is the count
                yield line
        self.taken[folder].rows[table] = count

    @contextmanager
    def _telling_which(self, folder: Path) -> Iterator[None]:
        try:
            yield
        except UNREADABLE as error:
            if len(self.folders) == 1:
                raise
            raise SiteUnreadable(folder, error) from error

    def unreadable(self, site: str, why: Damaged) -> ArchiveError:
        """The error to raise when a row of a site is not as the format says: `lines` gives rows as they are."""
        folder = next(folder for folder, taken in self.taken.items() if taken.site == site)
        return why if len(self.folders) == 1 else SiteUnreadable(folder, why)

    def others_unreadable(self, tables: Sequence[str], known: Path) -> list[SiteUnreadable]:
        """Every other archive than `known` that cannot be read, so that one pass finds all of them."""
        found = []
        for folder in self.folders:
            try:
                if folder != known:
                    alone = Selection([folder], self.choice, self.scratch)
                    for table in tables:
                        deque(alone.lines(table), maxlen=0)
            except UNREADABLE as error:
                found.append(SiteUnreadable(folder, error))
        return found

    def _of_one(self, folder: Path, archive: Archive, table: str) -> Iterator[bytes]:
        after = self.taken[folder].after or 0
        if table == "speeches":
            lines = self._speeches(archive, after)
        elif table in {"versions", "observations"}:
            lines = lines_since(archive, table, after, _checked(archive))
        else:
            lines = (f"{json_line(row)}\n".encode() for row in self._rows(archive, table, after))
        return filtered(lines, self.choice.where, self.table(table))

    def _after(self, archive: Archive) -> int | None:
        since = self.choice.since
        if since is None:
            return None
        place = since if isinstance(since, str) else since.get(archive.facts.site, "commit:0")
        return extent_of(archive, place).after

    def _rows(self, archive: Archive, table: str, after: int) -> Iterable[object]:
        """Rows that no line of an archive is."""
        if table == "sites":
            self._site_rows[archive.layout.root] = row = site_row(archive)
            return (row,)
        if table == "views":
            _check_all(archive, "observations")
            last_seq = archive.at(archive.commit(after)).last_seq if after else 0
            periods = view_periods(archive, self.choice.every, last_seq, scratch=self.scratch)
            return counting_falls(periods, self.fell)
        rows = problem_rows(self._speeches(archive, after))
        return (row for row in rows if self._is_asked_for(table, row.code))

    def asked_for(self, table: str, problems: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Those problems of a row that are asked for; the others are counted."""
        return [problem for problem in problems if self._is_asked_for(table, problem["code"])]

    def _is_asked_for(self, table: str, code: str) -> bool:
        if self.choice.problems.takes(code):
            return True
        self.left_out[table][code] += 1
        return False

    def _speeches(self, archive: Archive, after: int) -> Iterator[bytes]:
        if self.choice.as_of is not None:
            _check_all(archive, "versions", "observations")
            return archive.raw_as_of(self.choice.as_of, self.choice.known_at)
        if file := sound_latest(archive.layout, archive.last.n, archive.head):
            lines = raw_lines(file)
        else:
            _check_all(archive, "versions", "observations")
            states = state.load(archive.by_commit(), for_writing=False)
            lines = latest_lines(archive.layout, archive.commits(), states, self.scratch)
        return self._concerned(archive, lines, after) if after else lines

    def _concerned(self, archive: Archive, lines: Iterator[bytes], after: int) -> Iterator[bytes]:
        """Those of speeches that were concerned by what came after; the ids of the others of these are noted."""
        absent = concerned(archive, after, _checked(archive))
        for line in lines:
            if (id_ := id_of(line)) in absent:
                absent.remove(id_)
                yield line
        self.absent[archive.facts.site] = sorted(absent)


def _checked(archive: Archive) -> Checked:
    """The files of lines of an archive, each as its commit says; `Damaged` for another one."""
    now = files_now(archive.commits())

    def checked(commit: Commit, stream: str) -> Stored | None:
        named = commit.stream(stream)
        if named is None:
            return None
        file = archive.layout.stored(named.path)
        if found := fault(file, now[named.path][:1]):
            since = files_now(Archive(archive.layout.root).commits())
            if fault(file, since[named.path][:1]) is None:
                root = archive.layout.root
                raise NotExportable(f"{root}: words were removed by order while it was exported; run it again")
            raise Damaged(str(found))
        return file

    return checked


def _check_about(archive: Archive) -> None:
    """`Damaged` where archive.json is not as the first commit says: names, rights and the site are taken from it."""
    named = tuple(one for one in archive.commit(1).files if one.path == ARCHIVE_JSON)
    if named and (found := fault(archive.layout.stored(ARCHIVE_JSON), named)):
        raise Damaged(str(found))


def _check_all(archive: Archive, *streams: str) -> None:
    checked = _checked(archive)
    for commit in archive.commits():
        for stream in streams:
            checked(commit, stream)
