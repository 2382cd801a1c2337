"""Redaction: prepare the new files, make the commit, then put the files in place.

If a crash comes after the commit, the next run or `rebuild` finishes the redaction.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.archive.disk.commits import files_now
from pipelines.archive.disk.files import NamedFile
from pipelines.archive.disk.layout import run_file
from pipelines.archive.disk.redactions import REDACTION, Redaction, Replaced, has_text
from pipelines.archive.errors import NotKnown
from pipelines.archive.read.reader import Archive
from pipelines.archive.write.acts import Act, Acting, When, acting
from pipelines.archive.write.replacing import ready_file, write_container_without_text, write_without_text
from pipelines.untrusted import is_there, whole

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Redacted:
    """A redaction: its commit, the archive's new head, the number of lines, files that may still hold the text."""

    commit: int
    head: str
    lines: int
    not_redacted: tuple[str, ...]


def redact(
    path: str | os.PathLike[str],
    native_id: str,
    *,
    reason: str,
    order: str | None,
    when: When,
) -> Redacted:
    """Remove the text of a speech from every committed line, and record it in a commit of its own.

    Run reports and WARC captures are not changed; those that may hold the text are returned by name.

    Raises:
        NotKnown: the archive never captured this speech, or no line holds its text any more.
    """
    with acting(path, REDACTION, when) as held:
        commit = held.commit(_redacting(held, native_id, reason, order))
    assert commit.redaction is not None  # noqa: S101 - that is what was made
    left = tuple(_may_still_hold(Archive(path), commit.redaction.id))
    return Redacted(commit.n, commit.sha256, len(commit.redaction.seqs), left)


def _redacting(held: Acting, native_id: str, reason: str, order: str | None) -> Act:
    archive, wanted = held.archive, f"{held.archive.facts.site}:{native_id}"
    seqs, now = _lines_with_text(archive, wanted), files_now(archive.commits())
    ready: dict[str, Path] = {}
    for path, of_file in seqs.items():
        ready[path] = ready_file(archive.layout, held.run, path)
        write_without_text(archive.layout.stored(path), ready[path], of_file, held.n)
    ready |= dict(_containers(held, seqs))
    files = [Replaced(old=now[path][0], new=NamedFile.of(file, path)) for path, file in ready.items()]
    redacted_seqs = tuple(sorted(seq for of_file in seqs.values() for seq in of_file))
    redaction = Redaction(id=wanted, reason=reason, order=order, seqs=redacted_seqs, files=tuple(files))
    return Act(kind=REDACTION, details=None, redaction=redaction)


def _containers(held: Acting, paths: Iterable[str]) -> Iterator[tuple[str, Path]]:
    """The containers that hold some of the files, made ready with these as they will be."""
    layout, packed = held.archive.layout, defaultdict(list)
    for path in paths:
        if (member := layout.packed(path)) is not None:
            packed[member.container.relative_to(layout.root).as_posix()].append(path)
    for container, of_it in packed.items():
        yield container, write_container_without_text(layout, held.run, container, of_it)


def _lines_with_text(archive: Archive, wanted: str) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for commit in archive.commits():
        for named in filter(None, map(commit.stream, ("versions", "observations"))):
            seqs = [
                line["seq"]
                for line in archive.lines_of(commit, named.path.partition("/")[0])
                if line["id"] == wanted and has_text(line)
            ]
            if seqs:
                found[named.path] = seqs
    if not found:
        raise NotKnown(f"{wanted}: no line of this archive holds its text; `log` lists what is known of a speech")
    return found


def _may_still_hold(archive: Archive, wanted: str) -> Iterator[str]:
    """Captures of its lines, reports of runs that name it, and files that dead runs left in staging."""
    captures = {
        capture["file"]
        for line in archive.history()
        if line["id"] == wanted
        for capture in line["captures"]
        if capture["file"]
    }
    yield from sorted(captures)
    native_id = json.dumps(wanted.partition(":")[2]).encode()
    for commit in archive.commits():
        report = archive.layout.stored(run_file(commit.run))
        if is_there(report) and native_id in whole(report):
            yield run_file(commit.run)
    yield from sorted(f"staging/{folder.name}" for folder in archive.layout.staging.iterdir() if folder.is_dir())
