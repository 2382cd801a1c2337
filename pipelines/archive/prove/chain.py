"""Checks every commit file against the hash beside it and against the commit after it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from pipelines.archive.disk.commits import commit_files, commit_number, followed, read_commit, sidecar_text
from pipelines.archive.disk.site_life import Rekey, Retirement
from pipelines.archive.disk.wrong_clock import WrongClock
from pipelines.archive.errors import ArchiveError, Damaged, NewerFormat
from pipelines.gaps.acceptance import Acceptance
from pipelines.untrusted import document, whole

if TYPE_CHECKING:
    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.layout import Layout
    from pipelines.stored.packed import Stored

RESTORE = "restore it from a copy"


@dataclass(slots=True)
class Chain:
    """The commits before the first break, the problems of the chain, and notes, which are no failures."""

    commits: tuple[Commit, ...] = ()
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def sound_chain(layout: Layout) -> Chain:
    """Follow the chain up to its first break; `NewerFormat` when an unaltered commit is of a later format."""
    chain, altered = Chain(), set()
    try:
        files = commit_files(layout)
    except Damaged as error:
        return Chain(problems=[str(error)])
    made: dict[str, Commit | ArchiveError] = {}
    for file in files:
        if _accused(chain, layout, file, files[-1], made):
            altered.add(commit_number(file))
    sound: list[Commit] = []
    try:
        for commit in followed(layout, files, partial(_made, made)):
            _check_clock(layout, commit, sound)
            for kind in (Rekey, Retirement, Acceptance):
                kind.of(commit)
            sound.append(commit)
    except NewerFormat:
        # A flipped byte may look like another format; the hash beside the commit decides which it is.
        if not altered:
            raise
    except Damaged as error:
        if not altered & {len(sound), len(sound) + 1}:
            chain.problems.append(str(error))
    first_altered = min(altered, default=len(sound) + 1)
    chain.commits = tuple(sound[: first_altered - 1])
    return chain


def _made(made: dict[str, Commit | ArchiveError], file: Stored) -> Commit:
    found = made[file.name]
    if isinstance(found, ArchiveError):
        raise found
    return found


def _accused(
    chain: Chain, layout: Layout, file: Stored, last: Stored, made: dict[str, Commit | ArchiveError]
) -> bool:
    """True when the commit file, not the hash beside it, was altered, or when neither can be excluded.

    `made` gets the commit, or why it cannot be read: so each file is read once.
    """
    n = commit_number(file)
    sidecar = layout.stored(layout.sidecar_name(n))
    try:
        data = whole(file)
    except (OSError, ValueError) as error:
        made[file.name] = Damaged(f"{file}: unreadable commit ({error}); {RESTORE}")
        chain.problems.append(f"{file}: unreadable commit ({error}); {RESTORE}")
        return True
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        made[file.name] = read_commit(file, data)
    except ArchiveError as error:
        made[file.name] = error
    try:
        beside = whole(sidecar)
    except ValueError:
        beside = b""
    except OSError as error:
        # A run may die between the last commit and its hash; the next one writes it.
        is_tail = isinstance(error, FileNotFoundError) and file == last
        messages = chain.notes if is_tail else chain.problems
        messages.append(f"{sidecar}: {error.strerror}; `rebuild` writes a missing one")
        return False
    if beside == sidecar_text(file, sha256):
        return False
    recorded = _prev_of(layout.stored(layout.commit_name(n + 1)))
    if recorded == sha256:
        chain.problems.append(f"{sidecar}: altered: {file.name} matches commit {n + 1}; {RESTORE}")
        return False
    if recorded is not None and beside == sidecar_text(file, recorded):
        chain.problems.append(f"{file}: altered: does not match {sidecar.name} and commit {n + 1}; {RESTORE}")
    else:
        chain.problems.append(f"{file}: does not match {sidecar.name} beside it: one was altered; restore both")
    return True


def _prev_of(file: Stored) -> str | None:
    try:
        prev = document(file)["prev"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return prev if isinstance(prev, str) else None


def _check_clock(layout: Layout, commit: Commit, before: list[Commit]) -> None:
    """Moments never decrease, but a `clock` commit needs only be later than what it does not call wrong."""
    try:
        now, wrong = datetime.fromisoformat(commit.recorded_at), WrongClock.of(commit)
        right = before[: wrong.first - 1] if wrong else before
        is_back = bool(right) and now < datetime.fromisoformat(right[-1].recorded_at)
    except (TypeError, ValueError) as error:
        raise Damaged(f"{layout.commit(commit.n)}: recorded_at is not a moment ({error}); {RESTORE}") from error
    if is_back:
        earlier = f"{right[-1].recorded_at} of commit {right[-1].n}"
        raise Damaged(
            f"{layout.commit(commit.n)}: recorded at {commit.recorded_at}, before {earlier}: the clock ran back"
        )
