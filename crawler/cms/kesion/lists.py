"""KesionCMS list pages: the section's rows and its pager, found without a template's classes."""

from __future__ import annotations

import re

from lxml import etree

from crawler.cms import ListPage
from crawler.cms.kesion.addresses import ListAddress, article_address, list_address
from crawler.cms.kit.rows import RowFinder
from crawler.page import Page, squeeze, strings

_PAGER = "//*[translate(@id,'FENY','feny')='fenye' or contains(concat(' ',@class,' '),' fenye ')]"
_OPTIONS = ".//option[@value]"
_PAGER_WORDS = re.compile(r"总共\d+页|共\d+篇|页次[:：]\d+/\d+|第\d+页共\d+页|上一页.*下一页")
_TOTAL_PAGES = re.compile(r"(?:总共|共|/)(\d+)页")
_TOTAL_ROWS = re.compile(r"共(\d+)篇")
_EMPTY = re.compile("此栏目下没有(?:文章|信息)")
_NEXT = frozenset({"下一页", "下页", "后一页", "8"})


class ListReader:
    """Reads one list page.

    Args:
        page: the parsed page.
        static_article: the profile's pattern for article files, if the site publishes files.
    """

    def __init__(self, page: Page, static_article: re.Pattern[str] | None) -> None:
        self.page = page
        self.static_article = static_article
        self.finder = RowFinder(page, self._native_id, _is_list, says_empty=self._says_empty())
        self.address = list_address(page.url)

    def read(self) -> ListPage:
        pager = self._pager()
        pager_text = squeeze("".join(strings(pager))) if pager is not None else ""
        return ListPage(
            rows=self.finder.rows(pager),
            next_url=self._next_url(pager),
            linked=self._pages_linked(),
            pages=_last_number(_TOTAL_PAGES, pager_text),
            total=_last_number(_TOTAL_ROWS, pager_text),
        )

    def _native_id(self, url: str) -> str | None:
        address = article_address(url, self.static_article)
        return address.native_id if address else None

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

    def _next_url(self, pager: etree._Element | None) -> str | None:
        if self.address is not None:
            following = self._pages_linked().get(self.address.page + 1)
            if following or self._pages_linked():
                return following
        within = pager.iter("a") if pager is not None else ()
        return next((self.page.href(a) for a in within if squeeze("".join(strings(a))) in _NEXT), None)

    def _pages_linked(self) -> dict[int, str]:
        """Page number → address, of every page of this class that the page links, selects included."""
        mine = self.address
        options = [(o, url) for o in self.page.all("//option[@value]") if (url := self.page.href(o))]
        pages: dict[int, str] = {}
        for _, url in [*self.finder.links, *options]:
            address: ListAddress | None = list_address(url)
            if address and mine and address.class_id == mine.class_id:
                pages.setdefault(address.page, url)
        return pages


def _is_list(url: str) -> bool:
    return list_address(url) is not None


def _last_number(pattern: re.Pattern[str], text: str) -> int | None:
    found = pattern.findall(text)
    return int(found[-1]) if found else None
