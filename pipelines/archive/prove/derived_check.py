"""Whether the derived files are what the committed lines give: older they may be, never wrong."""

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

ANEW = "`rebuild` makes it anew"


class DerivedCheck:
    """Compares a file of lines and its document with a history, at the commit the document says they are of."""

    def __init__(self, what: Derived, history: History, layout: Layout, commits: Sequence[Commit]) -> None:
        """Read which commit the document is of."""
        self._what, self._history, self._last = what, history, len(commits)
        self._lines, self._about = layout.path(what.lines_file), layout.path(what.about_file)
        self._redacted_at = max((commit.n for commit in commits if commit.redaction), default=0)
        self._told: int | None = None
        self._problem: str | None = None
        self._is_unreadable = False
        try:
            self._told = self._told_commit()
        except Damaged as error:
            self._problem, self._is_unreadable = str(error), True

    def after(self, n: int) -> None:
        """To be called when the history has followed commit `n`."""
        if n == self._told:
            self._problem = self._compare(n)

    def end(self) -> tuple[str | None, str | None]:
        """To be called after the last commit: what is wrong, else a note when the files are only old."""
        if self._told == self._last or self._is_unreadable:
            return self._problem, None
        # A run may die before, between or after replacing the derived files.
        if (self._told or 0) < self._redacted_at:
            self._problem = None  # made from words that are no longer there to compare with
        elif self._problem or (self._told is None and self._lines.exists()):
            self._problem = self._compare(None)
        note = f"{self._what.lines_file}: not of the last commit; `rebuild` or the next run makes it anew"
        return self._problem, note

    def _compare(self, n: int | None) -> str | None:
        try:
            problem, size, count, sha256 = self._compare_lines()
        except Damaged as error:
            return str(error)
        document = n and self._what.document(n, count, sha256, size)
        if problem is None and document and whole(self._about) != document:
            return f"{self._about}: is not what commit {n} gives; {ANEW}"
        return problem

    def _compare_lines(self) -> tuple[str | None, int, int, str]:
        """The first line that is not what the history gives; then the file's size, lines and SHA-256."""
        sha256, size, count = hashlib.sha256(), 0, 0
        states = self._history.states
        wanted = (key for key, state in states.items() if self._what.keeps_gone or not state.is_gone)
        for native_id, line in itertools.zip_longest(sorted(wanted, key=natural_key), raw_lines(self._lines)):
            count += 1
            if line is None or native_id is None or not self._is_right(line, native_id):
                said = f"{self._lines}, line {count}: is not what the committed lines give; {ANEW}"
                return said, 0, 0, ""
            sha256.update(line)
            size += len(line)
        return None, size, count, sha256.hexdigest()

    def _is_right(self, line: bytes, native_id: str) -> bool:
        state = self._history.states[native_id]
        if self._what is not LATEST:
            return line == index_line(state)
        made_from = version_line(line, state)
        return made_from is not None and line_digest(made_from) == self._history.digests[native_id]

    def _told_commit(self) -> int | None:
        file = self._about
        try:
            told = json_object(file)["commit"]
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Damaged(f"{file}: unreadable ({error!r}); {ANEW}") from error
        if not isinstance(told, int) or not 1 <= told <= self._last:
            raise Damaged(f"{file}: of commit {told!r}, there are {self._last}; {ANEW}")
        return told
