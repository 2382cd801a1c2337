"""The KesionCMS family: read by what the CMS itself emits, never by a template's classes.

Its code writes `#MyContent` around the body, and `#pageNext`, the pager, inside it in 6.5 and behind it later.
"""

from __future__ import annotations

import re

from lxml import etree

from crawler.pages import Column, Hints, ListPage, Pager
from crawler.pages.families.base import BaseFamily, any_case
from crawler.pages.families.kesion.addresses import (
    KesionAddress,
    ListAddress,
    article_address,
    is_answer,
    list_address,
    query_of,
)
from crawler.pages.families.kesion.print_page import (
    distrusted,
    is_print_page,
    print_address,
    print_counter,
    print_page,
    print_redirect,
    printed_views,
)
from crawler.pages.notices import Notices, alerts, find_notice
from crawler.pages.page import Page, squeezed
from pipelines.reasons import Reason

_PAGER = "//@id[.='pageNext']/.."
_HITS = re.compile(r"gethits\.asp\?", re.IGNORECASE)
# What Item/Show.asp, Plus/error.asp and Conn.asp say instead of a page, nearly always with status 200.
_NOTICES: Notices = (
    (re.compile("数据库连接出错"), Reason.DB_DOWN),
    (re.compile("您的IP.{0,60}被系统限定"), Reason.BANNED),
    (re.compile("系统警告.{0,40}(?:恶意字符|非法)"), Reason.GUARD),
    (re.compile("您要查看的.{1,6}已删除"), Reason.DELETED),
    (re.compile("该.{1,6}还没有通过审核"), Reason.NOT_APPROVED),
    (re.compile("本文至少要求.{0,20}才可查看|注册会员才可查看"), Reason.LOGIN),
    (re.compile("没有查看本文章的权限|阅读本文需要消耗"), Reason.NO_PERMISSION),
    (re.compile("非法参数|错误的参数"), Reason.NOT_FOUND),
)
_NOTICE_ENDS = re.compile(r"【|上一篇|!|！|。")


class Kesion(BaseFamily):
    """Page objects of KesionCMS classic ASP."""

    version = "kesion/5"
    takes_containers = False
    has_print_pages = True
    marks = any_case(
        r"Item/(?:Show|list)\.asp\?",
        r"GetHits\.asp\b",
        r"id=[\"']?MyContent\b",
        r"\bKesionCMS\b",
        r"/\?(?:thread|list)-\d+-\d+",
        r"plus/ajaxs?\.asp",
    )
    bodies = ("#MyContent",)
    furniture = (_PAGER,)
    is_updated_when_published = True
    counter = "read_only"  # the page objects drop what would count

    def article(self, url: str) -> KesionAddress | None:
        return article_address(url, self.static_article)

    def listing(self, url: str) -> ListAddress | None:
        """Which list page a URL names."""
        return list_address(url, self.static_article)

    def column(self, url: str) -> Column | None:
        address = self.listing(url)
        return Column(address.column, address.page == 1) if address else None

    def canonical(self, url: str) -> str:
        address = self.article(url)
        return address.canonical if address else url

    def article_source(self, url: str) -> str:
        address = self.article(url) if self.print_page else None
        return (print_address(address) if address else None) or url

    def own_links(self, page: Page) -> list[str]:
        urls = [url for link in page.all("//a[@href]") if (url := page.href(link))]
        return [url for url in urls if self.article(url) or self.listing(url)]

    def read_list(self, page: Page) -> ListPage:
        from crawler.pages.families.kesion.lists import ListReader  # noqa: PLC0415 - with the first list, as `_read`

        return ListReader(page, self.listing, self.native_id).read()

    def body(self, page: Page) -> etree._Element | None:
        return print_page(page).body if is_print_page(page.url) else super().body(page)

    def parts(self, page: Page) -> Pager:
        pagers = page.all(_PAGER)
        links = [(squeezed(link), page.href(link)) for node in pagers for link in node.iter("a")]
        linked = {int(text): url for text, url in reversed(links) if url and text.isdecimal()}
        return Pager(linked=linked, next_url=next((url for text, url in links if url and text == "下一页"), None))

    def counter_url(self, page: Page) -> str | None:
        """The page's own GetHits without `Action`.

        `Action=Count` adds one to the very number we measure (Item/GetHits.asp); without it the script only selects.
        """
        if is_print_page(page.url):
            return print_counter(page)
        address = self.article(page.url)
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

    def hints(self, page: Page) -> Hints:
        return Hints(views=printed_views(page) if is_print_page(page.url) else None)

    def notice(self, page: Page, *, is_article: bool) -> tuple[Reason, str] | None:
        if is_answer(page.url):
            from crawler.pages.families.kesion.lists import refusal  # noqa: PLC0415 - as in `read_list`

            return refusal(page)
        said = None if self.has_body(page) else _notice(page, is_article=is_article)
        return said or (distrusted(page) if is_print_page(page.url) else None)

    def redirect(self, page: Page) -> str | None:
        return print_redirect(page) if is_print_page(page.url) else super().redirect(page)


def _notice(page: Page, *, is_article: bool) -> tuple[Reason, str] | None:
    """The notice a page without `#MyContent` is, with the words it was read from; None when it says nothing known.

    Of pages that are no articles only the script alone counts: lists and start pages hold such words in titles and
    login boxes.
    """
    said = alerts(page) if is_article or not page.all("//a[@href]") else []
    if is_article:
        said.append(squeezed(page.root))
    return find_notice(said, _NOTICES, _NOTICE_ENDS)
