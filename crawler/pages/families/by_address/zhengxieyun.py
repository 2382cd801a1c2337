"""湖南政协云: `/szxapp/3/28/277/content_870198.html`, the same without `szxapp` on hosts of a city.

Only addresses of articles are known from public sources. Guessed: that a column is the folder of numbers, its further
pages `index_2.html` or `list_2.html`. Body and labels are found by structure.
"""

from __future__ import annotations

import re

from crawler.pages.families.described import DescribedFamily

_FOLDERS = r"(?:szxapp/)?\d+(?:/\d+)*"


class ZhengXieYun(DescribedFamily):
    """Page objects of 湖南政协云."""

    version = "zhengxieyun/1"
    marks = (re.compile(r"/szxapp/|/\d+/\d+/\d+/content_\d+\.html", re.IGNORECASE),)
    articles = (re.compile(rf"/{_FOLDERS}/content_(?P<id>\d{{1,18}})(?:_(?P<part>\d{{1,4}}))?\.html$"),)
    lists = (re.compile(rf"/(?P<column>{_FOLDERS})/(?:(?:index|list)(?:_(?P<number>\d{{1,5}}))?\.html)?"),)

    def columns_of(self, url: str) -> tuple[str, ...]:
        found = re.search(rf"/({_FOLDERS})/content_", url)
        return (found[1],) if found else ()
