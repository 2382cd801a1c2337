"""When a site is crawled: its schedule, spread so that not all sites begin at once, and its hours. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from crawler.sites.keys import Kind, is_parsed, whole_number
from pipelines.values import frozen

DAILY, WEEKLY, MONTHLY = "daily", "weekly", "monthly"
_DAYS = {DAILY: 1, WEEKLY: 7, MONTHLY: 28}
"""Days of a period over which its sites are spread: every month has 28."""
_SECOND, _DAY = timedelta(seconds=1), timedelta(days=1)
_LONGEST = {DAILY: _DAY, WEEKLY: 7 * _DAY, MONTHLY: 31 * _DAY}
"""How long a period is at most."""
_CRON_FIELDS = 5
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


@frozen
class Hours:
    """The part of each day in which a site may be requested, in its own zone; it may go past midnight."""

    begin: time
    end: time

    @classmethod
    def parse(cls, text: str) -> Hours:
        """Of `22:00-06:00`; `ValueError` for anything else."""
        found = _HOURS.fullmatch(text)
        if found is None or found.group(1, 2) == found.group(3, 4):
            raise ValueError(f"{text!r}: must be two different times such as 22:00-06:00")
        return cls(time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4])))

    def __str__(self) -> str:
        return f"{self.begin:%H:%M}-{self.end:%H:%M}"

    def includes(self, moment: datetime, zone: ZoneInfo) -> bool:
        """Whether a site in `zone` may be requested at a moment (aware)."""
        now = moment.astimezone(zone).time()
        if self.begin < self.end:
            return self.begin <= now < self.end
        return now >= self.begin or now < self.end

    def next_begin(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The moment from which it may be requested: `moment` itself within the hours."""
        if self.includes(moment, zone):
            return moment
        return _next(moment, zone, self.begin)

    @property
    def length(self) -> timedelta:
        """How long they last."""
        begin, end = (timedelta(hours=at.hour, minutes=at.minute) for at in (self.begin, self.end))
        return (end - begin) % _DAY


def _next(moment: datetime, zone: ZoneInfo, at: time) -> datetime:
    local = moment.astimezone(zone)
    found = local.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    found = found if found > local else (found.replace(tzinfo=None) + _DAY).replace(tzinfo=zone)
    return found.astimezone(moment.tzinfo)


@frozen
class Schedule:
    """`daily`, `weekly`, `monthly`, or a cron line of five fields.

    The first three give each site a moment of its own, by a hash of its name; a cron line means what it says.
    """

    text: str

    @classmethod
    def parse(cls, text: str) -> Schedule:
        """Of the text of a profile; `ValueError` for anything else."""
        if text not in _DAYS:
            allowed = f"{', '.join(_DAYS)}, or a cron line of five fields such as '30 2 * * 1'"
            try:
                CronSim(text, datetime(2024, 1, 1, tzinfo=UTC))
            except CronSimError as error:
                raise ValueError(f"{text!r}: must be {allowed} ({error})") from error
            if len(text.split()) != _CRON_FIELDS:
                raise ValueError(f"{text!r}: must be {allowed}")
        return cls(text)

    def slot_before(self, moment: datetime, site: str, zone: ZoneInfo, hours: Hours | None = None) -> datetime | None:
        """The newest moment at or before `moment` (aware) at which the site was to be crawled; null: there was none.

        Spread over `hours` where there are some, else over the whole period.
        """
        local = moment.astimezone(zone)
        if self.text in _DAYS:
            since = local - 2 * _LONGEST[self.text]
            *_, slot = takewhile(lambda slot: slot <= local, self._own_moments(since, site, hours))
            return slot.astimezone(moment.tzinfo)
        cron = next(CronSim(self.text, local.replace(microsecond=0) + _SECOND, reverse=True), None)
        return cron.astimezone(moment.tzinfo) if cron else None

    def slot_after(self, moment: datetime, site: str, zone: ZoneInfo, hours: Hours | None = None) -> datetime | None:
        """The first moment after `moment` at which the site is to be crawled; null: there is none."""
        local = moment.astimezone(zone)
        if self.text in _DAYS:
            slot = next(slot for slot in self._own_moments(local - _LONGEST[self.text], site, hours) if slot > local)
            return slot.astimezone(moment.tzinfo)
        cron = next(CronSim(self.text, local), None)
        return cron.astimezone(moment.tzinfo) if cron else None

    def _own_moments(self, since: datetime, site: str, hours: Hours | None) -> Iterator[datetime]:
        """The site's moments, one a period, from the period that holds `since`; on the wall of its zone."""
        share = int.from_bytes(hashlib.sha256(site.encode()).digest()[:8], "big") / 2**64 * _DAYS[self.text]
        opens = timedelta(hours=hours.begin.hour, minutes=hours.begin.minute) if hours else timedelta()
        offset = int(share) * _DAY + opens + share % 1 * (hours.length if hours else _DAY)
        for begin in self._periods(since.replace(hour=0, minute=0, second=0, microsecond=0)):
            yield (begin + offset).replace(microsecond=0)

    def _periods(self, day: datetime) -> Iterator[datetime]:
        if self.text == WEEKLY:
            day -= timedelta(days=day.weekday())
        elif self.text == MONTHLY:
            day = day.replace(day=1)
        while True:
            yield day
            if self.text == MONTHLY:
                day = (day + timedelta(days=31)).replace(day=1)
            else:
                day += timedelta(days=_DAYS[self.text])


_LONGEST_DELAY = 3_600
PACE: dict[str, Kind] = {
    "schedule": (is_parsed(Schedule.parse), "daily, weekly, monthly, or a cron line such as '30 2 * * 1'"),
    "hours": (is_parsed(Hours.parse), "two times such as 22:00-06:00"),
    "full_every": whole_number(36_500, "days"),
    "delay": (
        lambda value: isinstance(value, int | float) and type(value) is not bool and 0 <= value <= _LONGEST_DELAY,
        f"a number of seconds, 0 to {_LONGEST_DELAY}",
    ),
    "request_budget": whole_number(10**9, "requests"),
    "time_budget": whole_number(7 * 24 * 60, "minutes"),
}
"""The keys about when and how fast a site is crawled: of a profile, or of a deployment for all its sites."""
