"""SiteServer CMS: `/contents/910/1.html`, lists `/channels/910_2.html`; the count is printed when a page is built.

PageService.aspx?type=AddCountHits only counts and answers nothing: it is never asked.
"""

from __future__ import annotations

import re

from crawler.pages.families.described import DescribedFamily
from crawler.pages.lists.pagination import Pager, parts_pager
from crawler.pages.lists.sections import Column
from crawler.pages.page import Page
from crawler.pages.plain import plain_parts

_LIST = re.compile(r"(?:.*)/channels/(?P<id>\d{1,18})(?:_(?P<number>\d{1,6}))?\.(?:s?html?|aspx)")
_CHANNEL = re.compile(r"/contents/(?P<id>\d{1,18})/")


class SiteServer(DescribedFamily):
    """Page objects of SiteServer CMS."""

    version = "siteserver/4"
    marks = (
        re.compile(r"/contents/\d+/\d+\.", re.IGNORECASE),
        re.compile(r"/channels/\d+(?:_\d+)?\.", re.IGNORECASE),
        re.compile(r"PageService\.aspx|stlPage", re.IGNORECASE),
    )
    articles = (re.compile(r"/contents/\d+/(?P<id>\d{1,18})(?:_(?P<part>\d{1,4}))?\.(?:s?html?|aspx)$"),)
    bodies = (".content",)
    counter = "none"

    def column(self, url: str) -> Column | None:
        match = _LIST.fullmatch(plain_parts(url).path)
        return Column(match["id"], match["number"] in {None, "1"}) if match else None

    def columns_of(self, url: str) -> tuple[str, ...]:
        match = _CHANNEL.search(plain_parts(url).path)
        return (match["id"],) if match else ()

    def parts(self, page: Page) -> Pager:
        return parts_pager(page, self.article)
