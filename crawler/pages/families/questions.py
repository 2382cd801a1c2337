"""What is asked of every article's and every list's page, by the crawl and by the process that reads ahead. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from crawler.pages import ArticlePage, Family, ListPage, SectionLink
from crawler.pages.page import Page
from pipelines.reasons import Reason


def notice_of(family: Family, page: Page, *, is_article: bool) -> tuple[Reason, str] | None:
    """What the CMS says instead of the article, or the list."""
    return page.asked(f"notice {is_article}", lambda: family.notice(page, is_article=is_article))


def leads_to(family: Family, page: Page) -> str | None:
    """Where the page's script sends the browser."""
    return page.asked("redirect", lambda: family.redirect(page))


def article_of(family: Family, page: Page, part: int, listed_title: str | None) -> ArticlePage:
    """One part of the article."""
    return page.asked(f"part {part} {listed_title!r}", lambda: family.read_article(page, part, listed_title))


def list_of(family: Family, page: Page) -> ListPage:
    """The rows and the pager of a list page."""
    return page.asked("list", lambda: family.read_list(page))


def own_links_of(family: Family, page: Page) -> list[str]:
    """Addresses on a list page that only the site's CMS writes."""
    return page.asked("own links", lambda: family.own_links(page))


def section_of(family: Family, page: Page, names: Sequence[str]) -> SectionLink | None:
    """Where the page leads to the section of one of the names."""
    return page.asked(f"section {tuple(names)!r}", lambda: family.find_section(page, names))
