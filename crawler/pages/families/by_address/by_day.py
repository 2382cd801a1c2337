"""Files in folders of their day, as several vendors write them; what names an article is the number.

`/2026/03-25/4363302.html` (河南 and its cities), `/ldjh/2020-10-27/109580.html` (湖北, 济南, 延边),
`/ldjh/content/2024-10/18/content_8801774.htm` (newspapers: 杭州, 深圳, 三亚, 哈尔滨),
`/system/2024/06/19/030294101.shtml` (news media: 河北, 江西), `/doc/2022/07/27/3719461.shtml` (无锡).
Only addresses are known from public sources. Guessed: that lists are `index.html`, `index_2.html` or `node_12_2.htm`.
Body and labels are found by structure.
"""

from __future__ import annotations

import re

from crawler.pages.families.described import DescribedFamily
from crawler.pages.lists.pagination import Pager, parts_pager
from crawler.pages.page import Page

_NUMBER = r"(?P<id>\d{3,18})(?:_(?P<part>\d{1,4}))?\.s?html?$"


class ByDay(DescribedFamily):
    """Page objects of sites whose articles lie in folders of their day."""

    version = "by-day/1"
    marks = (
        re.compile(r"/\d{4}/\d\d-\d\d/\d{3,}\.s?html?", re.IGNORECASE),
        re.compile(r"/\d{4}-\d\d/\d\d/content_\d+\.s?html?", re.IGNORECASE),
        re.compile(r"/(?:system|doc)/\d{4}/\d\d/\d\d/\d{3,}\.s?html?", re.IGNORECASE),
    )
    articles = (
        re.compile(rf"/\d{{4}}/\d\d-\d\d/{_NUMBER}", re.IGNORECASE),
        re.compile(rf"/\d{{4}}-\d\d-\d\d/{_NUMBER}", re.IGNORECASE),
        re.compile(rf"/\d{{4}}-\d\d/\d\d/content_{_NUMBER}", re.IGNORECASE),
        re.compile(rf"/(?:system|doc)/\d{{4}}/\d\d/\d\d/{_NUMBER}", re.IGNORECASE),
    )
    lists = (
        re.compile(r"/(?P<column>.*node_\d+)(?:_(?P<number>\d{1,5}))?\.s?html?", re.IGNORECASE),
        re.compile(r"/(?P<column>.+)/(?:index(?:_(?P<number>\d{1,5}))?\.s?html?)?", re.IGNORECASE),
    )

    def parts(self, page: Page) -> Pager:
        return parts_pager(page, self.article)
