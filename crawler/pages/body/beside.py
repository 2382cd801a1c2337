"""Links to files of an article that stand beside its body: 附件 below it, or a file above."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from crawler.pages.body.find import Body, is_aside
from crawler.pages.body.judging import Judged, names_file
from crawler.pages.body.kinds import Kind
from crawler.pages.head.heading import Heading

_BEHIND, _MOST_OTHER_LINKS = 16, 2


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
