"""The files that commits name, for those who load the files themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.canonical import json_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.files import NamedFile


@dataclass(slots=True)
class _Standing:
    """A file as it must be now: the commit that brought it, and the last one that rewrote it by order."""

    commit: Commit
    file: NamedFile
    redaction: int | None = None


def files_since(commits: Iterable[Commit], after: int) -> Iterator[dict[str, Any]]:
    """The files that were brought, or rewritten by a redaction, after commit `after`, as they are now.

    They come in the order of their lines: by the commit that brought them, then by path. `redaction` is the number
    of the commit that rewrote a file last, null for most.
    """
    named: dict[str, _Standing] = {}
    for commit in commits:
        named |= {file.path: _Standing(commit, file) for file in commit.files}
        for replaced in commit.redaction.files if commit.redaction else ():
            before = named.get(replaced.new.path)
            named[replaced.new.path] = _Standing(before.commit if before else commit, replaced.new, commit.n)
    for one in sorted(named.values(), key=lambda one: (one.commit.n, one.file.path)):
        if max(one.commit.n, one.redaction or 0) > after:
            place = {"commit": one.commit.n, "recorded_at": one.commit.recorded_at}
            yield place | json_value(one.file) | {"redaction": one.redaction}
