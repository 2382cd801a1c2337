"""The generic family: any site, read by structure alone. For sites whose CMS is unknown or not worth a family."""

from __future__ import annotations

import re
from collections.abc import Sequence

from crawler.pages import ListPage, SectionLink
from crawler.pages.addresses import canonical, column_id, native_id
from crawler.pages.body.lines import read_lines
from crawler.pages.breadcrumb import read_trail
from crawler.pages.families.base import BaseFamily
from crawler.pages.kit.sections import box_name
from crawler.pages.lists import read_list
from crawler.pages.page import Page, squeeze, words

_MORE = re.compile(r"[\[【(（]?(?:查看)?(?:更多|more|\+|>>|»)+[>»\])）】]*", re.IGNORECASE)


class Generic(BaseFamily):
    """Page objects of a site nobody described: the family that declares nothing."""

    structure = 5
    """Version of what is read by structure alone."""
    version = f"generic/{structure}"
    takes_containers = False
    counter = "increments"  # nothing is known of a counter

    def native_id(self, url: str) -> str | None:
        return native_id(url, self.static_article)

    def canonical(self, url: str) -> str:
        return canonical(url)

    def column_id(self, url: str) -> str | None:
        return column_id(url)

    def find_section(self, page: Page, names: Sequence[str]) -> SectionLink | None:
        wanted = {squeeze(name): name for name in names}
        here = self._section_here(page, wanted)
        if here is not None:
            return here
        links = [(link, url) for link in page.all("//a[@href]") if (url := page.href(link))]
        for link, url in links:
            if squeeze(words(link)) in wanted or squeeze(link.get("title") or "") in wanted:
                is_here = column_id(url) == column_id(page.url)
                return SectionLink(url, words(link) or link.get("title", ""), is_here)
        for link, url in links:
            if _MORE.fullmatch(squeeze(words(link))) and (name := box_name(link, wanted)):
                return SectionLink(url, name, is_here=False)
        return None

    def _section_here(self, page: Page, wanted: dict[str, str]) -> SectionLink | None:
        """The page itself, when its breadcrumb ends with the section's name, or its `<title>` begins with it."""
        trail = read_trail(page, read_lines(page.root).all)
        last = re.split(r"[>»›＞→]+", squeeze(trail.text))[-1] if trail else ""
        title = next((squeeze(words(node)) for node in page.all("//title")), "")
        named = [
            name
            for key, name in wanted.items()
            if key == last or re.match(re.escape(key) + r"(?:$|[-_—|－–])", title)
        ]
        if named and self.read_list(page).rows:
            return SectionLink(page.url, named[0], is_here=True)
        return None

    def read_list(self, page: Page) -> ListPage:
        return read_list(page, self.static_article)

    def count_in(self, answer: str) -> str:
        return answer
