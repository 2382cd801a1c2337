"""Rebuilds the derived files, when a crash or a full disk left them behind the last commit."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from pipelines.archive.disk.layout import Layout
from pipelines.archive.disk.lock import SiteLock
from pipelines.archive.errors import writing
from pipelines.archive.read import state
from pipelines.archive.read.derived import DERIVED, Derived, replace_derived
from pipelines.archive.read.reader import Archive
from pipelines.archive.read.tails import RECONCILIATION
from pipelines.archive.write.admission import check_tail
from pipelines.archive.write.replacing import finish_acts
from pipelines.archive.write.sealing import write_sidecars
from pipelines.untrusted import json_object

if TYPE_CHECKING:
    import os

    from pipelines.archive.read.state import States


def rebuild(path: str | os.PathLike[str]) -> Archive:
    """Rebuild the latest and index files and missing commit hashes from the committed files."""
    layout = Archive(path).layout
    with writing(layout.root):
        layout.staging.mkdir(exist_ok=True)
        lock = SiteLock(layout.lock, "rebuild")
        try:
            archive = Archive(path)
            check_tail(layout, archive)
            finish_acts(archive)
            write_derived(archive, state.load(archive.by_commit(), for_writing=False))
        finally:
            lock.release()
    return archive


def write_derived(archive: Archive, states: States) -> None:
    """Write all derived files of the last commit. The caller holds the lock."""
    commits = archive.commits()
    write_sidecars(archive.layout, commits)
    for what in DERIVED:
        replace_derived(what, archive.layout, commits, states, commits[-1].n)


def heal(archive: Archive, states: States) -> None:
    """Finish the work of a run that died between its commit and its end. The caller holds the lock."""
    for commit in archive.commits():
        staged = archive.layout.staging / commit.run
        if staged.is_dir():
            shutil.rmtree(staged)
    last = archive.commits()[-1]
    is_behind = any(_commit_of(archive.layout, what) != last.n for what in DERIVED)
    # The lost commits had the same numbers, so what a crash left of them may look like the newest.
    is_doubtful = last.kind == RECONCILIATION
    if is_behind or is_doubtful or not archive.layout.sidecar(last.n).exists():
        write_derived(archive, states)


def _commit_of(layout: Layout, what: Derived) -> object:
    try:
        return json_object(layout.path(what.about_file))["commit"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
