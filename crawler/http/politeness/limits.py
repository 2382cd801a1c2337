"""The limits of a run: its hours, its time, its number of requests. Pure."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from crawler.sites.schedule import Hours
from pipelines.values import frozen

Kind = Literal["asked-to-wait", "challenges", "request-budget", "time-budget", "hours", "clock"]


@frozen
class End:
    """Why a run requests nothing more, in words.

    `not_before`: when it may go on (aware), None for at once. `url`: the address whose answer asked for it.
    """

    kind: Kind
    words: str
    not_before: datetime | None = None
    url: str | None = None


@frozen
class Limits:
    """What one run may take.

    Args:
        began: when the run began (aware).
        requests: most requests; 0 for no limit.
        minutes: longest time; 0 for no limit.
        hours: in which requests may be sent; None for all day.
        zone: that of the hours.
    """

    began: datetime
    requests: int = 0
    minutes: float = 0
    hours: Hours | None = None
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))

    def end(self, asked: int, at: datetime) -> End | None:
        """Why no request may be sent at a moment, after `asked` others; None when one may be."""
        if self.requests and asked >= self.requests:
            return End("request-budget", f"its budget of {self.requests} requests is used up")
        if self.minutes and at >= self.began + timedelta(minutes=self.minutes):
            return End("time-budget", f"its {self.minutes:g} minutes are over")
        if self.hours is not None and (opens := self.hours.next_begin(at, self.zone)) > at:
            return End("hours", f"outside its hours, {self.hours} in {self.zone.key}", opens)
        return None

    def left(self, asked: int, at: datetime) -> dict[str, float | None]:
        """What is left of the budgets at a moment: requests and seconds, null where there is no limit."""
        over = self.began + timedelta(minutes=self.minutes)
        return {
            "requests": max(0, self.requests - asked) if self.requests else None,
            "seconds": max(0.0, round((over - at).total_seconds(), 1)) if self.minutes else None,
        }
