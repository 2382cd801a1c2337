"""KesionCMS article pages: read by what the CMS itself emits, never by a template's classes.

The one stable selector is `#MyContent` (written by code around the body); the pager is `#pageNext`, inside it in 6.5
and behind it later; everything else is read from words: the page's `<title>`, labels, the breadcrumb.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from lxml import etree

from crawler.pages import ArticlePage
from crawler.pages.attachments import attachments
from crawler.pages.families.kesion.addresses import Addresses, ArticleAddress, query_of
from crawler.pages.kit.behind import text_behind
from crawler.pages.kit.breadcrumb import breadcrumb
from crawler.pages.kit.info import read_info
from crawler.pages.kit.title import TitleReader, title_problems
from crawler.pages.page import Page, drop, squeeze, strings
from pipelines.record import Raw

_BODY = "//*[@id='MyContent']"
_PAGER = "//*[@id='pageNext']"
_OPENS_BODY = re.compile(r"<div[^>]*\bid\s*=\s*[\"']?MyContent\b[^>]*>", re.IGNORECASE)
_DIV = re.compile(r"<(/?)div\b[^>]*>", re.IGNORECASE)
_HITS = re.compile(r"gethits\.asp\?", re.IGNORECASE)


def read_article(
    page: Page,
    part: int,
    listed_title: str | None,
    known_names: Sequence[str],
    addresses: Addresses,
) -> ArticlePage:
    """Read one page of an article.

    Args:
        page: the parsed page.
        part: its number within the article, from 1.
        listed_title: what the list calls the article, or None.
        known_names: names of the site and the section, which are never the title.
        addresses: what the site's addresses mean.

    Raises:
        PageError: the page has no `#MyContent`, or several.
    """
    body = _body(page)
    pagers = page.all(_PAGER)
    trail = breadcrumb(page, addresses.column_id)
    names = [*known_names, *(trail.names if trail else ())]
    heading = TitleReader(page, body, names, listed_title).read(part if pagers else None)
    info = read_info(page, body, heading.found)
    counter = _counter(page, addresses.article(page.url))
    return ArticlePage(
        title=heading.title,
        raw=Raw(
            title=heading.found,
            published=info.published,
            views=None if counter else info.views,
            author=info.author,
            source=info.source,
            breadcrumb=trail.text if trail else None,
        ),
        body_html=_body_html(body, pagers),
        attachments=attachments(page, body),
        next_part=_next_part(page, pagers, part),
        counter=counter,
        column_ids=trail.column_ids if trail else (),
        problems=(*title_problems(heading, listed_title), *text_behind(body, pagers)),
    )


def closes_body(text: str) -> bool:
    """True when the source closes the `<div id="MyContent">` it opens."""
    opened = _OPENS_BODY.search(text)
    if opened is None:
        return True
    depth = 0
    for tag in _DIV.finditer(text, opened.start()):
        depth += -1 if tag[1] else 1
        if depth == 0:
            return True
    return False


def _body(page: Page) -> etree._Element:
    """The body container; text pasted from another KesionCMS site may hold a second one inside."""
    found = page.all(_BODY)
    if len(found) > 1 and all(found[0] in set(inner.iterancestors()) for inner in found[1:]):
        return found[0]
    return page.one(_BODY)


def _body_html(body: etree._Element, pagers: list[etree._Element]) -> str:
    """The body container as HTML without its pager; what follows the pager stays."""
    inside = set(body.iter())
    for pager in pagers:
        if pager in inside:
            drop(pager)
    return etree.tostring(body, encoding="unicode", method="html", with_tail=False)


def _next_part(page: Page, pagers: list[etree._Element], part: int) -> str | None:
    links = [(squeeze("".join(strings(link))), page.href(link)) for pager in pagers for link in pager.iter("a")]
    by_number = next((url for text, url in links if url and text == str(part + 1)), None)
    return by_number or next((url for text, url in links if url and text == "下一页"), None)


def _counter(page: Page, address: ArticleAddress | None) -> str | None:
    """Address that reads this article's counter without counting: the page's own GetHits without `Action`.

    `Action=Count` adds one to the very number we measure (Item/GetHits.asp); without it the script only selects.
    """
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
