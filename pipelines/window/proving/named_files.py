"""Which commit names each file of an archive as it is now, and the hashes of all commits, in little memory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from pipelines.archive.disk.commits import read_commits
from pipelines.archive.errors import Damaged
from pipelines.archive.read.tails import given_up

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.archive.disk.layout import Layout
    from pipelines.archive.read.reader import Archive


@dataclass(frozen=True, slots=True)
class NamedFiles:
    """By path the SHA-256 of a file and the number of the commit that names it; the hash of every commit, the first
    first; heads of commits that were given up.
    """

    by_path: Mapping[str, tuple[str, int]]
    commits: tuple[str, ...]
    abandoned: frozenset[str]

    def of(self, path: str) -> tuple[str, int]:
        """The SHA-256 of a file, and the number of the commit that names it; `Damaged` when none does."""
        found = self.by_path.get(path)
        if found is None:
            raise Damaged(f"{path[:200]}: a line was read from it, and no commit names it; run verify")
        return found


def named_files(archive: Archive) -> NamedFiles:
    """Those of an archive as of its last commit; read once."""
    return _read(archive.layout, archive.last.n, archive.head)


@lru_cache(2)
def _read(layout: Layout, last: int, _head: str) -> NamedFiles:
    by_path: dict[str, tuple[str, int]] = {}
    hashes, abandoned = [], set[str]()
    for commit in islice(read_commits(layout), last):
        now = [*commit.files, *(one.new for one in (commit.redaction.files if commit.redaction else ()))]
        by_path |= {named.path: (named.sha256, commit.n) for named in now}
        hashes.append(commit.sha256)
        abandoned |= given_up([commit]).keys()
    return NamedFiles(by_path, tuple(hashes), frozenset(abandoned))
