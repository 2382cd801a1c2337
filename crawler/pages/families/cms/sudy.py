"""苏迪 Sudy WebPlus: `/2023/1228/c12a345/page.htm`, `/_s46/d4/e4/c2490a316644/page.htm`, lists `/ldjh/list2.htm`.

From public crawlers of sites it runs: containers, names of files, the pager's classes, and the counter's script,
which posts to `_visitcountdisplay` and writes the number it answers. Guessed: files of further parts (`page2.htm`),
and what asking that counter changes: it is not asked.
"""

from __future__ import annotations

import re
from dataclasses import replace

from crawler.pages import Pager
from crawler.pages.families.base import any_case
from crawler.pages.families.described import DescribedFamily
from crawler.pages.page import Page, words

_PAGER = "//*[contains(concat(' ',@class,' '),' wp_paging ') or starts-with(@id,'wp_paging')]"
_COUNT = "//*[contains(concat(' ',@class,' '),' WP_VisitCount ')][@url]"


class Sudy(DescribedFamily):
    version = "sudy/1"
    marks = any_case(
        r"/c\d+a\d+/page\.(?:htm|psp)", r"\b(?-i:wp_articlecontent)\b", r"/_visitcount(?:display)?\?", r"\bsudy-wp-"
    )
    articles = any_case(r"/c\d+a(?P<id>\d{1,18})/page(?P<part>\d{1,3})?\.(?:htm|psp|jsp)$")
    lists = any_case(r"/(?P<column>.+)/list(?P<number>\d{1,5})?\.(?:htm|psp|jsp)")
    bodies = (".wp_articlecontent",)
    counter = "increments"

    def pager(self, page: Page) -> Pager:
        """Its words stand around numbers of their own: 总共 60 记录, 页码 1/4, 下一页>>."""
        found = super().pager(page)
        block = next(iter(page.all(_PAGER)), None)
        if block is None:
            return found
        numbers = {name: _number(page, name) for name in ("all_count", "all_pages")}
        turns = page.all(f"({_PAGER})//a[contains(concat(' ',@class,' '),' next ')][@href]")
        following = next((url for link in turns if (url := page.href(link)) and self.column(url)), None)
        return replace(found, node=block, next_url=following, pages=numbers["all_pages"], total=numbers["all_count"])

    def counter_url(self, page: Page) -> str | None:
        return next((page.resolve(node.get("url", "")) for node in page.all(_COUNT)), None)


def _number(page: Page, name: str) -> int | None:
    """The number in an `em` of the pager."""
    found = [words(node) for node in page.all(f"({_PAGER})//em[@class='{name}']")]
    return int(found[0]) if found and re.fullmatch(r"[0-9]{1,7}", found[0]) else None
