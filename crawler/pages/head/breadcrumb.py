"""The breadcrumb of any page: the line that says 当前位置, else a line of links with arrows between them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from crawler.pages.body.known import Line
from crawler.pages.page import Page, squeeze, strings, tidy, words

_START = re.compile(r"(?:当前|现在|所在)的?(?:位置|栏目)|[您你]的位置|^位置")
_ARROW = re.compile(r"-?[>»›＞→]")
_MAY_BE_TRAIL = re.compile(r"[位栏>»›＞→]")
_LONGEST, _LEVELS = 300, 3
"""Characters of a breadcrumb whose last entry is the title; elements around its first words that are its own."""
_HOME = frozenset({"首页", "网站首页", "主页", "返回首页"})


@dataclass(frozen=True, slots=True)
class Trail:
    """`text` as found on one line; the columns' names and addresses, outermost first, without the home page's."""

    text: str
    names: tuple[str, ...]
    urls: tuple[str, ...]


def read_trail(page: Page, lines: Sequence[Line]) -> Trail | None:
    """The breadcrumb of a page, None when it has none."""
    near = [line for line in lines if line.size <= _LONGEST and _MAY_BE_TRAIL.search(line.text)]
    for line in near:
        if _START.search(line.text):
            return _read(page, _with_links(line.block))
    return next((_read(page, line.block) for line in near if line.linked and _is_chain(line)), None)


def _with_links(node: etree._Element) -> etree._Element:
    """The block around the start words that holds the links: some templates give each its own `<li>`."""
    around = node
    for _ in range(_LEVELS):
        if next(around.iter("a"), None) is not None:
            return around
        parent = around.getparent()
        if parent is None or parent.tag == "body" or sum(map(len, strings(parent))) > _LONGEST:
            break
        around = parent
    return node


def _is_chain(line: Line) -> bool:
    """Links with an arrow between each and the next: a menu has bars, a `更多>>` link its arrow inside."""
    if not _ARROW.search(line.text):
        return False
    behind = _behind_links(line.block)
    return len(behind) > 1 and all(_ARROW.match(tidy(text)) for text in behind[:-1])


def _behind_links(block: etree._Element) -> list[str]:
    """The text behind each link up to the next; PHPCMS puts the arrow into an element of its own."""
    behind: list[str] = []
    open_links = 0
    for event, node in etree.iterwalk(block, events=("start", "end")):
        is_link, is_start = node.tag == "a", event == "start"
        open_links += is_link * (1 if is_start else -1)
        if is_link and not is_start:
            behind.append("")
        if behind and not open_links and node is not block:
            behind[-1] += (node.text if is_start else node.tail) or ""
    return behind


def _read(page: Page, node: etree._Element) -> Trail:
    links = [(words(link), url) for link in node.iter("a") if (url := page.href(link))]
    columns = [(name, url) for name, url in links if name and squeeze(name) not in _HOME]
    return Trail(words(node), tuple(name for name, _ in columns), tuple(url for _, url in columns))
