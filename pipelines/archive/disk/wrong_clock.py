"""Commits of kind `clock`: they say which commits were made under a clock that was ahead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.archive.errors import Damaged
from pipelines.values import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelines.archive.disk.commits import Commit

CLOCK_KIND = "clock"
JUMP_DAYS = 400
"""A clock more days after the last commit is not believed without CLOCK_JUMP_DAYS: few archives rest so long."""


@frozen(kw_only=True)
class WrongClock:
    """`first` to `last` are the numbers of the commits whose moments are wrong; `reason` is a person's."""

    first: int
    last: int
    reason: str

    @classmethod
    def of(cls, commit: Commit) -> WrongClock | None:
        """What a commit says of the clock; null when it is of another kind; `Damaged` when it cannot be meant."""
        if commit.kind != CLOCK_KIND:
            return None
        told: dict[str, Any] = commit.details or {}
        first, last, reason = (told.get(key) for key in ("first", "last", "reason"))
        if type(first) is int and type(last) is int and isinstance(reason, str) and 1 <= first <= last < commit.n:
            return cls(first=first, last=last, reason=reason)
        raise Damaged(f"commit {commit.n}: clock is {str(told)[:200]}; restore it from a copy")

    def details(self) -> dict[str, Any]:
        """The value of `clock` in the commit file."""
        return {"first": self.first, "last": self.last, "reason": self.reason}


def latest_possible(commits: Iterable[Commit]) -> dict[int, str]:
    """By number of a commit made under a clock that was ahead: the moment before which it was made all the same."""
    bounds: dict[int, str] = {}
    for commit in commits:
        if wrong := WrongClock.of(commit):
            told = dict.fromkeys(range(wrong.first, wrong.last + 1), commit.recorded_at)
            bounds |= {n: min(bounds.get(n, at), at) for n, at in told.items()}
    return bounds
