"""The breadcrumb KesionCMS writes: start text, home link, one link per ancestor class, then 浏览… or the title.

Made by code, not by a template (Kesion.Label.LocationCls.asp), so section name and class id are read from here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree

from crawler.cms.kesion.addresses import list_address
from crawler.page import Page, strings, tidy, words

_LONGEST = 300
_START = re.compile(r"(?:您|你)?(?:当前|现在|所在)的?位置")


@dataclass(frozen=True, slots=True)
class Breadcrumb:
    """`text` as found on one line; `names` and `columns` of the classes, outermost first."""

    node: etree._Element
    text: str
    names: tuple[str, ...]
    columns: tuple[str, ...]


def breadcrumb(page: Page, static_article: re.Pattern[str] | None) -> Breadcrumb | None:
    """The breadcrumb of a page: the block that says 当前位置, else links with ` >> ` between them."""
    for link in page.all("//a[@href]"):
        block = link.getparent()
        if block is None or block.tag in {"body", "html"}:
            continue
        node = _block_of(block)
        if node is not None:
            return _read(page, node, static_article)
    return None


def _block_of(block: etree._Element) -> etree._Element | None:
    """The breadcrumb around a link's parent; a `更多>>` link is none: its sign stands inside the link."""
    text = tidy("".join(strings(block)))
    if len(text) > _LONGEST:
        return None
    tails = [tidy(link.tail or "") for link in block.iter("a")]
    if _START.search(text) or (len(tails) > 1 and any(tail.startswith(">") for tail in tails)):
        return block
    parent = block.getparent()
    if parent is None or parent.tag in {"body", "html"}:
        return None
    outer = tidy("".join(strings(parent)))
    return parent if len(outer) <= _LONGEST and _START.search(outer) else None


def _read(page: Page, node: etree._Element, static_article: re.Pattern[str] | None) -> Breadcrumb:
    names: list[str] = []
    columns: list[str] = []
    for link in node.iter("a"):
        url = page.href(link)
        address = list_address(url, static_article) if url else None
        if address and words(link):
            names.append(words(link))
            columns.append(address.column)
    return Breadcrumb(node, tidy("".join(strings(node))), tuple(names), tuple(columns))
