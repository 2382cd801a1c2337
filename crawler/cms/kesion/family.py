"""The KesionCMS family: what the spider asks, answered by the modules beside."""

from __future__ import annotations

import re
from collections.abc import Sequence

from crawler.cms import ArticlePage, CounterMode, ListPage, SectionLink
from crawler.cms.kesion.addresses import article_address, column_id, list_address
from crawler.cms.kesion.article import closes_body, read_article
from crawler.cms.kesion.lists import ListReader
from crawler.cms.kesion.notices import notice, scripted_redirect
from crawler.cms.kit.sections import Column, SectionFinder
from crawler.page import Page
from pipelines.reasons import Reason


class Kesion:
    """Page objects of KesionCMS classic ASP.

    Args:
        static_article: the profile's pattern for article files, or None for dynamic sites.
        section_names: names the section may have on the site.
        site_names: names of the site and the committee: never the title of an article.
    """

    reader = "kesion/2"

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
        return column_id(url)

    def own_links(self, page: Page) -> list[str]:
        urls = [url for link in page.all("//a[@href]") if (url := page.href(link))]
        return [url for url in urls if article_address(url) or list_address(url)]

    def find_section(self, page: Page, names: Sequence[str]) -> SectionLink | None:
        return SectionFinder(_column, lambda found: bool(self.read_list(found).rows)).find(page, names)

    def read_list(self, page: Page) -> ListPage:
        return ListReader(page, self.static_article).read()

    def read_article(self, page: Page, part: int, listed_title: str | None) -> ArticlePage:
        return read_article(page, part, listed_title, self.known_names, self.static_article)

    def notice(self, page: Page, *, is_article: bool) -> tuple[Reason, str] | None:
        return notice(page, is_article=is_article)

    def counter_mode(self, url: str) -> CounterMode:  # noqa: ARG002 - the page objects drop what would count
        return "read_only"

    def count_in(self, answer: str) -> str:
        return answer.strip("\ufeff \t\r\n")

    def closes_body(self, text: str) -> bool:
        return closes_body(text)

    def redirect(self, page: Page) -> str | None:
        return scripted_redirect(page)


def _column(url: str) -> Column | None:
    address = list_address(url)
    return Column(str(address.class_id), address.page == 1) if address else None
