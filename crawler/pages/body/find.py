"""The body of an article among the lines of its page: the element worth most, without what is no part of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import accumulate

from lxml import etree

from crawler.pages.body.edges import find_edges
from crawler.pages.body.judging import Judged, names_file
from crawler.pages.body.kinds import BOILERPLATE, DAY, NO_TEXT, PLAIN, Kind, is_sentence
from crawler.pages.head.heading import Heading
from crawler.pages.hidden import hides
from crawler.pages.page import ends_sentence, named
from pipelines.text.remembered import remembered

_SHORTEST_BODY, _COLUMN = 80, 6
"""Characters of prose without which a block is looked for among asides too; lines of links in a row that part it."""
_BEFORE_HEADING, _IN_ASIDE = -3, -4
"""Worth of prose that is none of the article's: less than a plain word's, more than a link's."""
_MOST_CLIMBED, _MOST_TRIED = 4, 400
"""Lines that a block around the body may add; siblings that are looked at, of a page that may have thousands."""
_IN_HEAD = (Kind.DAY, Kind.INFO, *BOILERPLATE)
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
_named_aside, _named_body = remembered(1_024)(_ASIDE.search), remembered(1_024)(_CONTAINER.search)
# What a template prints of the article's abstract, a field of its own in most CMS.
_ABSTRACT = re.compile(r"[\[【（(\s]*(?:核心|内容|文章|本文)?(?:提示|提要|摘要|导读|导语|简介)[\]】）)\s]*[:：]")
_NO_PARAGRAPHS = frozenset({"body", "dd", "dt", "html", "li", "tbody", "td", "th", "tr"})
_TEXT_TAGS = frozenset({"blockquote", "center", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "table", "ul"})
_WITHOUT_WORDS = frozenset({"br", "hr", "img", "script", "style", "p", "div", "span", "center", "figure"})

Span = tuple[etree._Element, int, int]
"""An element with its first line and their end."""
Blocks = tuple[etree._Element, ...]


@dataclass(frozen=True, slots=True)
class Body:
    """The chosen element with its first line and end, and the lines in them that are the article's own.

    `start`, `stop`: where the article stands. `cut`: lines that say something and were left out, but for what pages
    have around their articles. `behind`: the first prose behind the element that looks like its own.
    `lead`, `rest`: blocks just before and behind the element that are its own as well.
    """

    node: etree._Element
    first: int
    end: int
    start: int
    stop: int
    keeps: tuple[int, ...]
    cut: tuple[int, ...] = ()
    behind: str | None = None
    lead: Blocks = ()
    rest: Blocks = ()


def revealed(hideable: Iterable[etree._Element]) -> list[etree._Element]:
    """Bodies that are hidden until a script shows them, as WeChat's are."""
    return [node for node in hideable if hides(node.get("style") or "", is_block=False) and _is_container(node)]


def find_body(page: Judged, heading: Heading | None) -> Body | None:
    """The body behind a heading; None when no element of the page holds more prose than menus.

    An info line alone is no body: as one its author and source would be reported of no one. Nor are a few words of a
    page without a heading: those of a side bar are left where the article is not shown.
    """
    at = heading.first if heading else None
    bare = _without_asides(page, at)
    if at is not None:
        bare = _behind_menus(bare, at)
    chosen = _choose(bare, at) or _choose(bare, None)
    if chosen is None or chosen[0] < _SHORTEST_BODY:
        bare, chosen = page, _choose(page, at) or _choose(page, None)
    if chosen is None:
        return None
    node, first, end = _climb(page, *chosen[1:], floor=0 if at is None else at + 1)
    lead: Blocks = ()
    rest: Blocks = ()
    if heading is not None:
        (node, first, end), lead, rest = _gather(bare, node, first, end, floor=heading.end)
    if not lead and not rest:
        node = _widened(page, node, first, end)
        end, rest = _rejoin(bare, node, first, end)
    edges = find_edges(bare, first, end, heading)
    kept = {page.kinds[i] for i in edges.keeps}
    if kept == {Kind.INFO} or (heading is None and kept == {Kind.SHORT}):
        return None
    behind = _next_to(bare, first, end) or _second_half(bare, node, first, end)
    cut = (*skipped(bare, heading, first, edges.keeps), *edges.cut)
    return Body(node, first, end, edges.start, edges.stop, edges.keeps, cut, behind, lead, rest)


def skipped(page: Judged, heading: Heading | None, first: int, keeps: tuple[int, ...]) -> Iterator[int]:
    """Sentences between the heading and the body's element, as far as no column of links parts them from it.

    An abstract that repeats the text, cut or not, is none.
    """
    between = range(heading.end, first) if heading else range(0)
    if sum(page.kinds[i] is Kind.LINKS for i in between) >= _COLUMN:
        return
    for i in between:
        line = page.lines[i]
        is_said = page.kinds[i] is Kind.PROSE and page.worths[i] > 0 and is_sentence(line) and i not in keeps
        begins = line.bare.rstrip("….。")
        if is_said and not _ABSTRACT.match(line.text) and not any(begins in page.lines[k].bare for k in keeps):
            yield i


def _without_asides(page: Judged, heading: int | None) -> Judged:
    """The page with prose in comments, side bars and related lists worth nothing: such a block calls itself so.

    A name is no evidence on an element that holds the heading or, on a page without one, most of the prose.
    """
    worths = list(page.worths)
    prose = [0, *accumulate(max(0, value) for value in page.worths)]
    for node, (first, end) in page.spans.items():
        held = prose[end] - prose[first]
        is_most = held * 2 >= prose[-1] if heading is None else first <= heading < end
        if held and not is_most and is_aside(node):
            worths[first:end] = [min(value, _IN_ASIDE) for value in worths[first:end]]
    return replace(page, worths=worths)


def _behind_menus(page: Judged, heading: int) -> Judged:
    """The page with prose worth half that a column of links parts from the heading and the text behind it."""
    text, links = 0, 0
    for index in range(heading + 1, len(page.worths)):
        text += max(0, page.worths[index])
        links = links + 1 if page.kinds[index] is Kind.LINKS else 0
        if links >= _COLUMN and text >= _SHORTEST_BODY:
            less = (value // 2 if value > 0 else value for value in page.worths[index:])
            return replace(page, worths=[*page.worths[:index], *less])
    return page


def _choose(page: Judged, heading: int | None) -> tuple[int, etree._Element, int, int] | None:
    """The element whose lines are worth most together, with their worth.

    Nothing before the heading is prose of the article, and what stands between the heading and an element counts as
    if it were taken in: a body begins at its heading.
    """
    after = 0 if heading is None else heading + 1
    worths = [*(min(value, _BEFORE_HEADING) for value in page.worths[:after]), *page.worths[after:]]
    sums = [0, *accumulate(worths)]
    costs = [0, *accumulate(value if value < 0 else -value // 2 for value in worths)]
    while after < len(worths) and page.kinds[after] in _IN_HEAD:
        after += 1
    best, chosen = 0, None
    for node, (first, end) in page.spans.items():
        value = sums[end] - sums[first]
        if heading is not None and first > after:
            value += costs[first] - costs[after]
        if value > 0 and _is_container(node):
            value = value * 5 // 4
        if value > best:
            best, chosen = value, (value, node, first, end)
    return chosen


def is_aside(node: etree._Element) -> bool:
    """True for a block that is or calls itself comments, side bar, footer or the like."""
    return node.tag in _ASIDE_TAGS or _named_aside(named(node)) is not None


def _is_container(node: etree._Element) -> bool:
    return _named_body(named(node)) is not None


def _climb(page: Judged, node: etree._Element, first: int, end: int, *, floor: int) -> Span:
    """The outermost element around the chosen one that adds but a few plain lines: greetings, signatures."""
    chosen = node, first, end
    for parent in node.iterancestors():
        begins, ends = page.spans.get(parent, (first, end))
        added = [*range(begins, first), *range(end, ends)]
        if begins < floor or len(added) > _MOST_CLIMBED:
            break
        if not all(_is_plain(page, index) or names_file(page.lines[index]) for index in added):
            break
        if parent in page.spans and added:
            chosen = parent, begins, ends
    return chosen


def _is_plain(page: Judged, index: int) -> bool:
    return page.kinds[index] in PLAIN and not page.lines[index].linked


def _widened(page: Judged, node: etree._Element, first: int, end: int) -> etree._Element:
    """The outermost block around an element that holds no other line: pictures and frames stand beside its text."""
    for parent, _ in zip(node.iterancestors(), range(_MOST_CLIMBED), strict=False):
        if parent.tag in {"body", "html", "tr"} or page.spans.get(parent) != (first, end):
            break
        node = parent
    return node


def _gather(page: Judged, node: etree._Element, first: int, end: int, floor: int) -> tuple[Span, Blocks, Blocks]:
    """A chosen element, and the siblings of plain lines before it, back to `floor`, and behind it.

    A short notice of a flat page is worth less than the menus beside it, so that only its longest paragraph is
    chosen: greeting, number, signature and date are its siblings. A sibling with a link, a label or a button ends it.
    """
    chosen = node, first, end
    parent = node.getparent()
    while parent is not None and end - first == 1 and page.spans.get(parent) == (first, end):
        node, parent = parent, parent.getparent()
    if parent is None or end - first > 1 or node.tag in _NO_PARAGRAPHS:
        return chosen, (), ()
    before, begins = _run(page, node, node.itersiblings(preceding=True), first, floor)
    behind, ends = _run(page, node, node.itersiblings(), end, None)
    return ((node, begins, ends) if before or behind else chosen), tuple(reversed(before)), tuple(behind)


def _run(
    page: Judged, node: etree._Element, siblings: Iterable[etree._Element], edge: int, floor: int | None
) -> tuple[list[etree._Element], int]:
    """Siblings from the element outwards, back to `floor` or onwards, and the edge of their lines."""
    taken: list[etree._Element] = []
    waiting: list[etree._Element] = []
    at = edge
    for sibling, _ in zip(siblings, range(_MOST_TRIED), strict=False):
        if not isinstance(sibling.tag, str) or (sibling.tail or "").strip():
            break
        span = page.spans.get(sibling)
        if span is None:
            if sibling.tag not in _WITHOUT_WORDS or "".join(map(str, sibling.itertext())).strip():
                break
            waiting.append(sibling)
            continue
        first, end = span
        is_next = first == at if floor is None else end == at and first >= floor
        is_text = sibling.tag == node.tag or sibling.tag in _TEXT_TAGS
        if not (is_next and is_text and all(_may_be_paragraph(page, i) for i in range(first, end))):
            break
        # A day above the text is its page's.
        if floor is not None and any(DAY.search(page.lines[i].text) for i in range(first, end)):
            break
        taken += [*waiting, sibling]
        waiting = []
        at = end if floor is None else first
    return taken, at


def _may_be_paragraph(page: Judged, index: int) -> bool:
    line = page.lines[index]
    is_plain = (page.kinds[index] not in NO_TEXT and not line.linked) or ends_sentence(line.text)
    return (is_plain and page.worths[index] > 0) or names_file(line)


def _rejoin(page: Judged, node: etree._Element, first: int, end: int) -> tuple[int, Blocks]:
    """Paragraphs that a stray end tag put behind the element, and the end of the lines with theirs.

    What stands between them, pictures without words, comes along.
    """
    if page.kinds[end - 1] not in PLAIN:
        return end, ()
    prose = (page.lines[i].block for i in range(first, end) if page.kinds[i] is Kind.PROSE)
    tags = {block.tag for block in prose if block.getparent() is node}
    path = {inner.getparent(): inner for inner in (node, *node.iterancestors())}
    around = page.lines[end].block.getparent() if end < len(page.lines) else None
    stop = end
    while stop < len(page.lines) and _is_plain(page, stop) and page.worths[stop] > 0:
        block = page.lines[stop].block
        if block.tag not in tags or block.getparent() is not around or around not in path or block in path:
            break
        stop += 1
    if Kind.PROSE not in page.kinds[end:stop]:
        return end, ()
    behind = list(path[around].itersiblings())
    return stop, tuple(behind[: behind.index(page.lines[stop - 1].block) + 1])


def _next_to(page: Judged, first: int, end: int) -> str | None:
    """A sentence directly behind the body's element, which no menu, editor's line or footer parts from it."""
    if end == len(page.lines) or page.kinds[end - 1] not in PLAIN or page.worths[end] <= 0:
        return None
    line = page.lines[end]
    is_said = page.kinds[end] is Kind.PROSE and is_sentence(line) and not page.repeats(line, first, end)
    return line.text if is_said else None


def _second_half(page: Judged, node: etree._Element, first: int, end: int) -> str | None:
    """The first prose of a block behind the body that calls itself by the body's own name, and is no copy of it."""
    named = node.tag, node.get("class")
    known = {line.bare for line in page.lines[first:end]}
    for other, (begins, ends) in page.spans.items():
        if begins >= end and named[1] and named == (other.tag, other.get("class")):
            prose = [i for i in range(begins, ends) if page.kinds[i] is Kind.PROSE and page.worths[i] > 0]
            new = [line for line in (page.lines[i] for i in prose) if line.bare not in known]
            if sum(line.size for line in new) >= _SHORTEST_BODY:
                return new[0].text
    return None
