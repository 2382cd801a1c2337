"""An archive's folder while it is copied: held by its lock, and moved aside when its history is not the store's."""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipelines.archive.disk.commits import has_commits
from pipelines.archive.disk.files import sync_folder
from pipelines.archive.disk.layout import Layout
from pipelines.archive.disk.lock import SiteLock
from pipelines.archive.errors import ArchiveError, writing
from pipelines.archive.read.reader import Archive
from pipelines.exits import Exit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ASIDE = "aside"
"""The folder of an archive root for archives whose history is not the store's."""


class Diverged(ArchiveError):  # noqa: N818 - these read as sentences: "the copies diverged"
    """The store and this machine have different commits of the same number: neither history is part of the other.

    Attributes:
        found: what differs, without what to do about it.
    """

    exit_status = Exit.REFUSED

    def __init__(self, found: str, remedy: str) -> None:
        super().__init__(f"{found}. {remedy}")
        self.found = found


class Overtaken(Diverged):
    """Another machine committed to the store first."""


class SetBack(Diverged):
    """The store has lost commits that this machine has, with captures that were nowhere else."""


@contextmanager
def held(folder: Path, what: str) -> Iterator[Layout]:
    """Hold the lock of a site's folder, which is made if it is not there and removed if it stays empty.

    Raises:
        LockHeld: a run or another copy is under way.
    """
    layout = Layout(folder)
    with writing(folder):
        layout.staging.mkdir(parents=True, exist_ok=True)
        lock = SiteLock(layout.lock, what)
        try:
            yield layout
        finally:
            lock.release()


def archive_in(folder: Path) -> Archive | None:
    """The archive in a folder; null when no commit is there yet."""
    return Archive(folder) if has_commits(Layout(folder)) else None


def two_histories(place: str, folder: Path, ours: str, theirs: str) -> tuple[str, str]:
    """What to say of two histories, and what to do."""
    found = f"{folder}: has {ours}, {place} has {theirs}: neither history is part of the other"
    return found, f"The store's goes on: {taking_theirs(folder)}; nothing is deleted"


def taking_theirs(folder: Path) -> str:
    """How a person lets the store's history go on."""
    return f"`sync pull --aside` moves this archive to {folder.parent / ASIDE} and takes the store's"


def set_aside(folder: Path) -> Path:
    """Move an archive to `ROOT/aside/SITE-HEAD8`, but for runs in staging, which wait for salvage; its new place.

    Raises:
        LockHeld: a run or a copy is under way.
    """
    archive = Archive(folder)
    with held(folder, "aside"):
        root = folder.parent / ASIDE
        root.mkdir(exist_ok=True)
        name = f"{folder.name}-{archive.head[:8]}"
        names = itertools.chain((name,), (f"{name}-{n}" for n in itertools.count(2)))
        kept = next(root / one for one in names if not (root / one).exists())
        folder.rename(kept)
        sync_folder(root)
        folder.mkdir()
        (kept / "staging").rename(folder / "staging")
        sync_folder(folder)
        sync_folder(folder.parent)
    return kept
