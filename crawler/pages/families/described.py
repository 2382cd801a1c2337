"""A CMS family described by facts: patterns over addresses, containers, and how its lists turn.

Where a template has a container of its own that neither family nor profile names, structure finds body and rows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from crawler.pages import ListPage, SectionLink
from crawler.pages.addresses import ArticleAddress, address_by_path
from crawler.pages.families.base import BaseFamily
from crawler.pages.families.generic import Generic
from crawler.pages.lists.pagination import Pager, read_pager
from crawler.pages.lists.reader import list_page, read_list
from crawler.pages.lists.rows import FoundRows, RowFinder
from crawler.pages.lists.sections import Column, SectionFinder
from crawler.pages.page import Page
from crawler.pages.plain import plain_parts


class DescribedFamily(BaseFamily):
    """A family whose addresses follow patterns."""

    articles: ClassVar[tuple[re.Pattern[str], ...]] = ()
    """Over the path of an article, with the group `id`, and `part` where parts have files of their own."""
    lists: ClassVar[tuple[re.Pattern[str], ...]] = ()
    """Over the whole path of a list page, with the group `column`, and `number` where further pages are files."""
    second_part: ClassVar[int] = 2
    """The number in the file name of an article's second part."""

    @property
    def reader(self) -> str:
        """The version; behind a dot that of reading by structure, which finds what the family does not know."""
        return f"{self.version}.{Generic.structure}"

    # What a family answers.

    def column(self, url: str) -> Column | None:
        """Which column a list address names; None when it names none."""
        path = plain_parts(url).path
        found = next((match for pattern in self.lists if (match := pattern.fullmatch(path))), None)
        return Column(found["column"], found.groupdict().get("number") in {None, "1"}) if found else None

    def article(self, url: str) -> ArticleAddress | None:
        """Which article a URL names; None when it names none."""
        patterns = (*filter(None, [self.static_article]), *self.articles)
        return address_by_path(url, patterns, self.second_part)

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

    # What the spider asks.

    def native_id(self, url: str) -> str | None:
        address = self.article(url)
        return address.native_id if address else None

    def canonical(self, url: str) -> str:
        address = self.article(url)
        return address.canonical if address else plain_parts(url).geturl() or url

    def column_id(self, url: str) -> str | None:
        column = self.column(url)
        return column.id if column else None

    def find_section(self, page: Page, names: Sequence[str]) -> SectionLink | None:
        return SectionFinder(self.column, lambda found: bool(self.read_list(found).rows)).find(page, names)

    def read_list(self, page: Page) -> ListPage:
        pager = self.pager(page)
        found = self.rows(page, pager)
        found = found if found.rows else self._rows_by_structure(page)
        return list_page(page, found, pager, self.native_id, lambda url: self._is_same(page, url))

    def _rows_by_structure(self, page: Page) -> FoundRows:
        """The rows of a list whose links are no article addresses of this CMS; side bars and menus have no dates."""
        read = read_list(page, self.static_article)
        rows = tuple(replace(row, native_id=self.native_id(row.url)) for row in read.rows if row.date)
        return FoundRows(rows, read.unlinked, read.doubled)
