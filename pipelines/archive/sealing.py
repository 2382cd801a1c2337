"""Putting a finished run into place: every file first, then the commit point, or nothing at all."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pipelines.archive.commits import Commit, sidecar_text
from pipelines.archive.errors import Damaged
from pipelines.archive.files import NamedFile, replace_synced, sync_folder, sync_folders, write_synced

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pipelines.archive.layout import Layout


@dataclass(slots=True)
class Sealing:
    """The moves of one seal, remembered so that they can be undone until the commit point exists."""

    layout: Layout
    folder: Path
    commits: tuple[Commit, ...]
    _placed: list[tuple[Path, Path]] = field(default_factory=list)
    _named: list[NamedFile] = field(default_factory=list)

    def place(self, staged: dict[str, Path]) -> None:
        """Measure the staged files and move each to its final name; a name no commit knows may be overwritten."""
        taken = {named.path for commit in self.commits for named in commit.files}
        for relative, file in sorted(staged.items()):
            final = self.layout.path(relative)
            if relative in taken:
                raise Damaged(f"{final}: a commit names it already, nothing may replace it; run verify")
            self._named.append(NamedFile.of(file, relative))
            final.parent.mkdir(parents=True, exist_ok=True)
            file.replace(final)
            self._placed.append((file, final))
        for folder in {final.parent for _, final in self._placed}:
            sync_folders(folder / "any", self.layout.root)

    def point(self, commit: Commit) -> Commit:
        """Make the commit point. From here on the run is history."""
        document = replace(commit, files=tuple(self._named)).document()
        ready = self._ready
        write_synced(ready, document)
        self.layout.commits.mkdir(exist_ok=True)
        sync_folder(self.layout.root)
        # A link, unlike a rename, never replaces a commit that is there.
        os.link(ready, self.layout.commit(commit.n))
        return replace(commit, files=tuple(self._named), sha256=hashlib.sha256(document).hexdigest())

    @property
    def _ready(self) -> Path:
        return self.folder / "commit.json"

    def undo(self, n: int) -> None:
        """Take the files back into staging, where they were, unless commit `n` has become this run's already."""
        point = self.layout.commit(n)
        if point.exists() and self._ready.exists() and point.samefile(self._ready):
            return
        for staged, final in reversed(self._placed):
            final.replace(staged)
        self._placed.clear()


def write_sidecars(layout: Layout, commits: Iterable[Commit]) -> None:
    """Write the hash beside each commit that lacks one. One that disagrees is evidence and stays."""
    for commit in commits:
        sidecar = layout.sidecar(commit.n)
        if not sidecar.exists():
            replace_synced(sidecar, sidecar_text(layout.commit(commit.n), commit.sha256), layout.staging)
