"""A vendor of 安徽 and 四川: `/DocHtml/1/21/02/00001479.html`, `/DocHtml/1/2012/11/28/00000284.html`.

The first number is the site's; several committees may share a server, so it stays in the identity. Public crawlers
know the addresses of articles and of lists (`/UserData/SortHtml/1/37683846130.html`). Guessed: names of a list's
further pages. Body and labels are found by structure.
"""

from __future__ import annotations

import re

from crawler.pages.addresses import ArticleAddress
from crawler.pages.families.described import DescribedFamily
from crawler.pages.plain import plain_parts

_ARTICLE = re.compile(r"/DocHtml/(?P<site>\d{1,9})/\d{2,4}/\d\d?/(?:\d\d?/)?(?P<id>\d{1,18})\.html?$", re.IGNORECASE)


class DocHtml(DescribedFamily):
    """Page objects of the vendor whose articles lie in `DocHtml`."""

    version = "dochtml/1"
    marks = (re.compile(r"/DocHtml/\d+/\d{2,4}/\d", re.IGNORECASE), re.compile(r"/SortHtml/\d+/", re.IGNORECASE))
    lists = (re.compile(r"(?:.*)/SortHtml/(?P<column>\d+/\d+)(?:_(?P<number>\d{1,5}))?\.html?", re.IGNORECASE),)

    def article(self, url: str) -> ArticleAddress | None:
        parts = plain_parts(url)
        if found := _ARTICLE.search(parts.path):
            return ArticleAddress(f"{found['site']}-{found['id']}", 1, parts._replace(query="").geturl())
        return super().article(url)
