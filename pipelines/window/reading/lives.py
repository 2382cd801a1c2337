"""`Life`: every line about one speech where it lies, and what became of its id. One page's reading, and no more."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from pipelines.archive.read.feeds import feed
from pipelines.archive.read.index import index_row
from pipelines.archive.read.state import States, fold_commit
from pipelines.compare.differences import compare
from pipelines.proof.evidence import StoredLine

if TYPE_CHECKING:
    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.streams import Line
    from pipelines.archive.read.index import IndexRow
    from pipelines.compare.differences import Difference


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteOf:
    """What pages about a speech say of its site. `archive` leads from the window's folder to the archive's."""

    site: str
    name: str
    committee: str
    hosts: tuple[str, ...]
    timezone: str
    language: str
    rights: str | None
    contact: str | None
    custody: str | None
    archive: str


@dataclass(frozen=True, slots=True)
class LineOfLife(StoredLine):
    """A line where it lies, and the commit that brought it."""

    commit: Commit


@dataclass(frozen=True)
class Life:
    """One speech: its lines of both streams, by rising seq, each where it lies.

    `acts` are the commits of no run that bear on it, in order: redactions of it, `rekey` commits with its id, repairs
    of the clock. What an act says is in `events`.
    """

    id: str
    site: SiteOf
    stored: tuple[LineOfLife, ...]
    acts: tuple[Commit, ...]
    _differences: dict[tuple[int, int], Difference] = field(default_factory=dict, compare=False, repr=False)

    @property
    def native_id(self) -> str:
        """The id without its site."""
        return self.id.partition(":")[2]

    @cached_property
    def versions(self) -> tuple[LineOfLife, ...]:
        """The lines that say what happened to it."""
        return tuple(one for one in self.stored if "event" in one.line)

    @cached_property
    def observations(self) -> tuple[LineOfLife, ...]:
        """The looks at it."""
        return tuple(one for one in self.stored if "event" not in one.line)

    @cached_property
    def texts(self) -> tuple[LineOfLife, ...]:
        """The lines that brought a text of their own: created, changed and reprocessed ones."""
        return tuple(one for one in self.versions if one.line["event"] in {"created", "changed", "reprocessed"})

    @cached_property
    def newest(self) -> Line:
        """The newest line with content: of a speech that is gone the last before that."""
        return self.texts[-1].line

    @cached_property
    def row(self) -> IndexRow:
        """Its row as in `index.jsonl`, without the looks at the whole list that had no line about it."""
        states: States = {}
        lines = groupby((one.line for one in self.stored), itemgetter("commit"))
        by_commit = {n: list(of_commit) for n, of_commit in lines}
        commits = {one.n: one for one in self.acts} | {s.line["commit"]: s.commit for s in self.stored}
        for n in sorted(commits):
            fold_commit(states, commits[n], by_commit.get(n, ()), for_writing=False)
        return index_row(states[self.native_id])

    @cached_property
    def events(self) -> tuple[Line, ...]:
        """Its `change/1` events, of lines with the `fields` they changed, and of acts, in order."""
        return tuple(feed.life((one.line for one in self.versions), self.acts))

    def difference(self, old: Line, new: Line) -> Difference:
        """The differences between two of its lines that have a body; computed once."""
        key = old["seq"], new["seq"]
        if key not in self._differences:
            self._differences[key] = compare(old, new)
        return self._differences[key]
