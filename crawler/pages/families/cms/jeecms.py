"""JEECMS: `/ldjh/123.jhtml`, lists `index_2.jhtml`; content_view.jspx counts, content_view_get.jspx reads.

Pages print a 0 that a script fills in. The reading counter is there from version 6 on; a site without it wants
`counter = "none"` in its profile.
"""

from __future__ import annotations

import json
import re

from crawler.pages import CounterMode
from crawler.pages.families.base import any_case
from crawler.pages.families.described import DescribedFamily
from crawler.pages.page import Page
from crawler.pages.plain import plain_parts

_SCRIPT = re.compile(r"[\"'](?P<base>[^\"']*?/?)content_view(?:_get)?\.jspx")
_READING = "content_view_get.jspx"


class JeeCms(DescribedFamily):
    version = "jeecms/4"
    marks = any_case(r"\.jhtml\b", r"content_view(?:_get)?\.jspx")
    articles = (re.compile(r"/(?P<id>\d{1,18})(?:_(?P<part>\d{1,4}))?\.(?:jhtml|html?)$"),)
    lists = (re.compile(r"/(?P<column>.+)/(?:index(?:_(?P<number>\d{1,6}))?\.(?:jhtml|html?))?"),)
    bodies = (".content",)

    def counter_url(self, page: Page) -> str | None:
        number = self.native_id(page.url)
        for script in page.all("//script[not(@src)]"):
            if number and (match := _SCRIPT.search(script.text or "")):
                return page.resolve(f"{match['base']}{_READING}?contentIds={number}&view=viewTotal")
        return None

    def counter_mode(self, url: str) -> CounterMode:
        return "read_only" if plain_parts(url).path.endswith(f"/{_READING}") else "increments"

    def count_in(self, answer: str) -> str:
        """`{"contentViewsMap":{"578":12}}`: its one number; the whole answer when it has another form."""
        try:
            views = json.loads(answer)["contentViewsMap"].values()
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return super().count_in(answer)
        numbers = [str(number) for number in views]
        return numbers[0] if len(numbers) == 1 else super().count_in(answer)
