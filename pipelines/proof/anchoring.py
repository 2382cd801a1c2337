"""`anchor`: the heads of all archives below a folder under one root, which an authority time-stamps."""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipelines.archive.disk.files import file_digest, sync_folder, write_synced
from pipelines.archive.disk.heads_file import Noted
from pipelines.archive.disk.layout import ARCHIVE_JSON, LINK, Layout, archives_in
from pipelines.archive.errors import ArchiveError, Damaged, LockHeld, NotUnderstood, writing
from pipelines.archive.prove.anchors.anchor_check import anchored
from pipelines.archive.prove.anchors.anchor_files import (
    ANCHORS,
    Anchor,
    anchor_file,
    anchor_names,
    commit_of,
    name_of,
    read_anchor,
    reply_in,
)
from pipelines.archive.prove.anchors.merkle import paths
from pipelines.archive.prove.anchors.timestamps import checked, request
from pipelines.archive.read.reader import Archive, read_about
from pipelines.archive.read.tails import given_up
from pipelines.untrusted import is_there, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

HEADS, REPLY, TRUSTED = "heads.txt", "reply.tsr", "ca.pem"
"""Files of an anchor of all archives: every head, a line each; the time-stamp; the certificates it was checked by."""

_LOCK, _NEW = ".lock", ".new"


@dataclass(slots=True)
class Anchored:
    """What was time-stamped, and `problems`: what could not be."""

    folder: Path
    root: str
    stamped: datetime
    heads: list[Noted]
    problems: list[str] = field(default_factory=list)


def anchor(root: Path, at: str, trusted: Path, ask: Callable[[bytes], bytes]) -> Anchored:
    """Time-stamp the heads of all archives below `root`.

    The whole anchor is stored below `root` in one step, then each archive gets its own part; what a crash left undone
    of that, the next call does first.

    Args:
        root: the folder of archives.
        at: the moment that the noted heads bear, RFC 3339 in UTC; the proof is in the authority's reply.
        trusted: root certificates (PEM) that the reply must be checked by.
        ask: gives the authority's reply to a request.

    Raises:
        NotUnderstood: no archive is there.
        NotStamped: the reply does not vouch for the root; nothing is stored.
    """
    archives = _archives(root)
    folder = root / ANCHORS
    with writing(root), _held(folder):
        before, problems = _complete_last(folder, archives)
        heads, unread = _heads(archives, at, before)
        problems += unread
        if not heads:
            raise NotUnderstood(
                f"{root}: no archive to time-stamp here{'; ' if problems else ''}{'; '.join(problems)}"
            )
        leaves = sorted((before | heads).values(), key=lambda noted: noted.site)
        top, _ = paths([noted.line() for noted in leaves])
        query = request(top.hex())
        reply = ask(query)
        stamped = checked(reply, top.hex(), trusted, query)
        made = _stored(folder, at, leaves, reply, whole(trusted))
        problems += _distribute(made, archives)
    return Anchored(made, top.hex(), stamped, list(heads.values()), problems)


def _archives(root: Path) -> dict[str, Path]:
    """Every archive below a folder by the name of its own folder."""
    if not root.is_dir():
        raise NotUnderstood(f"{root}: no such folder; give the one that holds the archives, as output")
    found = archives_in(root)
    if (root / ARCHIVE_JSON).exists():
        raise NotUnderstood(f"{root}: is one archive; give the folder that holds it, as output")
    if root / ANCHORS in found:
        raise NotUnderstood(
            f"{root / ANCHORS}: is an archive, where the anchors would be; move one of them elsewhere"
        )
    return {path.name: path for path in found}


def _heads(archives: dict[str, Path], at: str, before: dict[str, Noted]) -> tuple[dict[str, Noted], list[str]]:
    """By site the head of every archive that can be vouched for, and why others cannot."""
    heads: dict[str, Noted] = {}
    problems = []
    for path in archives.values():
        try:
            archive = Archive(path)
            site, last = archive.facts.site, archive.last
            if site in heads:
                raise Damaged(f"{path}: another archive of {site} lies here as well; keep one of them elsewhere")
            _check_last_anchor(archive, before.get(site))
        except ArchiveError as error:
            problems.append(f"{error} (its head was not time-stamped)")
        else:
            heads[site] = Noted(at=at, site=site, commit=last.n, head=last.sha256)
    return heads, problems


def _check_last_anchor(archive: Archive, before: Noted | None) -> None:
    """`Damaged` when the chain is not the one that was time-stamped before: it must not be vouched for again.

    One commit file is read for it, not the chain, which `verify` proves. `before` is its head in the last anchor.
    """
    layout, names = archive.layout, anchor_names(archive.layout)
    stamped = [(before, layout.root.parent / ANCHORS)] if before else []
    stamped += [(read_anchor(layout, names[-1]).noted, layout.path(names[-1]))] if names else []
    for noted, file in stamped:
        if not _is_here(layout, noted) and noted.head not in given_up(archive.commits()):
            anchored(layout, noted, file, archive.commits())


def _is_here(layout: Layout, noted: Noted) -> bool:
    """Whether a noted head is that of a commit in this archive."""
    commit = layout.stored(layout.commit_name(noted.commit))
    return is_there(commit) and file_digest(commit)[1] == noted.head


def _stored(folder: Path, at: str, heads: list[Noted], reply: bytes, trusted: bytes) -> Path:
    """Write the anchor of all archives and give it its name in one step."""
    made, ready = folder / name_of(at), folder / f"{name_of(at)}{_NEW}"
    if made.exists():
        raise NotUnderstood(f"{made}: exists already; wait a second")
    ready.mkdir()
    for name, data in {HEADS: b"".join(map(Noted.line, heads)), REPLY: reply, TRUSTED: trusted}.items():
        write_synced(ready / name, data)
    sync_folder(ready)
    ready.rename(made)
    sync_folder(folder)
    return made


def _complete_last(folder: Path, archives: dict[str, Path]) -> tuple[dict[str, Noted], list[str]]:
    """Remove what a crash left unfinished, and give every archive its part of the last whole anchor.

    Returns:
        The heads in that anchor by site, and what is wrong. An archive that cannot be vouched for keeps its old head
        there, so that it is told every time.
    """
    for left in folder.glob(f"*{_NEW}"):
        shutil.rmtree(left)
    last = max(folder.glob(f"*/{HEADS}"), default=None)
    if last is None:
        return {}, []
    try:
        before = _noted_in(last)
        top, _ = paths([noted.line() for noted in before])
        checked(reply_in(last.with_name(REPLY)), top.hex(), last.with_name(TRUSTED))
        return {noted.site: noted for noted in before}, _distribute(last.parent, archives)
    except Damaged as error:
        return {}, [f"{last.parent}: not what was time-stamped ({error}); restore it from a copy"]


def _distribute(made: Path, archives: dict[str, Path]) -> list[str]:
    """Store in every archive the path of its own head, and the time-stamp; what is there already stays."""
    heads, problems = _noted_in(made / HEADS), []
    reply = reply_in(made / REPLY)
    _, steps = paths([noted.line() for noted in heads])
    parts = {noted.site: (noted, path) for noted, path in zip(heads, steps, strict=True)}
    for path in archives.values():
        layout = Layout(path)
        try:
            facts = read_about(layout)
            if facts is not None and facts.site in parts:
                noted, way = parts[facts.site]
                part = Anchor(file=anchor_file(noted.commit, noted.at), noted=noted, path=tuple(way))
                _place(layout, part, reply)
        except ArchiveError as error:
            problems.append(str(error))
    return problems


def _noted_in(file: Path) -> list[Noted]:
    try:
        found = [Noted.from_line(line) for line in whole(file).removesuffix(b"\n").split(b"\n")]
    except (OSError, ValueError) as error:
        raise Damaged(f"{file}: cannot be read ({error}); restore it from a copy") from error
    if None in found:
        raise Damaged(f"{file}: holds a line that notes no head; restore it from a copy")
    return [noted for noted in found if noted]


def _place(layout: Layout, part: Anchor, reply: bytes) -> None:
    """Store an anchor in its archive, the time-stamp first: the other file makes it one.

    A head that was time-stamped before keeps its first time-stamp, which says more; one that is not in the chain any
    more gets none.
    """
    noted = part.noted
    same = [name for name in anchor_names(layout) if commit_of(name) == noted.commit]
    if not _is_here(layout, noted) or any(read_anchor(layout, name).noted.head == noted.head for name in same):
        return
    folder = layout.path(ANCHORS)
    folder.mkdir(exist_ok=True)
    sync_folder(layout.root)
    for name, data in ((part.reply_file, reply), (part.file, part.document())):
        file = layout.path(name)
        ready = file.with_name(f"{file.name}{_NEW}")
        if ready.is_symlink():
            raise Damaged(f"{ready}: {LINK}")
        write_synced(ready, data)
        ready.replace(file)
        sync_folder(folder)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """One `anchor` at a time; crawls need not wait, since a head that was committed stays."""
    folder.mkdir(exist_ok=True)
    handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise LockHeld(f"{folder}: another `anchor` is at work; wait for its end") from error
    finally:
        os.close(handle)
