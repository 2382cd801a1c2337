"""Dates with the year last: which number is the day only evidence decides; without it the date is refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from pipelines.record import DayOrder, Witness

_YEAR_LAST = re.compile(r"(?<![\d/-])(\d{1,2})([-/])(\d{1,2})\2((?:19|20)\d\d)(?!\d)")
_AMERICAN_CLOCK = re.compile(r"\d\s?[AP]M\b")
_DIGITS = re.compile(r"[0-9]{1,4}")
_MONTHS = 12


def ordered(dates: Iterable[Witness], lines: Sequence[str]) -> tuple[Witness, ...]:
    """Dates; those with the year last with the order of day and month that the page shows, else `unknown`.

    Evidence: a number that is no month, a clock with AM or PM (American servers put the month first), the same day in
    another order beside it, else the other dates with the year last among `lines`, the page's own.
    """
    said = tuple(dates)
    plain = [_numbers(one.text) for one in said if _YEAR_LAST.match(one.text) is None]
    return tuple(
        replace(one, order=_order(match, one.text, plain, lines)) if (match := _YEAR_LAST.match(one.text)) else one
        for one in said
    )


def _order(match: re.Match[str], text: str, others: Sequence[list[int]], lines: Sequence[str]) -> DayOrder:
    first, second, year = int(match[1]), int(match[3]), int(match[4])
    if first == second or _AMERICAN_CLOCK.search(text):
        return "month-first"
    beside = {day == [year, second, first] for day in others if day in ([year, first, second], [year, second, first])}
    is_day_first = _orders([text]) or beside or _orders(lines)
    if len(is_day_first) != 1:
        return "unknown"
    return "day-first" if is_day_first == {True} else "month-first"


def _numbers(text: str) -> list[int]:
    """The first three numbers of a date: year, month and day of all but those with the year last."""
    return [int(digits) for digits in _DIGITS.findall(text)[:3]]


def _orders(texts: Iterable[str]) -> set[bool]:
    """True for a date that can only be day first, False for one that can only be month first."""
    pairs = ((int(match[1]), int(match[3])) for text in texts for match in _YEAR_LAST.finditer(text))
    return {first > _MONTHS for first, second in pairs if max(first, second) > _MONTHS}
