"""EmpireCMS (帝国CMS): `/zx/ldjh/2014-11-17/1992.html`, lists `index_2.html`, a counter that can be read.

e/public/ViewClick/ counts only with `addclick=1`; with `down=5` it is another number, that of the likes.
"""

from __future__ import annotations

import re
from urllib.parse import urlencode

from crawler.pages.families.base import any_case
from crawler.pages.families.described import DescribedFamily, script_query
from crawler.pages.page import Page


class EmpireCms(DescribedFamily):
    version = "empirecms/4"
    marks = any_case(r"/e/public/ViewClick/", r"/e/(?:extend|data|DownSys|enews)/")
    articles = (re.compile(r"/(?P<id>\d{1,18})(?:_(?P<part>\d{1,4}))?\.html?$"),)
    lists = (re.compile(r"/(?P<column>.+)/(?:index(?:_(?P<number>\d{1,6}))?\.html?)?"),)
    bodies = ("#text", ".newstext")
    furniture = (".//*[contains(concat(' ',@class,' '),' pageLink ')]",)
    counter = "read_only"

    def counter_url(self, page: Page) -> str | None:
        found = script_query(page, "/e/public/ViewClick/")
        if found is None or not {"classid", "id"} <= found[1].keys():
            return None
        return f"{found[0]}?{urlencode({'classid': found[1]['classid'], 'id': found[1]['id']})}"
