"""EmpireCMS (帝国CMS): `/zx/ldjh/2014-11-17/1992.html`, lists `index_2.html`, a counter that can be read.

e/public/ViewClick/ counts only with `addclick=1`; with `down=5` it is another number, that of the likes.
"""

from __future__ import annotations

import re
from urllib.parse import urlencode

from crawler.pages.families.described import DescribedFamily
from crawler.pages.families.scripts import script_query
from crawler.pages.lists.pagination import Pager, parts_pager
from crawler.pages.lists.sections import Column
from crawler.pages.page import Page
from crawler.pages.plain import plain_parts

_LIST = re.compile(r"/(?P<folder>.+)/(?:index(?:_(?P<number>\d{1,6}))?\.html?)?")
_COUNTER = re.compile(r"/e/public/ViewClick/")


class EmpireCms(DescribedFamily):
    """Page objects of EmpireCMS."""

    version = "empirecms/4"
    marks = (
        re.compile(r"/e/public/ViewClick/", re.IGNORECASE),
        re.compile(r"/e/(?:extend|data|DownSys|enews)/", re.IGNORECASE),
    )
    articles = (re.compile(r"/(?P<id>\d{1,18})(?:_(?P<part>\d{1,4}))?\.html?$"),)
    bodies = ("#text", ".newstext")
    furniture = (".//*[contains(concat(' ',@class,' '),' pageLink ')]",)
    counter = "read_only"

    def column(self, url: str) -> Column | None:
        match = _LIST.fullmatch(plain_parts(url).path)
        return Column(match["folder"], match["number"] in {None, "1"}) if match else None

    def parts(self, page: Page) -> Pager:
        return parts_pager(page, self.article)

    def counter_url(self, page: Page) -> str | None:
        found = script_query(page, _COUNTER)
        if found is None or not {"classid", "id"} <= found[1].keys():
            return None
        return f"{found[0]}?{urlencode({'classid': found[1]['classid'], 'id': found[1]['id']})}"
