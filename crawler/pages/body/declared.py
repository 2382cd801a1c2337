"""The body in a container that a CMS or a profile declares: all its lines but navigation at its edges."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lxml import etree

from crawler.pages.body import kinds
from crawler.pages.body.find import Body, skipped
from crawler.pages.body.judging import Judged, names_file
from crawler.pages.body.kinds import BOILERPLATE, PLAIN, Kind
from crawler.pages.head.heading import Heading
from crawler.pages.page import named

_OF_THE_SITE = re.compile("主办|承办|备案|ICP|未经|转载|二维码|版权|声明")
_VALUE = re.compile(r"[:：丨|]\s*[^\s】）)\]>»|]")
_TOOLS = re.compile(
    r"(?:[【\[（(|]?(?:我要)?(?:打印|关闭|收藏|分享|返回|纠错)(?:本[页文]|此[页文]|窗口|页面|列表|首页|顶部)?[】\])）|]?){1,8}"
)
_COMMENTS = re.compile(r"comment|repl(?:y|ies)|pinglun|liuyan", re.IGNORECASE)
_NUMBER = re.compile(r"\d{3,4}[-－—]?\d{4}")
_SHORTEST_BESIDE = 5
"""Characters of text behind a container: fewer are a button or a rest of markup."""


def declared_body(page: Judged, node: etree._Element, heading: Heading | None) -> Body:
    """The body in its declared container.

    A title in the container ends its head; behind it info lines are none of the text. What closes an article (tools,
    neighbours, related lists) is cut where nothing but links follows it.
    """
    first, end = page.spans[node]
    start = first
    if heading is not None and first <= heading.first and heading.end <= end:
        start = heading.end
        while start < end and page.kinds[start] in (Kind.INFO, Kind.DAY):
            start += 1
    begins = start
    while start < end and page.kinds[start] in BOILERPLATE and _is_navigation(page, start, end):
        start += 1
    stop = end
    for index in range(end - 1, start - 1, -1):
        if page.kinds[index] not in (Kind.LINKS, *BOILERPLATE) or names_file(page.lines[index]):
            break
        if _is_navigation(page, index, end):
            stop = index
    others = _comments(page, node, start, stop)
    keeps = tuple(index for index in range(start, stop) if index not in others)
    said = (index for index in others if kinds.says_something(page.lines[index]))
    typed = _typed(page, keeps, [*range(begins, start), *range(stop, end)])
    cut = (*skipped(page, heading, first, keeps), *said, *typed)
    return Body(node, first, end, start, stop, keeps, cut, behind=_behind(page, node, first, end))


def _typed(page: Judged, keeps: Sequence[int], left_out: Sequence[int]) -> Iterator[int]:
    """Paragraphs at the edges of the text that its editor typed, not the template: links, numbers to call."""
    around = {page.lines[i].block.getparent() for i in keeps if page.lines[i].block.tag == "p"}
    for index in left_out:
        line = page.lines[index]
        is_beside = line.block.tag == "p" and line.block.getparent() in around
        if not is_beside or kinds.is_footer(line) or kinds.is_mere(line):
            continue
        if kinds.is_typed_link(line) or _NUMBER.search(line.text):
            yield index


def _comments(page: Judged, node: etree._Element, start: int, stop: int) -> list[int]:
    """Lines of readers' comments in the container: of blocks that call themselves so, begin with such a heading."""
    found: set[int] = set()
    for block in node.iterdescendants("div", "ul", "dl", "section", "table"):
        begins, ends = page.spans.get(block, (stop, stop))
        if start < begins < ends <= stop and _COMMENTS.search(named(block)):
            found.update(range(begins, ends) if kinds.closes_for_good(page.lines[begins]) else ())
    return sorted(found)


def _is_navigation(page: Judged, index: int, end: int) -> bool:
    """True for tools, pagers, neighbours and headings of a list of links; an editor's name is the text's own."""
    line, what = page.lines[index], page.kinds[index]
    if kinds.closes_for_good(line) or what is Kind.PAGER or (line.linked and _TOOLS.fullmatch(line.bare)):
        return not kinds.is_sentence(line)
    if what not in BOILERPLATE or kinds.is_sentence(line):
        return False
    is_heading = index + 1 < end and page.kinds[index + 1] is Kind.LINKS and not _VALUE.search(line.text)
    return what is Kind.FURNITURE or line.linked > 0 or is_heading


def _behind(page: Judged, node: etree._Element, first: int, end: int) -> str | None:
    """Text directly behind the container: what a stray end tag in it looks like to every parser."""
    if end == len(page.lines) or page.kinds[end] not in PLAIN or page.lines[end].linked:
        return None
    line, around = page.lines[end], node.getparent()
    if _OF_THE_SITE.search(line.text) or page.repeats(line, first, end):
        return None
    is_beside = line.size >= _SHORTEST_BESIDE and (
        line.block is around or (line.block.tag == "p" and line.block.getparent() is around)
    )
    is_inside = around is not None and around in {line.block, *line.block.iterancestors()}
    is_near = is_inside or (around is not None and line.block.getparent() is around.getparent())
    return line.text if is_beside or (is_near and kinds.is_sentence(line)) else None
