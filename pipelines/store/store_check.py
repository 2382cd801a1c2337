"""Proves that a store holds what the commits of a site say, every byte of it, and tells what else lies there."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pipelines.archive.disk.commits import files_now, sidecar_text
from pipelines.archive.disk.containers import CONTAINERS, PACKS, members
from pipelines.archive.disk.copies.partial_copy import PartialCopy, stream_of
from pipelines.archive.disk.files import file_digest
from pipelines.archive.disk.layout import ARCHIVE_JSON, DERIVED_FILES, STATE_JSON, Layout
from pipelines.archive.disk.packs import containers_of
from pipelines.archive.errors import ArchiveError, Damaged
from pipelines.archive.read.derived import DERIVED, is_of
from pipelines.exits import Exit
from pipelines.shown import counted
from pipelines.store.at_once import each
from pipelines.store.beside import BESIDE_JSON, besides_there, is_beside
from pipelines.store.derived_there import are_sound
from pipelines.store.held import archive_in
from pipelines.store.tips import commits_after, tip_of
from pipelines.untrusted import json_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.files import NamedFile
    from pipelines.archive.read.derived import Derived
    from pipelines.store.protocol import Store

_PARTS = frozenset({ARCHIVE_JSON, STATE_JSON, PACKS, *CONTAINERS})
"""What is in the folder of a site, and of no other."""
_RESTORE = "`sync push --restore` from a machine that has it puts it right"


@dataclass(slots=True)
class Checked:
    """What was found of a site.

    Args:
        site: whose archive.
        head: that of the last commit in the store; null when it has none.
        commits, files, bytes: how many were checked; `files` without commits and derived files.
        problems: what is missing, altered or of another history; each names the object.
        foreign: objects that no commit names; no copy takes them.
        notes: what is no failure.
    """

    site: str
    head: str | None = None
    commits: int = 0
    files: int = 0
    bytes: int = 0
    problems: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def exit_status(self) -> Exit:
        """0 when everything is there as it must be, else 5."""
        return Exit.DAMAGED if self.problems else Exit.COMPLETE


def check(store: Store, site: str, folder: Path | None = None, *, quick: bool = False) -> Checked:
    """Check a site in a store.

    Args:
        store: where the archives lie.
        site: whose to check.
        folder: of the site here, whose history must be the store's; null for the store alone.
        quick: only that every object is there with its size; else all are read.

    Raises:
        StoreError: the store does not answer.
    """
    checked = Checked(site)
    with TemporaryDirectory(prefix="speech-archive-check-") as scratch:
        checking = _Check(store, site, checked, Path(scratch), quick=quick)
        try:
            checking.run(folder)
        except ArchiveError as error:
            if error.exit_status is not Exit.DAMAGED:
                raise
            checked.problems.append(str(error))
    return checked


def check_mark(store: Store, site: str, layout: Layout, commits: tuple[Commit, ...]) -> None:
    """See that a store has what commits name before the mark of a partial copy of another store names this one.

    By names and sizes, as a quick check: nobody downloads all captures because a store has a new address.

    Raises:
        Damaged: the store lacks some of it.
    """
    mark = PartialCopy.of(layout)
    if mark is None or mark.store == store.address:
        return
    checked = Checked(site)
    _Check(store, site, checked, layout.staging, quick=True).run_files(commits)
    if lacking := checked.problems:
        place, number = f"{store.address}/{site}", counted(len(lacking), "files")
        raise Damaged(f"{layout.root}: is a copy from {mark.store}, and {place} lacks {number} of it: {lacking[0]}")


class _Check:
    """One check; it fills `checked`."""

    def __init__(self, store: Store, site: str, checked: Checked, scratch: Path, *, quick: bool) -> None:
        self._store, self._site, self._checked = store, site, checked
        self._scratch, self._quick = Layout(scratch), quick
        self._listed: dict[str, int] = {}

    def run(self, folder: Path | None) -> None:
        tip = tip_of(self._store, self._site)
        self._list()
        if tip is None:
            self._note_no_archive(folder)
            return
        found = commits_after(self._store, self._site, None, tip, self._scratch.root)
        commits = tuple(one.commit for one in found.values())
        self._checked.head, self._checked.commits = tip.sha256, len(commits)
        self._check_here(folder, commits)
        loose = [one.commit for one in found.values() if one.data is not None]
        self._check_sidecars(loose)
        self._check_files(commits)
        self._check_besides()
        self._check_derived(commits[-1])
        known = {*files_now(commits), *DERIVED_FILES, *besides_there(self._store, self._site), BESIDE_JSON}
        for commit in loose:
            known |= {Layout.commit_name(commit.n), Layout.sidecar_name(commit.n)}
        foreign = [name for name in self._listed if name not in known]
        self._checked.foreign = [self._place(name) for name in foreign if not is_beside(name)]
        for name in filter(is_beside, foreign):
            self._problem(name, f"{BESIDE_JSON} does not list it; {_RESTORE}")

    def run_files(self, commits: tuple[Commit, ...]) -> None:
        """Check only what these commits name."""
        self._list()
        self._check_files(commits)

    def _list(self) -> None:
        self._listed = {one.name.removeprefix(f"{self._site}/"): one.size for one in self._store.names(self._site)}

    def _note_no_archive(self, folder: Path | None) -> None:
        """What is there without a commit is a site's that lost them, or nothing of ours."""
        has_parts = not _PARTS.isdisjoint(path.partition("/")[0] for path in self._listed)
        if has_parts or (folder and archive_in(folder)):
            self._problem("", "the store has no commit of it; push it, or remove what is there")
        else:
            self._checked.notes.append(f"{self._place('')}: nothing of an archive is there")

    def _check_here(self, folder: Path | None, commits: tuple[Commit, ...]) -> None:
        """The history here is the store's, or one of both is a part of the other."""
        ours = archive_in(folder) if folder else None
        if ours is None:
            return
        common = min(ours.last.n, len(commits))
        if ours.commit(common).sha256 != commits[common - 1].sha256:
            self._problem("", f"has another history than {folder}: `sync pull --aside` takes the store's")
        elif ours.last.n > common:
            self._checked.notes.append(
                f"{counted(ours.last.n - common, 'commits')} of {folder} not in the store; `sync push`"
            )
        elif len(commits) > common:
            self._checked.notes.append(f"{counted(len(commits) - common, 'commits')} not in {folder}; `sync pull`")

    def _check_sidecars(self, commits: list[Commit]) -> None:
        wanted = [c for c in commits if not self._quick or Layout.sidecar_name(c.n) not in self._listed]
        for commit, said in zip(wanted, each(self._wrong_sidecar, wanted), strict=True):
            if said:
                self._problem(Layout.sidecar_name(commit.n), said)

    def _wrong_sidecar(self, commit: Commit) -> str | None:
        try:
            data = self._store.read(f"{self._site}/{Layout.sidecar_name(commit.n)}")
        except FileNotFoundError:
            return f"missing; {_RESTORE}"
        is_right = data == sidecar_text(Path(Layout.commit_name(commit.n)), commit.sha256)
        return None if is_right else f"does not match the commit beside it; {_RESTORE}"

    def _check_files(self, commits: tuple[Commit, ...]) -> None:
        """Every file that a commit names, as an object of its own or in a container."""
        now = files_now(commits)
        packed = self._check_containers(commits, now)
        alone = [may_be for path, may_be in now.items() if path not in packed and not path.startswith(f"{PACKS}/")]
        for may_be, said in zip(alone, each(self._wrong, alone), strict=True):
            self._count(may_be[0])
            if said:
                self._problem(may_be[0].path, said)

    def _check_containers(
        self, commits: tuple[Commit, ...], now: Mapping[str, tuple[NamedFile, ...]]
    ) -> frozenset[str]:
        """The paths that lie in containers; each container is fetched, for what is in it, unless it is quick."""
        packed: set[str] = set()
        for commit in commits:
            for named in containers_of(commit):
                self._count(now[named.path][0])
                if said := self._wrong(now[named.path]):
                    self._problem(named.path, said)
                if self._quick or said:
                    packed |= self._of_year(commits, commit, named.path)
                    continue
                file = self._scratch.path(named.path)
                file.parent.mkdir(parents=True, exist_ok=True)
                if not file.exists():
                    self._store.fetch(f"{self._site}/{named.path}", file)
                packed |= self._check_members(named.path, now)
                file.unlink()
        return frozenset(packed)

    def _of_year(self, commits: Iterable[Commit], pack: Commit, container: str) -> set[str]:
        """What may lie in a container that is not read: what is not an object of its own."""
        year = (pack.details or {}).get("year")
        paths = {n.path for c in commits if c.recorded_at[:4] == year for n in c.files}
        return {path for path in paths - self._listed.keys() if path.startswith(f"{stream_of(container)}/")}

    def _check_members(self, container: str, now: Mapping[str, tuple[NamedFile, ...]]) -> set[str]:
        found = members(self._scratch.path(container))
        for path, member in found.items():
            if path in now and file_digest(member) not in {(one.bytes, one.sha256) for one in now[path]}:
                self._problem(container, f"holds {path}, which is not what its commit says; {_RESTORE}")
            elif path in now:
                self._count(now[path][0])
        return set(found)

    def _wrong(self, may_be: tuple[NamedFile, ...]) -> str | None:
        """What is wrong with an object; null when it is what its commit, or the last redaction of it, says."""
        named = may_be[0]
        size = self._listed.get(named.path)
        if size is None:
            return f"missing; {_RESTORE}"
        if all(size != one.bytes for one in may_be):
            return f"{size} bytes long, the commit says {named.bytes}; {_RESTORE}"
        if self._quick:
            return None
        found = self._store.digest(f"{self._site}/{named.path}")
        if found == (named.bytes, named.sha256):
            return None
        if any(found == (one.bytes, one.sha256) for one in may_be):
            return (
                "still holds words that a redaction removed; `sync push --restore` from a machine that has the file"
            )
        return f"its bytes were altered; {_RESTORE}"

    def _check_besides(self) -> None:
        for path, one in besides_there(self._store, self._site).items():
            if self._listed.get(path) != one.bytes:
                self._problem(path, f"missing or of another size than {BESIDE_JSON} says; {_RESTORE}")
            elif not self._quick and self._store.digest(f"{self._site}/{path}")[1] != one.sha256:
                self._problem(path, f"its bytes were altered; {_RESTORE}")

    def _check_derived(self, last: Commit) -> None:
        """Derived files are of the last commit, and sound."""
        for one in DERIVED:
            if said := self._wrong_derived(one, last):
                self._problem(one.about_file, f"{said}; {_RESTORE}")

    def _wrong_derived(self, one: Derived, last: Commit) -> str | None:
        try:
            for name in (one.about_file,) if self._quick else (one.about_file, one.lines_file):
                self._store.fetch(f"{self._site}/{name}", self._scratch.path(name))
            told = json_object(self._scratch.path(one.about_file))
            if not is_of(one, self._scratch, last):
                return f"is of commit {told.get('commit')}, the last one is {last.n}"
            if self._quick:
                is_right = self._listed.get(one.lines_file) == told.get("bytes")
            else:
                is_right = are_sound(one, self._scratch, last)
        except FileNotFoundError:
            return f"it, or {one.lines_file}, is missing"
        except ValueError as error:
            return f"unreadable ({error})"
        return None if is_right else f"does not match {one.lines_file}: one was altered"

    def _count(self, named: NamedFile) -> None:
        self._checked.files += 1
        self._checked.bytes += named.bytes

    def _problem(self, path: str, said: str) -> None:
        self._checked.problems.append(f"{self._place(path)}: {said}")

    def _place(self, path: str) -> str:
        return f"{self._store.address}/{self._site}/{path}".rstrip("/")
