"""Pictures and files: an article without words below its title, and links to files that stand beside a body."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from crawler.pages.body.find import Body, is_aside
from crawler.pages.body.judging import Judged, names_file
from crawler.pages.body.kinds import PLAIN, Kind
from crawler.pages.head.heading import Heading

_SHOWN = frozenset({"img", "iframe", "frame", "embed", "object", "video", "audio"})
_MUCH, _MOST_CLIMBED = 80, 6
"""Characters of prose of an article with words; blocks around the title that a template has at most."""
_SMALL = 64
"""Pixels: icons are smaller."""
_BEHIND, _MOST_OTHER_LINKS = 16, 2
"""Lines behind a body in which 附件 stand; lines of other links that do not make a column yet."""


def find_wordless(page: Judged, heading: Heading | None, body: Body | None) -> Body | None:
    """The first block behind the title that shows something and says little; None for an article with text.

    Args:
        page: the judged lines.
        heading: the title; without it no block is known to be the article's.
        body: what was chosen by its words, which may be a footer.
    """
    if heading is None or heading.end > len(page.lines) or (body is not None and _is_article(page, body, heading)):
        return None
    node = page.lines[heading.first].block
    for _ in range(_MOST_CLIMBED):
        for sibling in node.itersiblings(etree.Element):
            if is_aside(sibling) or sibling.tag in {"script", "style"}:
                continue
            first, end = page.spans.get(sibling, (0, 0))
            if sum(page.worths[i] for i in range(first, end) if page.kinds[i] is Kind.PROSE) >= _MUCH:
                return None
            if _shows(page, sibling):
                return _body(page, sibling, heading)
        parent = node.getparent()
        if parent is None or parent.tag in {"body", "html"}:
            break
        node = parent
    return None


def _is_article(page: Judged, body: Body, heading: Heading) -> bool:
    """True for a body with prose behind the title that is no footer or side bar; a block that holds both is neither.

    Of prose in a footer or an info line there is none left to keep.
    """
    prose = (i for i in body.keeps if page.kinds[i] is Kind.PROSE and page.worths[i] > 0)
    if body.end <= heading.end or all(names_file(page.lines[i]) for i in prose):
        return False
    around = {page.lines[heading.first].block, *page.lines[heading.first].block.iterancestors()}
    return not any(is_aside(node) for node in (body.node, *body.node.iterancestors()) if node not in around)


def _shows(page: Judged, node: etree._Element) -> bool:
    """True for a block with a picture larger than an icon, a frame or a player, or with a link to a file."""
    if not all(map(_is_small, node.iter(*_SHOWN))) or node.xpath(".//@pdfsrc|.//@data-pdf"):
        return True
    first, end = page.spans.get(node, (0, 0))
    if any(map(names_file, page.lines[first:end])):
        return True
    return any("vsbpdf" in (script.text or "").lower() for script in node.iter("script"))


def _is_small(node: etree._Element) -> bool:
    sizes = [node.get(side, "").strip().removesuffix("px") for side in ("width", "height")]
    return node.tag == "img" and any(size.isdigit() and int(size) < _SMALL for size in sizes)


def _body(page: Judged, node: etree._Element, heading: Heading) -> Body:
    """The block as a body, with what plain words and names of files it has."""
    first, end = page.spans.get(node) or (_place(page, node, heading),) * 2
    keeps = tuple(i for i in range(first, end) if page.kinds[i] in PLAIN or names_file(page.lines[i]))
    return Body(node, first, end, first, end, keeps)


def _place(page: Judged, node: etree._Element, heading: Heading) -> int:
    """Where among the lines a block without any stands: before the first line behind it."""
    order = {other: number for number, other in enumerate(node.getroottree().getroot().iter())}
    at = order[node]
    return next((i for i in range(heading.end, len(page.lines)) if order[page.lines[i].block] > at), len(page.lines))


def linked_beside(page: Judged, body: Body, heading: Heading | None) -> tuple[etree._Element, ...]:
    """The links of lines that name files, from the title to the body, and behind it up to a column of other links."""
    above = range(heading.end if heading else body.start, body.first)
    return tuple(dict.fromkeys((*_links(page, above), *_links(page, range(body.stop, body.stop + _BEHIND)))))


def _links(page: Judged, lines: range) -> Iterator[etree._Element]:
    others = 0
    for index in lines:
        if index >= len(page.lines) or others > _MOST_OTHER_LINKS:
            return
        line = page.lines[index]
        if not names_file(line):
            others += page.kinds[index] is Kind.LINKS
        elif not any(is_aside(node) for node in (line.block, *line.block.iterancestors())):
            for node, is_tail in line.pieces:
                yield from () if is_tail else (a for a in (node, *node.iterancestors("a")) if a.tag == "a")
