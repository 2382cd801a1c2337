"""What is asked of every article's page, by the crawl and by the process that reads ahead. Pure."""

from __future__ import annotations

from crawler.pages import ArticlePage, Family
from crawler.pages.page import Page
from pipelines.reasons import Reason


def notice_of(family: Family, page: Page) -> tuple[Reason, str] | None:
    """What the CMS says instead of the article."""
    return page.asked("notice", lambda: family.notice(page, is_article=True))


def leads_to(family: Family, page: Page) -> str | None:
    """Where the page's script sends the browser."""
    return page.asked("redirect", lambda: family.redirect(page))


def article_of(family: Family, page: Page, part: int, listed_title: str | None) -> ArticlePage:
    """One part of the article."""
    return page.asked(f"part {part} {listed_title}", lambda: family.read_article(page, part, listed_title))
