"""Dates as Chinese sites print them: one printed string → the moment it claims, or why it cannot be read.

The shapes are those of KesionCMS (the CStr of the server's locale and the 17 forms of its DateFormat, notes/site.md
A2 and A4), of its peers, and of Chinese prose (`二〇二三年十二月二十七日`). Nothing is resolved against a clock: a
date without a year or relative to "now" stays unread. Numbers are folded for reading only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from pipelines.record import Precision


@dataclass(frozen=True, slots=True)
class Unread:
    """Why a printed value gave none: `code` is one of `record.PROBLEM_CODES`, `detail` quotes what was printed."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Moment:
    """What a date string claims.

    `on` is YYYY-MM-DD, None for a month. `at` is RFC 3339 with the offset printed, else the site's own; None when no
    clock time is printed. A moment to the minute has seconds 00.
    """

    on: str | None
    at: str | None
    precision: Precision


_ZEROS = "〇○◯零ＯO"
_DIGITS = {**dict.fromkeys(_ZEROS, 0), **{sign: n for n, sign in enumerate("一二三四五六七八九", 1)}}
_DIGITS |= {sign: n for n, sign in enumerate("0123456789")}
_TENS = {"十": 10, "廿": 20, "卅": 30}
# One character for one, so that a place in the folded text is the same place in the text.
_FOLD = str.maketrans("０１２３４５６７８９：／－．（）［］【】〔〕＋\u3000\xa0\ufeff", "0123456789:/-.()[][][]+   ")

_CN = "一二三四五六七八九" + _ZEROS
_YEAR = rf"(?<![0-9{_CN}])[0-9{_CN}]{{4}}"
_PART = rf"(?:[0-9]{{1,2}}|[{_CN}十廿卅]{{1,3}})"
_START = r"(?<![0-9])(?<![0-9][-/.])"
_YMD = (
    rf"{_START}(?P<y1>[0-9]{{4}})(?P<sep1>[-/.])(?P<m1>[0-9]{{1,2}})(?P=sep1)(?P<d1>[0-9]{{1,2}})(?![0-9]|[-/.][0-9])"
)
_MDY = (
    rf"{_START}(?P<m2>[0-9]{{1,2}})(?P<sep2>[-/.])(?P<d2>[0-9]{{1,2}})(?P=sep2)(?P<y2>[0-9]{{4}})(?![0-9]|[-/.][0-9])"
)
_S = r"\s{0,9}"  # bounded: a page may send a megabyte of blanks
_CHINESE = rf"(?P<y3>{_YEAR}){_S}年{_S}(?P<m3>元|{_PART}){_S}月{_S}(?P<d3>{_PART}){_S}[日号]"
_WEEKDAY = rf"(?:{_S}\(?(?:星期|礼拜|周)[一二三四五六日天]\)?)?"
# An offset only after seconds: in `19:00-20:00` the second number is the end of the meeting.
_CLOCK = (
    rf"(?P<half>上午|下午|凌晨|早上|早晨|中午|晚上|晚|AM|PM)?{_S}(?P<hour>[0-9]{{1,2}})"
    rf"(?::(?P<minute>[0-9]{{1,2}})(?::(?P<second>[0-9]{{1,2}})(?:\.[0-9]{{1,9}})?"
    rf"(?P<offset>{_S}Z\b|{_S}[+-][0-9]{{2}}:?[0-9]{{2}}(?![0-9]))?)?(?![0-9]|:[0-9])"
    r"|[时点](?:(?P<minute2>[0-9]{1,2})分(?:(?P<second2>[0-9]{1,2})秒)?)?)"
    rf"(?:{_S}(?P<half2>AM|PM)\b)?"
)
_DATE = rf"(?:{_YMD}|{_MDY}|{_CHINESE})"
_GAP = r"(?:T|\s{1,9}|(?<=[日号天一二三四五六)]))"
_FULL = re.compile(rf"{_DATE}{_WEEKDAY}(?:{_GAP}{_CLOCK})?", re.IGNORECASE)
_MONTH = re.compile(
    rf"(?P<y>{_YEAR})\s*年\s*(?P<m>元|{_PART})\s*月(?:份)?|(?P<y1>[0-9]{{4}})[-/.](?P<m1>[0-9]{{1,2}})"
)
_LABEL = re.compile(r"\s*(?:发布|发表|更新|添加|加入|录入|上传)?(?:日期|时间)\s*:\s*")
# Forms 9 to 17 of KesionCMS.
_YEARLESS = re.compile(
    r"[0-9]{1,2}([-/.])[0-9]{1,2}(?:\s+[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)?"
    rf"|(?:元|{_PART})月{_PART}[日号](?:\s*[0-9]{{1,2}}(?::[0-9]{{2}}){{1,2}})?"
    r"|[0-9]{1,2}[日号]\s*[0-9]{1,2}[时点]|[0-9]{1,2}[时点][0-9]{1,2}分|[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?"
)
_RELATIVE = re.compile(
    r"刚刚|刚才|(?:[0-9]+|[一二两三四五六七八九十几半]+)\s*个?(?:秒钟?|分钟?|小时|钟头|天|日|周|星期|月|年)(?:以|之)?前"
    r"|(?:今|昨|前)(?:天|日|晚)(?:\s*(?:上午|下午|晚上)?\s*[0-9]{1,2}(?::[0-9]{2}){1,2})?"
)
# Before the first committee met (1949) no page has a date; the zeros of OLE's and SQL Server's clocks lie there too.
_FIRST_YEAR = 1949
_UNIX_ZERO = date(1970, 1, 1)
_EARLY = timedelta(hours=48)


def published(text: str | None, *, tz: ZoneInfo, seen_at: datetime) -> Moment | Unread:
    """What one printed date claims; `tz` is the site's zone, `seen_at` (aware) when the page was captured.

    MM/DD/YYYY is the CMS's own order. Codes: missing (blank), no-year, relative, impossible (no such day or hour,
    before 1949, the zero of a clock), future (later than `seen_at` + 48 h), unreadable (all else, as two-digit and
    民国 years). Never raises for any text.
    """
    if text is None or not (plain := _bare(text)):
        return Unread("missing", "no date")
    if full := _FULL.fullmatch(plain):
        return _moment(full, text, tz, seen_at)
    if month := _MONTH.fullmatch(plain):
        return _month(month, text, tz, seen_at)
    if _RELATIVE.fullmatch(plain):
        return Unread("relative", _quote(text))
    return Unread("no-year" if _YEARLESS.fullmatch(plain) else "unreadable", _quote(text))


def find_dates(text: str) -> list[tuple[int, int, str]]:
    """Where full dates stand in a line, each with its clock time: (start, end, the words), left to right.

    Shapes only: `2023-02-30` is found, and is impossible when read. Year-less dates and months are not found, nor
    anything inside a longer run of digits.
    """
    return [(m.start(), m.end(), text[m.start() : m.end()]) for m in _FULL.finditer(text.translate(_FOLD))]


def spoken_day(text: str) -> str | None:
    """ISO day of words that are one full date and nothing else (weekday and clock time allowed), else None."""
    match = _FULL.fullmatch(text.translate(_FOLD).strip())
    day = _day(match) if match else None
    return day.isoformat() if day else None


def _bare(text: str) -> str:
    plain = text.translate(_FOLD).strip()
    if plain[:1] + plain[-1:] in {"()", "[]"}:
        plain = plain[1:-1].strip()
    label = _LABEL.match(plain)
    return plain[label.end() :] if label else plain


def _quote(text: str) -> str:
    return text if len(text) <= 60 else text[:60] + "…"


def _number(digits: str) -> int:
    """0 for what is no number of a calendar, so that it makes an impossible date."""
    if digits == "元":
        return 1
    signs = [sign for sign in digits if sign in _TENS]
    if not signs:
        return int("".join(str(_DIGITS[sign]) for sign in digits)) if len(digits) in {1, 2, 4} else 0
    before, _, after = digits.partition(signs[0])
    if len(signs) > 1 or len(before) > 1 or len(after) > 1 or (before and signs[0] != "十"):
        return 0
    return _TENS[signs[0]] * (_DIGITS[before] if before else 1) + (_DIGITS[after] if after else 0)


def _day(match: re.Match[str]) -> date | None:
    groups = match.groupdict()
    year, month, day = (next(groups[k + n] for n in "123" if groups[k + n] is not None) for k in "ymd")
    try:
        on = date(_number(year), _number(month), _number(day))
    except ValueError:
        return None
    return on if on.year >= _FIRST_YEAR and on != _UNIX_ZERO else None


def _moment(match: re.Match[str], text: str, tz: ZoneInfo, seen_at: datetime) -> Moment | Unread:
    on = _day(match)
    if on is None:
        return Unread("impossible", _quote(text))
    if match["hour"] is None:
        return _unless_future(Moment(on.isoformat(), None, "day"), datetime.combine(on, time(), tz), seen_at)
    clock, zone = _clock(match), _zone(match, tz)
    if clock is None or zone is None:
        return Unread("impossible", _quote(text))
    at = datetime.combine(on, clock, zone)
    if (match["minute"] or match["minute2"]) is None:
        return _unless_future(Moment(on.isoformat(), None, "day"), at, seen_at)
    precision: Precision = "second" if match["second"] or match["second2"] else "minute"
    return _unless_future(Moment(on.isoformat(), at.isoformat(), precision), at, seen_at)


def _month(match: re.Match[str], text: str, tz: ZoneInfo, seen_at: datetime) -> Moment | Unread:
    year, month = _number(match["y"] or match["y1"]), _number(match["m"] or match["m1"])
    if year < _FIRST_YEAR or not 1 <= month <= 12:
        return Unread("impossible", _quote(text))
    return _unless_future(Moment(None, None, "month"), datetime(year, month, 1, tzinfo=tz), seen_at)


def _unless_future(moment: Moment, at: datetime, seen_at: datetime) -> Moment | Unread:
    if at - seen_at > _EARLY:
        return Unread("future", f"{moment.at or moment.on or at.strftime('%Y-%m')} seen at {seen_at.isoformat()}")
    return moment


def _clock(match: re.Match[str]) -> time | None:
    hour = int(match["hour"])
    half = (match["half"] or match["half2"] or "").upper()
    if half in {"上午", "凌晨", "早上", "早晨", "AM"}:
        if hour > 12:
            return None
        hour %= 12
    elif half in {"下午", "晚上", "晚", "PM"} or (half == "中午" and hour < 11):
        if hour == 12 and half.startswith("晚"):  # midnight: of which day?
            return None
        hour = hour + 12 if hour < 12 else hour
    try:
        return time(
            hour, int(match["minute"] or match["minute2"] or 0), int(match["second"] or match["second2"] or 0)
        )
    except ValueError:
        return None


def _zone(match: re.Match[str], tz: ZoneInfo) -> tzinfo | None:
    offset = (match["offset"] or "").strip().upper()
    if not offset or offset == "Z":
        return UTC if offset else tz
    hours, minutes = int(offset[1:3]), int(offset[-2:])
    if hours > 14 or minutes > 59:
        return None
    delta = timedelta(hours=hours, minutes=minutes)
    return timezone(-delta if offset[0] == "-" else delta)
