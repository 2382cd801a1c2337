"""The search index of a folder of archives: `fleet/search.sqlite` in it, brought up to date before each search.

It is derived: it may be deleted at any time. Only archives with a new commit are read. Which of their texts are new
is seen by the lines themselves, so that a redaction, a pack or another copy of an archive is no special case.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from pipelines.archive.disk.commits import commit_at
from pipelines.archive.disk.layout import LATEST_JSON, Layout
from pipelines.archive.errors import ArchiveError, Damaged
from pipelines.archive.read.archives import Archives, OnePerSite
from pipelines.archive.read.reader import Archive, read_about
from pipelines.fleet.attempts import FLEET
from pipelines.tables.choosing.since import id_of
from pipelines.tables.search.full_text import NUMBER, Numbers, add, optimize, remove
from pipelines.tables.search.hits import reading, value_of
from pipelines.tables.search.index_file import locked, opened_index
from pipelines.tables.selection import UNREADABLE, Selection
from pipelines.untrusted import json_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

INDEX = f"{FLEET}/search.sqlite"
_COPIED = ("site", "id", "version", "reading", "url", "title", "published_on", "speaker", "genre", "body")
_INSERT = f"INSERT INTO speeches VALUES ({', '.join('?' * (len(_COPIED) + 3))})"  # noqa: S608
_TEXT_OF = f"SELECT {NUMBER}, title, body FROM speeches WHERE {NUMBER} = ?"  # noqa: S608


class NotUpToDate(Exception):  # noqa: N818 - reads as a sentence
    """The index has not all texts, and cannot be written: why."""


@contextmanager
def root_index(root: Path, tell: Callable[[str], None]) -> Iterator[tuple[sqlite3.Connection, list[ArchiveError]]]:
    """The index of a folder of archives, up to date, and why some of these could not be read: it has their old texts.

    Args:
        root: the folder.
        tell: told what is done, where that may take a while.

    Raises:
        NotUpToDate: it would have to be written, and cannot be.
        NotUnderstood: something else is in its place, or two archives are of one site.
        Damaged: the index cannot be read.
    """
    file = root / INDEX
    states, errors = _states(Archives(root).folders)
    with ExitStack() as stack:
        try:
            with locked(file):
                database = stack.enter_context(closing(opened_index(file)))
                errors += _Update(database, states, {error.folder for error in errors}, tell).done()
        except (OSError, sqlite3.OperationalError) as error:
            raise NotUpToDate(f"{file}: {error}") from error
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            raise _damaged(file, error) from error
        try:
            yield database, [error.why for error in errors]
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            raise _damaged(file, error) from error


def _damaged(file: Path, error: Exception) -> Damaged:
    return Damaged(f"{file}: {error}; delete it: the next search makes it anew")


@dataclass(frozen=True, slots=True)
class _Unread:
    folder: str
    why: ArchiveError


def _states(folders: Sequence[Path]) -> tuple[dict[Path, str], list[_Unread]]:
    states: dict[Path, str] = {}
    errors = []
    for folder in folders:
        try:
            states[folder] = _state(folder)
        except ArchiveError as error:
            errors.append(_Unread(folder.name, error))
    return states, errors


def _state(folder: Path) -> str:
    """Another text whenever the present speeches may be others, without opening the archive if possible."""
    layout = Layout(folder)
    try:
        about = json_object(layout.path(LATEST_JSON))
        n, sha256 = about["commit"], about["sha256"]
        if type(n) is int and n > 0 and not layout.commit(n + 1).exists() and _is_of_chain(about, layout):
            return f"{n} {sha256}"
    except (OSError, ValueError, KeyError):
        pass
    return f"head {Archive(folder).head}"  # derived files of an older commit, or none


def _is_of_chain(about: Mapping[str, Any], layout: Layout) -> bool:
    """Whether latest.jsonl is of the commit that has its number here: a fork has another one of that number."""
    return "head" not in about or about["head"] == commit_at(layout, about["commit"]).sha256


class _Update:
    """Brings an index up to date with archives, in one transaction."""

    def __init__(
        self, database: sqlite3.Connection, states: Mapping[Path, str], kept: set[str], tell: Callable[[str], None]
    ) -> None:
        """`kept`: names of folders that cannot be read, of which the index keeps what it has."""
        self._database, self._states, self._kept, self._tell = database, states, kept, tell
        self._numbers = Numbers(database)
        self._new: list[int] = []
        self._forgets = False

    def done(self) -> list[_Unread]:
        """Do it; which archives could not be read."""
        changed, vanished = self._difference()
        if not changed and not vanished:
            return []
        with self._transaction():
            if changed:
                self._tell(f"indexing {len(changed)} of {len(self._states)} sites")
            for folder in vanished:
                self._forget(folder)
            errors = [error for error in map(self._read, changed) if error]
            self._index()
        return errors

    def _difference(self) -> tuple[list[Path], list[str]]:
        had = dict(self._database.execute("SELECT folder, state FROM sites").fetchall())
        names = {folder.name for folder in self._states} | self._kept
        changed = [folder for folder, state in self._states.items() if had.get(folder.name) != state]
        return changed, [name for name in had if name not in names]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        finally:
            if self._database.in_transaction:  # not after COMMIT, nor when SQLite ended it itself on a full disk
                self._database.execute("ROLLBACK")

    def _forget(self, folder: str) -> None:
        (site,) = self._database.execute("SELECT site FROM sites WHERE folder = ?", [folder]).fetchone()
        for (number,) in self._database.execute(f"SELECT {NUMBER} FROM speeches WHERE site = ?", [site]).fetchall():  # noqa: S608
            self._remove(number)
        self._database.execute("DELETE FROM sites WHERE folder = ?", [folder])
        self._forgets = True

    def _read(self, folder: Path) -> _Unread | None:
        """Read the archive in a folder; why it cannot be: then the index has what it had."""
        before = len(self._new)
        self._database.execute("SAVEPOINT site")
        try:
            self._site(folder)
        except UNREADABLE as error:
            self._database.execute("ROLLBACK TO site")
            del self._new[before:]
            return _Unread(folder.name, error)
        finally:
            self._database.execute("RELEASE site")
        return None

    def _site(self, folder: Path) -> None:
        archive = Archive(folder)
        site, redactions = archive.facts.site, len(archive.totals().redactions)
        had = self._database.execute("SELECT site, redactions FROM sites WHERE folder = ?", [folder.name]).fetchone()
        self._forgets |= had is not None and had[1] != redactions
        if had is not None and had[0] != site:
            self._forget(folder.name)
        self._check_alone(site, folder)
        try:
            self._database.execute("DELETE FROM sites WHERE folder = ?", [folder.name])
            place = [folder.name, site, self._states[folder], redactions]
            self._database.execute("INSERT INTO sites VALUES (?, ?, ?, ?)", place)
            self._speeches(site, Selection([folder]).lines("speeches"))
        except sqlite3.IntegrityError as error:
            raise Damaged(f"{folder}: a speech is twice in it; run verify") from error

    def _check_alone(self, site: str, folder: Path) -> None:
        """`NotUnderstood` when an archive in another folder is of the site; if it was once, its texts are removed."""
        for (name,) in self._database.execute("SELECT folder FROM sites WHERE site = ?", [site]).fetchall():
            about = read_about(Layout(folder.parent / name))
            if about is not None and about.site == site:
                sites = OnePerSite()
                sites.add(site, folder.parent / name)
                sites.add(site, folder)
            else:
                self._forget(name)

    def _speeches(self, site: str, lines: Iterable[bytes]) -> None:
        query = f"SELECT id, digest, {NUMBER} FROM speeches WHERE site = ?"  # noqa: S608
        had = {id_: (digest, number) for id_, digest, number in self._database.execute(query, [site])}
        for line in lines:
            digest = _digest(line)
            old_digest, old_number = had.pop(id_of(line), (None, None))
            if digest == old_digest:
                continue
            if old_number is not None:
                self._remove(old_number)
            self._insert(line, digest)
        for _, number in had.values():
            self._remove(number)
            self._forgets = True

    def _insert(self, raw: bytes, digest: bytes) -> None:
        with reading(raw) as line:
            values = [value_of(line, key) for key in _COPIED]
            problems = json.dumps(line["problems"], ensure_ascii=False)
        number = self._numbers.next(line["published_on"])
        self._database.execute(_INSERT, [*values, problems, digest, number])
        self._new.append(number)

    def _remove(self, number: int) -> None:
        remove(self._database, self._database.execute(_TEXT_OF, [number]).fetchall())
        self._database.execute(f"DELETE FROM speeches WHERE {NUMBER} = ?", [number])  # noqa: S608

    def _index(self) -> None:
        """Index the new texts. After a removal all is written anew, so that no word of it is left in the file."""
        self._new.sort()
        add(self._database, (self._database.execute(_TEXT_OF, [number]).fetchone() for number in self._new))
        if self._forgets:
            optimize(self._database)


def _digest(line: bytes) -> bytes:
    """Of a line without what is counted: a night that brings view counts only changes no text."""
    return blake2b(line.rpartition(b',"view_count":')[0] or line, digest_size=16).digest()
