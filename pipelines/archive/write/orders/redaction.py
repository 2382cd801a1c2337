"""Redaction: prepare the new files, make the commit, then put the files in place.

If a crash comes after the commit, the next run or `rebuild` finishes the redaction.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipelines.archive.disk.commits import files_now
from pipelines.archive.disk.files import NamedFile
from pipelines.archive.disk.layout import Layout, run_file, run_pages
from pipelines.archive.disk.lock import SiteLock
from pipelines.archive.disk.redactions import REDACTION, Redaction, Replaced, has_text
from pipelines.archive.errors import NotKnown, NotUnderstood, writing
from pipelines.archive.read.reader import Archive
from pipelines.archive.write.acts import Act, Acting, When, acting
from pipelines.archive.write.orders.search import names_of, sweep, words_of
from pipelines.archive.write.replacing import ready_file, write_container_without_text, write_redacted
from pipelines.archive.write.salvaging.salvage import salvage_as_recorded
from pipelines.untrusted import is_there, whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pipelines.warc.words import Words


@dataclass(frozen=True, slots=True)
class Redacted:
    """A redaction: its commit, the archive's new head, the number of lines and of records and reports, and what may
    still hold the text: files, or why something stays.
    """

    commit: int
    head: str
    lines: int
    captures: int
    not_redacted: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be removed and why.

    `captures`: the words in WARC records and run reports, too. `also`: words besides those of the lines. `suppress`:
    no later run fetches the speech again.
    """

    native_id: str
    reason: str
    reference: str | None = None
    captures: bool = False
    also: tuple[str, ...] = ()
    suppress: bool = False


def redact(path: Path, order: Order, when: When) -> Redacted:
    """Remove the text of a speech from every committed line, and record it in a commit of its own.

    With `order.captures`, what dead runs left is committed before, so that its captures are searched as well.

    Raises:
        NotKnown: the archive never captured this speech, or nothing holds its text any more.
        NotUnderstood: the reason or the reference holds words that are to be removed.
        Damaged: a file that is to be searched cannot be read; nothing was written.
    """
    layout = Layout(path)
    if order.captures and layout.staging.is_dir():
        with writing(path):
            lock = SiteLock(layout.lock, REDACTION)
            try:
                salvage_as_recorded(layout, when.recorded_at)
            finally:
                lock.release()
    with acting(path, REDACTION, when) as held:
        act, left = _redacting(held, order)
        # Before the commit: pages of runs may hold its title, and are made again from the reports.
        for page in run_pages(layout):
            page.unlink()
        commit = held.commit(act)
    redaction = commit.redaction
    assert redaction is not None  # noqa: S101 - that is what was made
    if redaction.captures is None:
        left = tuple(_may_still_hold(Archive(path), redaction.id))
    return Redacted(commit.n, commit.sha256, len(redaction.seqs), len(redaction.captures or ()), left)


def _redacting(held: Acting, order: Order) -> tuple[Act, tuple[str, ...]]:
    archive, wanted = held.archive, f"{held.archive.facts.site}:{order.native_id}"
    words = words_of(archive, wanted, order.also)
    _check_reason(archive, wanted, words, order)
    seqs, now = _lines_with_text(archive, wanted), files_now(archive.commits())
    swept = sweep(archive, wanted, words, held.n) if order.captures else None
    if not seqs and not (swept and swept.masks) and not (order.suppress and not _is_suppressed(archive, wanted)):
        where = (
            "nothing in this archive holds its text" if order.captures else "no line of this archive holds its text"
        )
        raise NotKnown(f"{wanted}: {where}; `log` lists what is known of a speech")
    redaction = Redaction(
        id=wanted,
        reason=order.reason,
        order=order.reference,
        seqs=tuple(sorted(seq for of_file in seqs.values() for seq in of_file)),
        files=(),
        captures=tuple(swept.masks) if swept else None,
        is_suppressed=order.suppress,
    )
    ready: dict[str, Path] = {}
    for path in (*seqs, *dict.fromkeys(mask.file for mask in redaction.captures or ())):
        ready[path] = ready_file(archive.layout, held.run, path)
        write_redacted(archive.layout.stored(path), path, ready[path], redaction, held.n)
    ready |= dict(_containers(held, list(ready)))
    files = tuple(Replaced(old=now[path][0], new=NamedFile.of(file, path)) for path, file in ready.items())
    return Act(kind=REDACTION, details=None, redaction=replace(redaction, files=files)), tuple(
        swept.left if swept else ()
    )


def _check_reason(archive: Archive, wanted: str, words: Words, order: Order) -> None:
    """Refuse to write the words into a commit, where they would stay for ever."""
    for name, text in (("--reason", order.reason), ("--order", order.reference or "")):
        named = next((one for one in sorted(names_of(archive, wanted)) if one in text), None)
        if named or words.within(text):
            raise NotUnderstood(
                f"{name}: holds words of the text, or a name, that is to be removed; it is kept for ever in a commit "
                "that anyone may read. Say why without them"
            )


def _is_suppressed(archive: Archive, wanted: str) -> bool:
    return any(c.redaction.is_suppressed for c in archive.commits() if c.redaction and c.redaction.id == wanted)


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
