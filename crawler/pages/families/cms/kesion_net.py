"""Kesion ASP.NET (ICMS, IMall): files below `/html/`, or `/v-1-3704.aspx` and `/a/12-2.aspx`.

Ids are counted per model. Pages print a 0 that Model/GetHits.aspx fills in; what that changes is not known, so it
counts as counting. The pager is empty without its script, which counts from `var TotalPage`; list files count from
the end, as in the older CMS.
"""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import urlencode

from crawler.pages import Pager
from crawler.pages.addresses import ArticleAddress
from crawler.pages.families.base import any_case
from crawler.pages.families.described import DescribedFamily
from crawler.pages.families.kesion.addresses import list_file
from crawler.pages.lists.pagination import pager_block
from crawler.pages.page import Page
from crawler.pages.plain import plain_parts

_VIEW = re.compile(r"/v-(?P<model>\d{1,6})-(?P<id>\d{1,18})(?:-(?P<part>\d{1,4}))?\.\w+$")
_LIST = re.compile(r"/a/(?P<column>\d{1,18})(?:-(?P<number>\d{1,6}))?\.\w+")
_LIST_FILE = re.compile(r"/(?P<column>html/.+)/(?:index(?:_(?P<later>\d{1,6}))?\.\w+)?")
_PAGES = re.compile(r"\bvar\s+TotalPage\s*=\s*(\d{1,6})\b")
_ROWS = re.compile(r"\bvar\s+TotalPut\s*=\s*(\d{1,9})\b")
_EXTENSION = re.compile(r"\bpage\(\s*\d+\s*,\s*\d+\s*,\s*'[^']*'\s*,\s*'(\.\w+)'")
_HITS = "//*[@type='showhits'][@action='count'][@id]"
_MOST_PAGES = 10_000
"""Addresses made from a count that the page claims: more than any list has."""
ARTICLE_MODEL = "1"


class KesionNet(DescribedFamily):
    version = "kesion-net/4"
    marks = any_case(r"GetHits\.aspx", r"type=[\"']?showhits\b", r"/v-\d+-\d+\.aspx", r"\bvar\s+TotalPut\s*=")
    articles = (re.compile(r"^/html/.+/(?P<id>\d{1,18})(?:_(?P<part>\d{1,4}))?\.\w+$"),)
    lists = (_LIST, _LIST_FILE)
    bodies = (".ct_box",)
    # The template of the CMS lets keywords and a script follow the text within its container.
    furniture = (".//div[starts-with(normalize-space(.),'关键字：')][following-sibling::script]",)
    counter = "increments"

    def article(self, url: str) -> ArticleAddress | None:
        parts = plain_parts(url)
        if match := _VIEW.search(parts.path):
            behind = match.end("part") if match["part"] else match.end("id")
            path = parts.path[: match.end("id")] + parts.path[behind:]
            named = match["id"] if match["model"] == ARTICLE_MODEL else f"{match['model']}-{match['id']}"
            return ArticleAddress(named, int(match["part"] or 1), parts._replace(path=path, query="").geturl())
        return super().article(url)

    def pager(self, page: Page) -> Pager:
        """Its block is on the page, its links are made of the counts by a script."""
        pager = Pager(pager_block(page))
        older = _LIST_FILE.fullmatch(plain_parts(page.url).path)
        if older and older["later"]:
            number = int(older["later"])
            return replace(pager, next_url=list_file(page.url, number - 1) if number > 1 else None)
        script = "\n".join(script.text or "" for script in page.all("//script"))
        pages, rows = _PAGES.search(script), _ROWS.search(script)
        if pages is None:
            return super().pager(page)
        count, extension = int(pages[1]), _EXTENSION.search(script)
        ending = extension[1] if extension else ".html"
        linked = {n: _page_address(page, n, count, ending) for n in range(2, min(count, _MOST_PAGES) + 1)}
        return replace(pager, linked=linked, pages=count, total=int(rows[1]) if rows else None)

    def counter_url(self, page: Page) -> str | None:
        for node in page.all(_HITS):
            kind, named = node.get("t") or ARTICLE_MODEL, node.get("id", "")
            asked = {"action": "count", "f": node.get("f") or "0", "t": kind, "modelid": kind, "id": named}
            return page.resolve(f"/model/GetHits.aspx?{urlencode(asked)}")
        return None


def _page_address(page: Page, number: int, pages: int, extension: str) -> str:
    """The address of another page of a list: scripts count from the front, files from the end."""
    match = _LIST.fullmatch(plain_parts(page.url).path)
    file = f"/a/{match['column']}-{number}{extension}" if match else f"index_{pages - number + 1}{extension}"
    return page.resolve(file) or page.url
