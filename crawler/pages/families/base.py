"""What CMS families share: an article is read by one reader, with the hints its family has.

A family states facts in class attributes and overrides a method only where its CMS has a habit of its own. Nothing
here knows a template: titles, dates and labels are read from words. `Generic` states nothing, and structure decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar
from weakref import WeakKeyDictionary

from lxml import etree

from crawler.pages import ArticlePage, Column, CounterMode, Family, Hints, Pager, SectionLink, lists, notices
from crawler.pages.addresses import ArticleAddress
from crawler.pages.containers import Container, outermost
from crawler.pages.families.questions import list_of
from crawler.pages.page import Page, PageError, squeeze, words
from pipelines.reasons import Reason
from pipelines.record import Problem, Raw

if TYPE_CHECKING:
    from crawler.pages.article import Article
    from crawler.pages.head.info import Found


def any_case(*patterns: str) -> tuple[re.Pattern[str], ...]:
    """Patterns that ignore case, as servers and editors do."""
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns)


class BaseFamily(Family):
    """A family by its facts; what each method answers is said at `Family`.

    Args:
        static_article: the profile's own pattern for article files, looked at first.
        section_names: names the section may have on the site.
        site_names: names of the site and the committee: never the title of an article.
        containers: the profile's own containers of `body` and `rows`.
        print_page: read articles from their print pages where those can be trusted.
    """

    version: ClassVar[str]
    """Name and version: `trs/1`, raised whenever what it reads can change."""
    takes_containers = True
    has_print_pages = False
    marks: ClassVar[tuple[re.Pattern[str], ...]] = ()
    bodies: ClassVar[tuple[str, ...]] = ()
    """Containers of the body, the most telling first."""
    furniture: ClassVar[tuple[str, ...]] = ()
    """XPaths, from the body, of what the CMS itself puts into it: pagers, counters."""
    is_updated_when_published: ClassVar[bool] = False
    """Whether the CMS labels the moment of publication as that of a change: 更新时间."""
    counter: ClassVar[CounterMode] = "none"
    """What a request to the view counter does."""

    def __init__(
        self,
        static_article: str | None,
        section_names: Sequence[str],
        site_names: Sequence[str],
        containers: Mapping[str, str] | None = None,
        *,
        print_page: bool = False,
    ) -> None:
        own = containers or {}
        self.static_article = re.compile(static_article) if static_article else None
        self.known_names = (*section_names, *site_names)
        self.body_containers = tuple(Container(name) for name in (*filter(None, [own.get("body")]), *self.bodies))
        self.row_container = Container(own["rows"]) if "rows" in own else None
        self.print_page = print_page
        self._with_body: WeakKeyDictionary[Page, bool] = WeakKeyDictionary()

    @property
    def reader(self) -> str:
        return self.version

    # What a family answers of an address or an article page; None or nothing where it does not know.

    def article(self, url: str) -> ArticleAddress | None:  # noqa: ARG002
        """Which article a URL names."""
        return None

    def column(self, url: str) -> Column | None:  # noqa: ARG002
        """Which column a list address names."""
        return None

    def body(self, page: Page) -> etree._Element | None:
        """The container of the body; None where the family declares none.

        Raises:
            PageError: it declares some, and the page has none of them, or several side by side.
        """
        if not self.body_containers:
            return None
        body = outermost(page, self.body_containers)
        if body is None:
            sought = ", ".join(container.selector for container in self.body_containers)
            raise PageError(f"{page.url}: no body: none of {sought} selects an element")
        return body

    def parts(self, page: Page) -> Pager:  # noqa: ARG002
        """The pager of a long article."""
        return Pager()

    def counter_url(self, page: Page) -> str | None:  # noqa: ARG002
        """The address of the article's count in the form that changes least."""
        return None

    def hints(self, page: Page) -> Hints:  # noqa: ARG002
        """What only marks of the CMS say: source, views, links to files beside the body."""
        return Hints()

    def columns_of(self, url: str) -> tuple[str, ...]:  # noqa: ARG002
        """Columns an article's own address names, besides those of its breadcrumb."""
        return ()

    # What the spider asks.

    def native_id(self, url: str) -> str | None:
        address = self.article(url)
        return address.native_id if address else None

    def column_id(self, url: str) -> str | None:
        column = self.column(url)
        return column.id if column else None

    def find_section(self, page: Page, names: Sequence[str]) -> SectionLink | None:
        return lists.SectionFinder(self.column, lambda found: bool(list_of(self, found).rows)).find(page, names)

    def article_source(self, url: str) -> str:
        return url

    def own_links(self, page: Page) -> list[str]:  # noqa: ARG002 - a profile names the aliases of such a site
        return []

    def read_article(self, page: Page, part: int, listed_title: str | None) -> ArticlePage:
        try:
            body, why = self.body(page), None
        except PageError as error:
            if not self.takes_containers:
                raise
            body, why = None, f"{error}; `body` in the profile names it"
        turning, counter = self.parts(page), self.counter_url(page)
        following = _following(page, turning, part)
        hints = replace(
            self.hints(page),
            listed_title=listed_title,
            known_names=self.known_names,
            part=part,
            is_long=bool(turning.linked),
            body=body,
            skipped=[node for xpath in self.furniture for node in page.all(xpath, body)],
            is_updated_when_published=self.is_updated_when_published,
        )
        article = _read(page, hints) if why is None else _by_structure(page, hints, why)
        if article.title is None:
            raise PageError(f"{page.url}: no title: neither <title> nor a heading before the body, nor a list row")
        return ArticlePage(
            title=article.title.text,
            raw=Raw(
                title=article.title.text + article.page_number,
                published=_text(article.published),
                views=None if counter else _text(article.views),
                author=_text(article.author),
                source=_text(article.source),
                breadcrumb=article.breadcrumb,
            ),
            body_html=article.body_html,
            attachments=article.attachments,
            next_part=following or (None if turning.linked else article.next_part),
            counter=counter,
            column_ids=(*filter(None, map(self.column_id, article.column_urls)), *self.columns_of(page.url)),
            problems=article.problems,
            confidence=article.confidence,
            dates=article.dates,
        )

    def notice(self, page: Page, *, is_article: bool) -> tuple[Reason, str] | None:
        return notices.notice(page) if is_article and not self.has_body(page) else None

    def redirect(self, page: Page) -> str | None:
        return None if self.has_body(page) else notices.redirect(page)

    def counter_mode(self, url: str) -> CounterMode:  # noqa: ARG002 - families with several counters look at it
        return self.counter

    def count_in(self, answer: str) -> str:
        return answer.strip("\ufeff \t\r\n")

    def closes_body(self, text: str) -> bool:
        closes = (container.closes_in(text) for container in self.body_containers)
        known = next((is_closed for is_closed in closes if is_closed is not None), None)
        if known is None:
            return any(one.is_xpath for one in self.body_containers) or "</body" in text[-4_000:].lower()
        return known

    def has_body(self, page: Page) -> bool:
        """True for a page with a declared container, or several; asked for its notice, then for where it leads."""
        if (has := self._with_body.get(page)) is None:
            has = self._with_body[page] = any(page.all(container.xpath) for container in self.body_containers)
        return has


def _read(page: Page, hints: Hints) -> Article:
    """`article.read`. It is imported with the first article: its patterns take a tenth of a second to compile."""
    from crawler.pages.article import read  # noqa: PLC0415 - as above

    return read(page, hints)


def _by_structure(page: Page, hints: Hints, why: str) -> Article:
    """Read a page that has no container its family knows, and report it.

    The container is also the proof that a page is an article. Without it a page must name an article and have words
    for it, or a site's own error page would be kept as one.
    """
    try:
        article = _read(page, hints)
    except PageError as error:
        raise PageError(f"{why}; nor by structure: {error}") from error
    title = article.title.text if article.title else ""
    if squeeze(title) not in squeeze("".join(map(str, page.root.itertext()))) or title in hints.known_names:
        raise PageError(f"{why}; nor by structure: the page names no article")
    if not squeeze(words(Page(page.url, article.body_html).root)):
        raise PageError(f"{why}; nor by structure: no words behind the title")
    unknown = Problem(field="body", code="unknown-container", detail=why.removeprefix(f"{page.url}: "))
    return replace(article, problems=(*article.problems, unknown))


def _following(page: Page, turning: Pager, part: int) -> str | None:
    """Address of the next part; `PageError` when there is one and nothing says where: a text is never cut short."""
    following = turning.linked.get(part + 1) or turning.next_url
    if following is None and turning.pages is not None and part < turning.pages:
        raise PageError(f"{page.url}: part {part} of {turning.pages}, and no address of the next")
    return following if isinstance(following, str) else None


def _text(found: Found | None) -> str | None:
    return found.text if found else None
