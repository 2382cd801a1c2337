"""The day a speech was given, from title and head lines. A range or a date without a year gives no day."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

from pipelines.context.head import (
    DASH,
    DAY_PART,
    EDGE,
    EDITOR,
    NOUN,
    OCCASION,
    SPEAKER_LABEL,
    B,
    Find,
    agreed,
    is_about_a_speech,
    unwrapped,
)
from pipelines.context.speaker import subject
from pipelines.record import Problem
from pipelines.text.dates import find_dates, no_single_day, spoken_day
from pipelines.text.names import BLANKS, people

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

_TIME = rf"(?:时{B}*间|日{B}*期){B}*[：:]{B}*"
_TIME_BEFORE = re.compile(rf"{_TIME}$")
_NO_DELIVERY = re.compile(r"通过|审议|批准|发布|印发|修订|施行|刊|公布|召开|举行|报道|稿")
_RANGE_AFTER = re.compile(
    rf"{B}*+(?:上午|下午)?{B}*+(?:至|到|[-—–~～－─]+|、|和){B}*+(?:[0-9０-９一二三四五六七八九十廿卅]|次日)"
)
_RANGE_BEFORE = re.compile(r"[0-9０-９日月年号](?:至|到|[-—–~～－─]+|、|和)$")
_DAY_PART_BEHIND = re.compile("(?:上午|下午|晚上|晚)$")
_SIGNATURE = re.compile(rf"(?<!{B}){B}+\S{{2,4}}$")
_BEFORE_A_DAY = re.compile("(?:在|(?<!关)于)$")
_AHEAD = timedelta(days=1)


def read_day(title: str, head: list[str], seen_at: datetime) -> Find | Problem | None:
    """The day on which title and head agree, else why there is none; None where the page states no day."""
    finds = [*_title_days(title), *_head_days(head)]
    if not finds:
        return next(filter(None, map(_no_day, head)), None)
    day = agreed(finds)
    if day is None:
        return _problem("disagrees", "、".join(find.text for find in finds))
    if date.fromisoformat(day.value) > (seen_at + _AHEAD).date():
        return _problem("future", day.text)
    return day


def _problem(code: str, detail: str) -> Problem:
    return Problem(field="delivered_on", code=code, detail=detail)


def _no_day(line: str) -> Problem | None:
    """Why a head line that states a date gives no day: `（1月7日至9日）`, `——2月30日在…会上`."""
    if EDITOR.search(line):
        return None
    words = _DAY_PART_BEHIND.sub("", unwrapped(line).partition("在")[0].strip(EDGE))
    code = no_single_day(words)
    return _problem(code, line) if code else None


def _head_days(head: list[str]) -> Iterator[Find]:
    for line in head:
        if day := _day_of_line(line):
            yield Find(day, "head", line)


def _day_of_line(line: str) -> str | None:
    """The day a head line gives: alone, beside a signature, or before or after the occasion it names."""
    if EDITOR.search(line) and not SPEAKER_LABEL.search(line):
        return None
    text = unwrapped(line)
    dates = find_dates(text)
    if len(dates) != 1:
        return None
    start, end, words = dates[0]
    label = _TIME_BEFORE.search(text[:start])
    if _RANGE_AFTER.match(text, end) or _RANGE_BEFORE.search(text[:start]) or (words.count(":") > 1 and not label):
        return None
    before = text[:start].strip(EDGE + "（(：: ")
    after = DAY_PART.sub("", text[end:]).strip(EDGE + "）)")
    # Beside a day in brackets stands who spoke, or where: `（2022年12月30日 邵东）`.
    is_signed = line[0] in "（(" and people(before + after, marked=True)
    return spoken_day(words) if label or is_signed or _frames_a_day(before, after) else None


def _frames_a_day(before: str, after: str) -> bool:
    """Whether the words around a date make it the day of the speech."""
    around = before + after
    if _NO_DELIVERY.search(around):
        return False
    if not around or people(around):
        return True
    if not before or people(before) or people(DASH.split(before)[-1].strip(EDGE)):
        spot = after.removeprefix("于")
        return bool(spot.startswith("在") or OCCASION.search(_signed_off(spot)) or (not before and people(after)))
    if before.endswith("在") and OCCASION.search(after):
        return people(before[:-1]) is not None or before == "在"
    # `在…会议上的讲话（2023年12月27日）`, with or without a signature behind the date
    return bool("在" in before and OCCASION.search(before) and (not after or people(after)))


def _signed_off(text: str) -> str:
    return _SIGNATURE.sub("", text)


def _title_days(title: str) -> Iterator[Find]:
    """A day a title gives: before 在, after it, in brackets with the occasion, or behind the title."""
    if is_about_a_speech(title.strip(EDGE)) or not NOUN.search(title):
        return
    for start, end, words in find_dates(title):
        before, after = title[:start].rstrip(BLANKS), title[end:].lstrip(BLANKS)
        if _RANGE_AFTER.match(title, end) or _RANGE_BEFORE.search(title[:start]):
            continue
        if _opens_or_ends_a_title(before, after.strip(EDGE + "）)】")) and (day := spoken_day(words)):
            yield Find(day, "title", title)


def _opens_or_ends_a_title(before: str, after: str) -> bool:
    plain = before.rstrip(BLANKS + "（(【—")
    if not after or people(after) or _BEFORE_A_DAY.search(plain):
        return True
    if after.startswith("在"):
        return not plain or people(plain) is not None or (before != plain and OCCASION.search(after) is not None)
    return not plain and subject(after) is not None
