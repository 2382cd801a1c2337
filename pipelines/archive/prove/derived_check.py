"""Checks that the derived files are what the committed lines give; they may be outdated, never wrong."""

from __future__ import annotations

import hashlib
import itertools
from typing import TYPE_CHECKING

from pipelines.archive.disk.layout import natural_key
from pipelines.archive.disk.streams import raw_lines
from pipelines.archive.errors import Damaged
from pipelines.archive.prove.history import line_digest
from pipelines.archive.read.derived import LATEST
from pipelines.archive.read.index import index_line
from pipelines.archive.read.latest import version_line
from pipelines.untrusted import json_object, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.layout import Layout
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

    def after(self, n: int) -> None:
        """Call this when the history has followed commit `n`."""
        if n == self._commit:
            self._problem = self._compare(n)

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

    def _compare(self, n: int | None) -> str | None:
        try:
            problem, size, count, sha256 = self._compare_lines()
        except Damaged as error:
            return str(error)
        document = n and self._what.document(n, count, sha256, size)
        if problem is None and document and whole(self._about) != document:
            return f"{self._about}: is not what commit {n} gives; {REBUILD}"
        return problem

    def _compare_lines(self) -> tuple[str | None, int, int, str]:
        """A message about the first line that differs from the history; then the file's size, lines and SHA-256."""
        sha256, size, count = hashlib.sha256(), 0, 0
        states = self._history.states
        wanted = (key for key, state in states.items() if self._what.keeps_gone or not state.is_gone)
        for native_id, line in itertools.zip_longest(sorted(wanted, key=natural_key), raw_lines(self._lines)):
            count += 1
            if line is None or native_id is None or not self._is_right(line, native_id):
                return f"{self._lines}, line {count}: is not what the committed lines give; {REBUILD}", 0, 0, ""
            sha256.update(line)
            size += len(line)
        return None, size, count, sha256.hexdigest()

    def _is_right(self, line: bytes, native_id: str) -> bool:
        state = self._history.states[native_id]
        if self._what is not LATEST:
            return line == index_line(state)
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
