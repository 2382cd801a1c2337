"""The KesionCMS family: what the spider asks, answered by the modules beside."""

from __future__ import annotations

import re
from collections.abc import Sequence

from crawler.pages import ArticlePage, CounterMode, ListPage, SectionLink
from crawler.pages.families.kesion.addresses import Addresses
from crawler.pages.families.kesion.ajax_lists import is_answer, refusal
from crawler.pages.families.kesion.article import closes_body, read_article
from crawler.pages.families.kesion.lists import ListReader
from crawler.pages.families.kesion.notices import notice, scripted_redirect
from crawler.pages.families.kesion.print_page import (
    distrusted,
    is_print_page,
    print_address,
    print_redirect,
    read_print_page,
)
from crawler.pages.kit.sections import SectionFinder
from crawler.pages.page import Page
from pipelines.reasons import Reason


class Kesion:
    """Page objects of KesionCMS classic ASP.

    Args:
        static_article: the profile's pattern for article files, or None for dynamic sites.
        section_names: names the section may have on the site.
        site_names: names of the site and the committee: never the title of an article.
        print_page: read articles from their print pages where those can be trusted.
    """

    reader = "kesion/5"
    marks = (
        re.compile(r"Item/(?:Show|list)\.asp\?", re.IGNORECASE),
        re.compile(r"GetHits\.asp\b", re.IGNORECASE),
        re.compile(r"id=[\"']?MyContent\b", re.IGNORECASE),
        re.compile(r"\bKesionCMS\b", re.IGNORECASE),
        re.compile(r"/\?(?:thread|list)-\d+-\d+", re.IGNORECASE),
        re.compile(r"plus/ajaxs?\.asp", re.IGNORECASE),
    )

    def __init__(
        self,
        static_article: str | None,
        section_names: Sequence[str],
        site_names: Sequence[str],
        *,
        print_page: bool = False,
    ) -> None:
        self.addresses = Addresses(re.compile(static_article) if static_article else None)
        self.known_names = (*section_names, *site_names)
        self.print_page = print_page

    def native_id(self, url: str) -> str | None:
        return self.addresses.native_id(url)

    def canonical(self, url: str) -> str:
        address = self.addresses.article(url)
        return address.canonical if address else url

    def article_source(self, url: str) -> str:
        address = self.addresses.article(url) if self.print_page else None
        return (print_address(address) if address else None) or url

    def column_id(self, url: str) -> str | None:
        return self.addresses.column_id(url)

    def own_links(self, page: Page) -> list[str]:
        urls = [url for link in page.all("//a[@href]") if (url := page.href(link))]
        return [url for url in urls if self.addresses.article(url) or self.addresses.listing(url)]

    def find_section(self, page: Page, names: Sequence[str]) -> SectionLink | None:
        return SectionFinder(self.addresses.column, lambda found: bool(self.read_list(found).rows)).find(page, names)

    def read_list(self, page: Page) -> ListPage:
        return ListReader(page, self.addresses).read()

    def read_article(self, page: Page, part: int, listed_title: str | None) -> ArticlePage:
        if is_print_page(page.url):
            return read_print_page(page, listed_title, self.known_names)
        return read_article(page, part, listed_title, self.known_names, self.addresses)

    def notice(self, page: Page, *, is_article: bool) -> tuple[Reason, str] | None:
        if is_answer(page.url):
            return refusal(page)
        said = notice(page, is_article=is_article)
        return said or (distrusted(page) if is_print_page(page.url) else None)

    def counter_mode(self, url: str) -> CounterMode:  # noqa: ARG002 - the page objects drop what would count
        return "read_only"

    def count_in(self, answer: str) -> str:
        return answer.strip("\ufeff \t\r\n")

    def closes_body(self, text: str) -> bool:
        return closes_body(text)

    def redirect(self, page: Page) -> str | None:
        return print_redirect(page) if is_print_page(page.url) else scripted_redirect(page)
