"""Checks that the derived files are what the committed lines give; they may be outdated, never wrong."""

from __future__ import annotations

import hashlib
import itertools
from functools import partial
from typing import TYPE_CHECKING

from pipelines.archive.disk.files import file_digest, json_document
from pipelines.archive.disk.layout import natural_key
from pipelines.archive.disk.streams import raw_lines
from pipelines.archive.errors import Damaged
from pipelines.archive.prove.history import ToldEnds, line_digest
from pipelines.archive.read.derived import INDEX, LATEST, PLACES, STATE, LinesBeside
from pipelines.archive.read.index import is_index_line
from pipelines.archive.read.latest import version_line
from pipelines.archive.read.places import places_lines
from pipelines.archive.read.state_file import (
    FOLD,
    checked_about,
    is_altered,
    line_begin,
    payload_line,
    place_and_end,
)
from pipelines.untrusted import json_object, parsed_json, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.layout import Layout
    from pipelines.archive.prove.ahead import WorkAhead
    from pipelines.archive.prove.history import History
    from pipelines.archive.read.derived import Derived

REBUILD = "run `rebuild`"


class DerivedCheck:
    """Compares a file of lines and its document with a history, at the commit that the document names."""

    def __init__(self, what: Derived, history: History, layout: Layout, commits: Sequence[Commit]) -> None:
        """Read the commit number from the document."""
        self._what, self._history, self._last = what, history, len(commits)
        self._lines, self._about = layout.path(what.lines_file), layout.path(what.about_file)
        self._redacted_at = max((commit.n for commit in commits if commit.redaction), default=0)
        self._commit: int | None = None
        self._problem: str | None = None
        self._is_unreadable = False
        try:
            self._commit = self._read_commit()
        except Damaged as error:
            self._problem, self._is_unreadable = str(error), True

    def after(self, commit: Commit) -> None:
        """Call this when the history has followed `commit`."""
        if commit.n == self._commit:
            self._problem = self._compare(commit)

    def end(self) -> tuple[str | None, str | None]:
        """Call this after the last commit: a problem, or a note when the files are only outdated."""
        if self._commit == self._last or self._is_unreadable:
            return self._problem, None
        # A run may die before, between or after the replacements of the derived files.
        if (self._commit or 0) < self._redacted_at:
            self._problem = None  # made from text that a redaction removed since
        elif self._problem or (self._commit is None and self._lines.exists()):
            self._problem = self._compare(None)
        note = f"{self._what.lines_file}: not of the last commit; `rebuild` or the next run updates it"
        return self._problem, note

    def _compare(self, commit: Commit | None) -> str | None:
        try:
            problem, size, count, sha256 = self._compare_lines()
        except Damaged as error:
            return str(error)
        if problem is not None or commit is None:
            return problem
        known, lines = self._history.known, LinesBeside(count, sha256, size)
        document = self._what.document(commit, lines, known.totals, known.standing)
        if whole(self._about) not in {document, _without_head(document)}:
            return f"{self._about}: is not what commit {commit.n} gives; {REBUILD}"
        return None

    def _compare_lines(self) -> tuple[str | None, int, int, str]:
        """A message about the first line that differs from the history; then the file's size, lines and SHA-256."""
        sha256, size, count = hashlib.sha256(), 0, 0
        for is_right, line in itertools.zip_longest(self._judges(), raw_lines(self._lines)):
            count += 1
            if line is None or is_right is None or not is_right(line):
                return f"{self._lines}, line {count}: is not what the committed lines give; {REBUILD}", 0, 0, ""
            sha256.update(line)
            size += len(line)
        return None, size, count, sha256.hexdigest()

    def _judges(self) -> Iterator[Callable[[bytes], bool]]:
        """For each line that must be there, in order, what tells whether it is right."""
        states = self._history.known.states
        wanted = (key for key, state in states.items() if self._what.keeps_gone or state.is_present)
        for native_id in sorted(wanted, key=natural_key):
            yield partial(self._is_right, native_id)

    def _is_right(self, native_id: str, line: bytes) -> bool:
        state = self._history.known.states[native_id]
        if self._what is not LATEST:
            return is_index_line(line, state)
        made_from = version_line(line, state)
        return made_from is not None and line_digest(made_from) == self._history.digests[native_id]

    def _read_commit(self) -> int | None:
        file = self._about
        try:
            commit = json_object(file)["commit"]
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Damaged(f"{file}: unreadable ({error!r}); {REBUILD}") from error
        if not isinstance(commit, int) or not 1 <= commit <= self._last:
            raise Damaged(f"{file}: of commit {commit!r}, there are {self._last}; {REBUILD}")
        return commit


def _without_head(document: bytes) -> bytes:
    """A document as older software wrote it; another text than any, where it has more than all have."""
    told = {key: value for key, value in parsed_json(document).items() if key != "head"}
    return json_document(told)


class StateCheck(DerivedCheck):
    """The same for the state file, whose lines also hold what a history does not keep of its lines.

    Each says which line that was made from; the history compares it when it comes to that line.
    """

    def __init__(self, history: History, layout: Layout, commits: Sequence[Commit]) -> None:
        """Read which commit the document is of, and what the history shall look out for."""
        super().__init__(STATE, history, layout, commits)
        self._is_by_other_rules, self._is_altered = _judged(self._about)
        if self._is_by_other_rules:
            return
        try:
            told = filter(None, map(place_and_end, raw_lines(self._lines)))
            history.wanted = ToldEnds((seq, line_digest(end)) for seq, end in told)
        except Damaged:
            return  # told when the lines are compared

    def _judges(self) -> Iterator[Callable[[bytes], bool]]:
        for native_id in sorted(self._history.known.states, key=natural_key):
            yield partial(self._is_state, native_id)
        for payload in self._history.known.payloads.items():
            yield partial(bytes.__eq__, payload_line(payload))

    def after(self, commit: Commit) -> None:
        """Call this when the history has followed `commit`."""
        if not self._is_by_other_rules:
            super().after(commit)

    def end(self) -> tuple[str | None, str | None]:
        """Call this after the last commit: a problem, or a note when the files are only outdated."""
        if self._is_by_other_rules:
            return None, f"{STATE.lines_file}: of software with other rules; `rebuild` or the next run updates it"
        problem, note = super().end()
        if self._is_altered:
            problem = problem or f"{self._about}: was altered; {REBUILD}"
        return problem, note

    def _is_state(self, native_id: str, line: bytes) -> bool:
        begin, told = line_begin(self._history.known.states[native_id]), place_and_end(line)
        return told is not None and self._history.wanted.is_right(told[0]) and line == begin + told[1]


class PlacesCheck(DerivedCheck):
    """The same for the places of lines, which are found anew in the files, by a process `ahead` if there is one."""

    def __init__(
        self, history: History, layout: Layout, commits: Sequence[Commit], ahead: WorkAhead | None = None
    ) -> None:
        """Read which commit the document is of."""
        super().__init__(PLACES, history, layout, commits)
        self._layout = layout
        self._followed: list[Commit] = []
        self._ahead = ahead
        if ahead and self._commit:
            ahead.ask_places(commits[: self._commit])

    def _compare_lines(self) -> tuple[str | None, int, int, str]:
        told = self._ahead.places() if self._ahead and len(self._followed) == self._commit else None
        if told and self._lines.exists() and file_digest(self._lines) == (told.size, told.sha256):
            return None, told.size, told.count, told.sha256
        return super()._compare_lines()

    def _judges(self) -> Iterator[Callable[[bytes], bool]]:
        return (partial(bytes.__eq__, line) for line in places_lines(self._layout, self._followed))

    def after(self, commit: Commit) -> None:
        """Call this when the history has followed `commit`."""
        self._followed.append(commit)
        super().after(commit)

    def end(self) -> tuple[str | None, str | None]:
        """Call this after the last commit: a problem, or a note when the files are only outdated."""
        problem, note = super().end()
        if problem is None and self._about.exists() and is_altered(self._about):
            problem = f"{self._about}: was altered; {REBUILD}"
        return problem, note


def _judged(file: Path) -> tuple[bool, bool]:
    """Whether a `state.json` is of software with other rules, and whether it was altered; neither when it is away."""
    try:
        return checked_about(file).get("fold") != FOLD, False
    except OSError:
        return False, False
    except ValueError:
        return False, True


def derived_checks(
    history: History, layout: Layout, commits: Sequence[Commit], ahead: WorkAhead | None = None
) -> list[DerivedCheck]:
    """The checks of all derived files."""
    others = [DerivedCheck(what, history, layout, commits) for what in (INDEX, LATEST)]
    return [*others, PlacesCheck(history, layout, commits, ahead), StateCheck(history, layout, commits)]
