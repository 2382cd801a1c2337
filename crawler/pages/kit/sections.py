"""The section on any page of a site: a link of its name, a `更多` link in the box of its name, or the page itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lxml import etree

from crawler.pages import SectionLink
from crawler.pages.body.lines import read_lines
from crawler.pages.breadcrumb import read_trail
from crawler.pages.page import Page, squeeze, strings, words

_MORE = re.compile(r"(?:查看)?(?:更多|more|\+more|>>|»)+", re.IGNORECASE)
_BOX_LEVELS = 4


@dataclass(frozen=True, slots=True)
class Column:
    """What a list address names: a column, and whether the address is its first page."""

    id: str
    is_first: bool


@dataclass(frozen=True, slots=True)
class SectionFinder:
    """Finds the section of a site.

    Args:
        column: which column a list address names, None when it names none.
        has_rows: whether a page lists articles.
    """

    column: Callable[[str], Column | None]
    has_rows: Callable[[Page], bool]

    def find(self, page: Page, names: Sequence[str]) -> SectionLink | None:
        """The section by one of its names; None when the page does not lead to it."""
        wanted = {squeeze(name): name for name in names}
        links = [(link, url) for link in page.all("//a[@href]") if (url := page.href(link)) and self.column(url)]
        here = self.column(page.url)
        for link, url in links:
            name = wanted.get(squeeze(words(link))) or wanted.get(squeeze(link.get("title") or ""))
            if name:
                column = self.column(url)
                is_here = bool(here and column and here.id == column.id and here.is_first)
                return SectionLink(page.url if is_here else url, words(link) or name, is_here)
        for link, url in links:
            if _MORE.fullmatch(squeeze(words(link))) and (name := box_name(link, wanted)):
                return SectionLink(url, name, is_here=False)
        return self._here(page, wanted)

    def _here(self, page: Page, wanted: dict[str, str]) -> SectionLink | None:
        """The page itself, when it is a list page: of a column so named, or chosen by whoever gave its address."""
        trail = read_trail(page, read_lines(page.root).all)
        columns = zip(trail.names, trail.urls, strict=True) if trail else ()
        names = [name for name, url in columns if self.column(url)]
        named = [name for name in names if squeeze(name) in wanted]
        if named:
            return SectionLink(page.url, named[-1], is_here=True)
        here = self.column(page.url)
        if here is None or not here.is_first or not self.has_rows(page):
            return None
        name = names[-1] if names else next(iter(wanted.values()))
        return SectionLink(page.url, name, is_here=True)


def box_name(link: etree._Element, wanted: dict[str, str]) -> str | None:
    """The section's name standing as plain text in the box around a `更多` link."""
    for _, box in zip(range(_BOX_LEVELS), link.iterancestors(), strict=False):
        for text in strings(box):
            if squeeze(text) in wanted:
                return wanted[squeeze(text)]
    return None
