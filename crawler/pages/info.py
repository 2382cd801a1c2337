"""Date, author, source and views of an article: read from the lines around its title and body, never from the page.

Side bars, related articles and footers have dates and sources of their own, so only lines between title and body
count freely; lines just above the title and just behind the body count when they carry a label.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from crawler.pages.labels import AUTHOR, INPUTTER, LABEL, NUMBER, PUBLISHED, SOURCE, UPDATE_LABEL, UPDATED, VIEWS
from crawler.pages.page import squeeze, tidy

_LABEL = re.compile(LABEL + r"|((?:发布|发表|更新)(?:于|时间|日期))(?=\s*\d{4})")
_VALUE_ENDS = re.compile(
    r"[\u00a0\u3000 ]{2,}|[|｜【】\[\]〓]"
    r"|[\u00a0\u3000 ](?:我[要来]|打印|分享|收藏|评论|字体|字号|推荐|纠错|订阅|大\s?中\s?小)"
)

_CN = "〇○零Ｏ一二三四五六七八九"
_DAY = (
    r"(?:(?<!\d)\d{4}\s?[-./年]\s?\d{1,2}\s?[-./月]\s?\d{1,2}(?!\d)\s?[日号]?"
    rf"|[{_CN}]{{4}}年[元{_CN}十]{{1,3}}月[{_CN}十廿卅]{{1,3}}日|(?<!\d)\d{{1,2}}[-/]\d{{1,2}}[-/](?:19|20)\d\d(?!\d))"
)
_WEEKDAY = r"(?:[\s\u00a0\u3000]*[（(]?(?:星期|周|週)[一二三四五六日天][）)]?)?"
_OFFSET = r"(?:\s?[AP]M\b|Z\b|[+-]\d\d:?\d\d(?!\d))?"
_CLOCK = rf"(?:\d{{1,2}}\s?[:：]\s?\d{{2}}(?:\s?[:：]\s?\d{{2}})?(?!\d)|\d{{1,2}}时\d{{1,2}}分){_OFFSET}"
_DATE = re.compile(rf"{_DAY}(?:{_WEEKDAY}(?:T|[\s\u00a0\u3000,，]*)(?:[上下]午|凌晨|晚上?)?\s*{_CLOCK})?")
_YEAR_FIRST, _NUMBERS = re.compile(r"\d{4}\D"), re.compile(r"\d+")
_HAS_CLOCK = re.compile(r"\d\s?[:：时]\s?\d")
_YEARLESS = re.compile(rf"(?<![\d/.-])\d{{1,2}}[-/月]\d{{1,2}}日?[\s\u00a0]+{_CLOCK}")
_EDGES = " \u00a0\u3000\t"
_OPENING, _CLOSING = "（(", "）)"
_TODAY = re.compile("今天|今日|现在|当前|欢迎|您好|北京时间")
_UPDATE = re.compile(rf"{UPDATE_LABEL}{_DATE.pattern}")


@dataclass(frozen=True, slots=True)
class Found:
    """Words as the page prints them, and where: title, info, above, tail, meta, list, body, signature."""

    text: str
    where: str


@dataclass(frozen=True, slots=True)
class Info:
    """What the lines around an article say of it; None where they say nothing."""

    published: Found | None
    author: Found | None
    source: Found | None
    views: Found | None


def read_info(above: Sequence[str], between: Sequence[str], behind: Sequence[str]) -> Info:
    """Read the lines above the title, between title and body, and behind the body."""
    zones = [(where, labelled(lines)) for where, lines in (("info", between), ("tail", behind), ("above", above))]
    return Info(
        published=_published(zones, above, between),
        author=_first(zones, AUTHOR) or _first(zones, INPUTTER),
        source=_first(zones, SOURCE),
        views=_views(zones),
    )


def labelled(lines: Iterable[str]) -> dict[str, str]:
    """Label → the words behind it up to the next label, a wide gap or a bracket; the first of each label counts."""
    values: dict[str, str] = {}
    for line in lines:
        marks = list(_LABEL.finditer(line))
        for mark, following in zip(marks, [*marks[1:], None], strict=False):
            text = line[mark.end() : following.start() if following else len(line)].strip(_EDGES)
            end = _VALUE_ENDS.search(text)
            value = _unbracketed(tidy(text[: end.start()] if end else text))
            if value:
                values.setdefault(squeeze(mark[1] or mark[2]), value)
    return values


def _unbracketed(value: str) -> str:
    """A value without the bracket its label stands in, or the one that opens the next label's."""
    for opening, closing in zip(_OPENING, _CLOSING, strict=True):
        if closing in value and opening not in value:
            value = value.partition(closing)[0]
    return value.rstrip(_OPENING + _EDGES + "-·,，;；").strip()


def find_date(lines: Iterable[str]) -> str | None:
    """The first full date of some lines; of several with a clock time the earliest: an update comes after."""
    dates = [tidy(match[0]) for line in lines for match in _DATE.finditer(line)]
    exact = [date for date in dates if _HAS_CLOCK.search(date)]
    if len(exact) > 1 and all(_YEAR_FIRST.match(date) for date in exact):
        return min(exact, key=lambda date: [int(number) for number in _NUMBERS.findall(date)])
    return next(iter(exact or dates), None)


def _published(
    zones: Sequence[tuple[str, dict[str, str]]], above: Sequence[str], between: Sequence[str]
) -> Found | None:
    by_label = {where: _dated(values, PUBLISHED) for where, values in zones}
    said = [_UPDATE.sub("", line) for line in between]
    if date := by_label["info"] or find_date(said):
        return Found(date, "info")
    for where in ("above", "tail"):
        if date := by_label[where]:
            return Found(date, where)
    if date := find_date(line for line in above if _is_date_line(line)):
        return Found(date, "above")
    for where, values in zones:
        if date := _dated(values, UPDATED):
            return Found(date, where)
    yearless = next((match[0] for line in between if (match := _YEARLESS.search(line))), None)
    unread = yearless or next(
        (dict(zones)["info"][label] for label in PUBLISHED if label in dict(zones)["info"]), None
    )
    return Found(tidy(unread), "info") if unread else None


def _dated(values: dict[str, str], labels: Sequence[str]) -> str | None:
    return next((date for label in labels if label in values and (date := find_date([values[label]]))), None)


def _is_date_line(line: str) -> bool:
    """True for a line that is a date and hardly anything else; the day of the visit is none of the article's."""
    match = _DATE.search(line)
    return match is not None and not _TODAY.search(line) and len(squeeze(line)) - len(squeeze(match[0])) <= 12


def _first(zones: Sequence[tuple[str, dict[str, str]]], labels: Sequence[str]) -> Found | None:
    for where, values in zones:
        for label in labels:
            if label in values:
                return Found(values[label], where)
    return None


def _views(zones: Sequence[tuple[str, dict[str, str]]]) -> Found | None:
    found = _first(zones, VIEWS)
    match = NUMBER.match(found.text) if found else None
    return Found(match[0].strip(), found.where) if found and match else None
