"""Where in its element an article begins and ends, and which lines between are its own: nothing said is left out.

Words alone do not make a line boilerplate: speeches speak of copyright, editors and reports. What stands among the
paragraphs (the flow: blocks of one kind below one parent) and is a sentence is text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from lxml import etree

from crawler.pages.body import kinds
from crawler.pages.body.judging import Judged, names_file
from crawler.pages.body.kinds import BOILERPLATE, BY_WORDS, PLAIN, Kind
from crawler.pages.body.known import Line
from crawler.pages.body.lines import leads_nowhere
from crawler.pages.head.heading import Heading
from crawler.pages.page import ends_sentence, link_around

_HEAD, _LONGEST_TITLE = 14, 60
"""Lines behind the title in which its info line and tools stand; characters, of a longer line that is no title."""
_FEWEST_WRAPPED, _MOST_MOMENTS = 2, 1
"""Blocks of a kind that are paragraphs; moments in a text: a thread has one with each entry."""
_MOST_BEHIND = {Kind.ENDING: 0.7, Kind.FURNITURE: 0.1}
"""Prose behind a line that closes an article, as a share of that before it: more of it is the article's own."""
_SHORTEST_LINKED, _SHORTEST_TYPED, _MOST_HOPS = 12, 8, 3
"""Characters of a sentence that is a link and of `网址：` with its link, above a button's; boxes within one text."""
_LONG, _FEWEST_LONG, _LONGEST_HEAD = 20, 3, 8
"""Of copies: characters of a line that no two speeches share, how many show one without a head; lines of a head."""
_IN_HEAD = (Kind.DAY, Kind.INFO, Kind.LINKS, *BOILERPLATE)
_SENTENCE_ENDS, _MAY_BE_TITLE = "。！？!?；：:”』」", frozenset({"h1", "h2"})
_PAUSED_SENTENCE = re.compile(r"(?:^|\n)[^，、：“《\n]*+[，、：“《].*[。！？][”』」）)]*$")
_PAUSED = re.compile("[，；].{4}")
_ENDS_WITHIN = re.compile("。.")
_COLONS = ("：", ":")
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


def find_edges(page: Judged, first: int, end: int, heading: Heading | None) -> Edges:
    """The article within the lines of its element.

    Args:
        page: the judged lines; those of comments and side bars are worth nothing.
        first, end: the element's lines.
        heading: the title's line.
    """
    start, in_head = _start(page, first, end, heading)
    begins = max(first, heading.end) if heading is not None and heading.end <= end else start
    copy_start, last = _one_copy(page, start, end) or (start, end)
    if copy_start != start:
        start, in_head = _start(page, copy_start, last, Heading("", copy_start - 1, copy_start))
        begins = start
    stop, between = _stop(page, start, last)
    flows = Flows(page, start, stop)
    dropped = in_head | between
    keeps = tuple(i for i in range(start, stop) if i not in dropped and _is_part(page, i, flows))
    return Edges(start, stop, keeps, tuple(_cut(page, range(begins, last), keeps, flows)))


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
        line, what = self._page.lines[index], self._page.kinds[index]
        if what is Kind.PROSE:
            self._own.add(_flow(line))
            self.last = index
        if what is Kind.PROSE or (what in BY_WORDS and kinds.worth(line, what) > 0):
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


def _cut(page: Judged, lines: range, keeps: tuple[int, ...], flows: Flows) -> Iterable[int]:
    """Lines that say something and are no part of the article; boilerplate and copies of what is kept are none."""
    kept, known = set(keeps), {page.lines[i].bare for i in keeps}
    for i in lines if keeps else ():
        line, what = page.lines[i], page.kinds[i]
        if what is Kind.ENDING and kinds.closes_for_good(line) and not flows.holds(i):
            return
        if i in kept or line.bare in known:
            continue
        if what is Kind.LINKS and kinds.is_typed_link(line) and flows.holds(i):
            yield i
        if not kinds.says_something(line) or line.linked * 2 > line.size:
            continue
        # Above the text stand titles and tables of labels: only a sentence is missed there.
        is_text = what is Kind.PROSE and page.worths[i] > 0 and (i >= keeps[0] or kinds.is_sentence(line))
        is_text = is_text or (what is Kind.INFO and flows.holds(i) and _PAUSED.search(line.text) is not None)
        is_among = flows.holds(i) or (kinds.is_sentence(line) and not kinds.ABOUT_THE_SITE.search(line.text))
        is_own = kinds.is_sentence(line) or not (kinds.is_mere(line) or kinds.is_footer(line))
        if is_text or (what in BOILERPLATE and is_among and is_own):
            yield i


def _is_text(page: Judged, index: int) -> bool:
    """True for what looks like no text but is: a sentence that is a link, a subtitle, a day of its own, a file."""
    line = page.lines[index]
    is_link = page.kinds[index] is Kind.LINKS and line.size >= _SHORTEST_LINKED
    if is_link and _PAUSED_SENTENCE.search(line.text):
        return True
    return kinds.is_subtitle(line.text) or kinds.is_own_day(line.text) or names_file(line)


def _start(page: Judged, first: int, end: int, heading: Heading | None) -> tuple[int, set[int]]:
    """Where the article begins behind its head (title, info line, tools), and what of the head stands behind that.

    Behind an info line with a date a line among the paragraphs is the article's own: what follows takes away no more
    than itself, and a day alone is the day the speech was given.
    """
    after = heading.end if heading is not None and heading.end <= end else max(0, first - _HEAD)
    start = max(first, after) if heading is not None else first
    near = range(start, min(end, start + _HEAD))
    above = [index for index in range(after, start) if _is_dated(page, index)]
    paragraph = next((i for i in near if page.kinds[i] is Kind.PROSE and _is_paragraph(page.lines[i])), None)
    text_flow = _flow(page.lines[paragraph]) if paragraph is not None else None
    flows, dated = Flows(page, start, end), bool(above)
    is_flat = any(_flow(page.lines[i]) == text_flow for i in above)
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
    is_info = what is Kind.INFO and not kinds.SITE_LABEL.search(line.text)
    if dated and not line.linked and (what is Kind.DAY or is_info):
        return True
    if what in BOILERPLATE:
        return _is_part(page, index, flows)
    if what is Kind.LINKS and flows.holds(index) and leads_nowhere(line):
        return True
    if _flow(line) != text_flow:
        return False
    if what in {Kind.DAY, Kind.INFO} and line.block.tag == "p":
        # Below an info line of the template's own the text may print another.
        return what is Kind.DAY or (dated and not is_flat and kinds.has_labelled_day(line))
    return _PAUSED_SENTENCE.search(line.text) is not None


def _is_dated(page: Judged, index: int) -> bool:
    line, what = page.lines[index], page.kinds[index]
    is_info = what is Kind.INFO and (kinds.has_moment(line) or kinds.has_labelled_day(line))
    return (is_info or what is Kind.DAY) and not kinds.is_own_day(line.text)


def _is_paragraph(line: Line) -> bool:
    """True for prose that is no title above an info line."""
    is_said = line.text[-1] in _SENTENCE_ENDS or _ENDS_WITHIN.search(line.text) is not None
    return line.size > _LONGEST_TITLE or (is_said and line.block.tag not in _MAY_BE_TITLE)


def _stop(page: Judged, start: int, end: int) -> tuple[int, set[int]]:
    """Where the article ends (before editors, neighbours, comments), and what of these stands within it.

    Behind an editor's line or a box of links the text may go on among the paragraphs; a thread ends with its first
    entry.
    """
    stop, before, on = end, 0, start
    between: set[int] = set()
    flows = Flows(page, start, start)
    total = page.prose(start, end)
    for index in range(start, end):
        before += max(0, page.worths[index])
        flows.add(index)
        if index >= on and before > 0 and total - before <= before * _MOST_BEHIND.get(page.kinds[index], -1):
            if _is_part(page, index, flows):
                continue
            again = _goes_on(page, index, end, flows)
            if again is None:
                stop = index
                break
            hop = range(index, again)
            between |= {i for i in hop if page.kinds[i] is Kind.LINKS or not _is_part(page, i, flows)}
            on = again
    last = stop = _first_entry(page, start, stop)
    flows = Flows(page, start, stop)
    while last > start and _closes(page, last - 1, flows):
        last -= 1
    return _with_references(page, last, stop, flows), between


def _closes(page: Judged, index: int, flows: Flows) -> bool:
    """True for a line at the end of the text that is none of it."""
    line, what = page.lines[index], page.kinds[index]
    if kinds.EMPTY_LABEL.fullmatch(line.text):
        return not flows.holds(index)
    if what is Kind.LINKS:
        return not (flows.holds(index) and leads_nowhere(line)) and not _is_text(page, index)
    return what in BOILERPLATE and not _is_text(page, index) and not _is_part(page, index, flows)


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


def _goes_on(page: Judged, closing: int, end: int, flows: Flows) -> int | None:
    """The line with which the text goes on behind a line that may close it; None where no sentence of it follows."""
    again = None
    for _ in range(_MOST_HOPS):
        on = next((i for i in range(closing + 1, end) if page.kinds[i] in PLAIN), end)
        closing, closed = next((i for i in range(on, end) if page.kinds[i] not in PLAIN), end), closing
        if on == end or any(kinds.closes_for_good(page.lines[i]) for i in range(closed, on)):
            return None
        own = [i for i in range(on, closing) if flows.holds(i) and page.worths[i] > 0]
        if own[:1] != [on]:
            return None
        again = on if again is None else again
        if any(kinds.is_sentence(page.lines[i]) for i in own):
            return again
    return None


def _first_entry(page: Judged, start: int, stop: int) -> int:
    """End of the first entry of a thread: behind it the next one's moment stands."""
    moments = [i for i in range(start + 1, stop) if page.kinds[i] is Kind.INFO and kinds.has_moment(page.lines[i])]
    if len(moments) <= _MOST_MOMENTS:
        return stop
    stop = moments[0]
    while stop > start + 1 and page.kinds[stop] is not Kind.ENDING and not _is_paragraph(page.lines[stop - 1]):
        stop -= 1
    return stop


def _is_part(page: Judged, index: int, flows: Flows) -> bool:
    """True for a line of the text: among the paragraphs whatever is no mere boilerplate, whatever words it holds."""
    if page.kinds[index] not in BOILERPLATE:
        return True
    line = page.lines[index]
    says_more = kinds.ENDS_WITHIN.search(line.text) and not kinds.is_footer(line)
    if not line.linked and flows.is_beside(index) and (kinds.names_editors(line) or says_more):
        return True
    is_own = kinds.says_something(line) and (line.linked * 2 <= line.size or ends_sentence(line.text))
    if not (is_own or _is_typed(line)) or not flows.holds(index) or kinds.is_mere(line):
        return False
    return flows.last > index or not kinds.is_footer(line)


def _is_typed(line: Line) -> bool:
    """True for a paragraph that begins with words of its own and goes on with a link."""
    node, is_tail = line.pieces[0]
    owner = node.getparent() if is_tail else node
    is_own = owner is None or link_around(owner) is None
    return line.block.tag == "p" and 0 < line.linked < line.size and is_own and len(line.text) > _SHORTEST_TYPED


def _one_copy(page: Judged, start: int, end: int) -> tuple[int, int] | None:
    """One of two copies of the article that begins at `start`: the one that holds all long lines of the other.

    A page prints it for a desk and a phone, again in large print (适老版), or first in part. None where it stands
    once, and where each says something the other does not: nothing is lost by a copy too many. A copy has the
    article's head again, a line of those before `start`, or it is the same line by line: a refrain, or a paragraph
    that is said twice, is none.
    """
    head = {line.bare for line in page.lines[max(0, start - _LONGEST_HEAD) : start]}
    long = [i for i in range(start, end) if page.lines[i].size >= _LONG and page.lines[i].bare not in head]
    again = next((i for i in long[1:] if page.lines[i].bare == page.lines[long[0]].bare), None)
    if again is None:
        return None
    repeated = next((i for i in range(max(start, again - _LONGEST_HEAD), again) if page.lines[i].bare in head), None)
    if repeated is None:
        begin = again - (long[0] - start)
        once, twice = ([line.bare for line in page.lines[a:b]] for a, b in ((start, begin), (begin, end)))
        is_long = sum(i < begin for i in long) >= _FEWEST_LONG
        return (start, begin) if is_long and once == twice else None
    closing = next((i for i in range(again, end) if page.kinds[i] is Kind.ENDING), end)
    prose = [i for i in long if page.kinds[i] is Kind.PROSE]
    before = {page.lines[i].bare for i in prose if i < repeated}
    behind = {page.lines[i].bare for i in prose if repeated < i < closing}
    if behind <= before:
        return start, repeated
    return (repeated + 1, end) if before <= behind else None
