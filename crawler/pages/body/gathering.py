"""Paragraphs that lie flat beside a chosen element, below one parent with menus and footer: taken together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from lxml import etree

from crawler.pages.body.judging import Judged, names_file
from crawler.pages.body.kinds import NO_TEXT
from crawler.pages.page import ends_sentence

_MOST_TRIED = 400
_DAY = re.compile(r"\d{4}\s*[-./年]\s*\d{1,2}\s*[-./月]\s*\d{1,2}")
_NO_PARAGRAPHS = frozenset({"body", "dd", "dt", "html", "li", "tbody", "td", "th", "tr"})
_TEXT_TAGS = frozenset({"blockquote", "center", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "table", "ul"})
_WITHOUT_WORDS = frozenset({"br", "hr", "img", "script", "style", "p", "div", "span", "center", "figure"})


class Gathered(NamedTuple):
    """An element with its lines, and the siblings before and behind it that belong to it, in their order."""

    node: etree._Element
    first: int
    end: int
    before: tuple[etree._Element, ...] = ()
    behind: tuple[etree._Element, ...] = ()


def gather(page: Judged, worths: Sequence[int], node: etree._Element, first: int, end: int, floor: int) -> Gathered:
    """A chosen element with its siblings of plain lines, back to `floor`.

    A short notice of a flat page is worth less than the menus beside it, so that only its longest paragraph is
    chosen: greeting, number, signature and date are its siblings. A sibling with a link, a label or a button ends it.
    """
    chosen = node
    parent = node.getparent()
    while parent is not None and end - first == 1 and page.spans.get(parent) == (first, end):
        node, parent = parent, parent.getparent()
    if parent is None or end - first > 1 or node.tag in _NO_PARAGRAPHS:
        return Gathered(chosen, first, end)
    tags = _TEXT_TAGS | {str(node.tag)}
    before, begins = _run(page, worths, node.itersiblings(preceding=True), first, floor, tags)
    behind, ends = _run(page, worths, node.itersiblings(), end, None, tags)
    if not before and not behind:
        return Gathered(chosen, first, end)
    return Gathered(node, begins, ends, tuple(reversed(before)), tuple(behind))


def _run(
    page: Judged,
    worths: Sequence[int],
    siblings: Iterable[etree._Element],
    edge: int,
    floor: int | None,
    tags: AbstractSet[str],
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
        if not is_next or sibling.tag not in tags or not all(_is_plain(page, worths, i) for i in range(first, end)):
            break
        # A day above the text is its page's.
        if floor is not None and any(_DAY.search(page.lines[i].text) for i in range(first, end)):
            break
        taken += [*waiting, sibling]
        waiting = []
        at = end if floor is None else first
    return taken, at


def _is_plain(page: Judged, worths: Sequence[int], index: int) -> bool:
    line = page.lines[index]
    is_plain = (page.kinds[index] not in NO_TEXT and not line.linked) or ends_sentence(line.text)
    return (is_plain and worths[index] > 0) or names_file(line)
