"""A template with containers of its own: what the generic reader makes of it, and when that is no article.

The family's container is also the proof that a page is an article; without it a page must name an article and have
words for it, or a site's own error page would be kept as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from crawler.pages import ArticlePage
from crawler.pages.families.generic import Generic
from crawler.pages.page import Page, PageError, squeeze, words
from pipelines.record import Problem


def article_by_structure(
    generic: Generic, page: Page, part: int, listed_title: str | None, why: str, names: Sequence[str]
) -> ArticlePage:
    """One page of an article as the generic reader sees it, and the problem that says so. The page's tree is changed.

    Args:
        generic: the generic reader of this site.
        page: a page without the family's container.
        part: its number within its article, from 1.
        listed_title: what the list calls the article, or None.
        why: what was looked for in vain, and which key of the profile names it.
        names: names of site and section, which are no title.

    Raises:
        PageError: it is no article either way.
    """
    shown = squeeze("".join(map(str, page.root.itertext())))
    try:
        read = generic.read_article(page, part, listed_title)
    except PageError as error:
        raise PageError(f"{why}; nor by structure: {error}") from error
    if squeeze(read.title) not in shown or read.title in names:
        raise PageError(f"{why}; nor by structure: the page names no article")
    if not squeeze(words(Page(page.url, read.body_html).root)):
        raise PageError(f"{why}; nor by structure: no words behind the title")
    told = Problem(field="body", code="unknown-container", detail=why.removeprefix(f"{page.url}: "))
    return replace(read, problems=(*read.problems, told))
