"""An article without words: below its title stand pictures, a file, or a frame that shows one."""

from __future__ import annotations

from lxml import etree

from crawler.pages.body.find import Body, is_aside
from crawler.pages.body.judging import Judged, names_file
from crawler.pages.body.kinds import PLAIN, Kind
from crawler.pages.head.heading import Heading

_SHOWN = frozenset({"img", "iframe", "frame", "embed", "object", "video", "audio"})
_NAMES_FILE = ("pdfsrc", "data-pdf")
_MUCH, _MOST_CLIMBED = 80, 6
_SMALL = 64


def find_wordless(page: Judged, heading: Heading | None, body: Body | None) -> Body | None:
    """The first block behind the title that shows something and says little; None for an article with text.

    Args:
        page: the judged lines.
        heading: the title; without it no block is known to be the article's.
        body: what was chosen by its words, which may be a footer.
    """
    if heading is None or heading.end > len(page.lines):
        return None
    if body is not None and _has_text(page, body) and _follows(page, heading, body):
        return None
    node = page.lines[heading.first].block
    for _ in range(_MOST_CLIMBED):
        for sibling in node.itersiblings(etree.Element):
            if is_aside(sibling) or sibling.tag in {"script", "style"}:
                continue
            if _prose(page, sibling) >= _MUCH:
                return None
            if _shows(page, sibling):
                return _body(page, sibling, heading)
        parent = node.getparent()
        if parent is None or parent.tag in {"body", "html"}:
            break
        node = parent
    return None


def _has_text(page: Judged, body: Body) -> bool:
    """True for a body with prose; of prose in a footer or an info line there is none left to keep."""
    return any(
        page.kinds[i] is Kind.PROSE and page.worths[i] > 0 and not names_file(page.lines[i]) for i in body.keeps
    )


def _follows(page: Judged, heading: Heading, body: Body) -> bool:
    """True for a body behind the title that is no footer or side bar; a block that holds both is neither."""
    around = {page.lines[heading.first].block, *page.lines[heading.first].block.iterancestors()}
    own = (node for node in (body.node, *body.node.iterancestors()) if node not in around)
    return body.end > heading.end and not any(map(is_aside, own))


def _prose(page: Judged, node: etree._Element) -> int:
    first, end = page.spans.get(node, (0, 0))
    return sum(page.worths[i] for i in range(first, end) if page.kinds[i] is Kind.PROSE)


def _shows(page: Judged, node: etree._Element) -> bool:
    """True for a block with a picture larger than an icon, a frame or a player, or with a link to a file."""
    if any(not _is_small(shown) for shown in node.iter(*_SHOWN)) or any(
        node.xpath(f".//@{name}") for name in _NAMES_FILE
    ):
        return True
    first, end = page.spans.get(node, (0, 0))
    if any(names_file(page.lines[i]) for i in range(first, end)):
        return True
    return any("vsbpdf" in (script.text or "").lower() for script in node.iter("script"))


def _is_small(node: etree._Element) -> bool:
    sizes = [node.get(side, "").strip().removesuffix("px") for side in ("width", "height")]
    return node.tag == "img" and any(size.isdigit() and int(size) < _SMALL for size in sizes)


def _body(page: Judged, node: etree._Element, heading: Heading) -> Body:
    """The block as a body, with what plain words and names of files it has."""
    first, end = page.spans.get(node) or (_place(page, node, heading),) * 2
    lines = range(first, end)
    keeps = tuple(i for i in lines if page.kinds[i] in PLAIN or names_file(page.lines[i]))
    return Body(node, first, end, first, end, keeps)


def _place(page: Judged, node: etree._Element, heading: Heading) -> int:
    """Where among the lines a block without any stands: before the first line behind it."""
    order = {other: number for number, other in enumerate(node.getroottree().getroot().iter())}
    at = order[node]
    return next((i for i in range(heading.end, len(page.lines)) if order[page.lines[i].block] > at), len(page.lines))
