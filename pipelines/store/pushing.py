"""Copies what is new of a site to a store: the files that commits name, the commits, and what follows from them.

A commit is made in the store only when everything that it names is there, and `state.json` is put last of all: by it
a later push knows whether this one came to its end.
"""

from __future__ import annotations

import hashlib
import shutil
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.archive.disk.commits import files_now, read_commit
from pipelines.archive.disk.containers import PACKS, members
from pipelines.archive.disk.copies.partial_copy import PartialCopy, stream_of
from pipelines.archive.disk.files import file_digest, sync_folder
from pipelines.archive.disk.layout import ARCHIVE_JSON, Layout
from pipelines.archive.disk.packs import PACK, containers_of
from pipelines.archive.errors import Damaged
from pipelines.archive.read.derived import DERIVED, is_of
from pipelines.archive.read.known import Known
from pipelines.archive.read.reader import Archive
from pipelines.archive.write.admission import check_tail
from pipelines.archive.write.rebuild import write_derived
from pipelines.archive.write.replacing import finish_acts
from pipelines.exits import Exit
from pipelines.store.at_once import each
from pipelines.store.beside import push_besides
from pipelines.store.held import ASIDE, Overtaken, SetBack, held, taking_theirs, two_histories
from pipelines.store.store_check import check, check_mark
from pipelines.store.tips import StoreTip, commits_after, digest_or_none, read_or_none, tip_of
from pipelines.untrusted import whole
from pipelines.values import frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.files import NamedFile
    from pipelines.store.protocol import Store

_PUSHING = "pushing"
"""The text in the lock: what holds it."""
_LARGE = 8 << 20
"""Bytes from which it is asked first whether the store has a file: putting fewer takes less than 0.1 s."""
_LARGEST_CREATED = 64 << 20
"""Bytes that are put as one request, from memory, whatever else is copied at the time."""
_CONTESTED = frozenset({"versions", "observations", "schemas", ARCHIVE_JSON, PACKS})
"""First parts of paths that another machine's commit of the same number may name, too; others hold a run's id."""


@frozen(kw_only=True)
class Pushed:
    """What a push did.

    Args:
        site: whose archive.
        commits, files, bytes: how many were copied; `files` without commits and derived files.
        commit, head: the last commit here.
        is_behind: the store has later commits, which a pull brings.
        problems: what a push that restores could not put right, as `check` tells it: this machine has it not.
        dropped: bytes of captures that left this machine.
        notes: what a person should know, as that the store cannot keep two writers apart.
    """

    site: str
    commits: int = 0
    files: int = 0
    bytes: int = 0
    commit: int
    head: str
    is_behind: bool = False
    dropped: int = 0
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def exit_status(self) -> Exit:
        """0, or 5 when the store stays damaged."""
        return Exit.DAMAGED if self.problems else Exit.COMPLETE


def push(
    store: Store,
    site: str,
    folder: Path,
    *,
    is_alone: bool = False,
    drops_captures: bool = False,
    restores: bool = False,
) -> Pushed:
    """Bring a store to the last commit of a folder.

    Args:
        store: where the archives lie.
        site: whose to copy.
        folder: of the site here.
        is_alone: nobody else pushes the site now: the caller holds the database's lock. What a dead push left of
            another history is replaced then.
        drops_captures: afterwards, captures that the store has leave this machine.
        restores: read all that the store has of earlier commits, too, and put again what is missing or altered, also
            where the store has later ones; then check the whole site there.

    Raises:
        Overtaken: the store has other commits than this machine; of this push none was made that names them.
        SetBack: the store has lost commits whose captures are not here either; nothing was changed.
        Damaged: a file here is not what its commit says; no commit after it was made.
        LockHeld: a run or another copy of the site is under way.
        StoreError: the store does not answer.
    """
    with held(folder, _PUSHING) as layout:
        _finish(layout)
        pushing = _Push(store, site, layout, is_alone=is_alone)
        try:
            pushing.run(restores=restores)
        finally:
            shutil.rmtree(pushing.displaced, ignore_errors=True)
        dropped = pushing.drop_captures() if drops_captures and not pushing.is_behind else 0
        last = pushing.archive.last
    problems = tuple(check(store, site).problems) if restores else ()
    return Pushed(
        site=site,
        commits=pushing.commits,
        files=pushing.files,
        bytes=pushing.bytes,
        commit=last.n,
        head=last.sha256,
        is_behind=pushing.is_behind,
        dropped=dropped,
        problems=problems,
        notes=tuple(pushing.notes),
    )


def _finish(layout: Layout) -> None:
    """Finish what a crash left undone here, so that the store never gets it."""
    archive = Archive(layout.root)
    check_tail(layout, archive)
    finish_acts(archive)
    if not all(is_of(one, layout, archive.last) for one in DERIVED):
        write_derived(archive, Known.of(archive.by_commit(), for_writing=False))


class _Push:
    """One push under the lock."""

    def __init__(self, store: Store, site: str, layout: Layout, *, is_alone: bool) -> None:
        self._store, self._site, self._layout, self._is_alone = store, site, layout, is_alone
        self.archive = Archive(layout.root)
        self.is_behind = False
        self.notes: list[str] = []
        self.commits = self.files = self.bytes = 0
        self._just_put: set[str] = set()
        self.displaced = layout.staging / "displaced"
        """Where a copy is, until the commit is made, of what lay in the store of another history and was replaced."""

    def run(self, *, restores: bool) -> None:
        tip, last = tip_of(self._store, self._site), self.archive.last
        if restores and tip is not None and tip.told > max(tip.n, last.n):  # what they removed must not come back
            place, name = f"{self._store.address}/{self._site}", self._layout.commit_name(tip.told)
            raise Damaged(f"{place}/{name}: missing; first `sync push` from a machine that has the commit")
        if tip is not None and tip.n > last.n:
            later = self._later(tip)
            if restores:
                self._restore_earlier(later)
            return
        if tip is not None and (here := self.archive.commit(tip.n).sha256) != tip.sha256:
            raise Overtaken(*self._overtaken(tip.n, here, tip.sha256))
        if tip is None or tip.n < last.n or not tip.is_finished or restores:
            commits = self.archive.commits()
            done, finished = (tip.n, tip.finished) if tip else (0, 0)
            if restores:
                self._restore(commits, done)
            self._put_new(commits, done)
            self._put_derived_anew(commits, 0 if restores else finished, restores=restores)
        else:
            push_besides(self._store, self._site, self._layout)

    def _later(self, tip: StoreTip) -> list[Commit]:
        """The commits that the store has after ours; `Overtaken` when they go on from another history."""
        new = commits_after(self._store, self._site, self.archive.last, tip, self._layout.staging / "incoming")
        first = new[self.archive.last.n + 1].commit
        if first.prev != self.archive.head:
            raise Overtaken(*self._overtaken(first.n - 1, self.archive.head, str(first.prev)))
        self.is_behind = True
        return [one.commit for one in new.values()]

    def _restore_earlier(self, later: list[Commit]) -> None:
        """Put again what the store has lost or altered of our commits, but nothing that follows from the last one."""
        commits = self.archive.commits()
        self._restore(commits, len(commits), later)
        each(
            self._put_sidecar, [one for one in self._unpacked(commits, later) if self._layout.commit(one.n).exists()]
        )
        push_besides(self._store, self._site, self._layout, restores=True)

    def _put_new(self, commits: tuple[Commit, ...], done: int) -> None:
        """Put what the commits after the first `done` name, then these commits."""
        now = files_now(commits)
        packed = self._packed(commits)
        wanted = [(c, n.path) for c in commits[done:] for n in c.files if n.path not in packed]
        self._check_captures([(commit, now[path][0].path) for commit, path in wanted], done)
        each(lambda pair: self._give(pair[0], now[pair[1]][0]), wanted)
        loose = [commit for commit in commits[done:] if self._layout.commit(commit.n).exists()]
        if loose and not self._store.has_create:
            told = "the database's lock keeps other writers away" if self._is_alone else "push from one machine only"
            self.notes.append(f"{self._store.address}: does not refuse to replace an object; {told}")
        for commit in loose:
            self._make_point(commit)
        self.commits += len(commits) - done

    def _check_captures(self, wanted: Iterable[tuple[Commit, str]], done: int) -> None:
        """See that what the store lacks is here: a partial copy lacks captures, which may lie in another store."""
        mark, layout = PartialCopy.of(self._layout), self._layout
        lacked = (one for one in wanted if mark and mark.is_excused(one[0].n, one[1], layout.path(one[1])))
        commit, path = next(lacked, (None, ""))
        if mark is None or commit is None:
            return
        file, place = layout.path(path), f"{self._store.address}/{self._site}"
        if not done:
            raise Damaged(
                f"{file}: was in {mark.store} only, and nothing of the site lies in {place}. Fill that from a copy, "
                "give the right address, or `sync pull --captures` from the store that has the file; to begin anew, "
                f"move {layout.root} to {layout.root.parent / ASIDE}"
            )
        raise SetBack(
            f"{file}: of commit {commit.n} was in {mark.store} only, and {place} ends with commit {done}: it came "
            "back from an older copy",
            "Restore a newer one, or `sync pull --captures` from the store that has the file; or the store's goes "
            f"on: {taking_theirs(layout.root)}, and the lines that only it has stay readable there",
        )

    def _restore(self, commits: tuple[Commit, ...], done: int, later: Iterable[Commit] = ()) -> None:
        """Put again what the first `done` commits name, and these, where the store has lost or altered it.

        What `later` commits of the store have replaced or packed is not here as it must be there.
        """
        now, packed = files_now(commits), self._packed(commits)
        then, earlier = files_now((*commits, *later)), self._unpacked(commits[:done], later)
        named = [(commit, now[n.path][0]) for commit in earlier for n in commit.files if n.path not in packed]
        here = [one for one in named if self._layout.path(one[1].path).exists() and then[one[1].path][0] == one[1]]
        each(lambda pair: self._give_again(*pair), here)
        for commit in earlier:
            name, file = self._layout.commit_name(commit.n), self._layout.commit(commit.n)
            if file.exists() and read_or_none(self._store, f"{self._site}/{name}") != whole(file):
                self._store.put(f"{self._site}/{name}", file)
                self.commits += 1

    def _unpacked(self, commits: tuple[Commit, ...], later: Iterable[Commit]) -> list[Commit]:
        """Those of years that no later commit packed."""
        years = {(one.details or {}).get("year") for one in later if one.kind == PACK}
        return [one for one in commits if one.recorded_at[:4] not in years]

    def _give_again(self, commit: Commit, named: NamedFile) -> None:
        name = f"{self._site}/{named.path}"
        with suppress(FileNotFoundError):
            if self._store.digest(name) == (named.bytes, named.sha256):
                return
        self._store.put(name, self._checked(commit, named))
        self._just_put.add(named.path)
        self.files += 1
        self.bytes += named.bytes

    def _packed(self, commits: tuple[Commit, ...]) -> set[str]:
        containers = (self._layout.path(named.path) for commit in commits for named in containers_of(commit))
        return {path for container in containers for path in members(container)}

    def _give(self, commit: Commit, named: NamedFile) -> None:
        """Put one file, unless the store has it."""
        file = self._checked(commit, named)
        name = f"{self._site}/{named.path}"
        if named.path.partition("/")[0] in _CONTESTED:
            self._create(commit, named, file)
            self._just_put.add(named.path)
        elif named.bytes < _LARGE or self._store.size(name) != named.bytes:  # what a killed push put is not put again
            self._store.put(name, file)
            self._just_put.add(named.path)
        self.files += 1
        self.bytes += named.bytes

    def _checked(self, commit: Commit, named: NamedFile) -> Path:
        """A file of this machine, when it is what its commit says."""
        file = self._layout.path(named.path)
        try:
            if file_digest(file) == (named.bytes, named.sha256):
                return file
        except FileNotFoundError as error:
            raise Damaged(f"{file}: missing; restore it from a copy. Nothing that names it was pushed") from error
        raise Damaged(f"{file}: not what commit {commit.n} says; run verify. Nothing that names it was pushed")

    def _create(self, commit: Commit, named: NamedFile, file: Path) -> None:
        """Put a file whose name another history may use as well.

        A container of captures may be larger than memory, and than what a store creates if absent: it is put in
        parts. Two machines that pack the same history make the same one.
        """
        name = f"{self._site}/{named.path}"
        is_created = named.bytes < _LARGEST_CREATED or stream_of(named.path) != "warc"
        if is_created and self._store.has_create and self._store.create(name, file.read_bytes()):
            return
        there = digest_or_none(self._store, name)
        if there == (named.bytes, named.sha256):
            return
        if there is not None:
            self._keep_displaced(commit, name, named.path)
        self._store.put(name, file)

    def _keep_displaced(self, commit: Commit, name: str, path: str) -> None:
        """Keep what another history has at a name, or refuse to replace it."""
        if not self._is_alone:
            way = "if none is under way any more: `sync push --alone` replaces what it left"
            raise Overtaken(
                f"{self._store.address}/{name}: is of another history, and no commit names it: another machine "
                f"pushes commit {commit.n} or died over it",
                f"Wait and pull; {way}",
            )
        kept = self.displaced / path
        kept.parent.mkdir(parents=True, exist_ok=True)
        self._store.fetch(name, kept)

    def _make_point(self, commit: Commit) -> None:
        """Create the commit in the store: the commit point."""
        name = f"{self._site}/{self._layout.commit_name(commit.n)}"
        file = self._layout.commit(commit.n)
        data = whole(file)
        if self._store.has_create:
            is_made = self._store.create(name, data)
        else:
            if (there := read_or_none(self._store, name)) is None:
                self._store.put(name, file)
                there = read_or_none(self._store, name)
            is_made = there == data
        if not is_made:
            self._put_back(name)
            theirs = hashlib.sha256(self._store.read(name)).hexdigest()
            raise Overtaken(*self._overtaken(commit.n, commit.sha256, theirs))

    def _put_back(self, name: str) -> None:
        """Put back what was replaced of a history that went on meanwhile."""
        theirs = read_commit(Path(name), self._store.read(name))
        for named in theirs.files:
            kept = self.displaced / named.path
            if kept.exists() and file_digest(kept) == (named.bytes, named.sha256):
                self._store.put(f"{self._site}/{named.path}", kept)

    def _put_sidecar(self, commit: Commit) -> None:
        self._store.put(f"{self._site}/{self._layout.sidecar_name(commit.n)}", self._layout.sidecar(commit.n))

    def _put_derived_anew(self, commits: tuple[Commit, ...], finished: int, *, restores: bool) -> None:
        """Do in the store what follows from the commits after the first `finished`, the derived files last."""
        now, packed = files_now(commits), self._packed(commits)
        each(self._put_sidecar, [one for one in commits[finished:] if self._layout.commit(one.n).exists()])
        for commit in commits[finished:]:
            replaced = (one.new.path for one in (commit.redaction.files if commit.redaction else ()))
            for path in replaced:
                if path not in packed and path not in self._just_put:
                    self._replace(commit, now[path][0])
        for named in chain.from_iterable(map(containers_of, commits[finished:])):
            self._remove_packed(members(self._layout.path(named.path)).keys(), stream_of(named.path))
        push_besides(self._store, self._site, self._layout, restores=restores)
        for one in DERIVED:
            for name in (one.lines_file, one.about_file):
                self._store.put(f"{self._site}/{name}", self._layout.path(name))

    def _remove_packed(self, paths: Collection[str], folder: str) -> None:
        """Remove the objects of a folder that a container in the store holds as well."""
        names = {f"{self._site}/{path}" for path in paths}
        there = (one.name for one in self._store.names(f"{self._site}/{folder}") if one.name in names)
        if found := list(there):
            self._store.remove(found)

    def _replace(self, commit: Commit, named: NamedFile) -> None:
        """Put a file that a redaction replaced; one that is not here is fetched, loses the words, and goes back."""
        name, file = f"{self._site}/{named.path}", self._layout.path(named.path)
        is_here = file.exists()
        if not is_here:
            if self._store.digest(name) == (named.bytes, named.sha256):
                return
            file.parent.mkdir(parents=True, exist_ok=True)
            ready = self._layout.staging / "to-redact"
            self._store.fetch(name, ready)
            ready.replace(file)
            finish_acts(self.archive)
        self._store.put(name, self._checked(commit, named))
        if not is_here:
            file.unlink()

    def drop_captures(self) -> int:
        """Remove the captures that the store has; how many bytes that were."""
        commits = self.archive.commits()
        now = files_now(commits)
        named = [now[n.path][0] for c in commits for n in c.files if stream_of(n.path) == "warc"]
        here = [one for one in named if self._layout.path(one.path).exists()]
        if not here:
            return 0
        each(self._check_in_store, here)
        check_mark(self._store, self._site, self._layout, commits)
        mark = PartialCopy.of(self._layout)
        lacks = tuple(sorted({"warc", *(mark.lacks if mark else ())}))
        PartialCopy(store=self._store.address, lacks=lacks, until=self.archive.last.n).write(self._layout)
        for one in here:
            self._layout.path(one.path).unlink()
        for parent in {self._layout.path(one.path).parent for one in here}:
            sync_folder(parent)
        return sum(one.bytes for one in here)

    def _check_in_store(self, named: NamedFile) -> None:
        """A file that this push put has the right bytes, when it has the size; others are read."""
        name = f"{self._site}/{named.path}"
        is_there_whole = (
            self._store.size(name) == named.bytes
            if named.path in self._just_put
            else self._store.digest(name) == (named.bytes, named.sha256)
        )
        if not is_there_whole:
            raise Damaged(f"{self._store.address}/{name}: not what its commit says; nothing was removed here")

    def _overtaken(self, n: int, ours: str, theirs: str) -> tuple[str, str]:
        told = (f"commit {n} with head {head[:12]}…" for head in (ours, theirs))
        return two_histories(f"{self._store.address}/{self._site}", self._layout.root, *told)
