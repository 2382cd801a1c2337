"""Answers that killed runs got and did not come to keep: the run that goes on reads them, and need not ask again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pipelines.archive.read.moments import stamp
from pipelines.archive.write.salvaging.salvage import KIND

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.archive.disk.answers import Answer
    from pipelines.archive.read.reader import Archive

FRESH_FOR = timedelta(hours=1)
"""How long an answer stands for what the site would say now: a run of many articles takes longer from its list to the
last of them, and a worker that died is missed within minutes. What the next night's run asks for, it asks anew."""


class AnswersLeft:
    """The answers that the newest commits name beside their lines, as long as these are of runs that died.

    Each stands in once: for the first request of its address in the run that goes on.
    """

    def __init__(self, archive: Archive | None, now: str) -> None:
        """Read the newest commits.

        Args:
            archive: after salvage; null when there is none.
            now: the present moment, RFC 3339 in UTC to the second, as all moments here.
        """
        self._answers: dict[str, Answer] = {}
        for answer in _left(archive, _since(now)) if archive else ():
            self._answers.setdefault(answer.url, answer)

    def take(self, url: str, now: str) -> Answer | None:
        """The newest answer of an address, while it is fresh; null for whoever asks for it a second time."""
        answer = self._answers.pop(url, None)
        return answer if answer is not None and _since(now) <= answer.captured_at <= now else None


def _since(now: str) -> str:
    return stamp(datetime.fromisoformat(now) - FRESH_FOR)


def _left(archive: Archive, since: str) -> Iterator[Answer]:
    """The answers since a moment, the newest first, but those that a line of a later one of these commits names.

    Nor those before a run whose lines gates withheld: it read them, too.
    """
    named: set[tuple[str, str | None, int | None]] = set()
    n = archive.last.n
    while n > 0 and (commit := archive.commit(n)).kind == KIND and commit.recorded_at >= since:
        if archive.report(commit.run)["gates"]:
            return
        yield from (
            one
            for one in reversed(commit.repeated)
            if one.captured_at >= since and (one.captured_at, one.file, one.offset) not in named
        )
        n -= 1
        if n > 0 and archive.commit(n).kind == KIND:
            captures = (one for line in archive.all_lines_of(commit) for one in line["captures"])
            named |= {(one["captured_at"], one["file"], one["offset"]) for one in captures}
