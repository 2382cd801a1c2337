"""`retire`: a commit that says that a site is crawled no longer, or again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.archive.disk.site_life import RETIREMENT, Retirement
from pipelines.archive.errors import NotUnderstood
from pipelines.archive.write.acts import Act, acting

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.write.acts import When


def retire(path: Path, when: When, *, reason: str, undo: bool = False) -> Commit:
    """Record that no run may crawl the site any more, or with `undo` that one may.

    Raises:
        NotUnderstood: it is as asked already.
    """
    with acting(path, RETIREMENT, when) as held:
        retired = held.archive.totals().retired
        if retired and not undo:
            raise NotUnderstood(f"{path}: retired already, by commit {retired['commit']} ({retired['reason']})")
        if not retired and undo:
            raise NotUnderstood(f"{path}: is not retired")
        return held.commit(Act(kind=RETIREMENT, details=Retirement(is_retired=not undo, reason=reason).details()))
