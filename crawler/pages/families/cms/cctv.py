"""The publishing system of CCTV, which www.cppcc.gov.cn runs on: `/zxww/2026/07/16/ARTI1784165686630164.shtml`.

Older lists are no HTML: a script fills an array, `new title_array('address','title','2019-03-18')`; younger ones have
ordinary rows. No counter is known.
"""

from __future__ import annotations

import re

from crawler.pages import ListedRow, Pager
from crawler.pages.families.base import any_case
from crawler.pages.families.described import DescribedFamily
from crawler.pages.lists.rows import FoundRows
from crawler.pages.page import Page, words

_ROW = re.compile(
    r"new\s+title_array\(\s*'(?P<url>[^'\n]*)'\s*,\s*'(?P<title>.{0,999}?)(?<!\\)'\s*,\s*'(?P<date>[^'\n]*)'\s*\)",
    re.DOTALL,
)


class Cctv(DescribedFamily):
    version = "cctv/4"
    marks = any_case(r"/ARTI\d{10,}\.s?html?", r"\bnew\s+title_array\(")
    articles = (re.compile(r"/(?P<id>ARTI\d+)\.s?html?$"),)
    lists = (re.compile(r"/(?P<column>(?!.*/\d{4}/\d\d/\d\d/)[\w/-]+)/(?:index(?:_(?P<later>\d+))?\.shtml)?"),)
    bodies = (".cnt_box .con", "#page_body .con", ".cnt_bd")

    def rows(self, page: Page, pager: Pager) -> FoundRows:
        written = [match for script in page.all("//script") for match in _ROW.finditer(script.text or "")]
        if not written:
            return super().rows(page, pager)
        found = [self._row(page, match, url) for match in written if (url := page.resolve(match["url"]))]
        return FoundRows(tuple({row.native_id or row.url: row for row in found}.values()))

    def _row(self, page: Page, match: re.Match[str], url: str) -> ListedRow:
        title = words(page.inner(match["title"].replace("\\'", "'")).root)
        return ListedRow(url, self.native_id(url), title or None, match["date"] or None)
