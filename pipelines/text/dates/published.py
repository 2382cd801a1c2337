"""Reads one printed date, relative to the moment it was seen."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING

from pipelines.text.dates.relative import relative
from pipelines.text.dates.shapes import (
    DAYS,
    ENGLISH,
    EPOCH,
    FIRST_YEAR,
    FULL,
    JAVA,
    MONTH,
    OTHER_CALENDAR,
    SHORT_YEAR,
    SHORT_YEAR_UNSURE,
    SPLIT,
    YEARLESS,
    clock_of,
    day_of,
    folded,
    has_clock,
    has_minute,
    has_second,
    is_either,
    number,
    parts,
    possible,
    zone_of,
)

if TYPE_CHECKING:
    from datetime import date
    from zoneinfo import ZoneInfo

    from pipelines.record import DayOrder, Precision


@dataclass(frozen=True, slots=True)
class Unread:
    """Why a printed value was not read: `code` is one of `PROBLEM_CODES`, `detail` quotes the print."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Moment:
    """What a date string claims.

    `on` is YYYY-MM-DD, None for a month. `at` is RFC 3339, None when no clock time is printed; a moment to the minute
    has seconds 00. Both are the site's own time: `2023-12-28T23:30:00Z` is 07:30 of the 29th in China.
    """

    on: str | None
    at: str | None
    precision: Precision


_LABEL = re.compile(
    r"\s*(?:(?:发布|发表|更新|添加|加入|录入|上传|编辑)?(?:日期|时间)\s*:|(?:发布|发表|更新)于\s*:?"
    r"|(?:posted|published|date)\s*(?:on|at|@|:)\s*:?)\s*",
    re.IGNORECASE,
)
_AHEAD = timedelta(days=1)
"""Clocks of servers run fast, and a day printed in China may not have begun in UTC."""
_LONGEST = 200
_WEB_BEGAN = 1990
"""Seconds since 1970 that lead before this year are some other number."""


def published(
    text: str | None, *, tz: ZoneInfo, seen_at: datetime, order: DayOrder = "month-first"
) -> Moment | Unread:
    """What one printed date claims; `tz` is the site's zone, `seen_at` (aware) when the page was captured.

    今天, 昨天, N小时前 and the like are counted back from `seen_at`, and only to the day where no clock is printed.
    MM/DD/YYYY is the CMS's own `order`, where nothing tells another one; a year of two digits is read where its place
    and its century are sure; ten or thirteen digits are seconds or milliseconds since 1970.

    Codes: missing (blank), no-year, relative, range (several days), two-digit-year, other-calendar (民国, 农历),
    impossible (no such day or hour, before 1949, the zero of a clock), future (more than a day later than `seen_at`),
    unreadable (all else). Never raises for any text.
    """
    if text is None or not (plain := _bare(text)):
        return Unread("missing", "no date")
    if len(plain) > _LONGEST:
        return Unread("unreadable", _quote(text))
    for shape in (FULL, ENGLISH, JAVA, SPLIT):
        if match := shape.fullmatch(plain):
            if order == "unknown" and is_either(match):
                return Unread("unreadable", f"{_quote(text)}: nothing tells the day from the month")
            return _moment(match, day_of(match, is_day_first=order == "day-first"), text, tz, seen_at)
    for other, reader in ((EPOCH, _since_1970), (MONTH, _month), (SHORT_YEAR, _short_year)):
        if match := other.fullmatch(plain):
            return reader(match, text, tz, seen_at)
    said = relative(plain, seen_at.astimezone(tz))
    if said is not None:
        return Moment(*said) if said else Unread("relative", _quote(text))
    return Unread(_reason(plain), _quote(text))


def _reason(plain: str) -> str:
    if YEARLESS.fullmatch(plain):
        return "no-year"
    if DAYS.fullmatch(plain):
        return "range"
    if SHORT_YEAR_UNSURE.fullmatch(plain):
        return "two-digit-year"
    return "other-calendar" if OTHER_CALENDAR.fullmatch(plain) else "unreadable"


def _bare(text: str) -> str:
    plain = folded(text).strip()
    if plain[:1] + plain[-1:] in {"()", "[]"}:
        plain = plain[1:-1].strip()
    label = _LABEL.match(plain)
    return plain[label.end() :] if label else plain


def _quote(text: str) -> str:
    return text if len(text) <= 60 else text[:60] + "…"


def _moment(match: re.Match[str], on: date | None, text: str, tz: tzinfo, seen_at: datetime) -> Moment | Unread:
    if on is None:
        return Unread("impossible", _quote(text))
    if "hour" not in match.groupdict() or not has_clock(match):
        return _unless_future(Moment(on.isoformat(), None, "day"), datetime.combine(on, time(), tz), seen_at)
    clock, zone = clock_of(match), zone_of(match, tz)
    if clock is None or zone is None:
        return Unread("impossible", _quote(text))
    try:
        at = datetime.combine(on, clock, zone).astimezone(tz)
    except OverflowError:  # the last day of year 9999 in another zone
        return Unread("impossible", _quote(text))
    on = at.date()
    if not has_minute(match):
        return _unless_future(Moment(on.isoformat(), None, "day"), at, seen_at)
    precision: Precision = "second" if has_second(match) else "minute"
    return _unless_future(Moment(on.isoformat(), at.isoformat(), precision), at, seen_at)


def _since_1970(match: re.Match[str], text: str, tz: tzinfo, seen_at: datetime) -> Moment | Unread:
    at = datetime.fromtimestamp(int(match["seconds"]), UTC).astimezone(tz)
    if at.year < _WEB_BEGAN:
        return Unread("impossible", _quote(text))
    return _unless_future(Moment(at.date().isoformat(), at.isoformat(), "second"), at, seen_at)


def _month(match: re.Match[str], text: str, tz: tzinfo, seen_at: datetime) -> Moment | Unread:
    year, month = number(match["y"] or match["y1"]), number(match["m"] or match["m1"])
    if year < FIRST_YEAR or not 1 <= month <= 12:
        return Unread("impossible", _quote(text))
    return _unless_future(Moment(None, None, "month"), datetime(year, month, 1, tzinfo=tz), seen_at)


def _short_year(match: re.Match[str], text: str, tz: tzinfo, seen_at: datetime) -> Moment | Unread:
    """A year of two digits, when only one century puts it between 1949 and the year of the capture."""
    short, month, day = parts(match)
    years = [year for year in (1900 + short, 2000 + short) if FIRST_YEAR <= year <= seen_at.year]
    if len(years) != 1:
        return Unread("two-digit-year", _quote(text))
    return _moment(match, possible(years[0], month, day), text, tz, seen_at)


def _unless_future(moment: Moment, at: datetime, seen_at: datetime) -> Moment | Unread:
    if at - seen_at > _AHEAD:
        return Unread("future", f"{moment.at or moment.on or at.strftime('%Y-%m')} seen at {seen_at.isoformat()}")
    return moment
