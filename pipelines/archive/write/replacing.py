"""Finishes the acts of a person on an archive: steps that any holder of the lock can repeat after a crash."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

from pipelines.archive.disk.commits import files_now
from pipelines.archive.disk.containers import members
from pipelines.archive.disk.files import file_digest, gzip_lines, sync_folder, write_synced
from pipelines.archive.disk.packs import drop_packed, is_container, rewrite_container
from pipelines.archive.disk.redactions import Redaction, Replaced, redacted
from pipelines.archive.disk.streams import parsed, raw_lines
from pipelines.archive.errors import Damaged
from pipelines.archive.write import orders
from pipelines.archive.write.sealing import roll_back
from pipelines.untrusted import is_there, size_of, whole
from pipelines.warc.masking import masked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.files import NamedFile
    from pipelines.archive.disk.layout import Layout
    from pipelines.archive.read.reader import Archive
    from pipelines.stored.packed import Stored


_ACT = re.compile(r"[a-z-]+-\d{8,}")
"""The folder of an act in staging, `redaction-00000012`; the id of a run begins with a digit."""


def finish_acts(archive: Archive) -> None:
    """Finish acts that a crash interrupted: put redacted files in place, remove what a container holds as well, and
    an act without a commit.

    The caller holds the lock.
    """
    for act in archive.totals().redactions:
        commit = archive.commit(act["commit"])
        if commit.redaction:
            _finish_redaction(archive.layout, commit, commit.redaction)
    for folder in archive.layout.staging.iterdir():
        if _ACT.fullmatch(folder.name):
            roll_back(archive.layout, archive, folder)
            n = int(folder.name.rpartition("-")[2])
            if n <= archive.last.n and (commit := archive.commit(n)).run == folder.name:
                drop_packed(archive.layout, commit, files_now(archive.commits()))
            shutil.rmtree(folder)


def _finish_redaction(layout: Layout, commit: Commit, redaction: Redaction) -> None:
    """Put each file and container in place that still has its old bytes."""
    single = [one for one in redaction.files if not is_container(one.old.path)]
    for replaced in single:
        file = layout.path(replaced.old.path)
        if _is_old(file, replaced, redaction, commit.n):
            _make_ready(layout, commit, redaction, {replaced.old.path: file})
            _put_in_place(layout, commit, replaced)
    for replaced in redaction.files:
        if not is_container(path := replaced.old.path):
            continue
        held = members(layout.path(path))
        # A member is hashed sooner than its container, which may have gigabytes.
        old = {
            one.old.path: member
            for one in single
            if (member := held.get(one.old.path)) and _is_old(member, one, redaction, commit.n)
        }
        if old and not ready_file(layout, commit.run, path).exists():
            _make_ready(layout, commit, redaction, old)
            write_container_without_text(layout, commit.run, path, old)
        if old:
            _put_in_place(layout, commit, replaced)


def still_holds(file: Stored, old: NamedFile) -> bool:
    """True when a committed file has the bytes that a redaction replaced; one of another size is not hashed."""
    return is_there(file) and size_of(file) == old.bytes and file_digest(file)[1] == old.sha256


def _is_old(file: Stored, replaced: Replaced, redaction: Redaction, n: int) -> bool:
    """Whether a file still holds the words.

    Of a WARC file that is told by its first record that lost some: hashing gigabytes before each run costs too much.
    """
    if replaced.old.path.startswith("warc/"):
        return is_there(file) and not orders.has_lost_words(file, orders.of_file(redaction, replaced.old.path), n)
    return still_holds(file, replaced.old)


def _make_ready(layout: Layout, commit: Commit, redaction: Redaction, files: Mapping[str, Stored]) -> None:
    for path, file in files.items():
        if not (ready := ready_file(layout, commit.run, path)).exists():
            write_redacted(file, path, ready, redaction, commit.n)


def _put_in_place(layout: Layout, commit: Commit, replaced: Replaced) -> None:
    ready = ready_file(layout, commit.run, replaced.old.path)
    if file_digest(ready) != (replaced.new.bytes, replaced.new.sha256):
        raise Damaged(f"{ready}: does not match commit {commit.n}; restore {replaced.new.path} from a redacted copy")
    final = layout.path(replaced.new.path)
    ready.replace(final)
    sync_folder(final.parent)


def ready_file(layout: Layout, run: str, path: str) -> Path:
    """The prepared new content of a committed file, before the commit of run `run`."""
    return layout.staging / run / "sealed" / path


def write_redacted(file: Stored, path: str, ready: Path, redaction: Redaction, n: int) -> None:
    """Write the committed file `path` to `ready` as the redaction leaves it; all that follows from its commit `n`."""
    ready.parent.mkdir(parents=True, exist_ok=True)
    if path.startswith("warc/"):
        orders.write_warc(file, ready, orders.of_file(redaction, path), n)
    elif path.startswith("runs/"):
        spans = [span for one in orders.of_file(redaction, path) for span in one.spans or ()]
        write_synced(ready, masked(whole(file), spans))
    else:
        write_without_text(file, ready, redaction.seqs, n)


def write_without_text(file: Stored, ready: Path, seqs: Iterable[int], n: int) -> None:
    """Write a committed file of lines to `ready`, the lines `seqs` without their text."""
    ready.parent.mkdir(parents=True, exist_ok=True)
    gzip_lines(ready, _without_text(file, frozenset(seqs), n))


def write_container_without_text(layout: Layout, run: str, container: str, paths: Iterable[str]) -> Path:
    """Write a container anew, with the ready files of `run` as its members `paths`; where it waits for the commit."""
    ready = ready_file(layout, run, container)
    ready.parent.mkdir(parents=True, exist_ok=True)
    rewrite_container(layout.path(container), ready, {path: ready_file(layout, run, path) for path in paths})
    return ready


def _without_text(file: Stored, seqs: frozenset[int], n: int) -> Iterator[bytes]:
    for number, raw in enumerate(raw_lines(file), 1):
        line = parsed(raw, file, number)
        if line["seq"] in seqs:
            yield (json.dumps(redacted(line, n), ensure_ascii=False, separators=(",", ":")) + "\n").encode()
        else:
            yield raw
