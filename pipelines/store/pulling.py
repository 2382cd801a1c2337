"""Copies a site from a store to a folder: what is not here yet, each file checked before it gets its name.

The commits come last, so that a copy that breaks off leaves an archive of fewer commits, which the next one goes on
with. What an act replaced or packed is done here by the code that finishes acts after a crash.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from pipelines.archive.disk.commits import files_now, sidecar_text
from pipelines.archive.disk.containers import PACKS, members
from pipelines.archive.disk.copies.partial_copy import PartialCopy, stream_of, unmark
from pipelines.archive.disk.files import file_digest, replace_synced, sync_folders, write_synced
from pipelines.archive.disk.layout import Layout
from pipelines.archive.disk.packs import PACK
from pipelines.archive.errors import Damaged
from pipelines.archive.read.derived import DERIVED, Derived, is_of
from pipelines.archive.read.reader import Archive
from pipelines.archive.write.rebuild import rebuild
from pipelines.archive.write.replacing import finish_acts, ready_file
from pipelines.store.at_once import each
from pipelines.store.beside import pull_besides
from pipelines.store.derived_there import are_sound
from pipelines.store.held import Diverged, archive_in, held, two_histories
from pipelines.store.pushing import push
from pipelines.store.store_check import check_mark
from pipelines.store.tips import StoredCommit, StoreTip, commits_after, tip_of
from pipelines.values import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.files import NamedFile
    from pipelines.store.protocol import Store

_INCOMING = "incoming"
"""The folder in staging for files that are not checked yet; a run's has a name that begins with a digit."""
_COPYING = "copying"
"""The text in the lock: what holds it."""


@frozen
class CopyExtent:
    """A copy without the files of some folders; commits, run reports and derived files are in every one."""

    lacks: tuple[str, ...]

    def takes(self, path: str) -> bool:
        """Whether the copy holds a committed file."""
        return stream_of(path) not in self.lacks


WITHOUT_CAPTURES = CopyExtent(("warc",))
"""Every line, and no raw bytes: enough to crawl."""
WHOLE = CopyExtent(())


@frozen(kw_only=True)
class Pulled:
    """What a pull did.

    Args:
        site: whose archive.
        commits, files, bytes: how many were copied; `files` without commits.
        commit, head: the last commit here afterwards; null when neither the store nor this machine has any.
        is_partial: whether files may be absent here.
        pushed: commits that were here and not in the store, and were pushed first.
    """

    site: str
    commits: int = 0
    files: int = 0
    bytes: int = 0
    commit: int | None = None
    head: str | None = None
    is_partial: bool = False
    pushed: int = 0


def pull(
    store: Store,
    site: str,
    folder: Path,
    what: CopyExtent = WITHOUT_CAPTURES,
    *,
    is_alone: bool = False,
    restores: bool = False,
) -> Pulled:
    """Bring a folder to the last commit of a store, and to hold what is asked for.

    What an earlier copy left unfinished is finished: here, or in the store where this machine was ahead of it.

    Args:
        store: where the archives lie.
        site: whose to copy.
        folder: of the site here; made when it is not there.
        what: how much of it; what is here already is never removed.
        is_alone: the caller holds the database's lock of the site, as for `push`.
        restores: compare every file here with its commit, too, and take those that are missing or altered.

    Raises:
        Diverged: this machine's history is not the store's; nothing was changed.
        Damaged: a file of the store is not what its commit says; no commit after the damage was copied.
        LockHeld: a run or another copy of the site is under way.
        StoreError: the store does not answer.
    """
    tip, ours = tip_of(store, site), archive_in(folder)
    if ours is None or not _is_ahead(store, site, ours, tip):
        return _copied(store, site, folder, what, tip, restores=restores)
    pushed = push(store, site, folder, is_alone=is_alone)
    pulled = _copied(store, site, folder, what, tip_of(store, site), restores=restores)
    return replace(pulled, pushed=pushed.commits)


def copy_down(store: Store, site: str, folder: Path, what: CopyExtent) -> Pulled:
    """As `pull`, for a reader: nothing is written to the store, and a folder that is ahead of it has `Diverged`."""
    tip, ours = tip_of(store, site), archive_in(folder)
    if ours is not None and _is_ahead(store, site, ours, tip) and (tip is None or tip.n < ours.last.n):
        theirs = f"commit {tip.n} as the last one" if tip else "none"
        raise Diverged(*two_histories(f"{store.address}/{site}", folder, f"commit {ours.last.n}", theirs))
    return _copied(store, site, folder, what, tip)


def _copied(
    store: Store, site: str, folder: Path, what: CopyExtent, tip: StoreTip | None, *, restores: bool = False
) -> Pulled:
    """Copy what is not here; the folder is not ahead of the store, of which `tip` is the last commit."""
    if tip is None:
        return Pulled(site=site)
    with held(folder, _COPYING) as layout:
        copied = _Copy(store, site, layout, what, tip)
        copied.run(restores=restores)
    if copied.needs_rebuild:
        rebuild(folder)
    archive = Archive(folder)
    return Pulled(
        site=site,
        commits=copied.commits,
        files=copied.files,
        bytes=copied.bytes,
        commit=archive.last.n,
        head=archive.head,
        is_partial=PartialCopy.of(archive.layout) is not None,
    )


def _is_ahead(store: Store, site: str, ours: Archive, tip: StoreTip | None) -> bool:
    """Whether all that the store has is here, and something of it must still be pushed; `Diverged` as `pull`."""
    if tip is None:
        return True
    if tip.n > ours.last.n:
        return False
    if (here := ours.commit(tip.n).sha256) != tip.sha256:
        told = (f"commit {tip.n} with head {head[:12]}…" for head in (here, tip.sha256))
        raise Diverged(*two_histories(f"{store.address}/{site}", ours.layout.root, *told))
    return ours.last.n > tip.n or not tip.is_finished


class _Copy:
    """One pull under the lock."""

    def __init__(self, store: Store, site: str, layout: Layout, what: CopyExtent, tip: StoreTip) -> None:
        self._store, self._site, self._layout, self._what, self._tip = store, site, layout, what, tip
        self._incoming = layout.staging / _INCOMING
        self.commits = self.files = self.bytes = 0
        self.needs_rebuild = False

    def run(self, *, restores: bool) -> None:
        ours = archive_in(self._layout.root)
        mark = PartialCopy.of(self._layout)
        new: Mapping[int, StoredCommit] = {}
        if ours is None or ours.last.n < self._tip.n:
            new = self._new_commits(ours)
        grows = mark is not None and not set(mark.lacks) <= set(self._what.lacks)
        is_of_other = mark is not None and mark.store != self._store.address
        if new or grows or restores or is_of_other:
            lacks = self._lacks(mark, ours)
            before = ours.commits() if ours else ()
            commits = (*before, *(one.commit for one in new.values()))
            check_mark(self._store, self._site, self._layout, commits)
            self._write_mark({*lacks, *(mark.lacks if mark else ())})  # before anything is absent
            self._take_files(commits, 0 if grows or restores else len(before))
            self._land(new)
            self._write_mark(lacks)
        pull_besides(self._store, self._site, self._layout)
        self._take_derived()
        shutil.rmtree(self._incoming, ignore_errors=True)

    def _new_commits(self, ours: Archive | None) -> dict[int, StoredCommit]:
        last = ours.last if ours else None
        new = commits_after(self._store, self._site, last, self._tip, self._incoming)
        first = next(iter(new.values())).commit
        if first.prev != (last.sha256 if last else None):
            told = (f"commit {first.n - 1} with head {head}" for head in (last and last.sha256, first.prev))
            raise Diverged(*two_histories(self._place(""), self._layout.root, *told))
        if new[self._tip.n].commit.sha256 != self._tip.sha256:
            raise Damaged(f"{self._place('commits')}: changed while it was read; run again")
        return new

    def _lacks(self, mark: PartialCopy | None, ours: Archive | None) -> set[str]:
        """The folders of which files may be absent afterwards: what is here is never removed."""
        is_new = ours is None or ours.last.n < self._tip.n
        had = set(mark.lacks) if mark else set()
        return {folder for folder in self._what.lacks if is_new or folder in had}

    def _write_mark(self, lacks: Iterable[str]) -> None:
        if lacks := tuple(sorted(lacks)):
            PartialCopy(store=self._store.address, lacks=lacks, until=self._tip.n).write(self._layout)
        else:
            unmark(self._layout)

    def _take_files(self, commits: tuple[Commit, ...], known: int) -> None:
        """Take what the commits after the first `known` name and the copy is to hold.

        A container comes first: what lies in it is no object of its own any more.
        """
        now = files_now(commits)
        asked = [named.path for commit in commits[known:] for named in commit.files if self._what.takes(named.path)]
        containers = [path for path in asked if path.startswith(f"{PACKS}/")]
        for commit in commits:
            if commit.kind == PACK and not {named.path for named in commit.files}.isdisjoint(containers):
                (self._layout.staging / commit.run).mkdir(exist_ok=True)  # so that what they hold is removed
        each(lambda path: self._take(now[path]), containers)
        packed = {member for path in self._all_containers(commits) for member in members(self._at(path))}
        each(lambda path: self._take(now[path]), [p for p in asked if p not in packed and p not in containers])
        for folder in {self._at(path).parent for path in asked if self._at(path).exists()}:
            sync_folders(folder / "any", self._layout.root)
        replaced = dict.fromkeys(
            (one.new.path, commit.run)
            for commit in commits[known:]
            for one in (commit.redaction.files if commit.redaction else ())
        )
        last = {path: run for path, run in replaced if path not in packed and self._layout.path(path).exists()}
        each(lambda pair: self._take_replaced(now[pair[0]], *pair), last.items())

    def _all_containers(self, commits: Iterable[Commit]) -> list[str]:
        paths = (named.path for commit in commits for named in commit.files)
        return [path for path in paths if path.startswith(f"{PACKS}/") and self._at(path).exists()]

    def _at(self, path: str) -> Path:
        return self._layout.path(path)

    def _take(self, may_be: tuple[NamedFile, ...]) -> None:
        """Take one file, unless it is here."""
        file = self._at(may_be[0].path)
        if file.exists() and _matches(file, may_be):
            return
        ready = self._fetched(may_be, self._incoming / may_be[0].path)
        file.parent.mkdir(parents=True, exist_ok=True)
        ready.replace(file)

    def _take_replaced(self, may_be: tuple[NamedFile, ...], path: str, run: str) -> None:
        """Fetch what a redaction made of a file that is here, to where the act is finished from."""
        if _matches(self._at(path), may_be[:1]):
            return
        ready = ready_file(self._layout, run, path)
        if not ready.exists() and _matches(fetched := self._fetched(may_be, self._incoming / path), may_be[:1]):
            ready.parent.mkdir(parents=True, exist_ok=True)
            fetched.replace(ready)  # else the store has the words yet: the act is finished here without its help

    def _fetched(self, may_be: tuple[NamedFile, ...], ready: Path) -> Path:
        place = self._place(may_be[0].path)
        if not (ready.exists() and _matches(ready, may_be)):
            ready.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._store.fetch(f"{self._site}/{may_be[0].path}", ready)
            except FileNotFoundError as error:
                raise Damaged(f"{place}: missing; restore it from a copy") from error
            if not _matches(ready, may_be):
                raise Damaged(f"{place}: not what its commit says; `sync check` tells more. Restore it from a copy")
        self.files += 1
        self.bytes += may_be[0].bytes
        return ready

    def _land(self, new: Mapping[int, StoredCommit]) -> None:
        """Put the commits in their places in order, then finish what the acts among them began."""
        layout = self._layout
        layout.commits.mkdir(exist_ok=True)
        for n, one in new.items():
            if one.data is not None:
                file = layout.commit(n)
                replace_synced(file, one.data, layout.staging)
                write_synced(layout.sidecar(n), sidecar_text(file, one.commit.sha256))
        self.commits = len(new)
        sync_folders(layout.commit(1), layout.root)
        finish_acts(Archive(layout.root))

    def _take_derived(self) -> None:
        """Take the derived files of the last commit from the store, unless they are here."""
        last = Archive(self._layout.root).last
        behind = [one for one in DERIVED if not is_of(one, self._layout, last)]
        if not behind:
            return
        if self._tip.is_finished and all(each(lambda one: self._fetched_derived(one, last), behind)):
            for one in behind:
                for name in (one.lines_file, one.about_file):  # the document last: it never tells of older lines
                    (self._incoming / name).replace(self._at(name))
            sync_folders(self._at("any"), self._layout.root)
        else:
            self.needs_rebuild = True

    def _fetched_derived(self, one: Derived, last: Commit) -> bool:
        """Whether the store's are of the last commit and sound."""
        self._incoming.mkdir(exist_ok=True)
        try:
            for name in (one.about_file, one.lines_file):
                self._store.fetch(f"{self._site}/{name}", self._incoming / name)
            return are_sound(one, Layout(self._incoming), last)
        except (FileNotFoundError, ValueError):
            return False

    def _place(self, path: str) -> str:
        return f"{self._store.address}/{self._site}/{path}".rstrip("/")


def _matches(file: Path, may_be: Iterable[NamedFile]) -> bool:
    found = file_digest(file)
    return any(found == (named.bytes, named.sha256) for named in may_be)
