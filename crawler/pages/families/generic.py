"""The generic family: any site, read by structure alone. For sites whose CMS is unknown or not worth a family."""

from __future__ import annotations

from collections.abc import Sequence

from crawler.pages import Column, ListPage, SectionLink, lists
from crawler.pages.addresses import canonical, column_id, native_id
from crawler.pages.families.base import BaseFamily
from crawler.pages.lists.reader import read_list
from crawler.pages.page import Page


class Generic(BaseFamily):
    """Page objects of a site nobody described: the family that declares nothing."""

    structure = 5
    """Version of what is read by structure alone."""
    version = f"generic/{structure}"
    takes_containers = False
    counter = "increments"  # nothing is known of a counter

    def native_id(self, url: str) -> str | None:
        return native_id(url, self.static_article)

    def canonical(self, url: str) -> str:
        return canonical(url)

    def column_id(self, url: str) -> str | None:
        return column_id(url)

    def column(self, url: str) -> Column:
        """Any address may be a list's, its first page for all one knows."""
        return Column(column_id(url) or url, is_first=True)

    def find_section(self, page: Page, names: Sequence[str]) -> SectionLink | None:
        finder = lists.SectionFinder(self.column, lambda found: bool(self.read_list(found).rows), is_strict=False)
        return finder.find(page, names)

    def read_list(self, page: Page) -> ListPage:
        return read_list(page, self.static_article)

    def count_in(self, answer: str) -> str:
        return answer
