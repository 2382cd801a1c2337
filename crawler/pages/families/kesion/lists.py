"""KesionCMS list pages: the section's rows and its pager, found without a template's classes.

A list may be fetched by a script (Item/ajaxpage.asp): the list page holds only the call, each answer only rows and
`{ks:page}total|rows a page|pages|…`; without a Referer it is `error!`. In the walk the page with the call is the
first and has no rows, so that the answer to `curpage=1` is the second.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from urllib.parse import parse_qsl, urlencode, urlsplit

from lxml import etree

from crawler.pages import Ask, ListPage, Pager
from crawler.pages.families.kesion.addresses import ListAddress, is_answer, list_file
from crawler.pages.lists.pagination import read_pager
from crawler.pages.lists.reader import list_page
from crawler.pages.lists.rows import RowFinder
from crawler.pages.page import Page, all_text, squeezed
from pipelines.reasons import Reason

# By its attributes a tree is searched in a fifth of the time.
_PAGER = "//@id[translate(.,'FENY','feny')='fenye']/..|//@class[contains(concat(' ',.,' '),' fenye ')]/.."
_PAGER_WORDS = re.compile(r"总共\d+页|共\d+篇|页次[:：]\d+/\d+|第\d+页共\d+页|上一页.*下一页")
_LONGEST_PAGER = 600
"""Characters: a block of more holds rows too."""
_TOTAL_PAGES = re.compile(r"(?:总共|共|/)(\d{1,6})页")
_TOTAL_ROWS = re.compile(r"共(\d{1,9})篇")
_MOST_PAGES = 10_000
"""Addresses that are made from a count which a page claims: more than any list has, few enough for memory."""
_EMPTY = re.compile("此栏目下没有(?:文章|信息)")
_NEXT = frozenset({"下一页", "下页", "后一页", "8"})
_ARGUMENT = r"\s*'([^']*)'\s*"
_CALL = re.compile(r"\bPage\(\s*1\s*," + ",".join([_ARGUMENT] * 6) + rf"(?:,{_ARGUMENT})?\)")
_COUNTS = re.compile(r"\{ks:page\}(\d{0,9})\|(\d{0,9})\|(\d{0,6})\|")
_ERROR = "error!"


class ListReader:
    """Reads one list page.

    Args:
        page: the parsed page.
        listing: which list page an address names.
        native_id: which article an address names.
    """

    def __init__(
        self, page: Page, listing: Callable[[str], ListAddress | None], native_id: Callable[[str], str | None]
    ) -> None:
        listing = cache(listing)  # asked of each link by many questions
        self.page, self.listing, self.native_id = page, listing, native_id
        says_empty = "没" in all_text(page.root) and bool(_EMPTY.search(squeezed(page.root)))
        self.finder = RowFinder(page, native_id, lambda url: listing(url) is not None, says_empty=says_empty)
        self.address = listing(page.url)

    def read(self) -> ListPage:
        if is_answer(self.page.url):
            return _read_answer(self.page, self.finder)
        if ask := _first_ask(self.page):
            # Articles linked beside the call are not the section's.
            return ListPage(rows=(), next_url=None, linked={2: ask}, pages=None, total=None, asks_for_rows=True)
        pager = self._pager()
        rows = self.finder.rows(pager)
        if self.address is not None and (number := self.address.from_end) is not None:
            # What a file says of counts and neighbours is of the day it was built: only the one before it follows.
            older = list_file(self.page.url, number - 1) if number > 1 else None
            return ListPage(rows.rows, older, {}, None, None, unlinked=rows.unlinked, doubled=rows.doubled)
        pager_text = squeezed(pager) if pager is not None else ""
        pages = _last_number(_TOTAL_PAGES, pager_text)
        linked = self._files(pages) or self._pages_linked()
        following, total = self._next_url(pager, linked), _last_number(_TOTAL_ROWS, pager_text)
        common = read_pager(self.page, self._is_same)
        is_read = bool(linked or following or pages)
        stuck, idle = ((), ()) if is_read else (common.unfollowed, common.idle)
        read = Pager(pager, linked, following, pages, total, unfollowed=stuck, idle=idle)
        return list_page(self.page, rows, read, self.native_id, self._is_same)

    def _is_same(self, url: str) -> bool:
        there = self.listing(url)
        return there is not None and self.address is not None and there.column == self.address.column

    def _files(self, pages: int | None) -> dict[int, str]:
        """Page number → list file, of a column whose files count from the end, which the newest page alone says."""
        columns = ((url, self.listing(url)) for _, url in self.finder.links if self._is_same(url))
        pattern = next((url for url, to in columns if to and to.from_end), None)
        if pattern is None or pages is None:
            return {}
        return {page: list_file(pattern, pages - page + 1) for page in range(2, min(pages, _MOST_PAGES) + 1)}

    def _pager(self) -> etree._Element | None:
        """The pager block: by the id the CMS gives it, else the smallest block with a pager's words."""
        if named := self.page.all(_PAGER):
            return named[-1]
        blocks = ((node, squeezed(node)) for node in self.page.root.iter("div", "td", "p", "form", "span"))
        found = [node for node, text in blocks if len(text) < _LONGEST_PAGER and _PAGER_WORDS.search(text)]
        return found[-1] if found else None

    def _next_url(self, pager: etree._Element | None, linked: Mapping[int, str]) -> str | None:
        if linked and self.address is not None and self.address.page is not None:
            return linked.get(self.address.page + 1)
        within = pager.iter("a") if pager is not None else ()
        return next((self.page.href(a) for a in within if squeezed(a) in _NEXT), None)

    def _pages_linked(self) -> dict[int, str]:
        """Page number → address, of every page of this class that the page links, selects included."""
        options = [(o, url) for o in self.page.all("//option[@value]") if (url := self.page.href(o))]
        pages: dict[int, str] = {}
        for _, url in [*self.finder.links, *options]:
            address = self.listing(url)
            if address and address.page and self._is_same(url):
                pages.setdefault(address.page, url)
        return pages


def _last_number(pattern: re.Pattern[str], text: str) -> int | None:
    found = pattern.findall(text)
    return int(found[-1]) if found else None


def refusal(page: Page) -> tuple[Reason, str] | None:
    """Why an answer has no rows: refused, or cut off before its counts."""
    if page.text.strip(" \t\r\n\ufeff") == _ERROR:
        return Reason.UNREADABLE, _ERROR
    return None if _COUNTS.search(page.text) else (Reason.TRUNCATED, "no {ks:page} at its end")


def _first_ask(page: Page) -> Ask | None:
    """What a list page's script asks first; None for a page that has its rows itself."""
    for script in page.all("//script"):
        if match := _CALL.search(script.text or ""):
            label, column, folder, path, kind, special, info = (text or "" for text in match.groups())
            keys = {"labelid": label, "infoid": info, "classid": column, "refreshtype": kind, "specialid": special}
            url = page.resolve(folder + path)
            return _ask(url, keys, 1, page.url) if url else None
    return None


def _read_answer(page: Page, finder: RowFinder) -> ListPage:
    """The rows of one answer, and what to ask next."""
    asked = dict(parse_qsl(urlsplit(page.url).query, keep_blank_values=True))
    counts = _COUNTS.search(page.text)
    total, _, pages = (int(text) if text else None for text in counts.groups()) if counts else (None, None, None)
    current = asked.pop("curpage", "1")
    number = int(current) if re.fullmatch("[0-9]{1,6}", current) else 1
    following = _ask(page.url.partition("?")[0], asked, number + 1, page.url)
    found = finder.rows(None)
    return ListPage(
        rows=found.rows,
        next_url=None,
        linked={} if pages is None or number >= pages else {number + 2: following},
        pages=pages + 1 if pages else None,
        total=total,
        unlinked=found.unlinked,
        doubled=found.doubled,
    )


def _ask(url: str, keys: dict[str, str], number: int, referer: str) -> Ask:
    return Ask(f"{url}?{urlencode({**keys, 'curpage': number})}", headers={"Referer": referer}, is_fragment=True)
