"""Dates with the year last: which number is the day only evidence can tell, and without it the date is refused."""

from __future__ import annotations

import re
from collections.abc import Iterable

_YEAR_LAST = re.compile(r"(?<![\d/-])(\d{1,2})([-/])(\d{1,2})\2((?:19|20)\d\d)(?!\d)")
_AMERICAN_CLOCK = re.compile(r"\d\s?[AP]M\b")
_MONTHS = 12


def settled(date: str, lines: Iterable[str]) -> str | None:
    """`25/03/2018` as `2018-03-25`; a date with the month or the year first as it is; None where nothing tells.

    Evidence: a number that is no month, a clock with AM or PM (American servers put the month first), else the other
    dates with the year last among `lines`, the page's own.
    """
    match = _YEAR_LAST.match(date)
    if match is None or match[1] == match[3] or _AMERICAN_CLOCK.search(date):
        return date
    is_day_first = _orders([date]) or _orders(lines)
    if len(is_day_first) != 1:
        return None
    if is_day_first == {False}:
        return date
    return f"{match[4]}-{int(match[3]):02}-{int(match[1]):02}{date[match.end() :]}"


def _orders(texts: Iterable[str]) -> set[bool]:
    """True for a date that can only be day first, False for one that can only be month first."""
    pairs = ((int(match[1]), int(match[3])) for text in texts for match in _YEAR_LAST.finditer(text))
    return {first > _MONTHS for first, second in pairs if max(first, second) > _MONTHS}
