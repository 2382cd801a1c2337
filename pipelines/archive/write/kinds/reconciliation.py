"""`reconcile --accept ours`: a commit that gives up commits which were made and are not in this chain."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pipelines.archive.errors import NotUnderstood
from pipelines.archive.read.parting import Parting
from pipelines.archive.read.tails import RECONCILIATION, not_in_chain, told_by_derived
from pipelines.archive.write.acts import Act, acting

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.heads_file import HeadsFile
    from pipelines.archive.read.reader import Archive
    from pipelines.archive.write.acts import When


def lost_commits(archive: Archive, other: Archive | None, heads: HeadsFile | None) -> list[dict[str, Any]]:
    """Number and head of each commit not in this chain that a copy, noted heads or derived files tell of, by number.

    `head` is null where only a derived file tells of a commit.
    """
    found: dict[tuple[int, str | None], None] = {}
    if other is not None:
        found |= dict.fromkeys((commit.n, commit.sha256) for commit in Parting.of(archive, other).theirs.commits)
    if heads is not None:
        lost = not_in_chain(archive.commits(), heads.of(archive.facts.site))
        found |= dict.fromkeys((one.commit, one.head) for one in lost)
    told = told_by_derived(archive.layout, archive.commits()[-1].n)
    if told is not None and told[0] not in {n for n, _ in found}:
        found[told] = None
    return [{"n": n, "head": head} for n, head in sorted(found, key=lambda pair: (pair[0], pair[1] or ""))]


def accept_ours(
    path: Path, when: When, *, reason: str, other: Archive | None = None, heads: HeadsFile | None = None
) -> Commit:
    """Record that this chain goes on without the commits that `other`, `heads` or derived files tell of.

    The new head is noted in `heads` (that of `when` by default): the next run finds the last noted one in the chain.

    Raises:
        NotUnderstood: none of them tells of a commit that is not here.
    """
    heads = heads or when.heads
    with acting(path, RECONCILIATION, replace(when, heads=heads)) as held:
        lost = lost_commits(held.archive, other, heads)
        if not lost:
            raise NotUnderstood(f"{path}: nothing to reconcile: no commit is known that is not in this chain")
        common = Parting.of(held.archive, other).common if other is not None else None
        details = {"accept": "ours", "reason": reason, "common": common, "given_up": lost}
        return held.commit(Act(kind=RECONCILIATION, details=details))
