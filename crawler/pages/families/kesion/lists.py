"""KesionCMS list pages: the section's rows and its pager, found without a template's classes."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lxml import etree

from crawler.pages import ListPage
from crawler.pages.families.kesion.addresses import Addresses, list_file
from crawler.pages.families.kesion.ajax_lists import calling_page, first_ask, is_answer, read_answer
from crawler.pages.lists.pagination import Pager, read_pager
from crawler.pages.lists.reader import list_page
from crawler.pages.lists.rows import RowFinder
from crawler.pages.page import Page, squeeze, strings

_PAGER = "//*[translate(@id,'FENY','feny')='fenye' or contains(concat(' ',@class,' '),' fenye ')]"
_OPTIONS = ".//option[@value]"
_PAGER_WORDS = re.compile(r"总共\d+页|共\d+篇|页次[:：]\d+/\d+|第\d+页共\d+页|上一页.*下一页")
_TOTAL_PAGES = re.compile(r"(?:总共|共|/)(\d{1,6})页")
_TOTAL_ROWS = re.compile(r"共(\d{1,9})篇")
_MOST_PAGES = 10_000
_EMPTY = re.compile("此栏目下没有(?:文章|信息)")
_NEXT = frozenset({"下一页", "下页", "后一页", "8"})


class ListReader:
    """Reads one list page.

    Args:
        page: the parsed page.
        addresses: what the site's addresses mean.
    """

    def __init__(self, page: Page, addresses: Addresses) -> None:
        self.page, self.addresses = page, addresses
        self.finder = RowFinder(page, addresses.native_id, self._is_list, says_empty=self._says_empty())
        self.address = addresses.listing(page.url)

    def read(self) -> ListPage:
        if is_answer(self.page.url):
            return read_answer(self.page, self.finder)
        if ask := first_ask(self.page):
            return calling_page(ask)
        pager = self._pager()
        rows = self.finder.rows(pager)
        if self.address is not None and self.address.from_end is not None:
            return ListPage(
                rows.rows, self._older_file(), {}, None, None, unlinked=rows.unlinked, doubled=rows.doubled
            )
        pager_text = squeeze("".join(strings(pager))) if pager is not None else ""
        pages = _last_number(_TOTAL_PAGES, pager_text)
        linked = self._files(pages) or self._pages_linked()
        following, total = self._next_url(pager, linked), _last_number(_TOTAL_ROWS, pager_text)
        common = read_pager(self.page, self._is_same)
        is_read = bool(linked or following or pages)
        stuck, idle = ((), ()) if is_read else (common.unfollowed, common.idle)
        read = Pager(pager, linked, following, pages, total, unfollowed=stuck, idle=idle)
        return list_page(self.page, rows, read, self.addresses.native_id, self._is_same)

    def _is_same(self, url: str) -> bool:
        there = self.addresses.listing(url)
        return there is not None and self.address is not None and there.column == self.address.column

    def _older_file(self) -> str | None:
        """The list file before this one; what this one says of counts and neighbours is of the day it was built."""
        number = self.address.from_end if self.address else None
        return list_file(self.page.url, number - 1) if number and number > 1 else None

    def _files(self, pages: int | None) -> dict[int, str]:
        """Page number → list file, of a column whose files count from the end; told by the newest page alone."""
        columns = ((url, self.addresses.listing(url)) for _, url in self.finder.links)
        mine = self.address
        pattern = next((url for url, to in columns if to and mine and to.column == mine.column and to.from_end), None)
        if pattern is None or pages is None:
            return {}
        return {page: list_file(pattern, pages - page + 1) for page in range(2, min(pages, _MOST_PAGES) + 1)}

    def _is_list(self, url: str) -> bool:
        return self.addresses.listing(url) is not None

    def _says_empty(self) -> bool:
        return bool(_EMPTY.search(squeeze("".join(strings(self.page.root)))))

    def _pager(self) -> etree._Element | None:
        """The pager block: by the id the CMS gives it, else the smallest block with a pager's words."""
        named = self.page.all(_PAGER)
        if named:
            return named[-1]
        found = [n for n in self.page.all("//div|//td|//p|//form|//span") if self._is_pager(n)]
        return found[-1] if found else None

    @staticmethod
    def _is_pager(node: etree._Element) -> bool:
        text = squeeze("".join(strings(node)))
        return len(text) < 600 and bool(_PAGER_WORDS.search(text))

    def _next_url(self, pager: etree._Element | None, linked: Mapping[int, str]) -> str | None:
        if linked and self.address is not None and self.address.page is not None:
            return linked.get(self.address.page + 1)
        within = pager.iter("a") if pager is not None else ()
        return next((self.page.href(a) for a in within if squeeze("".join(strings(a))) in _NEXT), None)

    def _pages_linked(self) -> dict[int, str]:
        """Page number → address, of every page of this class that the page links, selects included."""
        mine = self.address
        options = [(o, url) for o in self.page.all("//option[@value]") if (url := self.page.href(o))]
        pages: dict[int, str] = {}
        for _, url in [*self.finder.links, *options]:
            address = self.addresses.listing(url)
            if address and mine and address.page and address.column == mine.column:
                pages.setdefault(address.page, url)
        return pages


def _last_number(pattern: re.Pattern[str], text: str) -> int | None:
    found = pattern.findall(text)
    return int(found[-1]) if found else None
