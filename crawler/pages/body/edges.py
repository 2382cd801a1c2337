"""Where in its element an article begins and ends, and which lines between are its own: nothing said is left out.

Words alone do not make a line furniture: speeches speak of copyright, editors and reports. What stands among the
paragraphs (the flow: blocks of one kind below one parent) and is a sentence is text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from crawler.pages.body.copies import one_copy
from crawler.pages.body.judging import Judged, names_file
from crawler.pages.body.kinds import (
    BY_WORDS,
    PLAIN,
    Kind,
    closes_for_good,
    has_labelled_day,
    has_moment,
    is_about_the_site,
    is_empty_label,
    is_footer,
    is_mere,
    is_of_the_site,
    is_own_day,
    is_sentence,
    is_subtitle,
    is_typed_link,
    names_editors,
    says_something,
    tells_beside,
)
from crawler.pages.body.lines import Line, leads_nowhere
from crawler.pages.head.heading import Heading
from crawler.pages.page import ends_sentence

_HEAD, _LONGEST_TITLE, _MOST_MOMENTS, _FEWEST_WRAPPED = 14, 60, 1, 2
_MOST_BEHIND = {Kind.ENDING: 0.7, Kind.FURNITURE: 0.1}
_NO_PART = (Kind.FURNITURE, Kind.ENDING, Kind.PAGER)
_IN_HEAD = (Kind.DAY, Kind.INFO, Kind.LINKS, *_NO_PART)
_CLOSING = (Kind.LINKS, *_NO_PART)
_SENTENCE_ENDS, _MAY_BE_TITLE = "。！？!?；：:”』」", frozenset({"h1", "h2"})
_PAUSED_SENTENCE = re.compile(r"(?:^|\n)[^，、：“《\n]*+[，、：“《].*[。！？][”』」）)]*$")
_PAUSED = re.compile("[，；].{4}")
_ENDS_WITHIN = re.compile("。.")
_COLONS = ("：", ":")
_SHORTEST_LINKED, _SHORTEST_TYPED, _MOST_HOPS = 12, 8, 3
_LEFT_OPEN = frozenset({"b", "em", "font", "i", "o:p", "p", "span", "strong", "u", "wbr"})

Flow = tuple[etree._Element | None, object]


@dataclass(frozen=True, slots=True)
class Edges:
    """First line and end of the article, and the lines between that are its own.

    `cut`: the others that say something, but for what every page has around its articles.
    """

    start: int
    stop: int
    keeps: tuple[int, ...]
    cut: tuple[int, ...] = ()


def find_edges(page: Judged, worths: Sequence[int], first: int, end: int, heading: Heading | None) -> Edges:
    """The article within the lines of its element.

    Args:
        page: the judged lines.
        worths: their worths, lines of comments and side bars as none.
        first, end: the element's lines.
        heading: the title's line.
    """
    start, in_head = _start(page, first, end, heading)
    begins = max(first, heading.end) if heading is not None and heading.end <= end else start
    if copy := one_copy(page, start, end):
        last = copy.end
        if copy.start != start:
            start, in_head = _start(page, copy.start, last, Heading("", copy.start - 1, copy.start))
            begins = start
    else:
        last = end
    stop, between = _stop(page, worths, start, last)
    flows = Flows(page, start, stop)
    dropped = in_head | between
    keeps = tuple(i for i in range(start, stop) if i not in dropped and _is_part(page, i, flows))
    return Edges(start, stop, keeps, _cut(page, worths, range(begins, last), keeps, flows))


class Flows:
    """Where the paragraphs of a text stand: what they share is their parent and their tag.

    Blocks around each paragraph alone are no parents; only two of a kind are paragraphs, or a footer's block beside
    a text of one paragraph were its next.
    """

    def __init__(self, page: Judged, start: int, end: int) -> None:
        self._page = page
        self._own: set[Flow] = set()
        self._around_each: Counter[Flow] = Counter()
        self.last = -1
        for index in range(start, end):
            self.add(index)

    def add(self, index: int) -> None:
        """Take in a line: where prose stands, a flow runs."""
        what = self._page.kinds[index]
        if what is Kind.PROSE:
            self._own.add(_flow(self._page.lines[index]))
            self.last = index
        if what is Kind.PROSE or (what in BY_WORDS and self._page.worths[index] > 0):
            self._around_each[self._around(index)] += 1

    def holds(self, index: int) -> bool:
        """True for a line among the paragraphs."""
        if _flow(self._page.lines[index]) in self._own:
            return True
        return self._around_each[self._around(index)] >= _FEWEST_WRAPPED

    def is_beside(self, index: int) -> bool:
        """True for a line in a block of its own beside the paragraphs, below one parent with them.

        A tag that is not closed leaves what follows within it: the parent is looked for around such.
        """
        parent = self._around(index)[0]
        while parent is not None and parent.tag in _LEFT_OPEN:
            parent = parent.getparent()
        return any(parent is own for own, _ in self._own)

    def _around(self, index: int) -> Flow:
        """The flow of the outermost block that holds this line alone."""
        block = self._page.lines[index].block
        for parent in block.iterancestors():
            if self._page.spans.get(parent) != (index, index + 1):
                break
            block = parent
        return block.getparent(), block.tag


def _flow(line: Line) -> Flow:
    return line.block.getparent(), line.block.tag


def _cut(page: Judged, worths: Sequence[int], lines: range, keeps: tuple[int, ...], flows: Flows) -> tuple[int, ...]:
    """Lines that say something and are no part of the article; boilerplate and copies of what is kept are none."""
    if not keeps:
        return ()
    kept = set(keeps)
    known = {page.lines[i].bare for i in keeps}
    cut = []
    for i in lines:
        line = page.lines[i]
        if page.kinds[i] is Kind.ENDING and closes_for_good(line) and not flows.holds(i):
            break
        if i in kept or line.bare in known:
            continue
        if page.kinds[i] is Kind.LINKS and is_typed_link(line) and flows.holds(i):
            cut.append(i)
        if not says_something(line) or line.linked * 2 > line.size:
            continue
        # Above the text stand titles and tables of labels: only a sentence is missed there.
        is_text = page.kinds[i] is Kind.PROSE and worths[i] > 0 and (i >= keeps[0] or is_sentence(line))
        is_text = is_text or (page.kinds[i] is Kind.INFO and flows.holds(i) and _PAUSED.search(line.text) is not None)
        is_among = flows.holds(i) or (is_sentence(line) and not is_about_the_site(line))
        if is_text or (
            page.kinds[i] in _NO_PART and is_among and (is_sentence(line) or not (is_mere(line) or is_footer(line)))
        ):
            cut.append(i)
    return tuple(cut)


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
    flows = Flows(page, start, end)
    is_flat = any(_is_dated(page, i) and _flow(page.lines[i]) == text_flow for i in range(after, start))
    begin, own = start, None
    in_head: set[int] = set()
    for index in near:
        if index == paragraph:
            break
        if page.kinds[index] in _IN_HEAD and not _is_own(page, index, text_flow, flows, dated=dated, is_flat=is_flat):
            if own is None:
                begin = index + 1
            else:
                in_head.add(index)
        elif own is None and dated and _flow(page.lines[index]) == text_flow:
            own = index
        dated = dated or _is_dated(page, index)
    return (begin, in_head) if begin < end else (start, set())


def _is_own(page: Judged, index: int, text_flow: Flow | None, flows: Flows, *, dated: bool, is_flat: bool) -> bool:
    """True for a line in the head that is the text's own, although alone it looks like none.

    Below the page's own date that is day, hour and place of the speech; above it a day that is a paragraph of its own
    among the text's; anywhere a sentence among these.
    """
    what, line = page.kinds[index], page.lines[index]
    if _is_text(page, index):
        return True
    if dated and not line.linked and (what is Kind.DAY or (what is Kind.INFO and not is_of_the_site(line))):
        return True
    if what in _NO_PART:
        return _is_part(page, index, flows)
    if what is Kind.LINKS and flows.holds(index) and leads_nowhere(line):
        return True
    if _flow(line) != text_flow:
        return False
    if what in {Kind.DAY, Kind.INFO} and line.block.tag == "p":
        # Below an info line of the template's own the text may print another.
        return what is Kind.DAY or (dated and not is_flat and has_labelled_day(line))
    return _PAUSED_SENTENCE.search(line.text) is not None


def _is_dated(page: Judged, index: int) -> bool:
    line = page.lines[index]
    if is_own_day(line.text):
        return False
    if page.kinds[index] is Kind.INFO:
        return has_moment(line) or has_labelled_day(line)
    return page.kinds[index] is Kind.DAY


def _is_paragraph(line: Line) -> bool:
    """True for prose that is no title above an info line."""
    is_said = line.text[-1] in _SENTENCE_ENDS or _ENDS_WITHIN.search(line.text) is not None
    return line.size > _LONGEST_TITLE or (is_said and line.block.tag not in _MAY_BE_TITLE)


def _stop(page: Judged, worths: Sequence[int], start: int, end: int) -> tuple[int, set[int]]:
    """Where the article ends (before editors, neighbours, comments), and what of these stands within it.

    Behind an editor's line or a box of links the text may go on among the paragraphs; a thread ends with its first
    entry.
    """
    stop, before, on = end, 0, start
    between: set[int] = set()
    flows = Flows(page, start, start)
    total = sum(max(0, value) for value in worths[start:end])
    for index in range(start, end):
        before += max(0, worths[index])
        flows.add(index)
        if index >= on and before > 0 and total - before <= before * _MOST_BEHIND.get(page.kinds[index], -1):
            if _is_part(page, index, flows):
                continue
            again = _goes_on(page, worths, index, end, flows)
            if again is None:
                stop = index
                break
            between |= {i for i in range(index, again) if not _is_part(page, i, flows)}
            between |= {i for i in range(index, again) if page.kinds[i] is Kind.LINKS}
            on = again
    stop = _first_entry(page, start, stop)
    flows = Flows(page, start, stop)
    last = stop
    while last > start and _closes(page, last - 1, flows):
        last -= 1
    return _with_references(page, last, stop, flows), between


def _closes(page: Judged, index: int, flows: Flows) -> bool:
    """True for a line at the end of the text that is none of it."""
    if is_empty_label(page.lines[index]):
        return not flows.holds(index)
    return page.kinds[index] in _CLOSING and not _is_closing_text(page, index, flows)


def _is_closing_text(page: Judged, index: int, flows: Flows) -> bool:
    line = page.lines[index]
    if page.kinds[index] is Kind.LINKS and flows.holds(index) and leads_nowhere(line):
        return True
    return _is_text(page, index) or (page.kinds[index] in _NO_PART and _is_part(page, index, flows))


def _with_references(page: Judged, last: int, stop: int, flows: Flows) -> int:
    """The end behind closing links that the text itself announces, or that it holds: `参考文献：`, `地址：http://…`."""
    announced = last > 0 and page.lines[last - 1].text.endswith(_COLONS)
    while last < stop and page.kinds[last] is Kind.LINKS:
        node, is_tail = page.lines[last].pieces[0]
        is_held = page.lines[last].block.tag == "p" and flows.holds(last) and not is_tail
        begins = (node.text or "").strip() if is_held and node.tag != "a" else ""
        if not announced and not begins.endswith(_COLONS):
            break
        last += 1
    return last


def _goes_on(page: Judged, worths: Sequence[int], closing: int, end: int, flows: Flows) -> int | None:
    """The line with which the text goes on behind a line that may close it; None where no sentence of it follows."""
    again = None
    for _ in range(_MOST_HOPS):
        on = next((i for i in range(closing + 1, end) if page.kinds[i] in PLAIN), end)
        closing, closed = next((i for i in range(on, end) if page.kinds[i] not in PLAIN), end), closing
        if on == end or any(closes_for_good(page.lines[i]) for i in range(closed, on)):
            return None
        own = [i for i in range(on, closing) if flows.holds(i) and worths[i] > 0]
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


def _is_part(page: Judged, index: int, flows: Flows) -> bool:
    """True for a line of the text: among the paragraphs whatever is no mere boilerplate, whatever words it holds."""
    if page.kinds[index] not in _NO_PART:
        return True
    line = page.lines[index]
    if not line.linked and flows.is_beside(index) and (names_editors(line) or tells_beside(line)):
        return True
    is_own = says_something(line) and (line.linked * 2 <= line.size or ends_sentence(line.text))
    if not (is_own or _is_typed(line)) or not flows.holds(index) or is_mere(line):
        return False
    return flows.last > index or not is_footer(line)


def _is_typed(line: Line) -> bool:
    """True for a paragraph that begins with words of its own and goes on with a link."""
    node, is_tail = line.pieces[0]
    owner = node.getparent() if is_tail else node
    is_linked = owner is not None and (owner.tag == "a" or next(owner.iterancestors("a"), None) is not None)
    is_long = len(line.text) > _SHORTEST_TYPED
    return line.block.tag == "p" and 0 < line.linked < line.size and not is_linked and is_long
