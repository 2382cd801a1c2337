"""The generic family: any site, read by structure alone. For sites whose CMS is unknown or not worth a family."""

from __future__ import annotations

import re
from collections.abc import Sequence

from crawler.pages import ArticlePage, CounterMode, ListPage, SectionLink
from crawler.pages.addresses import canonical, column_id, native_id
from crawler.pages.article import read
from crawler.pages.body.lines import read_lines
from crawler.pages.breadcrumb import read_trail
from crawler.pages.info import Found
from crawler.pages.kit.sections import box_name
from crawler.pages.lists import read_list
from crawler.pages.notices import notice, redirect
from crawler.pages.page import Page, PageError, squeeze, words
from pipelines.reasons import Reason
from pipelines.record import Raw

_MORE = re.compile(r"[\[【(（]?(?:查看)?(?:更多|more|\+|>>|»)+[>»\])）】]*", re.IGNORECASE)


class Generic:
    """Page objects of a site nobody described.

    Args:
        static_article: the profile's pattern for article files, or None.
        section_names: names the section may have on the site.
        site_names: names of the site and the committee: never the title of an article.
    """

    version = 5
    reader = f"generic/{version}"
    marks: tuple[re.Pattern[str], ...] = ()

    def __init__(self, static_article: str | None, section_names: Sequence[str], site_names: Sequence[str]) -> None:
        self.static_article = re.compile(static_article) if static_article else None
        self.known_names = (*section_names, *site_names)

    def native_id(self, url: str) -> str | None:
        return native_id(url, self.static_article)

    def canonical(self, url: str) -> str:
        return canonical(url)

    def article_source(self, url: str) -> str:
        return url

    def column_id(self, url: str) -> str | None:
        return column_id(url)

    def own_links(self, page: Page) -> list[str]:  # noqa: ARG002 - no address is this CMS's alone
        return []

    def find_section(self, page: Page, names: Sequence[str]) -> SectionLink | None:
        wanted = {squeeze(name): name for name in names}
        here = self._section_here(page, wanted)
        if here is not None:
            return here
        links = [(link, url) for link in page.all("//a[@href]") if (url := page.href(link))]
        for link, url in links:
            if squeeze(words(link)) in wanted or squeeze(link.get("title") or "") in wanted:
                is_here = column_id(url) == column_id(page.url)
                return SectionLink(url, words(link) or link.get("title", ""), is_here)
        for link, url in links:
            if _MORE.fullmatch(squeeze(words(link))) and (name := box_name(link, wanted)):
                return SectionLink(url, name, is_here=False)
        return None

    def _section_here(self, page: Page, wanted: dict[str, str]) -> SectionLink | None:
        """The page itself, when its breadcrumb ends with the section's name, or its `<title>` begins with it."""
        trail = read_trail(page, read_lines(page.root).all)
        last = re.split(r"[>»›＞→]+", squeeze(trail.text))[-1] if trail else ""
        title = next((squeeze(words(node)) for node in page.all("//title")), "")
        named = [
            name
            for key, name in wanted.items()
            if key == last or re.match(re.escape(key) + r"(?:$|[-_—|－–])", title)
        ]
        if named and self.read_list(page).rows:
            return SectionLink(page.url, named[0], is_here=True)
        return None

    def read_list(self, page: Page) -> ListPage:
        return read_list(page, self.static_article)

    def read_article(self, page: Page, part: int, listed_title: str | None) -> ArticlePage:
        article = read(page, listed_title, self.known_names, part)
        title = article.title.text if article.title else listed_title
        if title is None:
            raise PageError(f"{page.url}: no title: neither <title> nor a heading before the body, nor a list row")
        return ArticlePage(
            title=title,
            raw=Raw(
                title=_text(article.title),
                published=_text(article.published),
                views=_text(article.views),
                author=_text(article.author),
                source=_text(article.source),
                breadcrumb=article.breadcrumb,
            ),
            body_html=article.body_html,
            attachments=article.attachments,
            next_part=article.next_part,
            counter=None,
            column_ids=tuple(identity for url in article.column_urls if (identity := column_id(url))),
            problems=article.problems,
            confidence=article.confidence,
            dates=article.dates,
        )

    def notice(self, page: Page, *, is_article: bool) -> tuple[Reason, str] | None:
        return notice(page) if is_article else None

    def counter_mode(self, url: str) -> CounterMode:  # noqa: ARG002 - of a counter nothing is known
        return "increments"

    def count_in(self, answer: str) -> str:
        return answer

    def closes_body(self, text: str) -> bool:
        return "</body" in text[-4_000:].lower()

    def redirect(self, page: Page) -> str | None:
        return redirect(page)


def _text(found: Found | None) -> str | None:
    return found.text if found else None
