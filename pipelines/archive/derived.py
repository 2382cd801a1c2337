"""Whether latest.jsonl and latest.json are what the committed lines give: older they may be, never wrong."""

from __future__ import annotations

import hashlib
import itertools
import json
from typing import TYPE_CHECKING

from pipelines.archive.errors import Damaged
from pipelines.archive.history import History, line_digest
from pipelines.archive.latest import latest_document, version_line
from pipelines.archive.layout import LATEST_JSON, LATEST_LINES, Layout, natural_key
from pipelines.archive.reader import raw_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.archive.commits import Commit

ANEW = "`rebuild` makes it anew"


class LatestCheck:
    """Compares the derived files with a history, at the commit they say they are of."""

    def __init__(self, history: History, layout: Layout, commits: Sequence[Commit]) -> None:
        """Read which commit latest.json is of."""
        self._history, self._layout, self._last = history, layout, len(commits)
        self._redacted_at = max((commit.n for commit in commits if commit.redaction), default=0)
        self._told: int | None = None
        self._problem: str | None = None
        self._is_unreadable = False
        try:
            self._told = _told_commit(layout, self._last)
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
        # A run may die before, between or after replacing the two derived files.
        if (self._told or 0) < self._redacted_at:
            self._problem = None  # made from words that are no longer there to compare with
        elif self._problem or (self._told is None and self._layout.path(LATEST_LINES).exists()):
            self._problem = self._compare(None)
        return self._problem, f"{LATEST_LINES}: not of the last commit; `rebuild` or the next run makes it anew"

    def _compare(self, n: int | None) -> str | None:
        try:
            problem, size, count, sha256 = self._compare_lines()
        except Damaged as error:
            return str(error)
        file = self._layout.path(LATEST_JSON)
        if problem is None and n is not None and file.read_bytes() != latest_document(n, count, sha256, size):
            return f"{file}: is not what commit {n} gives; {ANEW}"
        return problem

    def _compare_lines(self) -> tuple[str | None, int, int, str]:
        """The first line of latest.jsonl that is not what the history gives; then its size, lines and SHA-256."""
        file = self._layout.path(LATEST_LINES)
        sha256, size, count = hashlib.sha256(), 0, 0
        states = self._history.states
        present = sorted((key for key, state in states.items() if not state.is_gone), key=natural_key)
        for native_id, line in itertools.zip_longest(present, raw_lines(file)):
            count += 1
            made_from = version_line(line, states[native_id]) if line and native_id else None
            if made_from is None or line_digest(made_from) != self._history.digests[native_id]:
                return f"{file}, line {count}: is not what the committed lines give; {ANEW}", 0, 0, ""
            sha256.update(line)
            size += len(line)
        return None, size, count, sha256.hexdigest()


def _told_commit(layout: Layout, last: int) -> int | None:
    file = layout.path(LATEST_JSON)
    try:
        told = json.loads(file.read_bytes())["commit"]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Damaged(f"{file}: unreadable ({error!r}); {ANEW}") from error
    if not isinstance(told, int) or not 1 <= told <= last:
        raise Damaged(f"{file}: of commit {told!r}, there are {last}; {ANEW}")
    return told
