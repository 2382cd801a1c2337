"""The breadcrumb of a page: start text, home link, one link per ancestor column, then 浏览…, 正文 or the title.

KesionCMS makes it by code, not by a template (Kesion.Label.LocationCls.asp); other families by a template's tag.
Section name and column id are read from here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from lxml import etree

from crawler.pages.page import Page, strings, tidy, words

_LONGEST = 300
_START = re.compile(r"(?:您|你)?(?:当前|现在|所在)的?位置|[您你]的位置")
_HOME = frozenset({"首页", "网站首页", "主页", "站点首页"})


@dataclass(frozen=True, slots=True)
class Breadcrumb:
    """`text` as found on one line; `names` and `column_ids` of the columns, outermost first."""

    node: etree._Element
    text: str
    names: tuple[str, ...]
    column_ids: tuple[str, ...]


def breadcrumb(page: Page, column_id: Callable[[str], str | None]) -> Breadcrumb | None:
    """The breadcrumb of a page: the block that says 当前位置, else links with ` >> ` between them.

    `column_id` says which column a list address names, None when it names none.
    """
    # Each block once, however many links it holds: a page may be one block of a hundred thousand.
    blocks = dict.fromkeys(link.getparent() for link in page.all("//a[@href]"))
    said = cache(lambda node: tidy("".join(strings(node))))
    for block in blocks:
        if block is None or block.tag in {"body", "html"}:
            continue
        node = _block_of(block, said)
        if node is not None:
            return _read(page, node, column_id)
    return None


def _block_of(block: etree._Element, said: Callable[[etree._Element], str]) -> etree._Element | None:
    """The breadcrumb around a link's parent; a `更多>>` link is none: its sign stands inside the link."""
    text = said(block)
    if len(text) > _LONGEST:
        return None
    links = list(block.iter("a"))
    begins_at_home = len(links) > 1 or (bool(links) and words(links[0]) in _HOME)
    if _START.search(text) or (begins_at_home and any(tidy(link.tail or "").startswith(">") for link in links)):
        return block
    parent = block.getparent()
    if parent is None or parent.tag in {"body", "html"}:
        return None
    outer = said(parent)
    return parent if len(outer) <= _LONGEST and _START.search(outer) else None


def _read(page: Page, node: etree._Element, column_id: Callable[[str], str | None]) -> Breadcrumb:
    names: list[str] = []
    ids: list[str] = []
    for link in node.iter("a"):
        url = page.href(link)
        column = column_id(url) if url else None
        if column and words(link):
            names.append(words(link))
            ids.append(column)
    return Breadcrumb(node, tidy("".join(strings(node))), tuple(names), tuple(ids))
