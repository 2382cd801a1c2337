"""Commits of kind `gap`: a person has decided that something need not be captured until a day, or no longer so."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

from pipelines.archive.errors import Damaged, NotUnderstood
from pipelines.gaps.same_gap import GapKey
from pipelines.values import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.archive.disk.commits import Commit

GAP = "gap"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@frozen(kw_only=True)
class AcceptedGap:
    """A gap that a decision covers: `what` and `kind` as in `GapKey`; `native_id` of a speech, else null."""

    what: str
    native_id: str | None
    kind: str


@frozen(kw_only=True)
class Acceptance:
    """A decision about the gaps at one address.

    Args:
        url: the address.
        until: the last day on which they are accepted, `2027-03-31` in UTC; null when the decision is withdrawn.
        reason: a person's.
        run: the run whose report names the gaps; null when the decision is withdrawn.
        gaps: those that are accepted.
    """

    url: str
    until: str | None
    reason: str
    run: str | None = None
    gaps: tuple[AcceptedGap, ...] = ()

    @classmethod
    def of(cls, commit: Commit) -> Acceptance | None:
        """What a commit says; null when it is of another kind; `Damaged` when it cannot be meant."""
        if commit.kind != GAP:
            return None
        told: dict[str, Any] = commit.details or {}
        try:
            return cls.from_json(told)
        except (KeyError, TypeError, ValueError) as error:
            raise Damaged(f"commit {commit.n}: gap cannot be meant ({error}); restore it from a copy") from error

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Acceptance:
        """Read back; `KeyError`, `TypeError` or `ValueError` when it is none."""
        until = None if told["until"] is None else checked_day(_text(told["until"]))
        gaps = tuple(
            AcceptedGap(
                what=_text(one["what"]),
                native_id=None if one["native_id"] is None else _text(one["native_id"]),
                kind=_text(one["kind"]),
            )
            for one in told["gaps"]
        )
        run = None if told["run"] is None else _text(told["run"])
        return cls(url=_text(told["url"]), until=until, reason=_text(told["reason"]), run=run, gaps=gaps)

    def details(self) -> dict[str, Any]:
        """The value of `gap` in the commit file."""
        return asdict(self) | {"gaps": [asdict(one) for one in self.gaps]}


@frozen
class Decided:
    """An acceptance that stands: by which commit it was made, and when (RFC 3339 in UTC)."""

    commit: int
    at: str
    told: Acceptance

    def covers(self, key: GapKey) -> bool:
        """Whether it is about this gap, whatever the day."""
        return any(GapKey(one.what, self.told.url, one.kind) == key for one in self.told.gaps)

    def is_over(self, day: str) -> bool:
        """Whether it has ended before a day."""
        return self.told.until is None or self.told.until < day

    def document(self) -> dict[str, Any]:
        """As `state.json` holds it."""
        return {"commit": self.commit, "at": self.at} | self.told.details()

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Decided:
        """Read back; `KeyError`, `TypeError` or `ValueError` when it is none."""
        return cls(int(value["commit"]), _text(value["at"]), Acceptance.from_json(value))


def checked_day(text: str) -> str:
    """The day, checked to be one, as `2027-03-31`; `NotUnderstood` when it is not."""
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise NotUnderstood(f"{text!r}: not a day; write it as 2027-03-31")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise ValueError(f"{str(value)[:200]!r} is no text")
