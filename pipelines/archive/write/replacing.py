"""Finishes the acts of a person on an archive: steps that any holder of the lock can repeat after a crash."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

from pipelines.archive.disk.files import file_digest, gzip_lines, sync_folder
from pipelines.archive.disk.packs import drop_packed
from pipelines.archive.disk.redactions import Replaced, redacted
from pipelines.archive.disk.streams import parsed, raw_lines
from pipelines.archive.errors import Damaged
from pipelines.archive.write.sealing import roll_back

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.layout import Layout
    from pipelines.archive.read.reader import Archive
    from pipelines.packed import Stored


_ACT = re.compile(r"[a-z-]+-\d{8,}")
"""The folder of an act in staging, `redaction-00000012`; the id of a run begins with a digit."""


def finish_acts(archive: Archive) -> None:
    """Finish acts that a crash interrupted: put redacted files in place, remove what a container holds as well, and
    an act without a commit.

    The caller holds the lock.
    """
    for commit in archive.commits():
        for replaced in commit.redaction.files if commit.redaction else ():
            file = archive.layout.path(replaced.old.path)
            if file.exists() and file_digest(file)[1] == replaced.old.sha256:
                _replace(archive.layout, commit, replaced)
    for folder in archive.layout.staging.iterdir():
        if _ACT.fullmatch(folder.name):
            roll_back(archive.layout, archive, folder)
            for commit in archive.commits():
                if commit.run == folder.name:
                    drop_packed(archive.layout, commit)
            shutil.rmtree(folder)


def _replace(layout: Layout, commit: Commit, replaced: Replaced) -> None:
    assert commit.redaction is not None  # noqa: S101 - the caller found it there
    ready = ready_file(layout, commit.run, replaced.old.path)
    if not ready.exists():
        write_without_text(layout, replaced.old.path, ready, commit.redaction.seqs, commit.n)
    if file_digest(ready) != (replaced.new.bytes, replaced.new.sha256):
        raise Damaged(f"{ready}: does not match commit {commit.n}; restore {replaced.new.path} from a redacted copy")
    final = layout.path(replaced.new.path)
    ready.replace(final)
    sync_folder(final.parent)


def ready_file(layout: Layout, run: str, path: str) -> Path:
    """The prepared new content of a committed file, before the commit of run `run`."""
    return layout.staging / run / "sealed" / path


def write_without_text(layout: Layout, path: str, ready: Path, seqs: Iterable[int], n: int) -> None:
    """Write a committed file of lines to `ready`, the lines `seqs` without their text."""
    ready.parent.mkdir(parents=True, exist_ok=True)
    gzip_lines(ready, _without_text(layout.stored(path), frozenset(seqs), n))


def _without_text(file: Stored, seqs: frozenset[int], n: int) -> Iterator[bytes]:
    for number, raw in enumerate(raw_lines(file), 1):
        line = parsed(raw, file, number)
        if line["seq"] in seqs:
            yield (json.dumps(redacted(line, n), ensure_ascii=False, separators=(",", ":")) + "\n").encode()
        else:
            yield raw
