"""An article that its page prints twice: for a desk and a phone, again in large print (适老版), or first in part."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from crawler.pages.body.judging import Judged
from crawler.pages.body.kinds import Kind

_LONG, _FEWEST = 20, 3
_LONGEST_HEAD = 8


class Copy(NamedTuple):
    """The lines of the copy that says all."""

    start: int
    end: int


def one_copy(page: Judged, start: int, end: int) -> Copy | None:
    """One of two copies of the article that begins at `start`: the one that holds all long lines of the other.

    None where the article stands once, and where each says something the other does not: nothing is lost by a copy
    too many. A copy has the article's head again, a line of those before `start`, or it is the same line by line: a
    refrain, or a paragraph that is said twice, is none.
    """
    head = {line.bare for line in page.lines[max(0, start - _LONGEST_HEAD) : start]}
    long = [i for i in range(start, end) if page.lines[i].size >= _LONG and page.lines[i].bare not in head]
    again = next((i for i in long[1:] if page.lines[i].bare == page.lines[long[0]].bare), None)
    if again is None:
        return None
    repeated = next((i for i in range(max(start, again - _LONGEST_HEAD), again) if page.lines[i].bare in head), None)
    if repeated is None:
        return _line_by_line(page, start, end, long, again)
    closing = next((i for i in range(again, end) if page.kinds[i] is Kind.ENDING), end)
    before = _said(page, (i for i in long if i < repeated))
    behind = _said(page, (i for i in long if repeated < i < closing))
    if behind <= before:
        return Copy(start, repeated)
    return Copy(repeated + 1, end) if before <= behind else None


def _said(page: Judged, lines: Iterable[int]) -> set[str]:
    return {page.lines[i].bare for i in lines if page.kinds[i] is Kind.PROSE}


def _line_by_line(page: Judged, start: int, end: int, long: list[int], again: int) -> Copy | None:
    begin = again - (long[0] - start)
    once = [page.lines[i].bare for i in range(start, begin)]
    twice = [page.lines[i].bare for i in range(begin, min(end, begin + len(once)))]
    is_long = sum(i < begin for i in long) >= _FEWEST
    return Copy(start, begin) if is_long and once == twice and begin + len(once) == end else None
