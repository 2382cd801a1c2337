"""DedeCMS: files by day (`/a/ldjh/2014/1117/1992.html`) or `plus/view.php?aid=1992`, lists `list_3_2.html`.

Its counter (plus/count.php) adds a view each time it is asked; there is no form of it that only reads.
"""

from __future__ import annotations

import re
from urllib.parse import urlencode

from crawler.pages import Column
from crawler.pages.addresses import ArticleAddress
from crawler.pages.families.base import any_case
from crawler.pages.families.described import DescribedFamily, query_of, script_query
from crawler.pages.page import Page
from crawler.pages.plain import plain_parts

_VIEW, _LIST = re.compile(r".*/plus/view\.php"), re.compile(r".*/plus/list\.php")


class DedeCms(DescribedFamily):
    version = "dedecms/4"
    marks = any_case(r"plus/(?:view|list)\.php", r"plus/count\.php", r"\blist_\d+_\d+\.html?")
    articles = (re.compile(r"/\d{4}/\d{4}/(?P<id>\d{1,18})(?:_(?P<part>\d{1,4}))?\.html?$"),)
    lists = (re.compile(r"/(?P<column>.+)/(?:index\.html?|list_\d+_(?P<number>\d{1,6})\.html?)?"),)
    bodies = (".viewbox .content", ".content")
    counter = "increments"

    def article(self, url: str) -> ArticleAddress | None:
        parts, query = plain_parts(url), query_of(url)
        number, part = query.get("aid", query.get("arcID", "")), query.get("pageno", "1")
        if _VIEW.fullmatch(parts.path) and re.fullmatch("[0-9]{1,18} [0-9]{1,4}", f"{number} {part}"):
            return ArticleAddress(number, int(part), parts._replace(query=f"aid={number}").geturl())
        return super().article(url)

    def column(self, url: str) -> Column | None:
        if not _LIST.fullmatch(plain_parts(url).path):
            return super().column(url)
        query = query_of(url)
        return Column(query["tid"], query.get("PageNo", "1") == "1") if "tid" in query else None

    def counter_url(self, page: Page) -> str | None:
        found = script_query(page, r"/plus/count\.php$")
        return f"{found[0]}?{urlencode({**found[1], 'view': 'yes'})}" if found else None
