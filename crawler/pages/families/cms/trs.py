"""TRS WCM: articles are files by month, lists turn only by a script, meta tags are filled by the platform.

Real pages: ccdi.gov.cn, shanxi.gov.cn, nmg.gov.cn (a count in a comment only), nxzx.gov.cn (list files). Of the
platform many cities share (镇江, 邵阳, 苏州) only public crawlers were seen: articles are named by 32 hex digits or a
UUID, lists are `list.shtml`, `xxgk_list.shtml` and turn by another form of the same script.
"""

from __future__ import annotations

import re

from crawler.pages import Hints, Pager
from crawler.pages.addresses import folders
from crawler.pages.families.base import any_case
from crawler.pages.families.described import DescribedFamily
from crawler.pages.lists.page_scripts import counted_files
from crawler.pages.page import Page, tidy
from crawler.pages.plain import plain_parts

_HEX = r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_FILE = re.compile(rf"/(?P<folder>.+)/\d{{6}}/(?P<stem>t\d{{8}}_\d+|{_HEX})(?:_\d+)?\.", re.IGNORECASE)
_COMMENTED = "//*[@id='pageview']/comment()|//*[contains(@class,'pageview')]/comment()"


class Trs(DescribedFamily):
    version = "trs/4"
    marks = any_case(
        r"/t\d{8}_\d+\.s?html?",
        r"trs_editor|trs_ueditor",
        r"\bcreatePageHTML\w*\(",
        r"\bvar\s+countPage\b",
        r"/\d{6}/[0-9a-f]{32}\.s?html?",
    )
    articles = (
        re.compile(r"/t\d{8}_(?P<id>\d+)(?:_(?P<part>\d{1,4}))?\.s?html?$"),
        re.compile(rf"/\d{{6}}/(?P<id>{_HEX})(?:_(?P<part>\d{{1,4}}))?\.s?html?$", re.IGNORECASE),
    )
    # `index` and `list` are the folder's own list, any other name is a list beside it.
    lists = any_case(
        r"/(?P<column>.+)/(?:(?-i:index|list)(?:_(?P<later>\d+))?\.s?html?)?",
        r"/(?P<column>.+/(?:index|[\w-]*?list[\w-]*?))(?:_(?P<later>\d+))?\.s?html?",
    )
    second_part = 1
    bodies = (
        ".TRS_Editor",
        ".trs_editor_view",
        ".TRS_UEDITOR",
        ".Custom_UnionStyle",
        "#UCAP-CONTENT",
        "#zoomcon",
        "#zoom",
    )

    def columns_of(self, url: str) -> tuple[str, ...]:
        match = _FILE.match(plain_parts(url).path)
        return folders(match["folder"]) if match else ()

    def parts(self, page: Page) -> Pager:
        match = _FILE.match(plain_parts(page.url).path)
        return counted_files(page, match["stem"]) if match else Pager()

    def hints(self, page: Page) -> Hints:
        """A count that only a comment says (nmg.gov.cn)."""
        commented = [tidy(comment.text or "") for comment in page.all(_COMMENTED)]
        return Hints(views=commented[0] or None if commented else None)
