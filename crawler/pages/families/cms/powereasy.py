"""动易 PowerEasy SiteFactory: `/Item/4082.aspx`, lists `/Category_12/Index.aspx`, `/Category_12/Index_2.aspx`.

The addresses of articles are known from public sources. Guessed: the lists, and parts (`/Item/4082_2.aspx`). Body and
labels are found by structure; its counter is not known.
"""

from __future__ import annotations

import re

from crawler.pages.families.described import DescribedFamily
from crawler.pages.lists.pagination import Pager, parts_pager
from crawler.pages.page import Page


class PowerEasy(DescribedFamily):
    """Page objects of PowerEasy SiteFactory."""

    version = "powereasy/1"
    marks = (re.compile(r"/Item/\d+\.aspx", re.IGNORECASE), re.compile(r"/Category_\d+/", re.IGNORECASE))
    articles = (re.compile(r"/Item/(?P<id>\d{1,18})(?:_(?P<part>\d{1,4}))?\.aspx$", re.IGNORECASE),)
    lists = (re.compile(r"/(?P<column>Category_\d+)/(?:Index(?:_(?P<number>\d{1,5}))?\.aspx)?", re.IGNORECASE),)

    def parts(self, page: Page) -> Pager:
        return parts_pager(page, self.article)
