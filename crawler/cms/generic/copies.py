"""An article that its page prints twice: for a desk and a phone, or again in large print (适老版)."""

from __future__ import annotations

from collections.abc import Sequence

from crawler.cms.generic.lines import Line

_LONG, _ALIKE = 20, 0.8
_LONGEST_HEAD = 8


def copy_begins(lines: Sequence[Line], start: int, end: int) -> int | None:
    """Index of the line with which a second copy of the article that begins at `start` begins; None without one.

    A copy has the article's head again, a line of those before `start`, and behind it most signs of the long lines
    above: a refrain, or a paragraph that is said twice, is none.
    """
    long = [index for index in range(start, end) if lines[index].size >= _LONG]
    again = next((index for index in long[1:] if lines[index].bare == lines[long[0]].bare), None)
    if again is None:
        return None
    behind = {lines[index].bare for index in long if index >= again}
    before = [lines[index] for index in long if index < again]
    if sum(line.size for line in before if line.bare in behind) < _ALIKE * sum(line.size for line in before):
        return None
    head = {line.bare for line in lines[max(0, start - _LONGEST_HEAD) : start]}
    return next((i for i in range(max(start + 1, again - _LONGEST_HEAD), again) if lines[i].bare in head), None)
