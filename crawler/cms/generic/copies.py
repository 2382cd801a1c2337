"""An article that its page prints twice: for a desk and a phone, or again in large print (适老版)."""

from __future__ import annotations

from collections.abc import Sequence

from crawler.cms.generic.lines import Line

_LONG, _ALIKE = 20, 0.8
_LONGEST_HEAD = 8


def copy_begins(lines: Sequence[Line], start: int, end: int) -> int | None:
    """Index of the line with which a second copy of the article that begins at `start` begins; None without one.

    A copy repeats nearly all long lines, so a refrain or a paragraph said twice is none. Its head, which ends with
    the line above the first long one, belongs to it as far as it repeats lines before `start`.
    """
    long = [index for index in range(start, end) if lines[index].size >= _LONG]
    if not long:
        return None
    first = lines[long[0]].bare
    again = next((index for index in long[1:] if lines[index].bare == first), None)
    if again is None:
        return None
    behind = {lines[index].bare for index in long if index >= again}
    before = [lines[index].bare for index in long if index < again]
    if sum(text in behind for text in before) < _ALIKE * len(before):
        return None
    head = {line.bare for line in lines[max(0, start - _LONGEST_HEAD) : start]}
    return next((i for i in range(max(start + 1, again - _LONGEST_HEAD), again) if lines[i].bare in head), again)
