"""Pagers of unknown make: the next page of a list or of an article, and how many there are.

Numbers that only a script knows are read from its call: in `createPageHTML(T, c, "index", "html")` of TRS WCM page n
is the file `index_{n-1}.html`, and c counts from 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from lxml import etree

from crawler.pages.page import Page, squeeze, strings, words

_NEXT = re.compile(r"(?:下一?页|后一?页|下一頁|next|[>›»]|&gt;)[>›»]*", re.IGNORECASE)
_LAST = frozenset({"末页", "尾页", "最后一页", "last"})
_NUMBER = re.compile(r"[\[(（第]?(\d{1,4})[\])）页]?")
_TOTAL_PAGES = re.compile(r"共(\d{1,5})页|页次[:：]?\d+/(\d{1,5})|\d+/(\d{1,5})页|共\d+条\d+/(\d{1,5})")
_TOTAL_ROWS = re.compile(r"共\s*(\d{1,6})\s*(?:条|篇|则|个记录|条记录)")
_CREATED = re.compile(
    r"createPageHTML\w*\(\s*(?:['\"][^'\"]*['\"]\s*,\s*)?(\d+)\s*,\s*(\d+)\s*,\s*['\"](\w+)['\"]\s*,\s*['\"](\w+)['\"]"
)
_MOST_WRITTEN = 2_000
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Pager:
    """`next_url` of the page after this one, addresses by page number, counts as printed."""

    next_url: str | None
    linked: dict[int, str]
    pages: int | None
    total: int | None
    node: etree._Element | None


def read_pager(page: Page) -> Pager:
    """The pager of a list page; every field empty when it has none."""
    if created := _created(page):
        return created
    node = _block(page)
    if node is None:
        return Pager(None, {}, None, None, None)
    text = squeeze("".join(strings(node)))
    return Pager(
        next_url=_next(page, node.iter("a")),
        linked=_numbered(page, node.iter("a", "option")),
        pages=_number(_TOTAL_PAGES, text),
        total=_number(_TOTAL_ROWS, text),
        node=node,
    )


def next_part(page: Page, links: Iterable[etree._Element], part: int) -> str | None:
    """Address of an article's next page among the links of its pager: by number, else by 下一页."""
    links = list(links)
    by_number = _numbered(page, links).get(part + 1)
    return by_number or _next(page, links)


def _block(page: Page) -> etree._Element | None:
    """The block around the last link that turns pages; by its numbers where a font draws the arrows (Webdings)."""
    links = page.all("//a[@href]")
    if turners := [link for link in links if _is_turner(link)]:
        return _around(turners[-1])
    numbers = [_around(link) for link in links if _NUMBER.fullmatch(squeeze(words(link)))]
    return next((node for node in reversed(numbers) if _TOTAL_PAGES.search(squeeze("".join(strings(node))))), None)


def _is_turner(link: etree._Element) -> bool:
    text = squeeze(words(link)).lower()
    return bool(_NEXT.fullmatch(text)) or text in _LAST


def _around(link: etree._Element) -> etree._Element:
    """The largest block around a link that holds little more than a pager."""
    node = link
    for parent in link.iterancestors():
        if parent.tag in {"body", "html"} or len(squeeze("".join(strings(parent)))) > _LONGEST:
            break
        if sum(len(squeeze(words(other))) > 6 for other in parent.iter("a")):
            break
        node = parent
    return node


def _next(page: Page, links: Iterable[etree._Element]) -> str | None:
    found = [page.href(link) for link in links if _NEXT.fullmatch(squeeze(words(link)))]
    return next((url for url in found if url and url != page.url), None)


def _numbered(page: Page, links: Iterable[etree._Element]) -> dict[int, str]:
    numbered: dict[int, str] = {}
    for link in links:
        match = _NUMBER.fullmatch(squeeze("".join(map(str, link.itertext()))))
        url = page.href(link)
        if match and url:
            numbered.setdefault(int(match[1]), url)
    return numbered


def _created(page: Page) -> Pager | None:
    for script in page.all("//script"):
        if match := _CREATED.search(script.text or ""):
            pages, current, name, ending = int(match[1]), int(match[2]), match[3], match[4]
            files = {n: f"{name}_{n - 1}.{ending}" if n > 1 else f"{name}.{ending}" for n in range(1, pages + 1)}
            written = list(files.items())[:_MOST_WRITTEN]
            linked = {n: url for n, file in written if (url := page.resolve(file))}
            return Pager(linked.get(current + 2), linked, pages, None, script)
    return None


def _number(pattern: re.Pattern[str], text: str) -> int | None:
    match = pattern.search(text)
    return int(next(group for group in match.groups() if group)) if match else None
