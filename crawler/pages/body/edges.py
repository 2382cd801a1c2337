"""Where in its element an article begins and ends, and which lines between are its own: nothing said is left out.

Words alone do not make a line furniture: speeches speak of copyright, editors and reports. What stands among the
paragraphs (the flow: blocks of one kind below one parent) and is a sentence is text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from crawler.pages.body.copies import one_copy
from crawler.pages.body.judging import Judged, names_file
from crawler.pages.body.kinds import (
    PLAIN,
    Kind,
    closes_for_good,
    has_labelled_day,
    has_moment,
    is_of_the_site,
    is_own_day,
    is_sentence,
    is_subtitle,
)
from crawler.pages.body.lines import Line
from crawler.pages.heading import Heading

_HEAD, _MISSED, _LONGEST_TITLE, _MOST_MOMENTS = 14, 80, 60, 1
_MOST_BEHIND = {Kind.ENDING: 0.7, Kind.FURNITURE: 0.1}
_NO_PART = (Kind.FURNITURE, Kind.ENDING, Kind.PAGER)
_IN_HEAD = (Kind.DAY, Kind.INFO, Kind.LINKS, *_NO_PART)
_CLOSING = (Kind.LINKS, *_NO_PART)
_SENTENCE_ENDS, _MAY_BE_TITLE = "。！？!?；：:”』」", frozenset({"h1", "h2"})
_PAUSED_SENTENCE = re.compile(r"[，、：“《].*[。！？][”』」）)]*$")
_COLONS = ("：", ":")
_SHORTEST_LINKED, _MOST_HOPS = 12, 3

Flow = tuple[etree._Element | None, object]


@dataclass(frozen=True, slots=True)
class Edges:
    """First line and end of the article, and the lines between that are its own.

    `behind`: the first prose of the element that was left out behind the article, when there is enough to be missed.
    """

    start: int
    stop: int
    keeps: tuple[int, ...]
    behind: str | None = None


def find_edges(page: Judged, worths: Sequence[int], first: int, end: int, heading: Heading | None) -> Edges:
    """The article within the lines of its element.

    Args:
        page: the judged lines.
        worths: their worths, lines of comments and side bars as none.
        first, end: the element's lines.
        heading: the title's line.
    """
    start, in_head = _start(page, first, end, heading)
    if copy := one_copy(page, start, end):
        last = copy.end
        if copy.start != start:
            start, in_head = _start(page, copy.start, last, Heading("", copy.start - 1, copy.start))
    else:
        last = end
    stop, between = _stop(page, worths, start, last)
    flows = _flows(page, start, stop)
    dropped = in_head | between
    keeps = tuple(i for i in range(start, stop) if i not in dropped and _is_part(page, i, stop, flows))
    left_out = [i for i in range(stop, last) if page.kinds[i] is Kind.PROSE and worths[i] > 0]
    is_missed = sum(worths[i] for i in left_out) >= _MISSED or any(
        _flow(page.lines[i]) in flows and is_sentence(page.lines[i]) for i in left_out
    )
    return Edges(start, stop, keeps, page.lines[left_out[0]].text if is_missed else None)


def _flow(line: Line) -> Flow:
    """What paragraphs of one text share: their parent and their tag."""
    return line.block.getparent(), line.block.tag


def _flows(page: Judged, start: int, end: int) -> set[Flow]:
    return {_flow(page.lines[i]) for i in range(start, end) if page.kinds[i] is Kind.PROSE}


def _is_text(page: Judged, index: int) -> bool:
    """True for what looks like no text but is: a sentence that is a link, a subtitle, a day of its own, a file."""
    line = page.lines[index]
    is_linked_sentence = (
        page.kinds[index] is Kind.LINKS and line.size >= _SHORTEST_LINKED and _PAUSED_SENTENCE.search(line.text)
    )
    return bool(is_linked_sentence) or is_subtitle(line.text) or is_own_day(line.text) or names_file(line)


def _start(page: Judged, first: int, end: int, heading: Heading | None) -> tuple[int, set[int]]:
    """Where the article begins behind its head (title, info line, tools), and what of the head stands behind that.

    Behind an info line with a date a line among the paragraphs is the article's own: what follows takes away no more
    than itself, and a day alone is the day the speech was given.
    """
    after = heading.end if heading is not None and heading.end <= end else max(0, first - _HEAD)
    start = max(first, after) if heading is not None else first
    near = range(start, min(end, start + _HEAD))
    dated = any(_is_dated(page, index) for index in range(after, start))
    paragraph = next((i for i in near if page.kinds[i] is Kind.PROSE and _is_paragraph(page.lines[i])), None)
    text_flow = _flow(page.lines[paragraph]) if paragraph is not None else None
    begin, own = start, None
    in_head: set[int] = set()
    for index in near:
        if index == paragraph:
            break
        if page.kinds[index] in _IN_HEAD and not _is_own(page, index, text_flow, dated=dated):
            if own is None:
                begin = index + 1
            else:
                in_head.add(index)
        elif own is None and dated and _flow(page.lines[index]) == text_flow:
            own = index
        dated = dated or _is_dated(page, index)
    return (begin, in_head) if begin < end else (start, set())


def _is_own(page: Judged, index: int, text_flow: Flow | None, *, dated: bool) -> bool:
    """True for a line in the head that is the text's own, although alone it looks like none.

    Below the page's own date that is day, hour and place of the speech; above it a day that is a paragraph of its own
    among the text's; anywhere a sentence among these.
    """
    what, line = page.kinds[index], page.lines[index]
    if _is_text(page, index):
        return True
    if dated and not line.linked and (what is Kind.DAY or (what is Kind.INFO and not is_of_the_site(line))):
        return True
    if _flow(line) != text_flow:
        return False
    is_day = what is Kind.DAY and line.block.tag == "p"
    return is_day or (_PAUSED_SENTENCE.search(line.text) is not None and not closes_for_good(line))


def _is_dated(page: Judged, index: int) -> bool:
    line = page.lines[index]
    if is_own_day(line.text):
        return False
    if page.kinds[index] is Kind.INFO:
        return has_moment(line) or has_labelled_day(line)
    return page.kinds[index] is Kind.DAY


def _is_paragraph(line: Line) -> bool:
    """True for prose that is no title above an info line."""
    return line.size > _LONGEST_TITLE or (line.text[-1] in _SENTENCE_ENDS and line.block.tag not in _MAY_BE_TITLE)


def _stop(page: Judged, worths: Sequence[int], start: int, end: int) -> tuple[int, set[int]]:
    """Where the article ends (before editors, neighbours, comments), and what of these stands within it.

    Behind an editor's line or a box of links the text may go on among the paragraphs; a thread ends with its first
    entry.
    """
    stop, before, on = end, 0, start
    between: set[int] = set()
    flows: set[Flow] = set()
    total = sum(max(0, value) for value in worths[start:end])
    for index in range(start, end):
        before += max(0, worths[index])
        if page.kinds[index] is Kind.PROSE:
            flows.add(_flow(page.lines[index]))
        if index >= on and before > 0 and total - before <= before * _MOST_BEHIND.get(page.kinds[index], -1):
            if _is_part(page, index, end, flows):
                continue
            again = _goes_on(page, worths, index, end, flows)
            if again is None:
                stop = index
                break
            between |= {i for i in range(index, again) if not _is_part(page, i, again + 1, flows)}
            between |= {i for i in range(index, again) if page.kinds[i] is Kind.LINKS}
            on = again
    stop = _first_entry(page, start, stop)
    last = stop
    while last > start and page.kinds[last - 1] in _CLOSING and not _is_text(page, last - 1):
        last -= 1
    return _with_references(page, last, stop, _flows(page, start, last)), between


def _with_references(page: Judged, last: int, stop: int, flows: set[Flow]) -> int:
    """The end behind closing links that the text itself announces, or that it holds: `参考文献：`, `地址：http://…`."""
    announced = last > 0 and page.lines[last - 1].text.endswith(_COLONS)
    while last < stop and page.kinds[last] is Kind.LINKS:
        node, is_tail = page.lines[last].pieces[0]
        is_held = page.lines[last].block.tag == "p" and _flow(page.lines[last]) in flows and not is_tail
        begins = (node.text or "").strip() if is_held and node.tag != "a" else ""
        if not announced and not begins.endswith(_COLONS):
            break
        last += 1
    return last


def _goes_on(page: Judged, worths: Sequence[int], closing: int, end: int, flows: set[Flow]) -> int | None:
    """The line with which the text goes on behind a line that may close it; None where no sentence of it follows."""
    again = None
    for _ in range(_MOST_HOPS):
        on = next((i for i in range(closing + 1, end) if page.kinds[i] in PLAIN), end)
        closing, closed = next((i for i in range(on, end) if page.kinds[i] not in PLAIN), end), closing
        if on == end or any(closes_for_good(page.lines[i]) for i in range(closed, on)):
            return None
        own = [i for i in range(on, closing) if _flow(page.lines[i]) in flows and worths[i] > 0]
        if own[:1] != [on]:
            return None
        again = on if again is None else again
        if any(is_sentence(page.lines[i]) for i in own):
            return again
    return None


def _first_entry(page: Judged, start: int, stop: int) -> int:
    """End of the first entry of a thread: behind it the next one's moment stands."""
    moments = [i for i in range(start + 1, stop) if page.kinds[i] is Kind.INFO and has_moment(page.lines[i])]
    if len(moments) <= _MOST_MOMENTS:
        return stop
    stop = moments[0]
    while stop > start + 1 and page.kinds[stop] is not Kind.ENDING and not _is_paragraph(page.lines[stop - 1]):
        stop -= 1
    return stop


def _is_part(page: Judged, index: int, stop: int, flows: set[Flow]) -> bool:
    """True for a line of the text; a sentence among the paragraphs is one, whatever words it holds."""
    if page.kinds[index] not in _NO_PART:
        return True
    line = page.lines[index]
    if not is_sentence(line) or _flow(line) not in flows or closes_for_good(line):
        return False
    return any(page.kinds[i] in PLAIN for i in range(index + 1, stop))
