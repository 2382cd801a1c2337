"""From which place in history to which one a feed goes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pipelines.archive.disk.wrong_clock import latest_possible
from pipelines.archive.errors import NotUnderstood
from pipelines.archive.read.moments import end_of, start_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.layout import Layout
    from pipelines.archive.disk.streams import Line
    from pipelines.archive.read.known import Known, Totals
    from pipelines.record import SiteFacts

Place = str | int | Mapping[str, Any]
"""A place in history: as `extent_of` takes it."""

_PLACE = re.compile(r"(?:(seq|commit):)?([0-9]{1,18})")


class Told(Protocol):
    """What feeds ask of an archive (`Archive`)."""

    layout: Layout
    facts: SiteFacts
    last: Commit

    @property
    def last_seq(self) -> int: ...
    def commit(self, n: int) -> Commit: ...
    def commits(self) -> tuple[Commit, ...]: ...
    def lines_of(self, commit: Commit, folder: str) -> Iterator[Line]: ...
    def about_by_commit(self, id: str) -> Iterator[tuple[Commit, Iterator[Line]]]: ...  # noqa: A002
    def totals(self) -> Totals: ...
    def known(self, *, for_writing: bool = True) -> Known: ...
    def by_commit(self) -> Iterator[tuple[Commit, Iterator[Line]]]: ...


@dataclass(frozen=True, slots=True)
class Extent:
    """The commits behind `after`, up to `until`; of these the lines behind `after_seq`, where it was asked by seq."""

    after: int
    until: int
    after_seq: int | None = None

    @property
    def end(self) -> int:
        """The last commit of which all was told, be it by this feed or before it."""
        return max(self.after, self.until)

    def commits(self, told: Told) -> Iterator[Commit]:
        """Its commits in order. None before it is read; all are, checked as a chain, when it goes from the first."""
        if self.after == 0:
            return iter(told.commits()[: self.until])
        return map(told.commit, range(self.after + 1, self.until + 1))

    def has(self, line: Line) -> bool:
        """Whether a line of one of its commits is new."""
        return self.after_seq is None or line["seq"] > self.after_seq

    def has_act(self, act: dict[str, int]) -> bool:
        """Whether an act is new; `act` is {commit, after}, as in `Totals`.

        It has no seq, so it is new to whom asks by seq until a later line follows.
        """
        is_new = self.after_seq is None or act["after"] >= self.after_seq
        return is_new and self.after < act["commit"] <= self.until


def extent_of(told: Told, since: Place, until: str | None = None) -> Extent:
    """The extent of two places.

    Args:
        told: the archive.
        since: `seq:123` or a bare number (what came after that line), `commit:4` (after that commit), or a day or
            moment in which, or after which, a line was recorded; or a `cursor/1`, of whose commit the head must be.
        until: `commit:4` (up to that commit), a day (its end in UTC) or a moment up to which it was recorded; null:
            all that there is.

    Raises:
        NotUnderstood: a place is none of these, or lies beyond the end, or has another head: it is of another
            archive, or of a later state of this one.
    """
    if isinstance(since, Mapping):
        _check_head(told, since)
        since = f"commit:{since['commit']}"
    last = told.last.n if until is None else _until(told, until)
    found = _PLACE.fullmatch(str(since))
    if found is None:
        return Extent(_commit_before(told, str(since)), last)
    place = int(found[2])
    if found[1] == "commit":
        _check(place, told.last.n, since, "commit")
        return Extent(place, last)
    _check(place, told.last_seq, since, found[1] or "seq")
    return Extent(_commit_of(told, place), last, place)


def _check_head(told: Told, cursor: Mapping[str, Any]) -> None:
    n, head = cursor["commit"], cursor.get("head")
    if head is None or not 0 < n <= told.last.n:
        return
    if (found := told.commit(n).sha256) != head:
        what = (
            f"commit {n} has the head {found}, and {head} in your cursor: the archive was replaced, or its end lost"
        )
        raise NotUnderstood(f"{told.layout.root}: {what}. Load all of this site anew (cursor 0)")


def _check(place: int, end: int, text: str | int, what: str) -> None:
    if place > end:
        raise NotUnderstood(f"since {text}: this archive ends at {what} {end}; is it an older copy?")


def _commit_of(told: Told, seq: int) -> int:
    """The last commit whose lines, and those before it, all have at most this seq."""
    n = told.last.n if seq else 0
    while n and ((last_seq := told.commit(n).last_seq) is None or last_seq > seq):
        n -= 1
    return n


def _commit_before(told: Told, text: str) -> int:
    """The last commit that was recorded before a moment; a clock that was ahead counts as what it was."""
    try:
        moment = start_of(text)
    except NotUnderstood as error:
        raise NotUnderstood(f"since {error}; or seq:123, or commit:4") from error
    return _last_recorded(told, lambda at: at < moment)


def _until(told: Told, text: str) -> int:
    found = _PLACE.fullmatch(text)
    if found is not None:
        if found[1] != "commit":
            raise NotUnderstood(f"until {text}: give commit:{text.removeprefix('seq:')}, a day or a moment")
        if int(found[2]) > told.last.n:
            raise NotUnderstood(f"until {text}: this archive ends at commit {told.last.n}; is it an older copy?")
        return int(found[2])
    try:
        moment = end_of(text)
    except NotUnderstood as error:
        raise NotUnderstood(f"until {error}; or commit:4") from error
    return _last_recorded(told, lambda at: at <= moment)


def _last_recorded(told: Told, is_before: Callable[[str], bool]) -> int:
    """The last commit whose moment is before a place; 0 when none is. Only the commits behind it are read.

    What a `clock` commit says of those before it is known when these are reached.
    """
    bounds: dict[int, str] = {}
    for n in range(told.last.n, 0, -1):
        commit = told.commit(n)
        bounds |= {one: min(at, bounds.get(one, at)) for one, at in latest_possible((commit,)).items()}
        if is_before(min(commit.recorded_at, bounds.get(n, commit.recorded_at))):
            return n
    return 0
