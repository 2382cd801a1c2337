"""Rebuilds the derived files, when a crash or a full disk left them behind the last commit."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from typing import TYPE_CHECKING

from pipelines.archive.disk.lock import SiteLock
from pipelines.archive.errors import Damaged, writing
from pipelines.archive.read.derived import (
    DERIVED,
    INDEX,
    LATEST,
    PLACES,
    STATE,
    Replacing,
    Source,
    is_of,
    replace_derived,
    sound_latest,
)
from pipelines.archive.read.index import index_line
from pipelines.archive.read.known import Known, Standing
from pipelines.archive.read.latest import latest_line
from pipelines.archive.read.reader import Archive
from pipelines.archive.read.state_file import payload_line, state_line
from pipelines.archive.write.admission import check_tail
from pipelines.archive.write.brought_on import brought_on, with_captures
from pipelines.archive.write.replacing import finish_acts
from pipelines.archive.write.sealing import write_sidecar, write_sidecars
from pipelines.archive.write.waiting import is_committed

if TYPE_CHECKING:
    import os
    from pathlib import Path


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

    The caller holds the lock. `known` is of the commit before, and of no more use afterwards.
    """
    is_first = archive.last.n == 1
    base = None if is_first else sound_latest(archive.layout, archive.last.n - 1, archive.last.prev)
    if is_first or base is not None:
        write_sidecar(archive.layout, archive.last)
        try:
            replace_next(archive, known, base)
        except Damaged:  # the base is not what it seemed
            base = None
    if not is_first and base is None:
        write_derived(archive, Known.of(archive.by_commit(), for_writing=False))


def replace_next(archive: Archive, known: Known, base: Path | None) -> None:
    """Replace all derived files by those of the last commit, from what was known before it.

    Little is held in memory: each state leaves `known` when its turn comes.

    Args:
        archive: with the commit.
        known: of the commit before it.
        base: the latest.jsonl of that one; null for the first commit.

    Raises:
        Damaged: nothing was replaced, or not all; `known` is of no more use.
    """
    layout, commit, standing = archive.layout, archive.last, Standing()
    for _ in known.payloads.noted(commit, with_captures(archive)):
        pass
    known.totals.take(commit)
    with ExitStack() as files:
        index, latest, states = (files.enter_context(Replacing(one, layout)) for one in (INDEX, LATEST, STATE))
        for state, line in brought_on(archive, known.states, base):
            standing.take(state)
            index.write(index_line(state))
            states.write(state_line(state))
            if line is not None and state.is_present:
                latest.write(latest_line(line, state))
        for payload in known.payloads.items():
            states.write(payload_line(payload))
        index.put(commit, known.totals, lambda: standing)
        latest.put(commit, known.totals, lambda: standing)
        replace_derived(PLACES, Source(archive, known, is_next=base is not None))
        states.put(commit, known.totals, lambda: standing)


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
