"""The platform of 广东's governments: `/zxkw/2023/08/content/post_35611.html`, lists `index.html`, `index_2.html`.

Known from public crawlers are the addresses and the numbers of the lists' files. Guessed: that parts of an article do
not have files of their own. Body and labels are found by structure.
"""

from __future__ import annotations

import re

from crawler.pages.families.described import DescribedFamily


class Guangdong(DescribedFamily):
    """Page objects of 广东's platform."""

    version = "guangdong/1"
    marks = (re.compile(r"/content/(?:mpost|post)_\d+\.html", re.IGNORECASE),)
    articles = (re.compile(r"/content/m?post_(?P<id>\d{1,18})\.html$", re.IGNORECASE),)
    lists = (re.compile(r"/(?P<column>(?!.*/content/).+)/(?:index(?:_(?P<number>\d{1,5}))?\.html)?", re.IGNORECASE),)
