"""博达 VSB (VisualSiteBuilder): `/info/1005/3889.htm`, lists counting down, a counter that reads as plain number.

An article keeps its number in every column it is shown in.

The number is asked of dynclicks.jsp, which `_showDynClicks` calls; addclicktimes.jsp, another script, is what counts.
"""

from __future__ import annotations

import re

from crawler.pages import Column, Hints
from crawler.pages.addresses import ArticleAddress
from crawler.pages.families.base import any_case
from crawler.pages.families.described import DescribedFamily, query_of
from crawler.pages.page import Page
from crawler.pages.plain import plain_parts

_CLICKS = re.compile(r"_showDynClicks\(\s*[\"']wbnews[\"']\s*,\s*(?P<owner>\d+)\s*,\s*(?P<id>\d+)\s*\)")


class Vsb(DescribedFamily):
    version = "vsb/4"
    marks = any_case(
        r"/info/\d+/\d+\.html?",
        r"_showDynClicks\(",
        r"\bvsb_content",
        r"/system/(?:_content|resource)/",
        r"\bpb_sys_common\b",
    )
    articles = (re.compile(r"/info/(?:[\w-]+/)*(?P<id>\d+)\.html?$"),)
    # A home page is no list.
    lists = (
        re.compile(r"/(?!(?:index|main|default)\.html?$)(?P<column>(?!info/)[\w/-]+?)(?:/(?P<later>\d+))?\.html?"),
    )
    bodies = ("#vsb_content*", ".v_news_content")
    # Some templates let them stand within the container; what is longer is text.
    furniture = (
        ".//*[starts-with(translate(normalize-space(.),'【[ ',''),'上一') or"
        " starts-with(translate(normalize-space(.),'【[ ',''),'下一')]"
        "[.//a or contains(.,'没有') or self::a][string-length(normalize-space(.)) < 160]"
        "[starts-with(substring(translate(normalize-space(.),'【[ ',''),3),'条') or"
        " starts-with(substring(translate(normalize-space(.),'【[ ',''),3),'篇')]",
    )
    counter = "read_only"

    def article(self, url: str) -> ArticleAddress | None:
        query = query_of(url)
        tree, number = query.get("wbtreeid", ""), query.get("wbnewsid", "")
        if re.fullmatch("[0-9]+ [0-9]+", f"{tree} {number}"):
            kept = f"urltype=news.NewsContentUrl&wbtreeid={tree}&wbnewsid={number}"
            return ArticleAddress(number, 1, plain_parts(url)._replace(query=kept).geturl())
        return super().article(url)

    def column(self, url: str) -> Column | None:
        query = query_of(url)
        if "wbtreeid" in query and "wbnewsid" not in query:
            return Column(query["wbtreeid"], query.get("PAGENUM", "1") == "1")
        return super().column(url)

    def counter_url(self, page: Page) -> str | None:
        for script in page.all("//script"):
            match = _CLICKS.search(script.text or "")
            if match and match["id"] == self.native_id(page.url):
                query = f"clickid={match['id']}&owner={match['owner']}&clicktype=wbnews"
                return page.resolve(f"/system/resource/code/news/click/dynclicks.jsp?{query}")
        return None

    def hints(self, page: Page) -> Hints:
        """附件【…】 stands behind the body, never in it."""
        return Hints(files=page.all("//a[contains(@href,'/system/_content/download.jsp')]"))
