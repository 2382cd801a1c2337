"""The KesionCMS family: what the spider asks, answered by the modules beside."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lxml import etree

from crawler.cms import ArticlePage, ListPage, SectionLink
from crawler.cms.kesion.addresses import article_address, list_address
from crawler.cms.kesion.article import closes_body, read_article
from crawler.cms.kesion.breadcrumb import breadcrumb
from crawler.cms.kesion.lists import ListReader
from crawler.cms.kesion.notices import notice, scripted_redirect
from crawler.page import Page, squeeze, strings, words
from pipelines.reasons import Reason

_MORE = re.compile(r"(?:查看)?(?:更多|more|\+more|>>|»)+", re.IGNORECASE)
_BOX_LEVELS = 4


class Kesion:
    """Page objects of KesionCMS classic ASP.

    Args:
        static_article: the profile's pattern for article files, or None for dynamic sites.
        section_names: names the section may have on the site.
        site_names: names of the site and the committee: never the title of an article.
    """

    reader = "kesion/1"

    def __init__(self, static_article: str | None, section_names: Sequence[str], site_names: Sequence[str]) -> None:
        self.static_article = re.compile(static_article) if static_article else None
        self.known_names = (*section_names, *site_names)

    def native_id(self, url: str) -> str | None:
        address = article_address(url, self.static_article)
        return address.native_id if address else None

    def canonical(self, url: str) -> str:
        address = article_address(url, self.static_article)
        return address.canonical if address else url

    def column_id(self, url: str) -> str | None:
        address = list_address(url, self.static_article)
        return address.column if address else None

    def own_links(self, page: Page) -> list[str]:
        urls = [url for link in page.all("//a[@href]") if (url := page.href(link))]
        pattern = self.static_article
        return [url for url in urls if article_address(url, pattern) or list_address(url, pattern)]

    def find_section(self, page: Page, names: Sequence[str]) -> SectionLink | None:
        wanted = {squeeze(name): name for name in names}
        links = [
            (link, url, address)
            for link in page.all("//a[@href]")
            if (url := page.href(link)) and (address := list_address(url, self.static_article))
        ]
        here = list_address(page.url, self.static_article)
        for link, url, address in links:
            name = wanted.get(squeeze(words(link))) or wanted.get(squeeze(link.get("title") or ""))
            if name:
                is_here = bool(here and here.column == address.column and here.page == 1)
                return SectionLink(page.url if is_here else url, words(link) or name, is_here)
        for link, url, _ in links:
            if _MORE.fullmatch(squeeze(words(link))) and (name := _box_name(link, wanted)):
                return SectionLink(url, name, is_here=False)
        return self._section_here(page, wanted)

    def _section_here(self, page: Page, wanted: dict[str, str]) -> SectionLink | None:
        """The page itself, when it is a list page: of a column so named, or chosen by whoever gave its address."""
        trail = breadcrumb(page, self.static_article)
        named = [name for name in (trail.names if trail else ()) if squeeze(name) in wanted]
        if named:
            return SectionLink(page.url, named[-1], is_here=True)
        here = list_address(page.url, self.static_article)
        if here is None or here.page != 1 or not self.read_list(page).rows:
            return None
        name = trail.names[-1] if trail and trail.names else next(iter(wanted.values()))
        return SectionLink(page.url, name, is_here=True)

    def read_list(self, page: Page) -> ListPage:
        return ListReader(page, self.static_article).read()

    def read_article(self, page: Page, part: int, listed_title: str | None) -> ArticlePage:
        return read_article(page, part, listed_title, self.known_names, self.static_article)

    def notice(self, page: Page, *, is_article: bool) -> tuple[Reason, str] | None:
        return notice(page, is_article=is_article)

    def closes_body(self, text: str) -> bool:
        return closes_body(text)

    def redirect(self, page: Page) -> str | None:
        return scripted_redirect(page)


def _box_name(link: etree._Element, wanted: dict[str, str]) -> str | None:
    """The section's name standing as plain text in the box around a `更多` link."""
    box = link.getparent()
    for _ in range(_BOX_LEVELS):
        if box is None:
            return None
        for text in strings(box):
            if squeeze(text) in wanted:
                return wanted[squeeze(text)]
        box = box.getparent()
    return None
