"""DedeCMS: files by day (`/a/ldjh/2014/1117/1992.html`) or `plus/view.php?aid=1992`, lists `list_3_2.html`.

Its counter (plus/count.php) adds a view each time it is asked; there is no form of it that only reads.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode

from crawler.pages.addresses import ArticleAddress
from crawler.pages.families.described import DescribedFamily
from crawler.pages.families.scripts import script_query
from crawler.pages.lists.pagination import Pager, parts_pager
from crawler.pages.lists.sections import Column
from crawler.pages.page import Page
from crawler.pages.plain import plain_parts

_VIEW = re.compile(r"(?P<folder>.*/)plus/view\.php")
_DYNAMIC_LIST = re.compile(r".*/plus/list\.php")
_LIST = re.compile(r"/(?P<folder>.+)/(?:index\.html?|list_\d+_(?P<number>\d{1,6})\.html?)?")
_COUNTER = re.compile(r"/plus/count\.php$")
_ID = re.compile(r"[0-9]{1,18}")
_PART = re.compile(r"[0-9]{1,4}")


class DedeCms(DescribedFamily):
    """Page objects of DedeCMS."""

    version = "dedecms/4"
    marks = (
        re.compile(r"plus/(?:view|list)\.php", re.IGNORECASE),
        re.compile(r"plus/count\.php", re.IGNORECASE),
        re.compile(r"\blist_\d+_\d+\.html?", re.IGNORECASE),
    )
    articles = (re.compile(r"/\d{4}/\d{4}/(?P<id>\d{1,18})(?:_(?P<part>\d{1,4}))?\.html?$"),)
    bodies = (".viewbox .content", ".content")
    counter = "increments"

    def article(self, url: str) -> ArticleAddress | None:
        parts = plain_parts(url)
        query = dict(parse_qsl(parts.query))
        number, part = query.get("aid", query.get("arcID", "")), query.get("pageno", "1")
        if (match := _VIEW.fullmatch(parts.path)) and _ID.fullmatch(number) and _PART.fullmatch(part):
            canonical = parts._replace(path=f"{match['folder']}plus/view.php", query=f"aid={number}", fragment="")
            return ArticleAddress(number, int(part), canonical.geturl())
        return super().article(url)

    def column(self, url: str) -> Column | None:
        parts = plain_parts(url)
        if _DYNAMIC_LIST.fullmatch(parts.path):
            query = dict(parse_qsl(parts.query))
            return Column(query["tid"], query.get("PageNo", "1") == "1") if "tid" in query else None
        match = _LIST.fullmatch(parts.path)
        return Column(match["folder"], match["number"] in {None, "1"}) if match else None

    def parts(self, page: Page) -> Pager:
        return parts_pager(page, self.article)

    def counter_url(self, page: Page) -> str | None:
        found = script_query(page, _COUNTER)
        return f"{found[0]}?{urlencode({**found[1], 'view': 'yes'})}" if found else None
