"""Whether the containers of packed years hold what their commits say, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.archive.disk.containers import CONTAINERS, PACKS, members
from pipelines.archive.disk.packs import containers_of
from pipelines.archive.errors import Damaged
from pipelines.archive.prove.signatures import signature_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.files import NamedFile
    from pipelines.archive.disk.layout import Layout


class PackCheck:
    """What is in the containers that commits name; their bytes are for the check of every named file.

    `problems` are found by commit. `packed` are the paths of all members, `lost` those of containers that cannot be
    read: a file that is neither there nor found in one of them is damage that was reported with it.
    """

    def __init__(self, layout: Layout, commits: Sequence[Commit]) -> None:
        """Read the list of members of each container."""
        self._layout, self._commits = layout, commits
        self.problems: list[tuple[Commit, str]] = []
        self.packed: set[str] = set()
        self.lost: set[str] = set()
        for commit in commits:
            for named in containers_of(commit):
                self.problems += [(commit, problem) for problem in self._problems(commit, named)]

    def is_lost(self, commit: Commit, path: str) -> bool:
        """True for a file that `commit` names, when the container of its year cannot be read."""
        container = CONTAINERS.get(path.partition("/")[0])
        return f"{PACKS}/{commit.recorded_at[:4]}/{container}" in self.lost

    def _problems(self, commit: Commit, named: NamedFile) -> Iterator[str]:
        container = self._layout.path(named.path)
        try:
            found = members(container)
        except Damaged as error:
            self.lost.add(named.path)
            yield str(error)
            return
        if not container.exists():
            self.lost.add(named.path)  # the check of named files says so
            return
        self.packed |= found.keys()
        details = commit.details or {}
        told, counted = details.get("year"), details.get("members")
        if not isinstance(told, str) or not isinstance(counted, dict):
            yield f"{self._layout.commit(commit.n)}: does not say which year it packs, and how many files"
            return
        allowed = self._named_in(told)
        if strange := next((path for path in found if path not in allowed), None):
            yield f"{container}: holds {strange[:200]!r}, which no commit of {told} names"
        if counted.get(named.path) != len(found):
            yield f"{container}: holds {len(found)} files, commit {commit.n} says {counted.get(named.path)}"

    def _named_in(self, year: str) -> set[str]:
        """Every path of the year that may lie in a container."""
        found: set[str] = set()
        for commit in self._commits:
            if commit.recorded_at.startswith(year):
                found |= {named.path for named in commit.files}
                found |= {self._layout.commit_name(commit.n), self._layout.sidecar_name(commit.n)}
                found.add(signature_name(commit.n))
        return found
