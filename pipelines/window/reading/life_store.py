"""The lines of many speeches, sorted by speech in a scratch file, so that memory does not grow with an archive."""

from __future__ import annotations

import re
import sqlite3
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime
from itertools import starmap
from operator import attrgetter
from typing import TYPE_CHECKING

from pipelines.archive.disk.commits import Commit
from pipelines.archive.disk.files import INFLATE_ERRORS, NamedFile
from pipelines.archive.disk.layout import natural_key
from pipelines.archive.disk.redactions import is_redacted
from pipelines.archive.disk.site_life import REKEY, IdPair, Rekey
from pipelines.archive.disk.streams import parsed
from pipelines.archive.disk.wrong_clock import CLOCK_KIND
from pipelines.archive.errors import Damaged
from pipelines.archive.prove.flaws import WRONG_HASH, flaw
from pipelines.archive.read.feeds.checked_files import CheckedFiles
from pipelines.archive.read.places import STREAM_FOLDERS, HeldIn, is_unbroken, lines_at, members_holding
from pipelines.record import OBSERVATION_SCHEMA, SPEECH_SCHEMA
from pipelines.window.reading.lives import Life, LineOfLife

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from pipelines.archive.disk.streams import Line
    from pipelines.archive.read.reader import Archive
    from pipelines.stored.packed import Stored
    from pipelines.window.reading.lives import SiteOf

# The first keys of a line of either stream, in the contract's order.
_HEAD = re.compile(rb'\{"schema":"[a-z]+/1","seq":(\d{1,18}),"commit":\d{1,18},"id":"[a-z0-9-]+:([A-Za-z0-9._-]+)"')
_TABLE = """
DROP TABLE IF EXISTS lines;
CREATE TABLE lines (native_id TEXT, seq INTEGER, n INTEGER, folder TEXT, number INTEGER, raw BLOB);
"""
_SCHEMAS = {"versions": SPEECH_SCHEMA, "observations": OBSERVATION_SCHEMA}
_TIMES = ("observed_at", "recorded_at", "published_on", "published_at", "delivered_on")
_Row = tuple[str, int, int, str, int, bytes]


class LifeStore:
    """Lines of one archive by speech: filled once, then read, also by other processes that open the same file."""

    def __init__(self, file: Path | str, archive: Archive, site: SiteOf, acts: Sequence[Commit]) -> None:
        """Open the scratch file, made when it is not there; `:memory:` for none. `acts`: `acts_among` all commits."""
        self._database = sqlite3.connect(file, isolation_level=None)
        self._database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8000")
        self._archive, self._site = archive, site
        self._commits: dict[int, Commit] = {}
        self._of_all = [one for one in acts if one.kind == CLOCK_KIND]
        self._of_one = _by_id(acts)
        self._now = {
            replaced.new.path: (replaced.new, commit)
            for commit in acts
            for replaced in (commit.redaction.files if commit.redaction else ())
        }

    def fill(self, native_ids: frozenset[str] | None = None) -> list[str]:
        """Read the lines of these speeches, or of all, from the archive's checked files.

        Returns:
            The native ids of those found, in natural order.

        Raises:
            Damaged: a file is not what its commit says.
        """
        self._database.executescript(_TABLE)
        self._insert(self._few(native_ids) if native_ids is not None else self._all(None, 1))
        self._database.execute("CREATE INDEX by_speech ON lines (native_id, seq)")
        if native_ids is not None and not all(map(self._is_whole, native_ids)):
            self._database.execute("DELETE FROM lines")
            self._insert(self._all(native_ids, 1))
        found = self._database.execute("SELECT DISTINCT native_id FROM lines")
        return sorted((one for (one,) in found), key=natural_key)

    def life(self, native_id: str) -> Life:
        """The life of one speech that was filled in; `Damaged` when a line of it cannot be read."""
        asked = "SELECT n, folder, number, raw FROM lines WHERE native_id = ? ORDER BY seq"
        rows = self._database.execute(asked, (native_id,))
        stored = tuple(self._line(*row) for row in rows)
        id = f"{self._archive.facts.site}:{native_id}"  # noqa: A001 - the contract's key
        if not any(one.line.get("event") == "created" for one in stored):
            raise Damaged(f"{self._archive.layout.root}: no line says that {id} was created; run verify")
        first = stored[0].commit.n if stored else 0
        own = starmap(_of_pair, self._of_one.get(id, ()))
        acts = [one for one in (*self._of_all, *own) if one.n > first]
        return Life(id, self._site, stored, tuple(sorted(acts, key=attrgetter("n"))))

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _line(self, n: int, folder: str, number: int, raw: bytes) -> LineOfLife:
        commit = self._commit(n)
        named = _named(commit, folder)
        now, by = self._now.get(named.path, (named, commit))
        file = self._archive.layout.path(named.path)
        line = parsed(raw, file, number)
        wrong = flaw(line, _SCHEMAS[folder], self._archive.facts.site)
        if wrong == WRONG_HASH and is_redacted(line):
            wrong = None
        if wrong := wrong or _impossible(line):
            raise Damaged(f"{file}, line {number}: {wrong}; run verify")
        return LineOfLife(line, raw, number, now, by, commit)

    def _commit(self, n: int) -> Commit:
        if n not in self._commits:
            self._commits[n] = self._archive.commit(n)
        return self._commits[n]

    def _insert(self, rows: Iterator[_Row]) -> None:
        self._database.execute("BEGIN")
        self._database.executemany("INSERT INTO lines VALUES (?, ?, ?, ?, ?, ?)", rows)
        self._database.execute("COMMIT")

    def _is_whole(self, native_id: str) -> bool:
        """False where a version line between two is missing: places.jsonl may have left it out."""
        asked = "SELECT raw FROM lines WHERE native_id = ? AND folder = 'versions' ORDER BY seq"
        root = self._archive.layout.root
        return is_unbroken([parsed(raw, root, 0) for (raw,) in self._database.execute(asked, (native_id,))])

    def _all(self, native_ids: frozenset[str] | None, first: int) -> Iterator[_Row]:
        """Every line of the commits from `first` on, of some speeches or of all."""
        checked = CheckedFiles(self._archive)
        commits = self._archive.commits() if first == 1 else map(self._archive.commit, range(first, self._last + 1))
        for commit in commits:
            for folder in STREAM_FOLDERS:
                for raw, file, number in checked.lines(commit, folder):
                    native_id, seq = head_of(raw, file, number)
                    if native_ids is None or native_id in native_ids:
                        yield native_id, seq, commit.n, folder, number, raw

    def _few(self, native_ids: frozenset[str]) -> Iterator[_Row]:
        """The lines of some speeches: from the gzip members that places.jsonl names, and whole later commits."""
        told, held = 0, dict[str, tuple[int, list[HeldIn]]]()
        with suppress(Damaged, OSError, ValueError, KeyError, TypeError):  # everything is read then
            told, held = members_holding(self._archive.layout, native_ids)
        checked = CheckedFiles(self._archive)
        for path, (n, members) in held.items():
            if members and n <= self._last:
                folder = path.partition("/")[0]
                file = checked(_named(self._commit(n), folder))
                yield from (row for row in _of_members(file, members, n, folder) if row[0] in native_ids)
        yield from self._all(native_ids, told + 1)

    @property
    def _last(self) -> int:
        return self._archive.last.n


def _of_members(file: Stored, members: list[HeldIn], n: int, folder: str) -> Iterator[_Row]:
    try:
        for offset, first in members:
            for number, raw in enumerate(lines_at(file, offset), first):
                native_id, seq = head_of(raw, file, number)
                yield native_id, seq, n, folder, number, raw
    except (OSError, *INFLATE_ERRORS) as error:
        raise Damaged(f"{file}: places.jsonl does not fit it ({error}); run rebuild") from error


def head_of(raw: bytes, file: Stored, number: int) -> tuple[str, int]:
    """Native id and seq of a stored line of either stream."""
    if found := _HEAD.match(raw):
        return found[2].decode(), int(found[1])
    line = parsed(raw, file, number)
    try:
        return line["id"].partition(":")[2], line["seq"]
    except (KeyError, AttributeError) as error:
        raise Damaged(f"{file}, line {number}: lacks what a line must have ({error!r}); run verify") from error


def _impossible(line: Line) -> str | None:
    """A day or moment that no calendar has, in words: pages count and draw them."""
    for key in _TIMES:
        if (text := line.get(key)) is not None:
            try:
                datetime.fromisoformat(text)
            except ValueError:
                return f"{key} is {text!r}, which is no day or moment"
    return None


def _named(commit: Commit, folder: str) -> NamedFile:
    named = commit.stream(folder)
    if named is None:
        raise Damaged(f"commit {commit.n} names no file of {folder}; run verify")
    return named


def acts_among(commits: Iterable[Commit]) -> list[Commit]:
    """The commits that bear on speeches but bring no line."""
    return [one for one in commits if one.redaction is not None or one.kind in {REKEY, CLOCK_KIND}]


def _by_id(acts: Iterable[Commit]) -> dict[str, list[tuple[Commit, IdPair | None]]]:
    """The acts that bear on each id, of a `rekey` commit with its pair there: of a whole site it has thousands."""
    found: dict[str, list[tuple[Commit, IdPair | None]]] = {}
    for commit in acts:
        if commit.redaction is not None:
            found.setdefault(commit.redaction.id, []).append((commit, None))
        rekey = Rekey.of(commit)
        for pair in rekey.pairs if rekey else ():
            for id in (pair.old, pair.new):  # noqa: A001 - the contract's key
                found.setdefault(id, []).append((commit, pair))
    return found


def _of_pair(commit: Commit, pair: IdPair | None) -> Commit:
    """The commit with this pair alone."""
    return replace(commit, details={**(commit.details or {}), "pairs": [asdict(pair)]}) if pair else commit
