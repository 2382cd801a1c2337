"""PHPCMS V9: `index.php?m=content&c=index&a=show&catid=9&id=12`, or files `/html/ldjh/2013/0101/12.html`.

Its counter (api.php?op=count) answers the count before its own view, and adds one each time it is asked.
"""

from __future__ import annotations

import re
from urllib.parse import urlencode

from crawler.pages import Column
from crawler.pages.addresses import ArticleAddress
from crawler.pages.families.base import any_case
from crawler.pages.families.described import DescribedFamily, query_of, script_query
from crawler.pages.page import Page, squeezed
from crawler.pages.plain import plain_parts
from pipelines.reasons import Reason

_PAID = re.compile("阅读此信息需要您支付")
_LONGEST_NOTICE = 200
"""Characters of a container that holds the notice alone; an article may quote these words."""


class PhpCms(DescribedFamily):
    version = "phpcms/4"
    marks = any_case(r"m=content&(?:amp;)?c=index&(?:amp;)?a=\w+", r"api\.php\?op=count")
    articles = (re.compile(r"/\d{4}/(?:[a-z]+_)?\d{4}/(?P<id>\d{1,18})(?:_(?P<part>\d{1,4}))?\.html?$"),)
    # A list page is a bare number; a longer one is somebody's article.
    lists = (re.compile(r"/(?P<column>.+?)/(?:(?:index|(?P<number>\d{1,3}))\.html?)?"),)
    bodies = ("#Article .content", ".content")
    counter = "increments"

    def article(self, url: str) -> ArticleAddress | None:
        query = _content_query(url)
        number, part = query.get("id", ""), query.get("page", "1")
        if query.get("a") == "show" and re.fullmatch("[0-9]{1,18} [0-9]{1,4}", f"{number} {part}"):
            kept = {"m": "content", "c": "index", "a": "show", "catid": query.get("catid", ""), "id": number}
            canonical = plain_parts(url)._replace(query=urlencode(kept)).geturl()
            return ArticleAddress(number, max(1, int(part)), canonical)
        return super().article(url)

    def column(self, url: str) -> Column | None:
        query = _content_query(url)
        if query.get("a") == "lists" and query.get("catid"):
            # On the first page the pager leads back to a page 0, which is the first.
            return Column(query["catid"], query.get("page", "1") in {"0", "1"})
        return None if self.article(url) else super().column(url)

    def notice(self, page: Page, *, is_article: bool) -> tuple[Reason, str] | None:
        body = next((found for one in self.body_containers for found in page.all(one.xpath)), None)
        text = squeezed(body) if is_article and body is not None else ""
        if len(text) < _LONGEST_NOTICE and (match := _PAID.search(text)):
            return Reason.NO_PERMISSION, text[match.start() :]
        return super().notice(page, is_article=is_article)

    def counter_url(self, page: Page) -> str | None:
        found = script_query(page, r"/api\.php$")
        return f"{found[0]}?{urlencode(found[1])}" if found and found[1].get("op") == "count" else None


def _content_query(url: str) -> dict[str, str]:
    """The query of an address of the content module; empty for any other address."""
    query = query_of(url) if plain_parts(url).path.endswith(("/", "/index.php")) else {}
    return query if query.get("m") == "content" and query.get("c", "index") == "index" else {}
