"""The body of an article among the lines of its page: the element worth most, without what is no part of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from lxml import etree

from crawler.cms.generic.copies import copy_begins
from crawler.cms.generic.heading import Heading
from crawler.cms.generic.kinds import Kind, has_labelled_day, has_moment, kind, worth
from crawler.cms.generic.lines import Line, Lines
from crawler.page import drop

_ITEMS = frozenset({"li", "dd"})
_MOST_LINES_OF_A_ROW, _LONGEST_ROW, _FEWEST_TEASERS = 6, 800, 3
_HEAD = 14
_SHORTEST_BODY, _MISSED, _COLUMN = 80, 80, 6
_BEFORE_HEADING, _IN_ASIDE = -3, -4
_LONGEST_TITLE, _SENTENCE_ENDS = 60, "。！？!?；：:”』」"
_MOST_MOMENTS = 1
_MOST_BEHIND = {Kind.ENDING: 0.7, Kind.FURNITURE: 0.1}
# Tuples: a member of an enumeration is found there by identity, in a set by a hash made in Python.
_NO_PART = (Kind.FURNITURE, Kind.ENDING, Kind.PAGER)
_IN_HEAD = (Kind.DAY, Kind.INFO, Kind.LINKS, *_NO_PART)
_ASIDE_TAGS = frozenset({"aside", "footer", "nav"})
_ASIDE = re.compile(
    r"(?:^|[\W_])(?:comments?|commentlist|reply|replies|recommend\w*|relat\w+|sidebar|side|aside|footer?|copyright|nav|menu"
    r"|hot|rank\w*|share|disclaimer|pinglun|xiangguan|tuijian)(?:$|[\W_\d])",
    re.IGNORECASE,
)
# What editors of TRS, 博达, 大汉, Kesion and others write around a body: evidence, worth a quarter more.
_CONTAINER = re.compile(
    r"(?:^|[\s_-])(?:trs_u?editor|trs_editor_view|custom_unionstyle|ucap-content|o?zoom|fontzoom|vsb_content(?:_\d+)?|v_news_content"
    r"|mycontent|artibody|article_?-?content|articlecontent|news_?-?content|newscontent|js_content|founder-content|con_txt)(?:$|\s)",
    re.IGNORECASE,
)
_MOST_CLIMBED = 4
_PLAIN = (Kind.PROSE, Kind.SHORT, Kind.DAY)
_CLOSING = (Kind.LINKS, *_NO_PART)
_MAY_BE_FILE = re.compile("[.Dd]")
_FILE = re.compile(
    r"\.(?:docx?|xlsx?|pptx?|pdf|wps|et|dps|ofd|txt|rtf|csv|zip|rar|7z)(?:[?#]|$)|filedown|download", re.IGNORECASE
)


@dataclass(slots=True)
class Judged:
    """The lines of a page, what each is, and what it is worth in signs of prose."""

    lines: list[Line]
    spans: dict[etree._Element, tuple[int, int]]
    kinds: list[Kind]
    worths: list[int]


@dataclass(frozen=True, slots=True)
class Body:
    """The chosen element with its first line and end, and where in them the article itself stands.

    `behind`: the first prose of the element that was left out behind the article, when there is enough to be missed.
    """

    node: etree._Element
    first: int
    end: int
    start: int
    stop: int
    behind: str | None = None


def judge(lines: Lines) -> Judged:
    """Judge every line; a list item, or one of several like blocks, of a link and an abstract is no prose."""
    kinds = [kind(line) for line in lines.all]
    rows = [
        (first, end)
        for node, (first, end) in lines.spans.items()
        if 1 < end - first <= _MOST_LINES_OF_A_ROW
        and node.tag in _ITEMS
        and _is_row(lines.all[first:end], kinds[first:end])
    ]
    _make_links(kinds, rows)
    _make_links(kinds, _teasers(lines, kinds))
    return Judged(lines.all, lines.spans, kinds, list(map(_worth, lines.all, kinds)))


def _make_links(kinds: list[Kind], spans: Iterable[tuple[int, int]]) -> None:
    for first, end in spans:
        kinds[first:end] = [Kind.LINKS if what is Kind.PROSE else what for what in kinds[first:end]]


def _worth(line: Line, what: Kind) -> int:
    is_file = what is Kind.LINKS and _MAY_BE_FILE.search(line.text) and _FILE.search(line.text)
    return 1 if is_file else worth(line, what)


def _teasers(lines: Lines, kinds: Sequence[Kind]) -> Iterator[tuple[int, int]]:
    """Spans of blocks that begin with a link and go on with a little text, three or more of a kind side by side."""
    like: dict[tuple[etree._Element | None, object], list[tuple[int, int]]] = {}
    for node, (first, end) in lines.spans.items():
        if 1 < end - first <= _MOST_LINES_OF_A_ROW and kinds[first] is Kind.LINKS:
            like.setdefault((node.getparent(), node.tag), []).append((first, end))
    for spans in like.values():
        if len(spans) >= _FEWEST_TEASERS:
            yield from (span for span in spans if sum(line.size for line in lines.all[slice(*span)]) <= _LONGEST_ROW)


def _is_row(lines: Sequence[Line], kinds: Sequence[Kind]) -> bool:
    return Kind.LINKS in kinds and sum(line.size for line in lines) <= _LONGEST_ROW


def find_body(page: Judged, heading: Heading | None) -> Body | None:
    """The body behind a heading; None when no element of the page holds more prose than menus."""
    at = heading.first if heading else None
    bare = _without_asides(page, at)
    if at is not None:
        bare = _behind_menus(page, bare, at)
    chosen = _choose(page, bare, at) or _choose(page, bare, None)
    if chosen is None or (chosen[0] < _SHORTEST_BODY):
        bare, chosen = page.worths, _choose(page, page.worths, at) or _choose(page, page.worths, None)
    if chosen is None:
        return None
    node, first, end = _climb(page, *chosen[1:], floor=0 if at is None else at + 1)
    start = _start(page, first, end, heading)
    last = copy_begins(page.lines, start, end) or end
    stop = _stop(page, bare, start, last)
    left_out = [i for i in range(stop, last) if page.kinds[i] is Kind.PROSE and bare[i] > 0]
    is_missed = sum(bare[i] for i in left_out) >= _MISSED
    return Body(node, first, end, start, stop, page.lines[left_out[0]].text if is_missed else None)


def _without_asides(page: Judged, heading: int | None) -> list[int]:
    """Worths with prose in comments, side bars and related lists as none: such a block calls itself so.

    A name is no evidence on an element that holds the heading or, on a page without one, most of the prose.
    """
    worths = list(page.worths)
    prose = [0, *accumulate(max(0, value) for value in page.worths)]
    for node, (first, end) in page.spans.items():
        held = prose[end] - prose[first]
        is_most = held * 2 >= prose[-1] if heading is None else first <= heading < end
        if held and not is_most and _is_aside(node):
            worths[first:end] = [min(value, _IN_ASIDE) for value in worths[first:end]]
    return worths


def _behind_menus(page: Judged, worths: Sequence[int], heading: int) -> list[int]:
    """Worths with half for prose that a column of links parts from the heading and the text behind it."""
    text, links = 0, 0
    for index in range(heading + 1, len(worths)):
        text += max(0, worths[index])
        links = links + 1 if page.kinds[index] is Kind.LINKS else 0
        if links >= _COLUMN and text >= _SHORTEST_BODY:
            return [*worths[:index], *(value // 2 if value > 0 else value for value in worths[index:])]
    return list(worths)


def _climb(
    page: Judged, node: etree._Element, first: int, end: int, *, floor: int
) -> tuple[etree._Element, int, int]:
    """The outermost element around the chosen one that adds but a few plain lines: greetings, signatures."""
    chosen = node, first, end
    for parent in node.iterancestors():
        begins, ends = page.spans.get(parent, (first, end))
        added = [*range(begins, first), *range(end, ends)]
        if begins < floor or len(added) > _MOST_CLIMBED:
            break
        if any(page.kinds[index] not in _PLAIN or page.lines[index].linked for index in added):
            break
        if parent in page.spans and added:
            chosen = parent, begins, ends
    return chosen


def _is_aside(node: etree._Element) -> bool:
    return node.tag in _ASIDE_TAGS or _calls_itself_aside(node.get("class", ""), node.get("id", ""))


@lru_cache(4_096)
def _calls_itself_aside(kind: str, name: str) -> bool:
    return bool(kind or name) and _ASIDE.search(f"{kind} {name}") is not None


@lru_cache(4_096)
def _calls_itself_body(kind: str, name: str) -> bool:
    return bool(kind or name) and _CONTAINER.search(f"{kind} {name}") is not None


def _choose(page: Judged, worths: Sequence[int], heading: int | None) -> tuple[int, etree._Element, int, int] | None:
    """The element whose lines are worth most together.

    Nothing before the heading is prose of the article, and what stands between the heading and an element counts as
    if it were taken in: a body begins at its heading.
    """
    after = 0 if heading is None else heading + 1
    worths = [*(min(value, _BEFORE_HEADING) for value in worths[:after]), *worths[after:]]
    sums = [0, *accumulate(worths)]
    costs = [0, *accumulate(value if value < 0 else -value // 2 for value in worths)]
    while after < len(worths) and page.kinds[after] in _IN_HEAD and page.kinds[after] is not Kind.LINKS:
        after += 1
    best, chosen = 0, None
    for node, (first, end) in page.spans.items():
        value = sums[end] - sums[first]
        if heading is not None and first > after:
            value += costs[first] - costs[after]
        if value > 0 and _calls_itself_body(node.get("class", ""), node.get("id", "")):
            value = value * 5 // 4
        if value > best:
            best, chosen = value, (value, node, first, end)
    return chosen


def _start(page: Judged, first: int, end: int, heading: Heading | None) -> int:
    """Where the article begins behind its head: title, info line, tools.

    Behind an info line with a date a day alone is the article's own: the day the speech was given.
    """
    after = heading.end if heading is not None and heading.end <= end else max(0, first - _HEAD)
    start = max(first, after) if heading is not None else first
    dated = any(_is_dated(page, index) for index in range(after, start))
    begin = start
    for index in range(start, min(end, start + _HEAD)):
        is_text = (dated and page.kinds[index] is Kind.DAY) or _names_file(page.lines[index])
        if page.kinds[index] in _IN_HEAD and not is_text:
            begin = index + 1
        elif page.kinds[index] is Kind.PROSE and _is_paragraph(page.lines[index]):
            break
        dated = dated or _is_dated(page, index)
    return begin if begin < end else start


def _is_dated(page: Judged, index: int) -> bool:
    line = page.lines[index]
    if page.kinds[index] is Kind.INFO:
        return has_moment(line) or has_labelled_day(line)
    return page.kinds[index] is Kind.DAY


def _is_paragraph(line: Line) -> bool:
    """True for prose that is no title above an info line."""
    return line.size > _LONGEST_TITLE or (line.text[-1] in _SENTENCE_ENDS and line.block.tag not in {"h1", "h2"})


def _stop(page: Judged, worths: Sequence[int], start: int, end: int) -> int:
    """Where the article ends: before editors, neighbours, comments; a thread ends with its first entry."""
    stop, before = end, 0
    total = sum(max(0, value) for value in worths[start:end])
    for index in range(start, end):
        before += max(0, worths[index])
        if before > 0 and total - before <= before * _MOST_BEHIND.get(page.kinds[index], -1):
            stop = index
            break
    moments = [i for i in range(start + 1, stop) if page.kinds[i] is Kind.INFO and has_moment(page.lines[i])]
    if len(moments) > _MOST_MOMENTS:
        stop = moments[0]
        while stop > start + 1 and page.kinds[stop] is not Kind.ENDING and not _is_paragraph(page.lines[stop - 1]):
            stop -= 1
    while stop > start and page.kinds[stop - 1] in _CLOSING and not _names_file(page.lines[stop - 1]):
        stop -= 1
    return stop


def _names_file(line: Line) -> bool:
    if line.text.startswith("附件"):
        return True
    around = (link for node, _ in line.pieces for link in (node, *node.iterancestors("a")))
    return any(link.tag == "a" and _FILE.search(link.get("href") or "") for link in around)


def kept_lines(page: Judged, body: Body) -> list[int]:
    """The lines of the body itself: furniture inside is out, links inside are text."""
    return [i for i in range(body.start, body.stop) if page.kinds[i] not in _NO_PART]


def cut(page: Judged, body: Body) -> str:
    """HTML of the body's element without the lines that are no part of the body; the tree is changed."""
    keeps = set(kept_lines(page, body))
    kept_before = [0, *accumulate(index in keeps for index in range(len(page.lines)))]
    for index in range(body.first, body.end):
        if index not in keeps:
            _blank(page.lines[index])
    for node, (first, end) in page.spans.items():
        is_inside = body.first <= first < end <= body.end and node is not body.node
        if is_inside and node.getparent() is not None and kept_before[first] == kept_before[end]:
            drop(node)
    return etree.tostring(body.node, encoding="unicode", method="html", with_tail=False)


def _blank(line: Line) -> None:
    for node, is_tail in line.pieces:
        if is_tail:
            node.tail = None
        else:
            node.text = None
