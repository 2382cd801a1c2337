"""eyoucms 易优: `/?m=home&c=View&a=index&aid=71`, lists `/?m=home&c=Lists&a=index&tid=5&page=2`.

The address of articles is known from public sources. Guessed: lists by `tid`, as the program's own names go. A site
that publishes files names them by `static_article`. Body and labels are found by structure; its counter is not known.
"""

from __future__ import annotations

import re

from crawler.pages.addresses import ArticleAddress
from crawler.pages.families.described import DescribedFamily
from crawler.pages.lists.sections import Column
from crawler.pages.plain import pairs, plain_parts


class EyouCms(DescribedFamily):
    """Page objects of eyoucms."""

    version = "eyoucms/1"
    marks = (
        re.compile(r"[?&](?:amp;)?c=(?:View|Lists)&(?:amp;)?a=index", re.IGNORECASE),
        re.compile(r"\beyou_arcclick\b|eyoucms", re.IGNORECASE),
    )

    def article(self, url: str) -> ArticleAddress | None:
        parts = plain_parts(url)
        query = {key.lower(): value for key, value in pairs(parts.query)}
        number = query.get("aid", "")
        if query.get("c", "").lower() == "view" and re.fullmatch(r"[0-9]{1,18}", number):
            kept = parts._replace(query=f"m=home&c=View&a=index&aid={number}")
            return ArticleAddress(number, 1, kept.geturl())
        return super().article(url)

    def column(self, url: str) -> Column | None:
        query = {key.lower(): value for key, value in pairs(plain_parts(url).query)}
        if query.get("c", "").lower() != "lists" or "tid" not in query:
            return None
        return Column(query["tid"], query.get("page", "1") == "1")
