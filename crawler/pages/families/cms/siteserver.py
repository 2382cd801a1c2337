"""SiteServer CMS: `/contents/910/1.html`, lists `/channels/910_2.html`; the count is printed when a page is built.

PageService.aspx?type=AddCountHits only counts and answers nothing: it is never asked.
"""

from __future__ import annotations

import re

from crawler.pages.families.base import any_case
from crawler.pages.families.described import DescribedFamily


class SiteServer(DescribedFamily):
    version = "siteserver/4"
    marks = any_case(r"/contents/\d+/\d+\.", r"/channels/\d+(?:_\d+)?\.", r"PageService\.aspx|stlPage")
    articles = (re.compile(r"/contents/\d+/(?P<id>\d{1,18})(?:_(?P<part>\d{1,4}))?\.(?:s?html?|aspx)$"),)
    lists = (re.compile(r"(?:.*)/channels/(?P<column>\d{1,18})(?:_(?P<number>\d{1,6}))?\.(?:s?html?|aspx)"),)
    own_column = re.compile(r"/contents/(?P<column>\d{1,18})/")
    bodies = (".content",)
