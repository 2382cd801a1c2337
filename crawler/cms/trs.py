"""TRS WCM: articles are files by month, lists turn only by a script, meta tags are filled by the platform.

Real pages: ccdi.gov.cn, shanxi.gov.cn, nmg.gov.cn (a count in a comment only), nxzx.gov.cn (list files).
"""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import urlsplit

from lxml import etree

from crawler.cms.kit.addresses import folders
from crawler.cms.kit.family import DescribedFamily
from crawler.cms.kit.info import Info
from crawler.cms.kit.pagers import Pager, counted_files
from crawler.cms.kit.sections import Column
from crawler.cms.kit.title import Heading
from crawler.page import Page, tidy

_LIST = re.compile(r"/(?P<folder>.+)/(?:index(?:_(?P<number>\d+))?\.s?html?)?")
_FILE = re.compile(r"/(?P<folder>.+)/\d{6}/(?P<stem>t\d{8}_\d+)(?:_\d+)?\.")
_COMMENTED = "//*[@id='pageview']/comment()|//*[contains(@class,'pageview')]/comment()"


class Trs(DescribedFamily):
    """Page objects of TRS WCM."""

    reader = "trs/1"
    articles = (re.compile(r"/t\d{8}_(?P<id>\d+)(?:_(?P<part>\d{1,4}))?\.s?html?$"),)
    second_part = 1
    bodies = (".TRS_Editor", ".trs_editor_view", ".TRS_UEDITOR", ".Custom_UnionStyle", "#zoom")
    counter = "none"

    def column(self, url: str) -> Column | None:
        match = _LIST.fullmatch(urlsplit(url).path)
        return Column(match["folder"], match["number"] is None) if match else None

    def columns_of(self, url: str) -> tuple[str, ...]:
        match = _FILE.match(urlsplit(url).path)
        return folders(match["folder"]) if match else ()

    def pager(self, page: Page) -> Pager:
        counted = counted_files(page)
        return counted if counted.node is not None else super().pager(page)

    def parts(self, page: Page) -> Pager:
        match = _FILE.match(urlsplit(page.url).path)
        return counted_files(page, match["stem"]) if match else Pager()

    def info(self, page: Page, body: etree._Element, heading: Heading) -> Info:
        """What is shown; of the count also what only a comment says (nmg.gov.cn)."""
        info = super().info(page, body, heading)
        commented = [tidy(comment.text or "") for comment in page.all(_COMMENTED)]
        return info if info.views or not commented else replace(info, views=commented[0] or None)
