"""What a page claims about itself: the government's meta tags, Open Graph and `<time>`.

The tags `ArticleTitle`, `PubDate` … are those of 政府网站发展指引 (国办发〔2017〕47号). Claims, not facts: empty,
stale and other pages' values are common (TRS pages leave PubDate empty on one page of five).
"""

from __future__ import annotations

from dataclasses import dataclass

from crawler.pages.page import Page, tidy

_NAMES = {
    "title": ("articletitle", "og:title"),
    "published": ("pubdate", "publishdate", "og:release_date", "article:published_time", "weibo:article:create_at"),
    "source": ("contentsource", "og:article:source"),
    "author": ("author", "og:article:author"),
    "column": ("columnname",),
}


@dataclass(frozen=True, slots=True)
class Claims:
    """The first non-empty value of each kind of claim; None where the page claims nothing."""

    title: str | None
    published: str | None
    source: str | None
    author: str | None
    column: str | None


def read_claims(page: Page) -> Claims:
    """Read the meta tags of a page, and the `<time>` that HTML says is its publication."""
    said: dict[str, str] = {}
    for tag in page.root.iter("meta"):
        name = (tag.get("name") or tag.get("property") or "").strip().lower()
        if value := tidy(tag.get("content") or ""):
            said.setdefault(name, value)
    for tag in page.root.iter("time"):
        is_publication = tag.get("pubdate") is not None or tag.get("itemprop") == "datePublished"
        if is_publication and (value := tidy(tag.get("datetime") or "")):
            said.setdefault("pubdate", value)
    return Claims(**{kind: next((said[n] for n in names if n in said), None) for kind, names in _NAMES.items()})
