"""Seals a finished run: every file is put in place, then the commit is made, or nothing at all.

The commit document is ready in staging before the first file moves. Until it is linked to its number it is the
journal of the moves, by which they can be undone after a crash.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from pipelines.archive import schema
from pipelines.archive.disk.commits import Commit, sidecar_text
from pipelines.archive.disk.containers import PACKS
from pipelines.archive.disk.files import (
    NamedFile,
    file_digest,
    gzip_lines,
    json_document,
    replace_synced,
    sync_file,
    sync_folder,
    sync_folders,
    write_synced,
)
from pipelines.archive.disk.layout import (
    ARCHIVE_JSON,
    FORMAT,
    FORMAT_VERSION,
    Layout,
    observations_file,
    run_file,
    versions_file,
)
from pipelines.archive.errors import Damaged
from pipelines.archive.read.known import EVENTS
from pipelines.archive.write import orders
from pipelines.archive.write.waiting import JOURNAL, staged_captures
from pipelines.canonical import json_value
from pipelines.untrusted import is_there, json_object
from pipelines.values import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pipelines.archive.disk.answers import Answer
    from pipelines.archive.disk.files import Written
    from pipelines.archive.disk.listings import Listing
    from pipelines.archive.disk.redactions import Masked
    from pipelines.archive.read.reader import Archive
    from pipelines.archive.write.staging import StagedRun
    from pipelines.record import SiteFacts

ABSENCES = ("missing", "withheld", "unknown")
SEALED = "sealed"


@frozen(kw_only=True)
class CommitFacts:
    """The fields of a commit that do not follow from its lines."""

    run: str
    kind: str
    recorded_at: str
    software: dict[str, str]
    decision: dict[str, Any] | None = None
    repeated: tuple[Answer, ...] = ()


@frozen
class Sealing:
    """One seal. `archive` is null before the first commit; `folder` is the run's staging.

    `written` is what files in it, by their names, were found to hold when they were written; others are read.
    """

    layout: Layout
    archive: Archive | None
    facts: SiteFacts
    folder: Path
    written: Mapping[str, Written] = field(default_factory=dict)

    def commit(
        self, staged: StagedRun, report: dict[str, Any], facts: CommitFacts, listing: Listing | None = None
    ) -> Commit:
        """Make the commit; after an error `roll_back` undoes the moves at the next start."""
        masked = self._masked(staged)
        files, written = self._ready_files(staged, report, facts, masked)
        named = tuple(NamedFile.of(file, path, written.get(path)) for path, file in sorted(files.items()))
        commit = replace(self._drafted(staged, facts, named, listing), suppressed=masked)
        sealed = draft(self.folder, commit)
        place(self.layout, self.archive, files)
        make_point(self.layout, self.folder, commit.n)
        return sealed

    def _ready_files(
        self, staged: StagedRun, report: dict[str, Any], facts: CommitFacts, masked: Sequence[Masked]
    ) -> tuple[dict[str, Path], dict[str, Written]]:
        """All files that the commit will name, prepared in staging, and what is known to be in them."""
        at, n, seq = facts.recorded_at, self._n, self._first_seq
        documents = {run_file(facts.run): json_document(report)}
        if self.archive is None:
            about = {"format": FORMAT, "format_version": FORMAT_VERSION} | json_value(self.facts)
            documents |= {ARCHIVE_JSON: json_document(about)} | schema.documents()
        else:
            documents |= schema.to_add(self.layout, n)
        streams = {
            versions_file(at, n): (staged.versions, seq),
            observations_file(at, n): (staged.observations, seq + len(staged.versions)),
        }
        made: dict[str, Path] = {}
        written: dict[str, Written] = {}
        for relative, data in documents.items():
            made[relative] = self._room(relative)
            write_synced(made[relative], data)
        for relative, (lines, first) in streams.items():
            if len(lines):
                made[relative] = self._room(relative)
                written[relative] = gzip_lines(made[relative], lines.numbered(first, n, at))
        for capture in staged_captures(self.folder):
            sync_file(capture)
            relative = capture.relative_to(self.folder).as_posix()
            masks = [mask for mask in masked if mask.file == relative]
            made[relative] = self._room(relative) if masks else capture
            if masks:  # the staged file stays as it is, so that salvage finds what the lines were read from
                orders.write_warc(capture, made[relative], masks, n)
            elif relative in self.written:
                written[relative] = self.written[relative]
        return made, written

    def _masked(self, staged: StagedRun) -> tuple[Masked, ...]:
        """The places in the run's captures where the title of a suppressed speech stands."""
        files = staged_captures(self.folder)
        if self.archive is None or (words := orders.suppressed_words(self.archive, self.folder, files)) is None:
            return ()
        others = orders.OtherTexts(self.archive, staged, words)
        named = ((file, file.relative_to(self.folder).as_posix()) for file in files)
        return tuple(
            mask for file, name in named for mask in orders.masks_of(file, name, words, self._n, others.are_at)
        )

    def _room(self, relative: str) -> Path:
        file = self.folder / SEALED / relative
        file.parent.mkdir(parents=True, exist_ok=True)
        return file

    def _drafted(
        self, staged: StagedRun, facts: CommitFacts, files: tuple[NamedFile, ...], listing: Listing | None
    ) -> Commit:
        seq, count = self._first_seq, staged.lines
        return Commit(
            n=self._n,
            prev=self.archive.head if self.archive else None,
            kind=facts.kind,
            run=facts.run,
            recorded_at=facts.recorded_at,
            software=facts.software,
            parsers=tuple(sorted(staged.parsers)),
            first_seq=seq if count else None,
            last_seq=seq + count - 1 if count else None,
            counts={name: staged.counts[name] for name in (*EVENTS, "observations", *ABSENCES)},
            decision=facts.decision,
            listing=listing,
            files=files,
            repeated=facts.repeated,
        )

    @property
    def _n(self) -> int:
        return self.archive.last.n + 1 if self.archive else 1

    @property
    def _first_seq(self) -> int:
        return self.archive.last_seq + 1 if self.archive else 1


def place(layout: Layout, archive: Archive | None, files: Mapping[str, Path]) -> None:
    """Move each file to its final name; a name no commit knows may be overwritten."""
    # No commit names what is not there, but for a lost file; the chain is read only when a name is taken.
    is_taken = any(layout.path(relative).exists() for relative in files)
    taken = named_paths(archive.commits()) if is_taken and archive else set()
    for relative, file in sorted(files.items()):
        final = layout.path(relative)
        if relative in taken:
            raise Damaged(f"{final}: a commit already names it, nothing may replace it; run verify")
        if relative.startswith(f"{PACKS}/") and final.exists():
            raise Damaged(f"{final}: may hold the only copy of a year; run verify, and move it away if it is no use")
        final.parent.mkdir(parents=True, exist_ok=True)
        file.replace(final)
    for folder in {layout.path(relative).parent for relative in files}:
        sync_folders(folder / "any", layout.root)


def draft(folder: Path, commit: Commit) -> Commit:
    """Write the commit document to staging, where it is the journal until it becomes the commit."""
    document = commit.document()
    replace_synced(folder / JOURNAL, document, folder)
    return replace(commit, sha256=hashlib.sha256(document).hexdigest())


def make_point(layout: Layout, folder: Path, n: int) -> None:
    """Link the commit document drafted in `folder` to its number: the commit point."""
    layout.commits.mkdir(exist_ok=True)
    sync_folder(layout.root)
    # A link, unlike a rename, never replaces an existing commit.
    os.link(folder / JOURNAL, layout.commit(n))


def named_paths(commits: Iterable[Commit]) -> set[str]:
    """Every path any commit names."""
    return {named.path for commit in commits for named in commit.files}


def roll_back(layout: Layout, archive: Archive | None, folder: Path) -> None:
    """Move the files of a seal that died before its commit point back to staging. Idempotent."""
    moved = tuple(_journal(folder))
    taken = named_paths(archive.commits()) if moved and archive else set()
    for named in moved:
        final = layout.path(named.path)
        home = folder / named.path if named.path.startswith("warc/") else folder / SEALED / named.path
        is_ours = named.path not in taken and not home.exists() and final.exists()
        if is_ours and file_digest(final) == (named.bytes, named.sha256):
            home.parent.mkdir(parents=True, exist_ok=True)
            final.replace(home)
            sync_folder(home.parent)
            sync_folder(final.parent)


def _journal(folder: Path) -> Iterator[NamedFile]:
    try:
        document = json_object(folder / JOURNAL)
    except FileNotFoundError:
        return
    yield from map(NamedFile.from_json, document["files"])


def write_sidecars(layout: Layout, commits: Iterable[Commit]) -> None:
    """Write the hash beside each commit that lacks one. A hash that disagrees is evidence and is kept."""
    for commit in commits:
        if not is_there(layout.stored(layout.sidecar_name(commit.n))):
            write_sidecar(layout, commit)


def write_sidecar(layout: Layout, commit: Commit) -> None:
    """Write the hash beside a commit, unless one is there."""
    sidecar = layout.sidecar(commit.n)
    if not sidecar.exists():
        replace_synced(sidecar, sidecar_text(layout.commit(commit.n), commit.sha256), layout.staging)
