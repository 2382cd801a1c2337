"""Whether the anchors of an archive vouch for its chain."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pipelines.archive.errors import Damaged, NotStamped
from pipelines.archive.prove.anchors.anchor_files import anchor_names, commit_of, read_anchor, read_reply
from pipelines.archive.prove.anchors.timestamps import checked
from pipelines.archive.read.tails import given_up

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.heads_file import Noted
    from pipelines.archive.disk.layout import Layout
    from pipelines.archive.prove.anchors.anchor_files import Anchor
    from pipelines.archive.prove.chain import Chain

_TOLERANCE = timedelta(hours=1)
"""By how much the archive's clock may be ahead of the authority's without a note."""


def check_anchors(layout: Layout, chain: Chain, trusted: Path | None) -> None:
    """Check every anchor against the chain, and its time-stamp against the certificates in `trusted` (PEM).

    What is wrong is added to the problems of the chain, what is right to its notes.
    """
    problems, notes, commits, is_broken = chain.problems, chain.notes, chain.commits, bool(chain.problems)
    found, stamped = 0, None
    abandoned = given_up(commits)
    for name in anchor_names(layout):
        if is_broken and commit_of(name) > len(commits):
            continue  # where the chain would have ended is not known, and its break is told
        try:
            anchor = read_anchor(layout, name)
            if anchor.noted.head in abandoned:
                notes.append(f"{layout.path(name)}: of a commit given up by commit {abandoned[anchor.noted.head]}")
                continue
            commit = anchored(layout, anchor.noted, layout.path(name), commits)
            reply = read_reply(layout, anchor)
            if trusted is not None:
                stamped = _stamped(layout, anchor, reply, trusted)
                notes += _clock_note(commit, stamped)
        except Damaged as error:
            problems.append(str(error))
        else:
            found, last = found + 1, commit
    if not found:
        notes += [f"{layout.root}: nothing was ever time-stamped; `anchor` does it"] if trusted else []
    elif stamped is not None:
        notes.append(f"commits 1–{last.n} were there at {stamped:%Y-%m-%dT%H:%M:%SZ}: time-stamped, and checked")
    else:
        notes.append(f"commits 1–{last.n} are time-stamped; `verify --tsa-ca FILE` checks by whom and when")


def anchored(layout: Layout, noted: Noted, file: Path, commits: Sequence[Commit]) -> Commit:
    """The commit whose hash the anchor in `file` holds; `Damaged` when the chain has another there, or none."""
    if noted.commit > len(commits):
        raise Damaged(
            f"{file}: commit {noted.commit} was time-stamped, the chain ends at commit {len(commits)}: its end was "
            "cut off or an older copy restored; restore it from a copy"
        )
    commit = commits[noted.commit - 1]
    if commit.sha256 != noted.head:
        raise Damaged(
            f"{layout.commit(commit.n)}: has the hash {commit.sha256}, {file} one of {noted.head}: it or a commit "
            "before it was altered after that was time-stamped, or is of another copy; restore it from a copy"
        )
    return commit


def _stamped(layout: Layout, anchor: Anchor, reply: bytes, trusted: Path) -> datetime:
    try:
        return checked(reply, anchor.root, trusted)
    except NotStamped as error:
        file = layout.path(anchor.reply_file)
        raise NotStamped(f"{file}: is no time-stamp of commit {anchor.noted.commit}: {error}") from error


def _clock_note(commit: Commit, stamped: datetime) -> list[str]:
    recorded = datetime.fromisoformat(commit.recorded_at)
    if recorded <= stamped + _TOLERANCE:
        return []
    return [f"commit {commit.n}: recorded at {commit.recorded_at}, but time-stamped before: the clock was ahead"]
