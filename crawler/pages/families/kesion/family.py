"""The KesionCMS family: read by what the CMS itself emits, never by a template's classes.

Its code writes `#MyContent` around the body, and `#pageNext`, the pager, inside it in 6.5 and behind it later.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

from lxml import etree

from crawler.pages import ListPage, SectionLink
from crawler.pages.families.base import BaseFamily
from crawler.pages.families.kesion.addresses import Addresses, query_of
from crawler.pages.families.kesion.ajax_lists import is_answer, refusal
from crawler.pages.families.kesion.lists import ListReader
from crawler.pages.families.kesion.notices import notice
from crawler.pages.families.kesion.print_page import (
    distrusted,
    is_print_page,
    print_address,
    print_counter,
    print_page,
    print_redirect,
    printed_views,
)
from crawler.pages.lists.pagination import Pager
from crawler.pages.lists.sections import SectionFinder
from crawler.pages.page import Page, squeeze, strings
from pipelines.reasons import Reason

_PAGER = "//*[@id='pageNext']"
_HITS = re.compile(r"gethits\.asp\?", re.IGNORECASE)


class Kesion(BaseFamily):
    """Page objects of KesionCMS classic ASP."""

    version = "kesion/5"
    takes_containers = False
    has_print_pages = True
    marks = (
        re.compile(r"Item/(?:Show|list)\.asp\?", re.IGNORECASE),
        re.compile(r"GetHits\.asp\b", re.IGNORECASE),
        re.compile(r"id=[\"']?MyContent\b", re.IGNORECASE),
        re.compile(r"\bKesionCMS\b", re.IGNORECASE),
        re.compile(r"/\?(?:thread|list)-\d+-\d+", re.IGNORECASE),
        re.compile(r"plus/ajaxs?\.asp", re.IGNORECASE),
    )
    bodies = ("#MyContent",)
    furniture = (_PAGER,)
    is_updated_when_published = True
    counter = "read_only"  # the page objects drop what would count

    @cached_property
    def addresses(self) -> Addresses:
        """What the site's addresses mean."""
        return Addresses(self.static_article)

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

    def body(self, page: Page) -> etree._Element | None:
        return print_page(page).body if is_print_page(page.url) else super().body(page)

    def parts(self, page: Page) -> Pager:
        pagers = page.all(_PAGER)
        links = [(squeeze("".join(strings(link))), page.href(link)) for node in pagers for link in node.iter("a")]
        linked = {int(text): url for text, url in reversed(links) if url and text.isdecimal()}
        return Pager(linked=linked, next_url=next((url for text, url in links if url and text == "下一页"), None))

    def counter_url(self, page: Page) -> str | None:
        """The page's own GetHits without `Action`.

        `Action=Count` adds one to the very number we measure (Item/GetHits.asp); without it the script only selects.
        """
        if is_print_page(page.url):
            return print_counter(page)
        address = self.addresses.article(page.url)
        for script in page.all("//script[@src]"):
            url = page.href(script)
            if not url or not _HITS.search(url):
                continue
            query = query_of(url)
            if query.get("action", "count").lower() != "count" or query.get("getflag", "0") not in {"", "0"}:
                continue
            if address and address.key and (query.get("m"), query.get("id")) != address.key:
                continue
            base, _, pairs = url.partition("?")
            kept = [pair for pair in pairs.split("&") if pair and not pair.lower().startswith("action=")]
            return f"{base}?{'&'.join(kept)}"
        return None

    def views(self, page: Page) -> str | None:
        return printed_views(page) if is_print_page(page.url) else None

    def notice(self, page: Page, *, is_article: bool) -> tuple[Reason, str] | None:
        if is_answer(page.url):
            return refusal(page)
        said = None if self.has_body(page) else notice(page, is_article=is_article)
        return said or (distrusted(page) if is_print_page(page.url) else None)

    def redirect(self, page: Page) -> str | None:
        return print_redirect(page) if is_print_page(page.url) else super().redirect(page)
