"""Dates counted back from the moment a page was seen: 今天, 昨天 08:00, 3小时前. The clock is passed in."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from pipelines.text.dates.shapes import CLOCK, clock_of, has_minute, has_second, number

if TYPE_CHECKING:
    from pipelines.record import Precision

Claim = tuple[str, str | None, "Precision"]
"""Day, moment and precision, as `Moment` has them."""

_DAYS_BACK = {"今": 0, "当": 0, "昨": 1, "前": 2, "大前": 3}
_DAY = re.compile(r"(大前|今|当|昨|前)(?:天|日)\s{0,9}")
_NUMBER = r"[0-9]{1,4}|[一二两三四五六七八九十]{1,3}|半"
_AGO = re.compile(rf"({_NUMBER})\s{{0,9}}(?:个)?(?:(秒钟?)|(分钟?)|(小时|钟头)|([天日]))(?:以|之)?前")
_JUST_NOW = re.compile(r"刚刚|刚才|方才|片刻前|几秒前")
_OTHER = re.compile(
    rf"(?:{_NUMBER}|几|数)\s{{0,9}}(?:多|余)?个?(?:半)?(?:秒钟?|分钟?|小时|钟头|天|日|周|星期|礼拜|月|年)(?:以|之)?前"
    r"|[今昨前][晚晨早].{0,20}|上(?:个?月|周|星期).{0,9}|今年|去年|前年"
)


def relative(text: str, seen_at: datetime) -> Claim | Literal[False] | None:
    """What words counted from now claim, `seen_at` in the site's zone; False when in doubt, None when they are none.

    Hours, minutes and 刚刚 are rounded by whoever prints them, so they give a day only where an hour more or less
    stays in it. 天 counts days of the calendar, as 昨天 does.
    """
    if day := _DAY.match(text):
        return _on_a_day(seen_at - timedelta(days=_DAYS_BACK[day[1]]), text[day.end() :], seen_at)
    if _JUST_NOW.fullmatch(text):
        return _about(seen_at, seen_at)
    ago = _AGO.fullmatch(text)
    if ago is None:
        return False if _OTHER.fullmatch(text) else None
    count = _count(ago[1])
    if not count or (ago[5] and ago[1] == "半"):
        return False
    if ago[5]:
        return f"{seen_at - timedelta(days=count):%Y-%m-%d}", None, "day"
    return _about(seen_at - count * _unit(ago), seen_at)


def _count(digits: str) -> float:
    return 0.5 if digits == "半" else int(digits) if digits.isascii() else number(digits.replace("两", "二"))


def _unit(ago: re.Match[str]) -> timedelta:
    return timedelta(seconds=1) if ago[2] else timedelta(minutes=1) if ago[3] else timedelta(hours=1)


def _about(moment: datetime, seen_at: datetime) -> Claim | Literal[False]:
    early, late = moment - timedelta(hours=1), min(moment + timedelta(hours=1), seen_at)
    return (f"{moment:%Y-%m-%d}", None, "day") if early.date() == late.date() else False


def _on_a_day(day: datetime, rest: str, seen_at: datetime) -> Claim | Literal[False] | None:
    if not rest:
        return f"{day:%Y-%m-%d}", None, "day"
    match = CLOCK.fullmatch(rest)
    if match is None or match["offset"] or match["offset2"]:
        return None
    clock = clock_of(match)
    if clock is None:
        return False
    at = day.replace(hour=clock.hour, minute=clock.minute, second=clock.second, microsecond=0)
    if at > seen_at + timedelta(hours=1):  # 今天 23:00 seen in the morning: the words are of another day
        return False
    if not has_minute(match):
        return f"{at:%Y-%m-%d}", None, "day"
    return f"{at:%Y-%m-%d}", at.isoformat(), "second" if has_second(match) else "minute"
