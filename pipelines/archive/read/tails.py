"""Whether the chain ends where it once ended: what derived files and heads noted elsewhere say of later commits."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Any

from pipelines.archive.disk.layout import DERIVED_FILES, PLACES_JSON, STATE_JSON
from pipelines.archive.read.state_file import is_altered
from pipelines.untrusted import json_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.heads_file import Noted
    from pipelines.archive.disk.layout import Layout

RECONCILIATION = "reconciliation"
"""The kind of a commit in which a person gives up commits that are not in this chain."""

_TOLD_IN = sorted(name for name in DERIVED_FILES if name.endswith(".json"))


def cut_tail(layout: Layout, tip: Commit | None) -> str | None:
    """What is wrong when a derived file is of a later commit than `tip`, the chain's last, or of another; else null.

    A derived file is written after its commit, so it can be older than the chain and never newer.
    """
    last, head = (tip.n, tip.sha256) if tip else (0, "")
    gone = lost_of(tip) if tip else []
    for name in _TOLD_IN:
        told = derived_from(layout, name)
        n, of_head = told.get("commit"), told.get("head", head)
        if type(n) is not int or n < last or (n == last and of_head == head):
            continue
        if _was_given_up(gone, n, told.get("head")):
            continue  # what a crash left of the time before; the next run makes it anew
        if n == last:
            said = f"is of another commit {n} (head {of_head}) than the chain's ({head}): the chain was replaced"
        else:
            lost = f"commit {n} was" if n == last + 1 else f"commits {last + 1}–{n} were"
            said = f"is of commit {n}, the chain ends at commit {last}: {lost} cut off"
        file = layout.path(name)
        if tip is None:
            return f"{file}: is of commit {n}, and no commit is here: restore the archive from a copy"
        return f"{file}: {said}. {remedy(layout.root)}. If none was ever made, remove {file}, then `rebuild`"
    return None


def _was_given_up(gone: Iterable[dict[str, Any]], n: int, head: object) -> bool:
    """True for a commit that the chain's last one gives up; a document without a head is known by its number."""
    if head is not None:
        return any(entry.get("head") == head for entry in gone)
    return any(type(last := entry.get("n")) is int and last >= n for entry in gone)


def told_by_derived(layout: Layout, last: int) -> tuple[int, str | None] | None:
    """Number and head (null if not told) of the latest commit after `last` that a derived file is of."""
    documents = [derived_from(layout, name) for name in _TOLD_IN]
    told = [(n, one.get("head")) for one in documents if type(n := one.get("commit")) is int and n > last]
    return max(told, key=lambda pair: (pair[0], pair[1] is not None), default=None)


def derived_from(layout: Layout, name: str) -> dict[str, Any]:
    """What a derived document says; nothing when it is missing or unreadable, as `rebuild` makes it anew.

    One that its own hash shows to be altered is no witness of a head; which commit it is of still counts.
    """
    file = layout.path(name)
    try:
        told = json_object(file)
    except (OSError, ValueError):
        return {}
    if name in {STATE_JSON, PLACES_JSON} and is_altered(file):
        told.pop("head", None)
    return told


def remedy(root: Path, heads: str = "") -> str:
    """What to do about commits that are lost."""
    accepting = f"python -m pipelines reconcile {quote(str(root))}{heads} --accept ours --reason TEXT"
    return f"Restore them with all their files from a copy; if there is none, record the loss: {accepting}"


def given_up(commits: Iterable[Commit]) -> dict[str, int]:
    """Heads of commits that a person gave up, with the number of the commit that says so."""
    told = ((entry.get("head"), commit.n) for commit in commits for entry in lost_of(commit))
    return {head: n for head, n in told if isinstance(head, str)}


def lost_of(commit: Commit) -> list[dict[str, Any]]:
    """The commits that a commit gives up, as {n, head}; none when it is of another kind."""
    entries = (commit.details or {}).get("given_up") if commit.kind == RECONCILIATION else None
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def not_in_chain(commits: Sequence[Commit], noted: Iterable[Noted]) -> list[Noted]:
    """The noted heads that are neither in the chain, in their place, nor given up."""
    gone = given_up(commits)
    return [one for one in noted if _head_of(commits, one.commit) != one.head and one.head not in gone]


def _head_of(commits: Sequence[Commit], n: int) -> str | None:
    return commits[n - 1].sha256 if 0 < n <= len(commits) else None


def lost_tail(root: Path, commits: Sequence[Commit], lost: Sequence[Noted], file: Path) -> str:
    """What the noted heads `lost`, which are not in the chain, say of it: a cut or an older copy, or a fork."""
    first, last, ours = lost[0], lost[-1], commits[-1]
    noted = f"{file}: commit {last.commit} ({last.head[:12]}…), noted at {last.at},"
    if first.commit > ours.n:
        what = "it is an older copy or another machine's, or its end was cut off"
        said = f"the chain ends at commit {ours.n} of {ours.recorded_at}: {what}"
        return f"{root}: {noted} is not in the chain; {said}. {remedy(root, f' --heads {quote(str(file))}')}"
    parting = commits[first.commit - 1]
    if parting.recorded_at > last.at:
        fork = "an older copy was restored and written on"
    else:
        fork = "two machines wrote at the same time, each its own copy"
    said = f"which has another commit {parting.n} (run {parting.run}, recorded at {parting.recorded_at}): {fork}"
    command = f"python -m pipelines reconcile {quote(str(root))} --with OTHER"
    way = f"Find the other copy; `{command}` shows what each has alone"
    return f"{root}: {noted} is not in the chain, {said}. {way}"
