"""A CMS family described by facts: patterns over addresses, containers, and how its lists turn.

Where a template has a container of its own that neither family nor profile names, structure finds body and rows.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import ClassVar
from urllib.parse import parse_qsl, urlsplit

from crawler.pages import Column, ListPage, Pager
from crawler.pages.addresses import ArticleAddress, address_by_path
from crawler.pages.families.base import BaseFamily
from crawler.pages.families.generic import Generic
from crawler.pages.lists.pagination import parts_pager, read_pager
from crawler.pages.lists.reader import list_page, read_list
from crawler.pages.lists.rows import FoundRows, RowFinder
from crawler.pages.page import Page
from crawler.pages.plain import plain_parts


class DescribedFamily(BaseFamily):
    """A family whose addresses follow patterns."""

    articles: ClassVar[tuple[re.Pattern[str], ...]] = ()
    """Over the path of an article, with the group `id`, and `part` where parts have files of their own."""
    lists: ClassVar[tuple[re.Pattern[str], ...]] = ()
    """Over the whole path of a list page, with the group `column`. Where further pages are files their number is the
    group `number` if it counts from 1, else `later`."""
    own_column: ClassVar[re.Pattern[str] | None] = None
    """Over the path of an article that names its column, with the group `column`."""
    second_part: ClassVar[int] = 2
    """The number in the file name of an article's second part."""

    @property
    def reader(self) -> str:
        """The version; behind a dot that of reading by structure, which finds what the family does not know."""
        return f"{self.version}.{Generic.structure}"

    def article(self, url: str) -> ArticleAddress | None:
        patterns = (*filter(None, [self.static_article]), *self.articles)
        return address_by_path(url, patterns, self.second_part)

    def canonical(self, url: str) -> str:
        address = self.article(url)
        return address.canonical if address else plain_parts(url).geturl() or url

    def column(self, url: str) -> Column | None:
        path = plain_parts(url).path
        found = next((match for pattern in self.lists if (match := pattern.fullmatch(path))), None)
        if found is None:
            return None
        groups = found.groupdict()
        return Column(found["column"], groups.get("number") in {None, "1"} and groups.get("later") is None)

    def columns_of(self, url: str) -> tuple[str, ...]:
        found = self.own_column.search(plain_parts(url).path) if self.own_column else None
        return (found["column"],) if found else ()

    def parts(self, page: Page) -> Pager:
        has_files = any("part" in pattern.groupindex for pattern in self.articles)
        return parts_pager(page, self.article) if has_files else Pager()

    def read_list(self, page: Page) -> ListPage:
        pager = self.pager(page)
        found = self.rows(page, pager)
        found = found if found.rows else self._rows_by_structure(page)
        return list_page(page, found, pager, self.native_id, lambda url: self._is_same(page, url))

    def pager(self, page: Page) -> Pager:
        """The pager of a list page."""
        return read_pager(page, lambda url: self._is_same(page, url))

    def _is_same(self, page: Page, url: str) -> bool:
        """True for a page of the list that a page is of."""
        here, there = self.column(page.url), self.column(url)
        return here is not None and there is not None and here.id == there.id

    def rows(self, page: Page, pager: Pager) -> FoundRows:
        """The rows of a list page."""
        host = plain_parts(page.url).netloc
        finder = RowFinder(
            page, self.native_id, lambda url: plain_parts(url).netloc == host and bool(self.column(url))
        )
        named = page.all(self.row_container.xpath) if self.row_container else []
        return finder.rows_in(named[0]) if named else finder.rows(pager.node)

    def _rows_by_structure(self, page: Page) -> FoundRows:
        """The rows of a list whose links are no article addresses of this CMS; side bars and menus have no dates."""
        read = read_list(page, self.static_article)
        rows = tuple(replace(row, native_id=self.native_id(row.url)) for row in read.rows if row.date)
        return FoundRows(rows, read.unlinked, read.doubled)


def script_query(page: Page, path: str) -> tuple[str, dict[str, str]] | None:
    """Address without query, and query, of the first script whose path matches; None when the page loads none."""
    urls = (url for script in page.all("//script[@src]") if (url := page.href(script)))
    found = next((url for url in urls if re.search(path, urlsplit(url).path)), None)
    return (
        (found.partition("?")[0], dict(parse_qsl(urlsplit(found).query, keep_blank_values=True))) if found else None
    )


def query_of(url: str) -> dict[str, str]:
    """The keys of an address's query, sessions aside, the last value of each."""
    return dict(parse_qsl(plain_parts(url).query))
