"""Rebuilds the derived files, when a crash or a full disk left them behind the last commit."""

from __future__ import annotations

import shutil
import tempfile
from typing import TYPE_CHECKING

from pipelines.archive.disk.lock import SiteLock
from pipelines.archive.errors import Damaged, writing
from pipelines.archive.read.derived import DERIVED, PLACES, Source, is_of, replace_derived, sound_latest
from pipelines.archive.read.known import Known
from pipelines.archive.read.reader import Archive
from pipelines.archive.write.admission import check_tail
from pipelines.archive.write.replacing import finish_acts
from pipelines.archive.write.sealing import write_sidecar, write_sidecars
from pipelines.archive.write.waiting import is_committed

if TYPE_CHECKING:
    import os


def rebuild(path: str | os.PathLike[str]) -> Archive:
    """Rebuild the derived files and missing commit hashes from what the commits name."""
    layout = Archive(path).layout
    with writing(layout.root):
        layout.staging.mkdir(exist_ok=True)
        lock = SiteLock(layout.lock, "rebuild")
        try:
            archive = Archive(path)
            check_tail(layout, archive)
            finish_acts(archive)
            write_derived(archive, Known.of(archive.by_commit(), for_writing=False))
        finally:
            lock.release()
    return archive


def write_derived(archive: Archive, known: Known) -> None:
    """Write all derived files for the last commit, from all commits. The caller holds the lock."""
    write_sidecars(archive.layout, archive.commits())
    with tempfile.TemporaryFile(dir=archive.layout.staging) as scratch:
        source = Source(archive, known, states=None if known.is_for_writing else scratch)
        for what in DERIVED:
            replace_derived(what, source)


def write_next(archive: Archive, known: Known) -> None:
    """Write all derived files for the last commit, where those of the commit before it can be built upon.

    The caller holds the lock, and `known` was brought on by the last commit.
    """
    base = sound_latest(archive.layout, archive.last.n - 1, archive.last.prev)
    if base is None:
        write_derived(archive, known)
        return
    write_sidecar(archive.layout, archive.last)
    try:
        for what in DERIVED:
            replace_derived(what, Source(archive, known, base))
    except Damaged:  # the base is not what it seemed
        write_derived(archive, known)


def heal(archive: Archive, known: Known) -> None:
    """Finish what a run left undone that died between its commit point and its end. The caller holds the lock."""
    layout = archive.layout
    for folder in layout.staging.iterdir():
        if folder.is_dir() and is_committed(layout, folder):
            shutil.rmtree(folder)
    behind = [what for what in DERIVED if not is_of(what, layout, archive.last)]
    if behind == [PLACES] and archive.has_state and layout.sidecar(archive.last.n).exists():
        replace_derived(PLACES, Source(archive, known))  # of older software; the others need not be read for it
    elif behind or not archive.has_state or not layout.sidecar(archive.last.n).exists():
        write_derived(archive, known)
