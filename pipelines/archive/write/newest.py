"""Whether what the next commit will stand on is whole: archive.json, the last commit's files, one older commit's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.archive.disk.commits import files_now
from pipelines.archive.disk.copies.partial_copy import PartialCopy
from pipelines.archive.disk.files import file_digest
from pipelines.archive.disk.layout import ARCHIVE_JSON
from pipelines.untrusted import size_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.files import NamedFile
    from pipelines.archive.disk.layout import Layout
    from pipelines.archive.read.reader import Archive
    from pipelines.stored.packed import Stored

MOST_OLDER = 64 << 20
"""Bytes of an older file that are read: a fifth of a second a run. Longer ones are measured; `verify` reads them."""


def damaged_newest(archive: Archive, turn: int) -> dict[str, str]:
    """The damaged files among those that a new commit would stand on, each with what is wrong.

    The last commit's files are read whole, so that each is read once, by the run after the one that wrote it. Of the
    older commits one is checked, another for each `turn` (the number of the day), with its place in the chain, which
    opening an archive does not read. What a partial copy may lack is no damage where it is absent.
    """
    layout, last = archive.layout, archive.last
    numbers = {1, turned := turn % last.n + 1, last.n, *(one["commit"] for one in archive.totals().redactions)}
    commits = {n: archive.commit(n) for n in sorted(numbers)}
    now = files_now(commits.values())
    older = dict.fromkeys((ARCHIVE_JSON, *_paths(commits[turned])), MOST_OLDER)
    wanted: dict[str, int | None] = {**older, **dict.fromkeys(_paths(last))}
    mark, of = PartialCopy.of(layout), {path: n for n, commit in commits.items() for path in _paths(commit)}
    if mark:
        wanted = {
            path: most
            for path, most in wanted.items()
            if path not in of or not mark.is_excused(of[path], path, layout.stored(path))
        }
    found = {path: _damage(layout.stored(path), now[path], most) for path, most in wanted.items() if path in now}
    broken = {
        layout.commit_name(n): "its bytes were altered: the commit after it names other ones (prev)"
        for n in {turned, last.n - 1}
        if 0 < n < last.n and archive.commit(n + 1).prev != archive.commit(n).sha256
    }
    return {path: said for path, said in found.items() if said} | broken


def damage(layout: Layout, commits: Sequence[Commit], path: str) -> str | None:
    """What is wrong with one named file; null when it is whole."""
    return _damage(layout.stored(path), files_now(commits)[path], None)


def _paths(commit: Commit) -> Iterator[str]:
    yield from (named.path for named in commit.files)
    yield from (replaced.new.path for replaced in commit.redaction.files) if commit.redaction else ()


def _damage(file: Stored, may_be: tuple[NamedFile, ...], most: int | None) -> str | None:
    """What is wrong with a file that must be in one of these states; null if nothing."""
    try:
        size = size_of(file)
        if all(size != named.bytes for named in may_be):
            return f"{size} bytes long, not {may_be[0].bytes}"
        if most is not None and size > most:
            return None
        sha256 = file_digest(file)[1]
    except OSError as error:
        return error.strerror or str(error)
    return None if any(sha256 == named.sha256 for named in may_be) else "its bytes were altered"
