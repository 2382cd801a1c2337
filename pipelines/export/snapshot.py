"""An archive as of one of its commits: the files, lines and speeches for a package of that commit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from pipelines.archive.disk.commits import Commit, files_now
from pipelines.archive.disk.containers import members
from pipelines.archive.disk.description import described, with_description
from pipelines.archive.disk.packs import containers_of
from pipelines.archive.disk.streams import raw_lines
from pipelines.archive.errors import Damaged
from pipelines.archive.prove.fixity import fault
from pipelines.archive.read import state
from pipelines.archive.read.latest import latest_lines
from pipelines.export.not_exportable import NotExportable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.archive import Archive
    from pipelines.archive.disk.files import NamedFile
    from pipelines.archive.read.state import States
    from pipelines.record import SiteFacts
    from pipelines.stored.packed import Stored


@dataclass(frozen=True)
class Snapshot:
    """Made by `snapshot`: `commits` are those up to the chosen one; the files of their lines are verified."""

    archive: Archive
    commits: tuple[Commit, ...]

    @property
    def last(self) -> Commit:
        """The chosen commit."""
        return self.commits[-1]

    @cached_property
    def facts(self) -> SiteFacts:
        """What the archive said of the site then."""
        return with_description(self.archive.facts, described(self.commits))

    @property
    def custody(self) -> str | None:
        """The institution that kept the archive then, where somebody recorded it."""
        return described(self.commits).get("custody")

    @cached_property
    def files(self) -> tuple[NamedFile, ...]:
        """Every file the commits name, as it must be now, by rising path."""
        return tuple(named for _, (named, *_) in sorted(files_now(self.commits).items()))

    @cached_property
    def packed(self) -> frozenset[str]:
        """The paths whose bytes lie in containers, which the commits name too."""
        layout = self.archive.layout
        containers = (named.path for commit in self.commits for named in containers_of(commit))
        return frozenset(path for container in containers for path in members(layout.path(container)))

    def path(self, named: NamedFile) -> Stored:
        """The path of a named file."""
        return self.archive.layout.stored(named.path)

    def raw_lines(self, folder: str) -> Iterator[bytes]:
        """The lines of `versions` or `observations` with their line feeds, by rising seq."""
        streams = filter(None, (commit.stream(folder) for commit in self.commits))
        return chain.from_iterable(raw_lines(self.path(named)) for named in streams)

    def latest(self, scratch: Path) -> Iterator[bytes]:
        """The `latest/1` lines of the speeches present then; bodies pass through a file in `scratch`."""
        return latest_lines(self.archive.layout, self.commits, self._states(), scratch)

    def _states(self) -> States:
        history = ((commit, self.archive.all_lines_of(commit)) for commit in self.commits)
        return state.load(history, for_writing=False)


def snapshot(archive: Archive, n: int | None = None) -> Snapshot:
    """The archive as of commit `n` (null: the last one).

    Raises:
        NotExportable: there is no such commit, or a later redaction removed text from its files.
        Damaged: a file of lines does not match its commit.
    """
    commits = archive.commits()
    if n is not None and not 1 <= n <= len(commits):
        raise NotExportable(f"--commit {n}: there are commits 1 to {len(commits)}; leave it out for the last")
    chosen = Snapshot(archive, commits[:n])
    redacted = [commit.n for commit in commits[len(chosen.commits) :] if commit.redaction]
    if redacted:
        raise NotExportable(
            f"--commit {n}: text was removed by order in commit {redacted[-1]}, so earlier states cannot be "
            f"exported; give --commit {redacted[-1]} or later"
        )
    for named in chosen.files:
        if named.lines is not None and (found := fault(chosen.path(named), (named,))):
            raise Damaged(str(found))
    return chosen
